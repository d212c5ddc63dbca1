// The testing kit, as an app's tests use it: in Node, without a camera, a worker or WebAssembly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EmotionError, fakeAnalyzer, fakeFace } from "../../dist/testing.js";

test("scripted answers come in turn, the last again and again, and calls are noted", async () => {
  const analyzer = fakeAnalyzer([[{ emotion: "sad" }], new EmotionError("worker-crashed", "gone"), []]);
  const [face] = await analyzer.analyzeImage("a picture");
  assert.deepEqual([face.emotion, face.likeliest, face.id], ["sad", "sad", 1]);
  await assert.rejects(analyzer.analyzeFrame("a frame", { timestampMs: 1 }), { code: "worker-crashed" });
  for (let call = 0; call < 2; call += 1)
    assert.deepEqual(await analyzer.analyzeFrame("a frame", { timestampMs: 2 }), []);
  await analyzer.configure({ expressions: 8 });
  analyzer.close();
  await assert.rejects(analyzer.analyzeImage("a picture"), { code: "closed" });
  assert.deepEqual(
    analyzer.calls.map(({ method }) => method),
    ["analyzeImage", "analyzeFrame", "analyzeFrame", "analyzeFrame", "configure", "close", "analyzeImage"],
  );
  assert.deepEqual(analyzer.calls[0].args[0], "a picture");
});

test("a script may be a function, a frame may be replaced, and a signal counts", async () => {
  const analyzer = fakeAnalyzer((source, call) => (call === 0 ? null : [{ emotion: source }, { emotion: "other" }]));
  assert.equal(await analyzer.analyzeFrame("happy", { timestampMs: 0 }), null);
  const faces = await analyzer.analyzeFrame("surprise", { timestampMs: 1 });
  assert.deepEqual(
    faces.map(({ id, emotion }) => [id, emotion]),
    [
      [1, "surprise"],
      [2, "other"],
    ],
  );
  await assert.rejects(analyzer.analyzeImage(0, { signal: AbortSignal.abort() }), { name: "AbortError" });
  assert.throws(() => fakeAnalyzer("happy"), { code: "invalid-options" });
});

test("a face's numbers agree with its expression", () => {
  for (const emotion of ["happy", "neutral", "sad", "surprise", "other", "uncertain"]) {
    const face = fakeFace({ emotion });
    const probabilities = Object.entries(face.probabilities);
    assert.equal(probabilities.length, 4);
    assert.ok(Math.abs(probabilities.reduce((sum, [, each]) => sum + each, 0) - 1) < 1e-9);
    const [top] = probabilities.sort(([, a], [, b]) => b - a);
    assert.equal(top[0], face.likeliest);
    assert.equal(face.emotion, emotion);
    if (emotion in face.probabilities) assert.equal(face.likeliest, emotion);
    assert.equal(emotion === "other", face.other >= 0.4);
    assert.equal(emotion === "uncertain", top[1] < 0.5 && emotion !== "other");
    assert.equal(face.landmarks.length, 5);
    assert.deepEqual([face.reasons, face.quality.yaw], [[], 0]);
  }
  assert.deepEqual(fakeFace({ box: { x: 0, y: 0, width: 10, height: 10 } }).landmarks[0], [3, 4]);
});
