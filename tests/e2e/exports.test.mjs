// What the page saves: tables that spreadsheets and programs read, and that run nothing.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { faceColumns, toCsv, toJson } from "../../www/app/export.js";
import { parseCsv } from "./csv.mjs";

const SETTINGS = { uncertain_below: 0.5, expressions: 4, most_faces: 64, calibration: "" };
const MODEL = { model: "emotion-0", model_sha256: "ab".repeat(32), detector: "face-detect-0" };

const asResults = (rows, settings = SETTINGS) => rows.map((row) => ({ row, settings }));

for (const name of [
  "=HYPERLINK(0)",
  "+1",
  "-1+1|cmd",
  "@SUM(A1)",
  "\t=1",
  "\r=1",
  "\n=1",
  " =1",
  "\0=1",
  "＝1",
  "＋1",
  "－1",
  "＠1",
  '="quoted",1',
]) {
  test(`a cell that begins as ${JSON.stringify(name)} is text to a spreadsheet`, () => {
    const [{ file }] = parseCsv(toCsv(asResults([{ file: name }])));
    assert.equal(file, `'${name}`);
  });
}

test("text of every kind comes through CSV as it was", () => {
  const names = [
    "a.png",
    "folder/b c.png",
    'quotes "and", commas.png',
    "two\nlines.png",
    "two\r\nlines.png",
    "صورة العائلة.jpg",
    "😀 party 🎉.webp",
    "semicolon;=1.png",
    "tab\tinside.png",
    "'already.png",
    '"=1+1".png',
    "",
  ];
  const read = parseCsv(toCsv(asResults(names.map((file) => ({ file, faces: 0 })))));
  assert.deepEqual(
    read.map(({ file }) => file),
    names,
  );
});

test("a face is the row that the command line writes of it", () => {
  const fixture = (name) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8");
  const [face] = JSON.parse(fixture("boundary.json")).faces;
  const settings = { ...SETTINGS, uncertain_below: 0.6, expressions: 8 };
  assert.equal(toCsv(asResults([faceColumns(face)], settings)), fixture("exported.csv"));
});

test("text that splits a line for some reader is quoted", () => {
  assert.match(toCsv(asResults([{ file: "a;=1" }])), /^file,.*\r\n"a;=1",/);
});

test("numbers stay numbers, below zero too", () => {
  const csv = toCsv(asResults([{ x: -12.5, share: 0.25, is: true }]));
  assert.equal(csv, "x,share,is,uncertain_below,calibrated\r\n-12.5,0.25,true,0.5,false\r\n");
});

test("a face's numbers are rounded: shares to four digits, pixels to a tenth", () => {
  const third = 1 / 3;
  const probabilities = { happy: third, neutral: 1 - third };
  const row = faceColumns({
    id: 1,
    emotion: "neutral",
    probabilities,
    other: 0.0123456,
    otherExpression: "angry",
    raw: probabilities,
    roll: -12.345,
    quality: {
      size: 48.26,
      sharpness: third,
      light: 0.5,
      contrast: 0.25,
      roll: -12.345,
      yaw: 35.04,
      pitch: -0.01,
      outside: 0,
      mouthDetail: -2.5,
    },
    reasons: ["turned", "covered"],
    confidence: 0.123456789,
    box: { x: -0.04, y: 35.26, width: 45, height: 53.333 },
  });
  assert.deepEqual(row, {
    face: 1,
    emotion: "neutral",
    happy: 0.3333,
    neutral: 0.6667,
    other: 0.0123,
    other_expression: "angry",
    confidence: 0.1235,
    x: 0,
    y: 35.3,
    width: 45,
    height: 53.3,
    roll: -12.3,
    yaw: 35,
    pitch: 0,
    size: 48.3,
    sharpness: 0.3333,
    light: 0.5,
    contrast: 0.25,
    outside: 0,
    mouth_detail: -2.5,
    reasons: "turned covered",
    raw_happy: 0.3333,
    raw_neutral: 0.6667,
  });
});

test("each row keeps the settings that it was read with, and JSON names each of them once", () => {
  const later = { ...SETTINGS, uncertain_below: 0.8, calibration: "countenance-calibration/1 emotion-0 happy=1" };
  const results = [
    ...asResults([{ face: 1 }]),
    ...asResults([{ face: 2 }], later),
    ...asResults([{ face: 3 }], { ...SETTINGS }),
  ];
  assert.deepEqual(
    parseCsv(toCsv(results)).map((row) => [row.face, row.uncertain_below, row.calibrated]),
    [
      ["1", "0.5", "false"],
      ["2", "0.8", "true"],
      ["3", "0.5", "false"],
    ],
  );
  const text = toJson(MODEL, results, { sessions: [] });
  assert.deepEqual(JSON.parse(text), {
    ...MODEL,
    settings: [SETTINGS, later],
    sessions: [],
    rows: [
      { face: 1, settings: 0 },
      { face: 2, settings: 1 },
      { face: 3, settings: 0 },
    ],
  });
  assert.equal(text.split(MODEL.model_sha256).length, 2, "the hash stands there once");
});
