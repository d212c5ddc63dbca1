// The sample pictures on the first screen: light, free, answered as any picture, and there before they are needed.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { shownFaces, startBrowser, statusMatching } from "./page.mjs";

const { open, requests } = await startBrowser();
const folder = join(root, "www/samples");

test("each sample weighs less than 40 kB, and its source and licence are stated", () => {
  const stated = readFileSync(join(folder, "README.md"), "utf8");
  const files = readdirSync(folder).filter((name) => name.endsWith(".webp"));
  assert.equal(files.length, 5);
  for (const name of files) {
    assert.ok(statSync(join(folder, name)).size < 40_000, name);
    assert.match(stated, new RegExp(`\`${name}\`.*public domain`));
  }
});

test("each sample is answered, with different expressions, and without another request", async () => {
  const answers = [];
  for (let index = 0; index < 5; index += 1) {
    const page = await open({ serviceWorkers: "block" });
    await statusMatching(page, /Ready/);
    requests.length = 0;
    await page.getByTestId("sample").nth(index).click();
    await statusMatching(page, /faces?: /);
    answers.push((await shownFaces(page)).map(({ emotion }) => emotion));
    assert.deepEqual(requests, []);
    assert.deepEqual(page.problems, []);
  }
  assert.deepEqual(answers.slice(0, 4), [["happy"], ["neutral"], ["surprise"], ["uncertain"]]);
  assert.equal(answers[4].length, 6);
});

test("pointing at a sample has the drawn face take on its answer, and the answer chosen is taken on too", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  const mood = () => page.locator(".portrait .mood").getAttribute("href");
  const samples = page.getByTestId("sample");
  await samples.nth(2).hover();
  await page.locator("body[data-mood=surprise]").waitFor();
  assert.equal(await mood(), "#face-surprise");
  assert.equal(await samples.nth(2).getAttribute("data-emotion"), "surprise");
  await samples.nth(1).focus();
  await page.locator("body[data-mood=neutral]").waitFor();
  await page.keyboard.press("Enter");
  await statusMatching(page, /1 face: Neutral/);
  assert.equal(await page.locator(".mark .mood").getAttribute("href"), "#face-neutral");
  assert.deepEqual(page.problems, []);
});

test("on a small phone the first screen needs no scrolling, and each sample is large enough for a finger", async () => {
  const page = await open({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  await statusMatching(page, /Ready/);
  assert.ok((await page.evaluate(() => document.documentElement.scrollHeight)) <= 640);
  for (const sample of await page.getByTestId("sample").all()) {
    const { y, width, height } = await sample.boundingBox();
    assert.ok(width >= 44 && height >= 44 && y + height <= 640, `${width} x ${height} at ${y}`);
  }
});
