// Boxes in elements of any size, and what happens to faces over time: computed without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FaceEvents } from "../../www/lib/events.js";
import { fitBox, fitFrame, fitPoint } from "../../www/lib/geometry.js";

const FRAME = { width: 640, height: 480 };
const BOX = { x: 64, y: 48, width: 128, height: 96 };

/** The box as it lies in an element of 320 x 320, by hand. */
for (const [fit, options, expected] of [
  ["fill", {}, { x: 32, y: 32, width: 64, height: 64 }],
  ["contain", {}, { x: 32, y: 40 + 24, width: 64, height: 48 }],
  ["contain", { position: [0.5, 0] }, { x: 32, y: 24, width: 64, height: 48 }],
  ["contain", { mirror: true }, { x: 320 - 32 - 64, y: 64, width: 64, height: 48 }],
  ["cover", {}, { x: -160 / 3 + 128 / 3, y: 32, width: 256 / 3, height: 64 }],
  ["cover", { mirror: true }, { x: 320 + 160 / 3 - 128 / 3 - 256 / 3, y: 32, width: 256 / 3, height: 64 }],
  ["none", {}, { x: -160 + 64, y: -80 + 48, width: 128, height: 96 }],
  ["scale-down", {}, { x: 32, y: 64, width: 64, height: 48 }],
]) {
  test(`object-fit ${fit} ${JSON.stringify(options)}`, () => {
    const box = fitBox(BOX, fitFrame(FRAME, { width: 320, height: 320 }, { fit, ...options }));
    for (const [side, value] of Object.entries(expected))
      assert.ok(Math.abs(box[side] - value) < 1e-9, `${side} ${box[side]}`);
  });
}

test("a point is mirrored with the element, and a frame that has not come takes no room", () => {
  const fitted = fitFrame(FRAME, { width: 320, height: 240 }, { mirror: true });
  assert.deepEqual(fitPoint([0, 0], fitted), [320, 0]);
  assert.deepEqual(fitPoint([640, 480], fitted), [0, 240]);
  const { width, height } = fitFrame({ width: 0, height: 0 }, { width: 320, height: 240 });
  assert.deepEqual([width, height], [0, 0]);
});

test("what is no size, fit or box is refused with a code", () => {
  const codeOf = (call) => {
    try {
      return call();
    } catch (error) {
      return [error.name, error.code];
    }
  };
  for (const [frame, shown, options] of [
    [undefined, FRAME, {}],
    [FRAME, { width: -1, height: 1 }, {}],
    [FRAME, { width: Number.NaN, height: 1 }, {}],
    [FRAME, { width: Number.POSITIVE_INFINITY, height: 1 }, {}],
    [FRAME, FRAME, { fit: "stretch" }],
    [FRAME, FRAME, 7],
  ]) {
    assert.deepEqual(
      codeOf(() => fitFrame(frame, shown, options)),
      ["EmotionError", "invalid-options"],
    );
  }
  const boxless = codeOf(() => fitBox(undefined, fitFrame(FRAME, FRAME)));
  assert.deepEqual(boxless, ["EmotionError", "invalid-box"]);
});

test("faces enter and leave, and expressions begin and end", () => {
  const events = new FaceEvents();
  const said = (list) =>
    list.map(({ type, id, timestampMs, emotion, durationMs }) => [type, id, timestampMs, emotion, durationMs]);
  const face = (id, emotion) => ({ id, emotion });
  assert.deepEqual(said(events.next([face(1, "happy")], 0)), [
    ["faceEnter", 1, 0, undefined, 0],
    ["expressionStart", 1, 0, "happy", 0],
  ]);
  assert.deepEqual(events.next([face(1, "happy")], 100), []);
  assert.deepEqual(said(events.next([face(1, "uncertain"), face(2, "uncertain")], 200)), [
    ["expressionEnd", 1, 200, "happy", 200],
    ["faceEnter", 2, 200, undefined, 0],
  ]);
  assert.deepEqual(said(events.next([face(1, "sad")], 300)), [["expressionStart", 1, 300, "sad", 0]]);
  assert.deepEqual(events.next([face(1, "sad")], 600), [], "a face may be unseen for a while");
  assert.deepEqual(said(events.next([face(1, "sad")], 700)), [["faceLeave", 2, 200, undefined, 0]]);
  assert.deepEqual(said(events.next([{ ...face(1, "sad"), eight: { emotion: "angry" } }], 800)), [
    ["expressionEnd", 1, 800, "sad", 500],
    ["expressionStart", 1, 800, "angry", 0],
  ]);
  assert.deepEqual(said(events.end()), [
    ["expressionEnd", 1, 800, "angry", 0],
    ["faceLeave", 1, 800, undefined, 800],
  ]);
  assert.deepEqual(events.end(), []);
});
