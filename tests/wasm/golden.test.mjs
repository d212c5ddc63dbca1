// The answers every build of the module must give, in Node's WebAssembly: those of the models' golden files.
// BUILDS=default tests only that build.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shipped } from "../../scripts/models.mjs";
import { builds, loadModule, repositoryFile } from "./module.mjs";

const readJson = (path) => JSON.parse(repositoryFile(path));
const detector = readJson(`models/${shipped.detector}/golden.json`);
// Pictures up to 480 pixels are looked at once, as the reference did; larger ones a second time for close-ups.
const once = detector.cases.filter(({ picture }) => /_(half|quarter)\.png$/.test(picture));

for (const name of process.env.BUILDS?.split(",") ?? Object.keys(builds)) {
  const folder = builds[name];
  describe(`the ${name} build`, async () => {
    const module = await loadModule(folder);
    const pipeline = new module.EmotionPipeline({ expressions: 8 });

    test("gives the golden probabilities", () => {
      const { id } = module.modelInfo().emotion;
      const { cases, tolerance } = readJson(`models/${id}/golden.json`);
      assert.ok(cases.length >= 8, `only ${cases.length} cases`);
      for (const { name, grey, probabilities, eight, other } of cases) {
        const answer = pipeline.classifyFace(Uint8Array.from(Buffer.from(grey, "hex")));
        for (const [found, wanted] of [
          [answer.probabilities, probabilities],
          [answer.eight.probabilities, eight],
          [{ other: answer.other }, { other }],
        ]) {
          assert.deepEqual(Object.keys(found).sort(), Object.keys(wanted).sort());
          for (const [emotion, expected] of Object.entries(wanted)) {
            const difference = Math.abs(found[emotion] - expected);
            assert.ok(difference <= tolerance, `${name}, ${emotion}: ${found[emotion]}, not ${expected}`);
          }
        }
      }
    });

    test("finds the golden faces", () => {
      assert.ok(once.length >= 4, `only ${once.length} cases`);
      for (const { picture, faces } of once) {
        const found = pipeline.analyzeBytes(repositoryFile(picture));
        assert.equal(found.length, faces.length, picture);
        for (const [index, expected] of faces.entries()) {
          const { box, landmarks, confidence } = found[index];
          assert.ok(
            Math.abs(confidence - expected.confidence) <= detector.tolerance.confidence,
            `${picture}: ${confidence}`,
          );
          const pairs = Object.keys(expected.boundingBox).map((key) => [box[key], expected.boundingBox[key]]);
          for (const [point, wanted] of landmarks.map((point, at) => [point, expected.landmarks[at]])) {
            pairs.push([point[0], wanted[0]], [point[1], wanted[1]]);
          }
          for (const [value, wanted] of pairs) {
            assert.ok(Math.abs(value - wanted) <= detector.tolerance.pixels, `${picture}: ${value}, not ${wanted}`);
          }
        }
      }
    });
  });
}

test("the compiled-in models are those in the repository", async () => {
  const { modelInfo } = await loadModule();
  const { emotion, detector } = modelInfo();
  assert.deepEqual(emotion.classes, ["happy", "neutral", "sad", "surprise"]);
  for (const [{ id, sha256 }, expected] of [
    [emotion, shipped.emotion],
    [detector, shipped.detector],
  ]) {
    assert.equal(id, expected);
    assert.ok(repositoryFile(`models/${id}/MODEL_CARD.md`).includes(sha256), `${id}'s card does not name ${sha256}`);
  }
});
