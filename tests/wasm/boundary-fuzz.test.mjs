// Arguments of every wrong kind, drawn at random: each is answered or refused with a code, and the next good call works.
//
// FUZZ_SEED and FUZZ_ROUNDS in the environment draw other ones, and more.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EmotionError, EmotionPipeline } from "../../www/lib/pipeline.js";
import { repositoryFile } from "./module.mjs";

const SEED = Number(process.env.FUZZ_SEED ?? 20_251_123);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 3000);

const CODES = new Set(
  readFileSync(new URL("../../www/lib/protocol.js", import.meta.url), "utf8")
    .match(/@typedef \{('invalid-frame'[^}]*)\} EmotionErrorCode/)[1]
    .match(/[a-z-]+(?=')/g),
);
const OPTIONS = [
  "minConfidence",
  "uncertainBelow",
  "pictureSize",
  "liveSize",
  "maxFaces",
  "calibration",
  "expressions",
];
const DEFAULTS = Object.fromEntries(OPTIONS.map((name) => [name, undefined]));

const picture = repositoryFile("tests/fixtures/astronaut_quarter.png");
const grey = Uint8Array.from({ length: 48 * 48 }, (_, at) => (at * 7) % 251);
const pipeline = await EmotionPipeline.create();
const expected = { faces: pipeline.analyzeImage(picture), face: pipeline.classifyFace(grey) };

/** Numbers 0..1, the same for the same seed (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function detached(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

function shrunk() {
  const buffer = new ArrayBuffer(64, { maxByteLength: 128 });
  const view = new Uint8Array(buffer, 32, 32);
  buffer.resize(8);
  return view;
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** An array that lies about its size and its memory. */
class Liar extends Uint8Array {
  get length() {
    return 2 ** 31;
  }
  get byteLength() {
    return 2 ** 40;
  }
  get buffer() {
    return { byteLength: 7 };
  }
}

const throws = () => {
  throw new Error("the caller's own");
};
/** What a getter or conversion may try while the pipeline reads its arguments. */
const reenter = () => pipeline.classifyFace(grey).probabilities.happy;

/** Makers of values that are wrong nearly everywhere. */
const ODD = [
  ...[undefined, null, true, Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 0.5, 4, 8, 320, 2 ** 32, -(2 ** 31), 1e308],
  ...["", "0.5", "x".repeat(70_000), "\ud800", 10n, Symbol("odd"), throws, class {}, /x/, new Date(), new Map()],
].map((value) => () => value);
ODD.push(
  () => ({}),
  () => [],
  () => Array(12),
  () => [[[[]]]],
  () => ({ valueOf: reenter, toString: throws, [Symbol.toPrimitive]: reenter }),
  () => ({ length: 2304 }),
  () => ({ length: -1, byteLength: -1, buffer: new ArrayBuffer(4) }),
  () => new Proxy({}, { get: throws, ownKeys: throws, getPrototypeOf: throws, has: throws }),
  () => new Proxy(new Uint8Array(2304), {}),
  () => revoked({}),
  () => revoked([]),
  () => revoked(new Uint8Array(4)),
  () => Object.create(Uint8Array.prototype),
  () => Object.create(null),
  () =>
    new Proxy({ width: 2, height: 2, data: new Uint8Array(16) }, { get: (target, key) => reenter() && target[key] }),
  () => Object.defineProperty({}, "minConfidence", { enumerable: true, get: reenter }),
  () => Object.defineProperty({}, "timestampMs", { enumerable: true, get: throws }),
);
const BUFFERS = [
  () => new ArrayBuffer(0),
  () => new ArrayBuffer(2304),
  () => new SharedArrayBuffer(2304),
  () => new Uint8Array(new SharedArrayBuffer(2304)),
  () => new Uint8ClampedArray(new SharedArrayBuffer(16, { maxByteLength: 32 })),
  () => new Uint8Array(16),
  () => new Uint8ClampedArray(16),
  () => new Int8Array(16),
  () => new Float64Array(288),
  () => new BigUint64Array(2),
  () => new DataView(new ArrayBuffer(16)),
  () => Buffer.alloc(16),
  () => new Liar(16),
  () => shrunk(),
  () => detached(new Uint8Array(2304)),
  () => detached(new Uint8ClampedArray(16)),
  () => detached(new Uint8Array(16)).buffer,
  () => picture.subarray(0, 900),
];

/** One call of a random kind with random arguments, as `[what, the call]`. */
function draw(random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const odd = () => pick(random() < 0.5 ? ODD : BUFFERS)();
  const side = () => pick([2, 2, 2, -2, 2.5, 0, "2", Number.NaN, 2 ** 33, odd()]);
  const pixels = () => pick([odd(), { data: odd(), width: side(), height: side() }]);
  const frames = () =>
    Array.from({ length: 12 }, () => pick([odd(), { probabilities: odd(), emotion: pick(["happy", odd()]) }]));
  return pick([
    () => [`analyzeImage`, (subject, source = pixels()) => subject.analyzeImage(source)],
    () => [`analyzeFrame`, (subject, source = pixels()) => subject.analyzeFrame(source, { timestampMs: side() })],
    () => [`analyzeFrame options`, (subject, options = odd()) => subject.analyzeFrame(pixels(), options)],
    () => [`classifyFace`, (subject, value = odd()) => subject.classifyFace(value)],
    () => [`explainFace`, (subject, value = odd()) => subject.explainFace(value, odd())],
    () => [`configure`, (subject, options = odd()) => subject.configure(options)],
    () => [`configure one`, (subject, options = { [pick(OPTIONS)]: odd() }) => subject.configure(options)],
    () => [`fitCalibration`, (subject, value = odd()) => subject.fitCalibration(value)],
    () => [`fitCalibration frames`, (subject, value = frames()) => subject.fitCalibration(value)],
    () => [`recordCalibration`, (subject, value = odd()) => subject.recordCalibration(value)],
    () => [`reset`, (subject) => subject.reset(odd())],
  ])();
}

/** The code of the error that is thrown, or undefined. */
function codeOf(action) {
  try {
    action();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof EmotionError, `not a named error: ${error?.stack ?? typeof error}`);
    assert.ok(CODES.has(error.code), `an unknown code: ${error.code}`);
    assert.notEqual(error.code, "module-crashed", error.stack);
    assert.ok(error.message.length > 5);
    return error.code;
  }
}

function assertWorks() {
  pipeline.configure(DEFAULTS);
  pipeline.reset();
  assert.deepEqual(pipeline.classifyFace(grey), expected.face);
}

test(`${ROUNDS} wrong calls are answered or refused with a code, and the module survives`, () => {
  const random = generator(SEED);
  const codes = new Map();
  for (let round = 0; round < ROUNDS; round += 1) {
    const [what, call] = draw(random);
    try {
      const code = codeOf(() => call(pipeline));
      codes.set(code, (codes.get(code) ?? 0) + 1);
      assertWorks();
    } catch (error) {
      error.message = `round ${round}, ${what} (FUZZ_SEED=${SEED}): ${error.message}`;
      throw error;
    }
  }
  assert.deepEqual(pipeline.analyzeImage(picture), expected.faces);
  // The draw reaches the module itself, not only the checks before it.
  for (const code of [
    "invalid-frame",
    "invalid-image",
    "invalid-options",
    "invalid-box",
    "invalid-calibration",
    "invalid-timestamp",
  ]) {
    assert.ok(codes.get(code) > 0, `nothing was refused as ${code}`);
  }
  assert.ok(codes.get(undefined) > 0, "nothing was answered");
});

test("a pipeline with wrong options or a wrong module is refused with a code", async () => {
  for (const value of [...ODD, ...BUFFERS]) {
    for (const options of [value(), { minConfidence: value() }]) {
      const made = await EmotionPipeline.create(options).catch((error) => error);
      if (made instanceof EmotionPipeline) made.close();
      else assert.ok(made instanceof EmotionError && CODES.has(made.code), String(made));
    }
    assertWorks();
  }
});

test("closing while an argument is read, and using a closed pipeline, is refused as closed", async () => {
  for (const call of [
    (one) => one.configure(Object.defineProperty({}, "maxFaces", { enumerable: true, get: () => one.close() })),
    (one) =>
      one.analyzeImage({
        data: new Uint8Array(16),
        width: 2,
        get height() {
          one.close();
          return 2;
        },
      }),
    (one) =>
      one.fitCalibration([
        {
          get emotion() {
            one.close();
            return "happy";
          },
        },
      ]),
    (one) => one[Symbol.dispose]() ?? one.reset(),
  ]) {
    const one = await EmotionPipeline.create();
    assert.equal(
      codeOf(() => call(one)),
      "closed",
    );
    const random = generator(SEED);
    for (let round = 0; round < 50; round += 1)
      assert.notEqual(
        codeOf(() => draw(random)[1](one)),
        undefined,
      );
    assert.equal(
      codeOf(() => one.classifyFace(grey)),
      "closed",
    );
    one.close();
    assertWorks();
  }
});

test("a call that runs out of stack fails, and the next one works", () => {
  let attempts = 0;
  const dive = () => {
    try {
      dive();
    } catch {
      // From the very end of the stack upwards: somewhere on the way the module itself is what runs out.
      attempts += 1;
      if (attempts < 400) pipeline.analyzeImage(picture);
    }
  };
  dive();
  assert.ok(attempts > 1);
  assertWorks();
  assert.deepEqual(pipeline.analyzeImage(picture), expected.faces);
});

test("hundreds of pipelines made and closed take no more memory than a few", async () => {
  const cycle = async () => {
    const one = await EmotionPipeline.create();
    assert.deepEqual(one.classifyFace(grey), expected.face);
    one.close();
  };
  const { default: exportsOf } = await import("../../www/pkg/countenance.js");
  const { memory } = await exportsOf();
  for (let count = 0; count < 10; count += 1) await cycle();
  const before = memory.buffer.byteLength;
  for (let count = 0; count < 200; count += 1) await cycle();
  assert.equal(memory.buffer.byteLength, before);
});
