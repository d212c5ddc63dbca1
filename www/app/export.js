/**
 * Results as files: made here, and handed to nobody but the visitor's own disk.
 *
 * @module
 */

/** @typedef {Record<string, string | number>} Row */

/**
 * Rows as CSV (RFC 4180); the first row's keys are the columns.
 *
 * @param {Row[]} rows
 */
export function toCsv(rows) {
  const columns = Object.keys(rows[0] ?? {});
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ""))];
  return lines.map((cells) => `${cells.map(toCell).join()}\r\n`).join("");
}

/** @param {string | number} value */
function toCell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * What a face says, as columns.
 *
 * @param {import('../lib/index.js').FaceEmotion} face
 * @returns {Row}
 */
export function faceColumns({ id, emotion, probabilities, confidence, box }) {
  return { face: id, emotion, ...probabilities, confidence, ...box };
}

/**
 * @param {string} name
 * @param {string} type
 * @param {string} text
 */
export function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
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
 */
export function downloadRows(format, name, made, rows) {
  if (format === "csv") {
    const all = rows.map((row) => ({ ...row, ...made }));
    download(`${name}.csv`, "text/csv", toCsv(all));
  } else {
    download(`${name}.json`, "application/json", JSON.stringify({ ...made, rows }, null, 1));
  }
}
