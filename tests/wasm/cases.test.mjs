// The cases in Node: files that once went wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EmotionPipeline } from "../../www/lib/pipeline.js";
import { assertFaces, cases } from "../cases/cases.mjs";

// One for all of them: no picture may show in the answer to a later one.
const pipeline = await EmotionPipeline.create();

for (const { name, steps } of cases) {
  test(name, () => {
    for (const step of steps) {
      if (step.error) {
        assert.throws(
          () => pipeline.analyzeImage(step.buffer),
          ({ code, message }) => code === step.error && message.includes(step.words),
        );
      } else {
        const faces = pipeline.analyzeImage(step.buffer);
        assertFaces(
          step,
          faces.map((face) => ({ ...face, probability: face.probabilities[face.emotion] })),
        );
      }
    }
  });
}
