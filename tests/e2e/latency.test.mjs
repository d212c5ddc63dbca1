// How soon a real change of expression shows, counted in the video's own time: what the machine does meanwhile is of no
// consequence.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadModule } from "../wasm/module.mjs";
import { launchBrowser } from "./page.mjs";
import { drawSideBySide } from "./pictures.mjs";

const SIZE = { width: 640, height: 480 };
const SOONEST_MS = 300;

const painter = await launchBrowser();
const [happy, other] = await Promise.all(
  ["astronaut.png", "grace_hopper.png"].map((name) => drawSideBySide(painter, [name], SIZE)),
);
await painter.close();
const { EmotionPipeline } = await loadModule();

/** The picture shifted so that its face has its middle where the other's is: to the tracker, one face that changes. */
function shiftedOnto(target, rgba) {
  const pipeline = new EmotionPipeline();
  const middle = (pixels) => {
    const [{ box }] = pipeline.analyzeImage(pixels, SIZE.width, SIZE.height);
    return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
  };
  const [toX, toY] = middle(target);
  const [fromX, fromY] = middle(rgba);
  const shifted = new Uint8Array(rgba.length).fill(128);
  for (let y = 0; y < SIZE.height; y += 1) {
    for (let x = 0; x < SIZE.width; x += 1) {
      const [sourceX, sourceY] = [x - toX + fromX, y - toY + fromY];
      if (sourceX < 0 || sourceX >= SIZE.width || sourceY < 0 || sourceY >= SIZE.height) continue;
      const source = (sourceY * SIZE.width + sourceX) * 4;
      shifted.set(rgba.subarray(source, source + 4), (y * SIZE.width + x) * 4);
    }
  }
  return shifted;
}

const changed = shiftedOnto(happy, other);

for (const fps of [8, 15, 30]) {
  test(`at ${fps} frames a second a change of expression shows within ${SOONEST_MS} ms, and lasts`, () => {
    const pipeline = new EmotionPipeline();
    const ids = new Set();
    const changeMs = 1000;
    for (let frame = 0; frame <= fps * 2; frame += 1) {
      const timeMs = (frame * 1000) / fps;
      const pixels = timeMs < changeMs ? happy : changed;
      const [face] = pipeline.analyzeFrame(pixels, SIZE.width, SIZE.height, timeMs);
      ids.add(face.id);
      if (timeMs < changeMs) assert.equal(face.emotion, "happy", `at ${timeMs} ms`);
      else if (timeMs >= changeMs + SOONEST_MS) assert.equal(face.emotion, "neutral", `at ${timeMs} ms`);
    }
    assert.equal(ids.size, 1, "one face, that changes");
  });
}
