// What crosses the boundary: plain objects out, named errors for bad input, never a trap.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePixels, loadModule, repositoryFile } from "./module.mjs";

const module = await loadModule();
const { EmotionPipeline } = module;
const astronaut = repositoryFile("tests/fixtures/astronaut_half.png");

function refuses(action, code) {
  assert.throws(action, (error) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "EmotionError");
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.length > 10);
    return true;
  });
}

test("faces are plain objects that survive structured cloning", () => {
  const faces = new EmotionPipeline().analyzeBytes(astronaut);
  assert.deepEqual(structuredClone(faces), faces);
  assert.equal(faces.length, 1);
  const [{ id, box, landmarks, confidence, probabilities, emotion }] = faces;
  assert.equal(id, 1);
  assert.ok(box.width > 20 && box.height > 20 && box.x > 0 && box.y > 0);
  assert.equal(landmarks.length, 5);
  for (const [x, y] of landmarks) assert.ok(x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height);
  assert.ok(confidence > 0.6 && confidence <= 1);
  const sum = Object.values(probabilities).reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(sum - 1) < 1e-5);
  assert.equal(emotion, "happy");
});

/** The keys and the types of what a value holds. */
function formOf(value) {
  if (Array.isArray(value)) return value.map(formOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, formOf(inner)]));
}

test("faces and options have the form that Rust's serde feature gives them", () => {
  const { faces, options } = JSON.parse(repositoryFile("tests/fixtures/boundary.json"));
  options.calibration = options.calibration.replace("MODEL", module.modelInfo().emotion.id);
  const [face] = new EmotionPipeline(options).analyzeBytes(astronaut);
  // A list of reasons may be empty.
  assert.deepEqual(formOf({ ...face, reasons: faces[0].reasons }), formOf(faces[0]));
  const [uncertain] = new EmotionPipeline({ uncertainBelow: 1 }).analyzeBytes(astronaut);
  assert.deepEqual(formOf({ ...uncertain, reasons: faces[1].reasons }), formOf(faces[1]));
  assert.deepEqual(uncertain.reasons, []);
  assert.equal(uncertain.emotion, faces[1].emotion);
});

test("a picture without a face is an empty array", () => {
  const pipeline = new EmotionPipeline();
  assert.deepEqual(pipeline.analyzeImage(new Uint8ClampedArray(64 * 48 * 4).fill(120), 64, 48), []);
  assert.deepEqual(pipeline.analyzeImage(new Uint8Array(4), 1, 1), []);
});

test("live frames keep a face's id, and reset starts again", () => {
  const pipeline = new EmotionPipeline();
  const width = 320;
  const height = 240;
  const blank = new Uint8Array(width * height * 4).fill(100);
  assert.deepEqual(pipeline.analyzeFrame(blank, width, height, 0), []);
  refuses(() => pipeline.analyzeFrame(blank, width, height, -1), "invalid-timestamp");
  refuses(() => pipeline.analyzeFrame(blank, width, height, Number.NaN), "invalid-timestamp");
  pipeline.reset();
  assert.deepEqual(pipeline.analyzeFrame(blank, width, height, -1), []);
});

test("a dark live view is reported until it is light again, or another begins", () => {
  const pipeline = new EmotionPipeline();
  const isTooDarkAfter = (grey, timestampMs) => {
    const frame = new Uint8Array(64 * 48 * 4).fill(grey).map((value, index) => (index % 4 === 3 ? 255 : value));
    pipeline.analyzeFrame(frame, 64, 48, timestampMs);
    return pipeline.isTooDark;
  };
  assert.equal(pipeline.isTooDark, false);
  assert.equal(isTooDarkAfter(39, 0), true);
  assert.equal(isTooDarkAfter(54, 1000), true);
  assert.equal(isTooDarkAfter(55, 2000), false);
  assert.equal(isTooDarkAfter(0, 3000), true);
  pipeline.reset();
  assert.equal(pipeline.isTooDark, false);
});

test("a recording of an expression ends in a calibration that fits it", () => {
  const pipeline = new EmotionPipeline();
  const { data, width, height } = decodePixels(module, astronaut);
  let nowMs = 0;
  const next = (pixels = data) => {
    nowMs += 250;
    return { face: pipeline.analyzeFrame(pixels, width, height, nowMs)[0], recording: pipeline.recording };
  };
  const [first, ...others] = module.modelInfo().emotion.recordingOrder;
  assert.deepEqual([first, ...others].toSorted(), module.modelInfo().emotion.classes.toSorted());
  assert.equal(next().recording, undefined);
  pipeline.recordCalibration(first);
  assert.equal(pipeline.recording, undefined, "no frame has come since");
  const frames = Array.from({ length: 17 }, () => next());
  const shares = frames.slice(0, 16).map(({ recording }) => recording.share);
  assert.deepEqual(shares.toSorted(), shares);
  const { recording } = frames.at(-1);
  const { state, calibration, before, after } = recording;
  assert.equal(state, "complete");
  const fitted = (frames) =>
    pipeline.fitCalibration(frames.slice(0, 12).map(({ face }) => ({ probabilities: face.raw, emotion: first })));
  assert.equal(calibration, fitted(frames), "of the first three seconds");
  const checked = frames.slice(-5).map(({ face }) => face.raw[first]);
  assert.ok(Math.abs(before - checked.reduce((sum, value) => sum + value) / 5) < 1e-6, "in the last second");
  assert.ok(after > before, `${after} > ${before}`);
  assert.equal(next().recording, undefined);
  pipeline.configure({ calibration });
  assert.ok(Math.abs(pipeline.analyzeBytes(astronaut)[0].probabilities[first] - after) < 0.02);

  pipeline.recordCalibration(others[0]);
  assert.equal(next().recording.state, "underway");
  pipeline.cancelRecording();
  assert.equal(next().recording, undefined);
  pipeline.recordCalibration(first);
  const again = Array.from({ length: 17 }, () => next());
  assert.equal(again.at(-1).recording.calibration, fitted(again), "what was cancelled or replaced is not learned from");
  pipeline.clearRecordings();
  pipeline.reset();
  pipeline.recordCalibration(first);
  assert.deepEqual(next(new Uint8Array(data.length).fill(255)).recording, { state: "not-alone" });
  for (const emotion of ["bored", "", undefined, 7, {}]) {
    refuses(() => pipeline.recordCalibration(emotion), "invalid-calibration");
  }
});

test("pixels that do not fit their size are an invalid frame", () => {
  const pipeline = new EmotionPipeline();
  for (const [length, width, height] of [
    [15, 2, 2],
    [17, 2, 2],
    [0, 0, 0],
    [16, 0, 4],
    [16, 70000, 70000],
    [16, -1, 2],
  ]) {
    refuses(() => pipeline.analyzeImage(new Uint8Array(length), width, height), "invalid-frame");
    refuses(() => pipeline.analyzeFrame(new Uint8Array(length), width, height, 0), "invalid-frame");
  }
  for (const length of [0, 2303, 2305, 9216])
    refuses(() => pipeline.classifyFace(new Uint8Array(length)), "invalid-frame");
});

test("bytes that are not a picture, truncated or far too large are refused with the right code", () => {
  const pipeline = new EmotionPipeline();
  for (const bytes of ["", "hello", "GIF89a", "<svg></svg>"]) {
    refuses(() => pipeline.analyzeBytes(new TextEncoder().encode(bytes)), "invalid-image");
  }
  refuses(() => pipeline.analyzeBytes(astronaut.subarray(0, astronaut.length / 2)), "invalid-image");
  // Every cut and every damaged byte gives an answer or a named error, never a trap: the module still works after it.
  for (let step = 0; step < 200; step += 1) {
    const bytes = Uint8Array.from(astronaut);
    bytes[(step * 7919) % bytes.length] ^= 1 << (step % 8);
    try {
      pipeline.analyzeBytes(bytes.subarray(0, bytes.length - (step % 5) * 1000));
    } catch (error) {
      assert.match(error.code, /^(invalid-image|image-too-large)$/, String(error.stack));
    }
  }
  assert.equal(pipeline.analyzeBytes(astronaut).length, 1);
});

test("a box that is not one, or lies outside of the picture, is an invalid box", () => {
  const pipeline = new EmotionPipeline();
  const pixels = new Uint8ClampedArray(64 * 48 * 4).fill(120);
  const box = { x: 8, y: 8, width: 30, height: 30 };
  assert.equal(pipeline.explainImage(pixels, 64, 48, box).chip.length, 2304);
  for (const wrong of [undefined, 7, {}, { ...box, x: "8" }, { ...box, width: 0 }, { ...box, y: 1e300 }]) {
    refuses(() => pipeline.explainImage(pixels, 64, 48, wrong), "invalid-box");
  }
  for (const outside of [{ x: 64 }, { x: -30 }, { y: 48 }, { y: -30 }]) {
    refuses(() => pipeline.explainImage(pixels, 64, 48, { ...box, ...outside }), "invalid-box");
    const far = Object.fromEntries(Object.entries(outside).map(([side, at]) => [side, 8 * at]));
    refuses(() => pipeline.explainBytes(astronaut, { ...box, ...far }), "invalid-box");
  }
});

test("options are checked one by one", () => {
  for (const options of [
    { minConfidence: 2 },
    { minConfidence: "0.5" },
    { uncertainBelow: Number.NaN },
    { pictureSize: 100 },
    { pictureSize: 320.5 },
    { pictureSize: 4097 },
    { pictureSize: "large" },
    { liveSize: "auto" },
    { liveSize: 1281 },
    { liveSize: 1e12 },
    { maxFaces: 0 },
    { expressions: 7 },
    { expressions: true },
    { unheardOf: 1 },
    7,
  ]) {
    refuses(() => new EmotionPipeline(options), "invalid-options");
  }
  const strict = new EmotionPipeline({
    uncertainBelow: 1,
    pictureSize: 320,
    liveSize: 160,
    maxFaces: 1,
    minConfidence: 0.5,
  });
  assert.equal(strict.analyzeBytes(astronaut)[0].emotion, "uncertain");
  for (const options of [{ pictureSize: "auto" }, { pictureSize: 4096 }, { liveSize: 1280 }]) {
    assert.equal(new EmotionPipeline(options).analyzeBytes(astronaut).length, 1);
  }
  assert.equal(new EmotionPipeline({ minConfidence: undefined }).analyzeBytes(astronaut).length, 1);
});

test("options change while a live view runs, and bad ones change nothing", () => {
  const pipeline = new EmotionPipeline({ uncertainBelow: 1 });
  assert.equal(pipeline.analyzeBytes(astronaut)[0].emotion, "uncertain");
  refuses(() => pipeline.configure({ maxFaces: 0 }), "invalid-options");
  assert.equal(pipeline.analyzeBytes(astronaut)[0].emotion, "uncertain");
  pipeline.configure({});
  assert.equal(pipeline.analyzeBytes(astronaut)[0].emotion, "happy");
});

test("a person's calibration is learned, applied, and taken back", () => {
  const pipeline = new EmotionPipeline();
  const [stock] = pipeline.analyzeBytes(astronaut);
  assert.deepEqual(stock.raw, stock.probabilities);
  const frames = Array.from({ length: 12 }, () => ({ probabilities: stock.raw, emotion: "neutral" }));
  const calibration = pipeline.fitCalibration(frames);
  assert.match(calibration, /^countenance-calibration\/1 emotion-\d+ happy=/);

  pipeline.configure({ calibration });
  for (const calibrated of [pipeline, new EmotionPipeline({ calibration })]) {
    const [face] = calibrated.analyzeBytes(astronaut);
    assert.deepEqual(face.raw, stock.raw);
    assert.ok(face.probabilities.neutral > 2 * stock.probabilities.neutral);
  }
  pipeline.configure({ calibration: "" });
  assert.deepEqual(pipeline.analyzeBytes(astronaut)[0], stock);
});

test("an invalid calibration, or another model's, is refused", () => {
  const pipeline = new EmotionPipeline();
  const [{ raw: probabilities }] = pipeline.analyzeBytes(astronaut);
  const frame = { probabilities, emotion: "neutral" };
  for (const frames of [
    undefined,
    {},
    [],
    [frame],
    Array(12).fill(7),
    Array(12).fill({ ...frame, emotion: "bored" }),
    Array(12).fill({ emotion: "neutral" }),
    Array(12).fill({ ...frame, probabilities: { ...probabilities, happy: Number.NaN } }),
    Array(12).fill({ ...frame, probabilities: { ...probabilities, happy: 7 } }),
  ]) {
    refuses(() => pipeline.fitCalibration(frames), "invalid-calibration");
  }
  const other = "countenance-calibration/1 emotion-0 happy=0 neutral=1 sad=0 surprise=0";
  for (const calibration of ["nonsense", `${other} more`, other.replace("=1", "=x"), other]) {
    refuses(() => new EmotionPipeline({ calibration }), "invalid-calibration");
  }
  refuses(() => new EmotionPipeline({ calibration: 7 }), "invalid-options");
});

test("eight expressions come with the four on request", () => {
  const pipeline = new EmotionPipeline();
  const [four] = pipeline.analyzeBytes(astronaut);
  assert.ok(!("eight" in four));
  pipeline.configure({ expressions: 8 });
  const [{ eight, ...rest }] = pipeline.analyzeBytes(astronaut);
  assert.deepEqual(rest, four);
  assert.equal(eight.emotion, "happy");
  assert.deepEqual(Object.keys(eight.probabilities), module.modelInfo().emotion.eight);
  const sum = Object.values(eight.probabilities).reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(sum - 1) < 1e-5);
  pipeline.configure({ expressions: 4 });
  assert.deepEqual(pipeline.analyzeBytes(astronaut), [four]);
});
