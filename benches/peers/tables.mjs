// The figures as Markdown tables for docs/compare.md.

import { paragraph, table } from "../markdown.mjs";
import { products } from "./products.mjs";

const NOTES = [
  "In brackets: our time or size divided by theirs. **Bold** is the best of a row.",
  "MediaPipe computes with WebGL. This machine has no graphics card, so the processor stands in for one, with all its " +
    "cores; its times say nothing about a machine that has one. It reads no expressions.",
];

const ms = (value) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;

/** What was found of the small faces, and the time it took. @param {object} figures benches/peers/figures.json */
export function smallFacesTable({ small, scenes }) {
  const ids = Object.keys(Object.values(small)[0]);
  const found = Object.entries(small).map(([name, row]) => {
    const { width, height, faces, faceWidth } = scenes[name];
    return [`${width} x ${height}`, `${faces}`, `${faceWidth}`, ...foundCells(row, ids)];
  });
  const times = [...new Set(Object.keys(small).map((name) => size(scenes[name])))].map((wanted) => {
    const names = Object.keys(small).filter((name) => size(scenes[name]) === wanted);
    const row = Object.fromEntries(ids.map((id) => [id, median(names.map((name) => small[name][id].cpu))]));
    return [wanted, ...shares(row, ids, (value) => value, ms)];
  });
  return [
    table([["picture", "faces", "width", ...ids.map(nameOf)], ...found]),
    "",
    table([["CPU time of a picture", ...ids.map(nameOf)], ...times]),
  ].join("\n");
}

/** Pictures, frames, slower processors, first answers and downloads. @param {object} figures */
export function productTables({ machine, versions, scenes, whole, live, throttled, starts }) {
  const ids = Object.keys(starts);
  const heading = (title) => [title, ...ids.map(nameOf)];
  const people = (name) => (scenes[name].faces === 1 ? "1 face" : `${scenes[name].faces} faces`);
  const cpu = ({ cpu }) => cpu;
  /** Found and time, picture by picture. */
  const both = (byScene) =>
    Object.entries(byScene).flatMap(([name, row]) => [
      [`${people(name)}, found`, ...foundCells(row, ids)],
      [`${people(name)}, CPU time`, ...shares(row, ids, cpu, ms)],
    ]);
  const [[oneFace, alone]] = Object.entries(live);
  /** Chromium's throttling multiplies what other programs take as well, so its figures are taken on an idle machine. */
  const slowerTable = () => {
    if (!throttled) return [];
    const rows = Object.entries(throttled).map(([rate, byScene]) => [
      `${rate} times slower`,
      ...shares(byScene[oneFace], ids, cpu, ms),
    ]);
    return [
      "A frame with one face on a slower processor, such as a phone's (Chromium's throttling, which does not slow what",
      "stands in for a graphics card):",
      "",
      table([heading("CPU time of a frame"), ["this machine", ...shares(alone, ids, cpu, ms)], ...rows]),
      "",
    ];
  };
  const answered = Object.entries(whole).filter(([name]) => scenes[name].faces <= 20);
  const asked = Object.values(products).map(({ name, package: from, asked }) => {
    return `- **${name}**${from ? ` (${from} ${versions[from]})` : ""}: ${asked}.`;
  });
  return [
    "A whole picture of 1280 x 960 pixels, each face as large as there is room for:",
    "",
    table([heading("picture"), ...both(whole)]),
    "",
    "The same as frames of live video, 640 x 480 pixels, drifting:",
    "",
    table([heading("frame"), ...both(live)]),
    "",
    ...slowerTable(),
    "To begin with:",
    "",
    table([
      heading(""),
      ["download, Brotli", ...shares(starts, ids, ({ brotli }) => brotli, megabytes)],
      ["download, uncompressed", ...ids.map((id) => megabytes(starts[id].bytes))],
      ["empty page to first answer, CPU time", ...shares(starts, ids, cpu, ms)],
      ...answered.map(([name, row]) => [`answers, ${people(name)}`, ...ids.map((id) => answersText(row[id].answers))]),
    ]),
    "",
    ...NOTES.map((note) => paragraph(note)),
    "",
    paragraph(
      `Medians of ${machine.rounds} rounds in turns (small faces: over the pictures of a size), each product in a page of its own, on an ` +
        `${machine.processor}, ${machine.browser}. Times are CPU time of the page and of the graphics process, which the browser counts in steps of 10 ms. Models ` +
        "count as compressed too. All compute in the page's thread, from the same canvas. What each was asked to do:",
    ),
    "",
    ...asked.map((line) => paragraph(line, "  ")),
  ].join("\n");
}

/** How many faces each product found, and what else it reported. */
function foundCells(row, ids) {
  const most = Math.max(...ids.map((id) => row[id].found));
  return ids.map((id) => {
    const { found, doubled, false: none, centred } = row[id];
    const notes = [doubled && `${doubled} doubled`, none && `${none} false`, centred > found && `${centred} by centre`];
    const others = notes.filter(Boolean).join(", ");
    return `${bold(found, found === most && most > 0)}${others && ` (${others})`}`;
  });
}

/** A figure of each product, the least in bold, with ours divided by theirs. */
function shares(row, ids, figureOf, textOf) {
  const values = ids.map((id) => figureOf(row[id]));
  const least = Math.min(...values);
  return values.map((value, i) => {
    const share = ids[i] === "countenance" ? "" : ` (${(figureOf(row.countenance) / value).toFixed(2)})`;
    return `${bold(textOf(value), value === least)}${share}`;
  });
}

const bold = (text, isBest) => (isBest ? `**${text}**` : `${text}`);
const nameOf = (id) => products[id].name;
const size = ({ width, height }) => `${width} x ${height}`;
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** "happy 12, neutral 3". */
function answersText(answers) {
  const entries = Object.entries(answers).toSorted(([, a], [, b]) => b - a);
  return entries.map(([emotion, count]) => `${emotion} ${count}`).join(", ") || "none";
}
