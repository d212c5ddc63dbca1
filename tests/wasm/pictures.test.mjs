// What the module reads of pictures in Node: the same as a browser shows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EmotionPipeline } from "../../www/lib/pipeline.js";
import { repositoryFile } from "./module.mjs";

const pipeline = await EmotionPipeline.create();
const fixture = (name) => repositoryFile(`tests/fixtures/${name}`);

function assertPortrait([face, ...others], name, wanted) {
  assert.ok(face, `${name}: no face`);
  assert.deepEqual([face.emotion, others.length], ["happy", 0], name);
  const { x, y, width, height } = face.box;
  for (const [index, side] of [x, y, width, height].entries()) {
    assert.ok(Math.abs(side - wanted[index]) < 4, `${name}: box ${[x, y, width, height]}`);
  }
}

test("the first EXIF block turns a picture upright, in JPEG and WebP", () => {
  for (const name of ["two-exif-blocks.jpg", "orientation-6.webp"]) {
    assertPortrait(pipeline.analyzeImage(fixture(`cases/${name}`)), name, [95, 51, 75, 89]);
  }
});

test("nobody is found under transparent pixels, in files and in pixels", () => {
  assertPortrait(pipeline.analyzeImage(fixture("cases/face.jpg")), "face.jpg", [90, 35, 45, 53]);
  assert.deepEqual(pipeline.analyzeImage(fixture("cases/transparent-logo.png")), []);
  assert.deepEqual(pipeline.analyzeImage(fixture("cases/wholly-transparent.png")), []);
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
