// The figures as a Markdown table, for the terminal and for the README.

const TASKS = {
  classify: "classify one 48x48 face",
  detect: "detect at 320x256",
  frame: "whole frame: 640x480 RGBA in, detect at 320, crop, classify, result out",
  stream: "the same, a drifting face tracked over a video",
};
const COLD_STARTS = {
  face: "module's bytes there -> first face classified",
  picture: "module's bytes there -> first 640x480 picture analysed",
};

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
const milliseconds = (value) => (value < 100 ? value.toFixed(2) : value.toFixed(0));

/** The table. Ratios are our time (or size) divided by theirs. */
export function table({ machine, model, engines, agreement, tasks, coldStart, download }) {
  const rows = [["figure", "engine", "median", "quartiles", "ours / theirs"]];
  const add = (title, byEngine, cells) => {
    const ours = byEngine.countenance;
    for (const [id, value] of Object.entries(byEngine)) {
      const { main, quartiles } = cells(value);
      const share = ours && id !== "countenance" ? (cells(ours).value / cells(value).value).toFixed(2) : "";
      const name = [engines[id].name, engines[id].version].filter(Boolean).join(" ");
      rows.push([title, name, main, quartiles ?? "", share]);
    }
  };
  const time = (summary) => ({
    value: summary.median,
    main: `${milliseconds(summary.median)} ms`,
    quartiles: summary.quartiles.map(milliseconds).join(" - "),
  });
  for (const [task, byEngine] of Object.entries(tasks)) add(TASKS[task], byEngine, ({ cpuMs }) => time(cpuMs));
  for (const [start, byEngine] of Object.entries(coldStart)) {
    add(`${COLD_STARTS[start]}, CPU`, byEngine, ({ cpuMs }) => time(cpuMs));
    add(`${COLD_STARTS[start]}, clock`, byEngine, ({ clockMs }) => time(clockMs));
  }
  add("download to classify a face, brotli -11", download, ({ brotli, bytes }) => ({
    value: brotli,
    main: megabytes(brotli),
    quartiles: `${megabytes(bytes)} raw`,
  }));

  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const apart = Object.entries(agreement.classify).map(([id, difference]) => `${id} ${difference.toExponential(1)}`);
  return [
    `${machine.processor}; ${machine.browser}; one thread; weights ${model.emotion} (${model.sha256.slice(0, 12)})`,
    `Largest difference of a probability from ${agreement.reference}'s: ${apart.join(", ") || "nobody to compare with"}`,
    "",
    line(rows[0]),
    rule,
    ...rows.slice(1).map(line),
  ].join("\n");
}
