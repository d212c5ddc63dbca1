// A strict reader of CSV (RFC 4180): what it does not allow is an error.

/** The records of a table with a header, each as an object of texts. */
export function parseCsv(text) {
  const records = [];
  let at = 0;
  while (at < text.length) {
    const cells = [];
    for (;;) {
      const [all, quoted, plain] = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))/y.exec(text.slice(at));
      at += all.length;
      cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
      if (text[at] !== ",") break;
      at += 1;
    }
    if (text.slice(at, at + 2) !== "\r\n")
      throw new Error(`Not CSV at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
    at += 2;
    records.push(cells);
  }
  const [header, ...rows] = records;
  return rows.map((cells) => {
    if (cells.length !== header.length) throw new Error(`${cells.length} cells under ${header.length} columns`);
    return Object.fromEntries(header.map((column, index) => [column, cells[index]]));
  });
}
