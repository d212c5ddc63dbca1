// The cases on the page in every engine: files that once went wrong.

import assert from "node:assert/strict";
import { assertFaces, cases } from "../cases/cases.mjs";
import { FILES, STATUS, shownFaces, visit } from "./page.mjs";
import { inEachBrowser } from "./suite.mjs";

inEachBrowser((test) => {
  for (const { name, steps } of cases) {
    test(name, async (browser, t) => {
      await visit(browser, t);
      for (const step of steps) {
        const { kind, text } = await answerTo(browser, step.path);
        const faces = (await shownFaces(browser)).map(({ box: [x, y, width, height], ...face }) => {
          return { ...face, box: { x, y, width, height } };
        });
        if (step.whereShown && kind === "result") {
          assertFaces({ ...step, faces: step.whereShown }, faces);
        } else if (step.error) {
          assert.deepEqual([kind, faces], ["failure", []], step.name);
          assert.ok(text.includes(step.name), text);
        } else {
          assert.equal(kind, "result", text);
          assertFaces(step, faces);
        }
      }
      assert.deepEqual(await browser.problems(), []);
    });
  }
});

/** Chooses a file, and gives the status line's kind and text once it answers. */
async function answerTo(browser, path) {
  // What the last step left there must not be read as the answer to this one.
  await browser.evaluate((selector) => document.querySelector(selector).setAttribute("data-kind", "asked"), STATUS);
  await browser.setFiles(FILES, path);
  return browser.waitFor((selector) => {
    const { dataset, textContent } = document.querySelector(selector);
    return ["result", "failure"].includes(dataset.kind) && { kind: dataset.kind, text: textContent.trim() };
  }, STATUS);
}
