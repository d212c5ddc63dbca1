// The package's pipeline in Node: what only it does, before the module is called.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { EmotionPipeline } from "../../www/lib/pipeline.js";
import { decodePixels, loadModule, moduleBytes, repositoryFile } from "./module.mjs";

const wasm = moduleBytes();
const integrityOf = (algorithm) => `${algorithm}-${createHash(algorithm).update(wasm).digest("base64")}`;

// The order matters: a thread has one module, which is checked when it is loaded.
test("a module is checked by its integrity where there is one, and an integrity that can't be checked is refused", async () => {
  const refuses = (options, code, message) =>
    assert.rejects(EmotionPipeline.create(options), (error) => {
      assert.deepEqual([error.name, error.code], ["EmotionError", code]);
      assert.match(error.message, message);
      return true;
    });
  const integrity = integrityOf("sha384");
  for (const malformed of ["", "sha384", "sha384-", "sha1-AAAA", "md5-AAAA", `${integrity} sha512-AAAA`, null, 7, {}]) {
    await refuses({ integrity: malformed }, "invalid-options", /one sha256-, sha384- or sha512- hash/);
  }
  const other = integrity.replace(/-./, (start) => (start === "-A" ? "-B" : "-A"));
  await refuses({ integrity: other }, "model-load", /^The module expected is sha384-/);
  const changed = Uint8Array.from(wasm);
  changed[wasm.length - 1] ^= 1;
  await refuses({ integrity, module: changed }, "model-load", /^The module expected is sha384-/);
  await refuses({ integrity, module: new WebAssembly.Module(wasm) }, "invalid-options", /hash of bytes/);

  (await EmotionPipeline.create({ integrity, module: wasm })).close();
  (await EmotionPipeline.create({ integrity })).close();
  (await EmotionPipeline.create()).close();
  await refuses({ integrity: integrityOf("sha256") }, "invalid-options", /loaded already/);
});

test("a picture on its side or upside down shows its face, which is explained as it is answered", async () => {
  const pipeline = await EmotionPipeline.create();
  let picture = decodePixels(await loadModule(), repositoryFile("tests/fixtures/astronaut.png"));
  const [upright] = pipeline.analyzeImage(picture);
  assert.equal(upright.roll, 0);
  for (const degrees of [90, 180, -90]) {
    picture = turnedClockwise(picture);
    const [face, ...others] = pipeline.analyzeImage(picture);
    assert.deepEqual([others.length, face.emotion], [0, upright.emotion], `${degrees}`);
    const off = Math.abs(face.roll - degrees);
    assert.ok(Math.min(off, 360 - off) < 15, `${face.roll} for ${degrees}`);
    const explained = pipeline.explainFace(picture, { ...face.box, roll: face.roll });
    assert.deepEqual([explained.square.roll, explained.square.width], [face.roll, face.quality.size]);
    const middle = ({ x, width }) => x + width / 2;
    assert.ok(Math.abs(middle(explained.square) - middle(face.box)) < 1e-3);
    assert.equal(explained.emotion, face.emotion);
    assert.equal(pipeline.classifyFace(explained.chip).emotion, face.emotion);
  }
  for (const roll of [Number.NaN, "up"]) {
    assert.throws(() => pipeline.explainFace(picture, { ...upright.box, roll }), { code: "invalid-box" });
  }
});

test("a large picture is glanced at before it is looked at closely", async () => {
  const portrait = decodePixels(await loadModule(), repositoryFile("tests/fixtures/astronaut.png"));
  const pipeline = await EmotionPipeline.create();
  const [alone] = pipeline.analyzeImage(portrait);
  assert.equal(pipeline.glance(portrait), undefined, "a small picture has no closer look");
  assert.equal(pipeline.glance(repositoryFile("tests/fixtures/astronaut.png")), undefined);

  // The portrait in one corner, and half its size in the other.
  const [width, height] = [3600, 2400];
  const data = new Uint8ClampedArray(4 * width * height).fill(128);
  const paste = (left, top, step) => {
    for (let y = 0; y < portrait.height / step; y += 1) {
      for (let x = 0; x < portrait.width / step; x += 1) {
        const from = 4 * step * (y * portrait.width + x);
        data.set(portrait.data.subarray(from, from + 4), 4 * ((top + y) * width + left + x));
      }
    }
  };
  paste(300, 300, 1);
  paste(2900, 1900, 2);
  const picture = { data, width, height };
  const faces = pipeline.analyzeImage(picture);
  assert.equal(faces.length, 2);
  const [glanced, ...others] = pipeline.glance(picture);
  assert.deepEqual([others.length, glanced.emotion], [0, alone.emotion]);
  const [large] = faces.toSorted((a, b) => b.box.width - a.box.width);
  for (const side of ["x", "y", "width", "height"]) {
    assert.ok(Math.abs(glanced.box[side] - large.box[side]) < 12, `${side}: ${glanced.box[side]}`);
  }

  pipeline.close();
});

/** A picture turned by a quarter. */
function turnedClockwise({ data, width, height }) {
  const from = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const turned = Uint32Array.from(from, (_, index) => {
    const [x, y] = [index % height, Math.floor(index / height)];
    return from[(height - 1 - x) * width + y];
  });
  return { data: new Uint8ClampedArray(turned.buffer), width: height, height: width };
}

/** As a `DOMRect`: its numbers are not its own properties. */
class Rectangle {
  #sides;
  constructor(...sides) {
    this.#sides = sides;
  }
  get x() {
    return this.#sides[0];
  }
  get y() {
    return this.#sides[1];
  }
  get width() {
    return this.#sides[2];
  }
  get height() {
    return this.#sides[3];
  }
}

test("a face is explained from a file's bytes and from pixels, with the answer it was given", async () => {
  const pipeline = await EmotionPipeline.create({ expressions: 8 });
  const bytes = repositoryFile("tests/fixtures/astronaut_half.png");
  const [face] = pipeline.analyzeImage(bytes);
  const { chip, heat, emotion, eight, square } = pipeline.explainFace(bytes, face.box);
  assert.deepEqual([square.roll, square.width, square.height], [0, face.quality.size, face.quality.size]);
  assert.deepEqual([emotion, eight.emotion], [face.emotion, face.eight.emotion]);
  assert.deepEqual([chip.length, heat.length, eight.heat.length], [2304, 2304, 2304]);
  assert.equal(pipeline.classifyFace(chip).emotion, face.emotion);

  // The same grey everywhere: the chip shows that these pixels were read.
  const grey = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, index) => (index % 4 === 3 ? 255 : 120));
  const pixels = { data: grey, width: 64, height: 64 };
  const box = { x: 8, y: 8, width: 48, height: 48 };
  assert.ok(pipeline.explainFace(pixels, box).chip.every((value) => value === 120));

  const codeOf = (...given) => {
    try {
      return pipeline.explainFace(...given);
    } catch (error) {
      return error.code;
    }
  };
  assert.ok(pipeline.explainFace(pixels, new Rectangle(8, 8, 48, 48)).chip.every((value) => value === 120));
  for (const wrong of [
    undefined,
    null,
    7,
    [8, 8, 48, 48],
    { ...box, width: "48" },
    { ...box, height: undefined },
    { ...box, x: Number.NaN },
    { ...box, y: Number.NEGATIVE_INFINITY },
    { ...box, x: 1e300 },
    { ...box, width: 0 },
    { ...box, height: -1 },
    { ...box, x: 64 },
    { ...box, y: -48 },
  ]) {
    assert.equal(codeOf(pixels, wrong), "invalid-box", JSON.stringify(wrong));
    assert.equal(codeOf(bytes, wrong && { ...wrong, x: wrong.x === 64 ? 256 : wrong.x }), "invalid-box");
  }
  assert.equal(codeOf(bytes.subarray(0, 900), box), "invalid-image");
  assert.equal(codeOf({ ...pixels, width: 65 }, box), "invalid-frame");
  pipeline.close();
});
