/**
 * Explains the columns of an exported table, beside the buttons that export it. docs/exports.md has the details.
 *
 * @module
 */

import { make } from "./html.js";
import { write } from "./words.js";

/** The columns of each table, or the first of a group of them; a key of their words goes with each. */
const TABLES = {
  pictures: ["file", "faces", "more_faces", "error", "face"],
  timeline: ["source", "seconds", "person"],
};
const ALL_TABLES = [
  ...["emotion", "probabilities", "other", "other_expression", "confidence", "box", "roll", "pose"],
  ...["size", "seen", "reasons", "raw", "eight"],
  ...["uncertain_below", "calibrated"],
];

/** @param {Element} details whose `data-table` names the table */
export function describeColumns(details) {
  const table = /** @type {keyof typeof TABLES} */ (details.getAttribute("data-table"));
  const parts = [...TABLES[table], ...ALL_TABLES].flatMap((column) => [
    write(make("dt", ""), `columns.${column}-name`),
    write(make("dd", ""), `columns.${column}`),
  ]);
  const summary = write(make("summary", ""), "columns.title");
  summary.dataset.help = "help.columns";
  details.append(summary, make("dl", "", ...parts), write(make("p", ""), "columns.more"));
}
