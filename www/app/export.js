/**
 * Results as files. They go to the visitor's own disk and nowhere else.
 *
 * A CSV file is a plain table, header first, for spreadsheets and data frames; a block of comments above it would break
 * both. So what was the same for every row is in the file's name (the model) or in the JSON file alone (hashes, the
 * calibration's text), and the columns at the end give the settings that a row was read with.
 *
 * @module
 */

/** @typedef {Record<string, string | number | boolean>} Row */

/**
 * @typedef {object} AppliedSettings the settings that something was read with
 * @property {number} uncertain_below
 * @property {number} expressions
 * @property {number} most_faces
 * @property {string} calibration one line of text; empty for none
 */

/** @typedef {{ row: Row, settings: AppliedSettings }} Result */

/** Decimals of a probability or a share: far finer than the model is accurate. */
const SHARE_DIGITS = 4;

/** Decimals of a place in a picture, in pixels. */
const PIXEL_DIGITS = 1;

/** Decimals of an angle in degrees. */
const DEGREE_DIGITS = 1;

/** Decimals of a time in seconds. */
const TIME_DIGITS = 3;

/** What a spreadsheet may read as the start of a formula (OWASP, "CSV Injection"), also after blanks and in full width. */
const FORMULA = /^[\s\0]*[=+\-@＝＋－＠]|^[\t\r\n\0]/u;

/** Text that every reader of CSV understands without quotes. */
const PLAIN = /^[\w][\w./ -]*$/;

/**
 * Results as CSV (RFC 4180); each key that any row has is a column.
 *
 * @param {Result[]} results
 */
export function toCsv(results) {
  const rows = results.map(({ row, settings }) => ({
    row,
    made: { uncertain_below: settings.uncertain_below, calibrated: settings.calibration !== "" },
  }));
  const columns = [...new Set(rows.flatMap(({ row }) => Object.keys(row)))];
  const made = [...new Set(rows.flatMap((each) => Object.keys(each.made)))];
  const lines = rows.map((each) => {
    const cells = { ...each.row, ...each.made };
    return [...columns, ...made].map((column) => /** @type {Row} */ (cells)[column] ?? "");
  });
  return [[...columns, ...made], ...lines].map((cells) => `${cells.map(toCell).join()}\r\n`).join("");
}

/** @param {string | number | boolean} value */
function toCell(value) {
  if (typeof value !== "string") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return text === "" || PLAIN.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
}

/**
 * Results as JSON: the model and each settings once, and rows that name theirs by its place in that list.
 *
 * @param {Record<string, string>} model
 * @param {Result[]} results
 * @param {Record<string, unknown>} [more] what only JSON has room for
 */
export function toJson(model, results, more) {
  const settings = [...new Map(results.map((result) => [JSON.stringify(result.settings), result.settings])).values()];
  const places = new Map(settings.map((each, place) => [JSON.stringify(each), place]));
  const rows = results.map((result) => ({ ...result.row, settings: places.get(JSON.stringify(result.settings)) }));
  return JSON.stringify({ ...model, settings, ...more, rows }, null, 1);
}

/**
 * A face as columns: the answer shown, the model's own before calibration and smoothing, and that over eight expressions
 * where they were asked for.
 *
 * @param {import('../lib/index.js').FaceEmotion} face
 * @returns {Row}
 */
export function faceColumns(face) {
  const { id, emotion, probabilities, other, otherExpression, confidence, box, roll, quality, reasons, raw, eight } =
    face;
  const { size, yaw, pitch, mouthDetail, sharpness, light, contrast, outside } = quality;
  return {
    face: id,
    emotion,
    ...columnsOf("", probabilities, SHARE_DIGITS),
    other: round(other, SHARE_DIGITS),
    other_expression: otherExpression,
    confidence: round(confidence, SHARE_DIGITS),
    ...columnsOf("", box, PIXEL_DIGITS),
    roll: round(roll, DEGREE_DIGITS),
    ...columnsOf("", { yaw, pitch }, DEGREE_DIGITS),
    size: round(size, PIXEL_DIGITS),
    ...columnsOf("", { sharpness, light, contrast, outside, mouth_detail: mouthDetail }, SHARE_DIGITS),
    reasons: reasons.join(" "),
    ...columnsOf("raw_", raw, SHARE_DIGITS),
    ...(eight && { eight_emotion: eight.emotion, ...columnsOf("eight_", eight.probabilities, SHARE_DIGITS) }),
  };
}

/**
 * @param {string} prefix
 * @param {object} values
 * @param {number} digits
 */
function columnsOf(prefix, values, digits) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, round(value, digits)]));
}

/** @param {number} share 0..1 */
export function roundShare(share) {
  return round(share, SHARE_DIGITS);
}

/** @param {number} seconds */
export function roundTime(seconds) {
  return round(seconds, TIME_DIGITS);
}

/**
 * @param {number} value
 * @param {number} digits after the point, at most; none that are zero
 */
function round(value, digits) {
  return Number(value.toFixed(digits)) + 0; // no minus before a zero
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
 * @param {'csv' | 'json'} format
 * @param {string} name without model and ending
 * @param {{ model: string } & Record<string, string>} model
 * @param {Result[]} results
 * @param {Record<string, unknown>} [more] what only JSON has room for
 */
export function downloadResults(format, name, model, results, more) {
  const [text, type] =
    format === "csv" ? [toCsv(results), "text/csv"] : [toJson(model, results, more), "application/json"];
  download(`${name}-${model.model}.${format}`, new Blob([text], { type }));
}
