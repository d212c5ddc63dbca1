// What the module reads of pictures in Node: the same as a browser shows.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { EmotionPipeline } from "../../www/lib/pipeline.js";
import { loadModule, repositoryFile } from "./module.mjs";

const pipeline = await EmotionPipeline.create();
const fixture = (name) => repositoryFile(`tests/fixtures/${name}`);

test("a file without its end is not left to the browser", async () => {
  const { decodeImage, hasItsEnd } = await loadModule();
  const files = ["jpeg/baseline-420.jpg", "jpeg/progressive-420.jpg", "astronaut_quarter.png", "colours/p3.webp"];
  for (const name of files) {
    const bytes = fixture(name);
    assert.ok(hasItsEnd(bytes), name);
    for (const share of [0.02, 0.5, 0.9]) {
      const cut = bytes.subarray(0, Math.max(12, bytes.length * share));
      assert.ok(!hasItsEnd(cut), `${name} ${share}`);
      assert.throws(() => decodeImage(cut), { name: "EmotionError", code: "invalid-image" }, `${name} ${share}`);
    }
    assert.ok(!hasItsEnd(bytes.subarray(0, -1)), name);
  }
  const gif = fixture("animations/frames.gif");
  assert.ok(hasItsEnd(gif));
  assert.ok(!hasItsEnd(gif.subarray(0, 60)));
  assert.throws(() => decodeImage(gif.subarray(0, 60)), {
    name: "EmotionError",
    code: "invalid-image",
    message: "this picture cannot be read: the GIF file ends early",
  });
});

test("what this module does not read is left to the browser", async () => {
  const { hasItsEnd } = await loadModule();
  for (const name of ["jpeg/arithmetic.jpg", "jpeg/sampled-4-2-apart.jpg"]) {
    assert.ok(hasItsEnd(fixture(name)), name);
    assert.ok(!hasItsEnd(fixture(name).subarray(0, -2)), name);
  }
  assert.ok(hasItsEnd(Buffer.from("\0\0\0\x1cftypavif", "latin1")));
});

test("pixels are read and explained as if they lay on white", () => {
  const box = { x: 8, y: 8, width: 48, height: 48 };
  for (const [grey, alpha, shown] of [
    [120, 255, 120],
    [120, 0, 255],
    [0, 128, 127],
  ]) {
    const rgba = [grey, grey, grey, alpha];
    const data = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, index) => rgba[index % 4]);
    const { chip } = pipeline.explainFace({ data, width: 64, height: 64 }, box);
    assert.ok(
      chip.every((value) => value === shown),
      `${rgba}: ${chip[0]}, not ${shown}`,
    );
    assert.deepEqual([...data.subarray(0, 4)], rgba, "the caller's pixels stay");
  }
});

test("skin is of the colour that a browser shows", () => {
  const SKIN = 8; // which patch, of 8 x 8 pixels each
  const box = { x: SKIN * 8 + 2, y: 2, width: 4, height: 4 };
  for (const [name, patches] of Object.entries(JSON.parse(fixture("colours/browser.json")))) {
    const [red, green, blue] = patches[SKIN];
    const grey = 0.299 * red + 0.587 * green + 0.114 * blue;
    const { chip } = pipeline.explainFace(fixture(`colours/${name}`), box);
    assert.ok(Math.abs(chip[24 * 48 + 24] - grey) <= 2.5, `${name}: ${chip[24 * 48 + 24]}, not ${grey}`);
  }
});

test("of an animation the first image shown is read", () => {
  const greyOf = (name, x) => {
    const box = { x: x - 2, y: 7, width: 4, height: 4 };
    return pipeline.explainFace(fixture(`animations/${name}`), box).chip[24 * 48 + 24];
  };
  const [red, green, white] = [76, 150, 255];
  for (const [name, centre, edge] of [
    ["frames.png", red, red],
    ["frames.webp", red, red],
    ["frames.gif", red, red],
    ["background.gif", green, white],
    ["hidden.png", green, green],
    ["hidden-part.png", green, white],
    ["background.webp", green, white],
  ]) {
    assert.deepEqual([greyOf(name, name.startsWith("background") ? 10 : 20), greyOf(name, 36)], [centre, edge], name);
  }
});
