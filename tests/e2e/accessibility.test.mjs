// WCAG 2.2 AA by axe in every view and both colour schemes, a walk by keyboard alone, and reduced motion.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { choose, fixture, openAdjust, startBrowser, statusMatching } from "./page.mjs";

const { open } = await startBrowser(["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]);
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Views of the page, and how to get there. */
const VIEWS = {
  empty: (page) => statusMatching(page, /Ready/),
  picture: async (page) => {
    await choose(page, fixture("astronaut.png"));
    await statusMatching(page, /1 face/);
    await page.getByRole("button", { name: "Why?" }).click();
    await page.locator(".explanation").waitFor();
  },
  group: async (page) => {
    await statusMatching(page, /Ready/);
    await page.getByTestId("sample").last().click();
    await statusMatching(page, /6 faces/);
    await page.locator(".chip").nth(2).click();
  },
  card: async (page) => {
    await statusMatching(page, /Ready/);
    await page.getByTestId("sample").last().click();
    await statusMatching(page, /6 faces/);
    await page.getByRole("button", { name: "Share" }).click();
    await page.locator("#cover").selectOption("blur");
    await page.locator(".card-preview canvas").waitFor();
  },
  settings: async (page) => {
    await choose(page, fixture("astronaut.png"));
    await statusMatching(page, /1 face/);
    await openAdjust(page);
    await page.getByLabel("Tell apart").selectOption("8");
    await page.locator(".bars [data-emotion=contempt]").waitFor();
    await page.getByText("Adjust to my face").click();
    await page.getByRole("button", { name: "Neutral" }).click();
  },
  video: async (page) => {
    await choose(page, fixture("faces.webm"));
    await statusMatching(page, /frames read/);
  },
  failure: async (page) => {
    await choose(page, { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") });
    await statusMatching(page, /can't be read/);
  },
  about: async (page) => {
    await statusMatching(page, /Ready/);
    await page.getByRole("button", { name: "About and proofs" }).click();
  },
  privacy: async (page) => {
    await statusMatching(page, /Ready/);
    await page.getByRole("button", { name: "Nothing leaves this page" }).click();
    for (const summary of await page.locator(".panel summary").all()) await summary.click();
  },
  accuracy: async (page) => {
    await statusMatching(page, /Ready/);
    await page.getByRole("button", { name: "About and proofs" }).click();
    await page.getByRole("button", { name: "How often it errs" }).click();
    await page.locator(".confusion td").first().waitFor();
  },
  "self-check": async (page) => {
    await statusMatching(page, /Ready/);
    await page.getByRole("button", { name: "About and proofs" }).click();
    await page.getByRole("button", { name: "Self-check" }).click();
    await page.getByTestId("check-verdict").filter({ hasText: "match" }).waitFor();
  },
  folder: async (page) => {
    const bad = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") };
    const good = { name: "astronaut.png", mimeType: "image/png", buffer: readFileSync(fixture("astronaut.png")) };
    await choose(page, [good, bad]);
    await page.locator(".batch .count").filter({ hasText: "1 picture read" }).waitFor();
  },
  camera: async (page) => {
    await page.getByTestId("camera-start").click();
    await statusMatching(page, /No face in view/);
  },
  game: async (page) => {
    await page.getByTestId("camera-start").click();
    await statusMatching(page, /No face in view/);
    await page.getByRole("button", { name: "Show me …" }).click();
    await page.locator(".game").waitFor();
  },
};

for (const colorScheme of ["light", "dark"]) {
  for (const [view, reach] of Object.entries(VIEWS)) {
    test(`${view} view, ${colorScheme}: no violation of WCAG 2.2 AA`, async () => {
      // axe is injected as a script, which the page's policy would rightly refuse.
      const page = await open({ colorScheme, bypassCSP: true, viewport: { width: 390, height: 844 } });
      await reach(page);
      await page.addScriptTag({ path: axePath });
      const { violations } = await page.evaluate(() =>
        globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
      );
      assert.deepEqual(
        violations.map(({ id, nodes }) => ({
          id,
          nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]),
        })),
        [],
      );
    });
  }
}

test("the page is used by keyboard alone: every control is reached, seen and works", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  const focused = () =>
    page.evaluate(() => {
      const { activeElement } = document;
      return { name: activeElement.textContent.trim(), outline: getComputedStyle(activeElement).outlineStyle };
    });
  const walk = async (name) => {
    for (let step = 0; step < 20; step += 1) {
      await page.keyboard.press("Tab");
      const { name: reached, outline } = await focused();
      if (reached !== name) continue;
      assert.equal(outline, "solid", `the focus on ${name} is visible`);
      return;
    }
    assert.fail(`Tab never reaches ${name}`);
  };
  const chooser = page.waitForEvent("filechooser");
  await walk("Choose a picture");
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  await walk("Use the camera");
  await page.keyboard.press("Enter");
  await statusMatching(page, /No face in view/);
  await walk("Stop the camera");
  await page.keyboard.press("Enter");
  await statusMatching(page, /camera is off/);
});

test("every control says what it does", async () => {
  const page = await open();
  const silent = await page
    .locator(":is(button, select, input, summary):not([hidden], dialog *)")
    .evaluateAll((controls) => controls.filter(({ title }) => !title).map(({ outerHTML }) => outerHTML));
  assert.deepEqual(silent, []);
});

test("with reduced motion nothing moves by itself", async () => {
  const page = await open({ reducedMotion: "reduce" });
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  const lively = await open({ reducedMotion: "no-preference" });
  assert.ok((await lively.evaluate(() => document.getAnimations().length)) > 0, "the check can fail");
});

test("in little room nothing is cut off sideways", async () => {
  const page = await open({ viewport: { width: 320, height: 640 } });
  for (const reach of Object.values(VIEWS).slice(0, 2)) {
    await reach(page);
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overhang <= 0, `${overhang} pixels too wide`);
  }
});

test("in a low window nothing lies over another's words", async () => {
  for (const height of [600, 540, 450]) {
    const page = await open({ viewport: { width: 1024, height } });
    await statusMatching(page, /Ready/);
    const places = await page.evaluate(() =>
      [".masthead", ".invitation h2", ".invitation .actions", ".ledger"].map((selector) => {
        const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
        return { selector, x, y, width, height };
      }),
    );
    for (const a of places) {
      for (const b of places) {
        const isOver =
          a !== b && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
        assert.ok(!isOver, `${a.selector} lies over ${b.selector} where the window is ${height} pixels high`);
      }
    }
  }
});
