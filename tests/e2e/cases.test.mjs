// The cases on the page: files that once went wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFaces, cases } from "../cases/cases.mjs";
import { choose, shownFaces, startBrowser } from "./page.mjs";

const { open } = await startBrowser();

for (const { name, steps } of cases) {
  test(name, async () => {
    const page = await open();
    for (const step of steps) {
      const status = page.getByTestId("status");
      // What the last step left there is no answer to this one.
      await status.evaluate((line) => line.setAttribute("data-kind", "asked"));
      await choose(page, step);
      await page.locator("[data-testid=status]:is([data-kind=result], [data-kind=failure])").waitFor();
      const faces = (await shownFaces(page)).map(({ box: [x, y, width, height], ...face }) => {
        return { ...face, box: { x, y, width, height } };
      });
      const kind = await status.getAttribute("data-kind");
      if (step.whereShown && kind === "result") {
        assertFaces({ ...step, faces: step.whereShown }, faces);
      } else if (step.error) {
        assert.deepEqual([kind, faces], ["failure", []], step.name);
        assert.ok((await status.textContent()).includes(step.name), step.name);
      } else {
        assertFaces(step, faces);
      }
    }
    assert.deepEqual(page.problems, []);
  });
}
