// What the page weighs on its way to a visitor, without the module, and what can be done before that is there.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { root } from "../../scripts/environment.mjs";
import { minified } from "../../scripts/minify.mjs";
import { choose, fixture, startBrowser, statusMatching } from "./page.mjs";

const MAX_BYTES = 75_000;

const { open, requests } = await startBrowser();

test("scripts and styles stay under 75 kB, minified and compressed as the site serves them", async () => {
  await statusMatching(await open({ serviceWorkers: "block" }), /Ready/); // it asks for all there is, used or not
  const files = [...new Set(requests.map(({ path }) => path))].filter((path) => /\.(js|css)$/.test(path));
  assert.ok(files.length > 20, "the page's scripts were asked for one by one");
  const weights = [];
  for (const path of files) {
    const file = join(root, "www", path);
    const text = path.startsWith("/pkg/") ? readFileSync(file) : await minified(file);
    weights.push(brotliCompressSync(text).length);
  }
  const sum = weights.reduce((total, weight) => total + weight);
  assert.ok(sum < MAX_BYTES, `${sum} bytes`);
});

test("before the module is there the page takes a picture, and reads it once it is", async () => {
  let letThrough;
  const held = new Promise((resolve) => {
    letThrough = resolve;
  });
  const page = await open({
    prepare: (unopened) =>
      unopened.context().route(/\.wasm$/, async (route) => {
        await held;
        await route.continue();
      }),
  });
  await statusMatching(page, /Loading/);
  await choose(page, fixture("astronaut.png"));
  await page.locator(".still").waitFor();
  await statusMatching(page, /Reading/);
  letThrough();
  await statusMatching(page, /1 face/);
});

test("nothing moves while the page and its model arrive", async () => {
  const page = await open({
    prepare: (unopened) =>
      unopened.addInitScript(() => {
        globalThis.shifts = [];
        new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries())).observe({
          type: "layout-shift",
        });
      }),
  });
  await statusMatching(page, /Ready/);
  const shifts = () => page.evaluate(() => globalThis.shifts.map(({ value }) => value));
  assert.deepEqual(await shifts(), []);
  await page.evaluate(() => {
    document.querySelector("main").style.marginTop = "200px";
  });
  await page.waitForFunction(() => globalThis.shifts.length > 0); // the check can fail
});
