// The comparison with other products: which faces count as found, and what its tables say of the figures.

import assert from "node:assert/strict";
import { test } from "node:test";
import { match } from "../../benches/peers/match.mjs";
import { panels } from "../../benches/peers/panels.mjs";
import { productTables, smallFacesTable } from "../../benches/peers/tables.mjs";

const square = (x, y, side) => ({ x, y, width: side, height: side });

test("a face is found once, however often it is reported", () => {
  const truth = [square(0, 0, 100), square(200, 0, 100), square(400, 0, 100)];
  const boxes = [square(5, 0, 100), square(0, 5, 100), square(205, 5, 90), square(600, 0, 100)];
  assert.deepEqual(match(boxes, truth), { found: 2, doubled: 1, false: 1, centred: 2 });
});

test("a box has to overlap the face by 0.4", () => {
  const truth = [square(0, 0, 100)];
  // 100 of 100 + 100 + 40: intersection over union is 60 / 140 = 0.43; 55 / 145 is 0.38.
  assert.deepEqual(match([square(40, 0, 100)], truth), { found: 1, doubled: 0, false: 0, centred: 1 });
  assert.deepEqual(match([square(45, 0, 100)], truth), { found: 0, doubled: 0, false: 1, centred: 1 });
});

test("without faces every box is a false one", () => {
  assert.deepEqual(match([square(0, 0, 10)], []), { found: 0, doubled: 0, false: 1, centred: 0 });
  assert.deepEqual(match([], [square(0, 0, 10)]), { found: 0, doubled: 0, false: 0, centred: 0 });
});

const outcome = (found, cpu, others = {}) => ({
  found,
  doubled: 0,
  false: 0,
  centred: found,
  cpu,
  answers: {},
  ...others,
});
const FIGURES = {
  machine: { processor: "Processor", browser: "Chromium 1", rounds: 7 },
  versions: { "@vladmandic/human": "3", "@vladmandic/face-api": "1", "@mediapipe/face_detection": "0.4" },
  scenes: {
    large: { width: 4000, height: 2667, faceWidth: 48, faces: 96 },
    larger: { width: 4000, height: 2667, faceWidth: 62, faces: 96 },
    one: { width: 1280, height: 960, faceWidth: 280, faces: 1 },
  },
  small: {
    large: {
      countenance: outcome(94, 800),
      human: outcome(0, 200),
      "face-api-ssd": outcome(3, 1600, { false: 2, centred: 5 }),
    },
    larger: {
      countenance: outcome(96, 600),
      human: outcome(1, 300),
      "face-api-ssd": outcome(96, 1500, { doubled: 1 }),
    },
  },
  whole: {
    one: {
      countenance: outcome(1, 50, { answers: { happy: 1 } }),
      human: outcome(1, 40, { answers: { sad: 1, happy: 2 } }),
    },
  },
  live: { one: { countenance: outcome(1, 3), human: outcome(1, 12) } },
  throttled: { 4: { one: { countenance: outcome(1, 12), human: outcome(1, 60) } } },
  starts: {
    countenance: { cpu: 400, brotli: 1_200_000, bytes: 2_000_000 },
    human: { cpu: 800, brotli: 3_000_000, bytes: 4_000_000 },
  },
};

/** The cells of the table's row that begins with `title`. */
function row(text, title) {
  const line = text.split("\n").find((line) => line.startsWith(`| ${title} `));
  assert.ok(line, `${title} in\n${text}`);
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

test("the table of small faces gives what was found, the best in bold, and the median time", () => {
  const text = smallFacesTable(FIGURES);
  const [, , first, second] = text.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
  assert.deepEqual(first.slice(1, -1), ["4000 x 2667", "96", "48", "**94**", "0", "3 (2 false, 5 by centre)"]);
  assert.deepEqual(second.slice(1, -1), ["4000 x 2667", "96", "62", "**96**", "1", "**96** (1 doubled)"]);
  const times = text.slice(text.indexOf("CPU time"));
  assert.deepEqual(row(times, "4000 x 2667"), ["4000 x 2667", "800 ms", "**300 ms** (2.67)", "1600 ms (0.50)"]);
});

test("the tables of products say where another one is faster", () => {
  const text = productTables(FIGURES);
  assert.deepEqual(row(text, "1 face, found"), ["1 face, found", "**1**", "**1**"]);
  assert.deepEqual(row(text, "1 face, CPU time"), ["1 face, CPU time", "50 ms", "**40 ms** (1.25)"]);
  assert.deepEqual(row(text, "this machine"), ["this machine", "**3.0 ms**", "12 ms (0.25)"]);
  assert.deepEqual(row(text, "4 times slower"), ["4 times slower", "**12 ms**", "60 ms (0.20)"]);
  assert.deepEqual(row(text, "download, Brotli"), ["download, Brotli", "**1.20 MB**", "3.00 MB (0.40)"]);
  assert.deepEqual(row(text, "answers, 1 face"), ["answers, 1 face", "happy 1", "happy 2, sad 1"]);
  assert.match(text, /Processor, Chromium 1/);
  assert.doesNotMatch(productTables({ ...FIGURES, throttled: undefined }), /slower/);
});

test("the chart's bars are the figures of the tables", () => {
  const [live, start, download] = panels(FIGURES).panels;
  assert.deepEqual(live.bars[1], { label: "human", value: 12, text: "12 ms", ours: false });
  assert.deepEqual(start.bars[0], { label: "countenance", value: 400, text: "400 ms", ours: true });
  const { one } = FIGURES.live;
  const [withoutGraphics] = panels({ ...FIGURES, live: { one: { ...one, mediapipe: outcome(1, 100) } } }).panels;
  assert.deepEqual(withoutGraphics, live);
  assert.deepEqual(download.bars[0], { label: "countenance", value: 1.2, text: "1.20 MB", ours: true });
});
