/**
 * Results as files: made here, and handed to nobody but the visitor's own disk.
 *
 * @module
 */

/** @typedef {Record<string, string | number>} Row */

/**
 * Rows as CSV (RFC 4180); each key that any row has is a column.
 *
 * @param {Row[]} rows
 */
export function toCsv(rows) {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
  return lines.map((cells) => `${cells.map(toCell).join()}\r\n`).join("");
}

/** @param {string | number} value */
function toCell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * What a face says, as columns: the answer shown, the model's own before calibration and smoothing, and that over eight
 * expressions where it was asked for.
 *
 * @param {import('../lib/index.js').FaceEmotion} face
 * @returns {Row}
 */
export function faceColumns({ id, emotion, probabilities, confidence, box, raw, eight }) {
  const overEight = eight ? { eight_emotion: eight.emotion, ...prefixed("eight", eight.probabilities) } : {};
  return { face: id, emotion, ...probabilities, confidence, ...box, ...prefixed("raw", raw), ...overEight };
}

/**
 * @param {string} prefix
 * @param {Record<string, number>} probabilities
 */
function prefixed(prefix, probabilities) {
  return Object.fromEntries(Object.entries(probabilities).map(([name, value]) => [`${prefix}_${name}`, value]));
}

/**
 * @param {string} name
 * @param {Blob} blob
 */
export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the download has begun by then
}

/**
 * Downloads rows with what they were made by, which CSV repeats in each row.
 *
 * @param {'csv' | 'json'} format
 * @param {string} name without ending
 * @param {Row} made model and settings
 * @param {Row[]} rows
 * @param {Record<string, unknown>} [more] what only JSON has room for
 */
export function downloadRows(format, name, made, rows, more) {
  if (format === "csv") {
    const all = rows.map((row) => ({ ...row, ...made }));
    download(`${name}.csv`, new Blob([toCsv(all)], { type: "text/csv" }));
  } else {
    const text = JSON.stringify({ ...made, ...more, rows }, null, 1);
    download(`${name}.json`, new Blob([text], { type: "application/json" }));
  }
}
