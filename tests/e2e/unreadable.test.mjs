// Files that can no longer be read: a code of their own for programs, plain words for people.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpSync, mkdtempSync, openSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { choose, downloaded, fixture, shownFaces, startBrowser, statusMatching } from "./page.mjs";

const { open } = await startBrowser();

const folder = mkdtempSync(join(tmpdir(), "countenance-unreadable-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A file that can be read for now. It is an hour old, since browsers notice a change by the file's time in whole seconds. */
function fileOf(name, source = "astronaut.png") {
  const path = join(folder, name);
  cpSync(fixture(source), path);
  const anHourAgo = Date.now() / 1000 - 3600;
  utimesSync(path, anHourAgo, anHourAgo);
  return path;
}

/** Larger than browsers read at once, though it takes no room on the disk. */
function largeFile(name) {
  const path = join(folder, name);
  openSync(path, "w");
  truncateSync(path, 2 ** 31 + 10);
  return path;
}

const BEFALLS = {
  deleted: (path) => rmSync(path),
  overwritten: (path) => writeFileSync(path, "something else, of another length"),
};

/** Opens the page with its model held back until `letThrough` is called, so that a file chosen waits to be read. */
async function openWaiting() {
  let letThrough;
  const held = new Promise((resolve) => {
    letThrough = resolve;
  });
  const page = await open({
    serviceWorkers: "block",
    prepare: (unopened) =>
      unopened.context().route(/\.wasm$/, async (route) => {
        await held;
        await route.continue();
      }),
  });
  await statusMatching(page, /Loading/);
  return { page, letThrough };
}

for (const [what, befall] of Object.entries(BEFALLS)) {
  test(`the library: a file ${what} before it is read is an unreadable file`, async () => {
    const page = await open();
    const path = fileOf(`library-${what}.png`);
    await page.evaluate(() => {
      const input = document.body.appendChild(document.createElement("input"));
      input.type = "file";
      input.id = "by-hand";
    });
    await page.locator("#by-hand").setInputFiles(path);
    // Chromium notes a file's time when it is first asked for, and does not notice a change before that.
    await page.evaluate(() => document.querySelector("#by-hand").files[0].lastModified);
    befall(path);
    const error = await page.evaluate(async () => {
      const { EmotionAnalyzer, EmotionError } = await import("/lib/index.js");
      const [file] = document.querySelector("#by-hand").files;
      const { trustedScriptUrl } = await import("/app/trusted-url.js");
      const worker = () => new Worker(trustedScriptUrl("/lib/worker.js"), { type: "module" });
      const analyzer = await EmotionAnalyzer.create({ worker });
      const errors = [];
      const box = { x: 0, y: 0, width: 10, height: 10 };
      for (const call of [() => analyzer.analyzeImage(file), () => analyzer.explainFace(file, box)]) {
        await call().catch((error) => errors.push(error));
      }
      analyzer.close();
      return errors.map((error) => ({ code: error.code, message: error.message, own: error instanceof EmotionError }));
    });
    assert.equal(error.length, 2);
    for (const { code, message, own } of error) {
      assert.deepEqual([code, own], ["unreadable-file", true]);
      assert.match(message, /^The file can't be read: it was (moved or deleted|changed or moved) after it was chosen/);
    }
  });

  test(`the page: a picture ${what} before it is read`, async () => {
    const { page, letThrough } = await openWaiting();
    const path = fileOf(`page-${what}.png`);
    await choose(page, path);
    await page.locator(".still").waitFor();
    befall(path);
    letThrough();
    const said = await statusMatching(page, /can't be read/);
    assert.match(
      said,
      /^“page-\w+\.png” can't be read from your device\. It was moved, changed or deleted .* Choose it again/,
    );
    await choose(page, fixture("astronaut.png"));
    await statusMatching(page, /1 face/);
    assert.equal((await shownFaces(page))[0].emotion, "happy");
    assert.deepEqual(page.problems, []);
  });

  test(`the page: a video ${what} before it is read`, async () => {
    const { page, letThrough } = await openWaiting();
    const path = fileOf(`page-${what}.webm`, "faces.webm");
    await choose(page, path);
    await statusMatching(page, /Reading the video/);
    befall(path);
    letThrough();
    assert.match(await statusMatching(page, /can't be read/), /^“page-\w+\.webm” can't be read from your device\./);
    assert.deepEqual(page.problems, []);
  });
}

test("a missing picture among many is listed with its reason, and the rest is read", async () => {
  const { page, letThrough } = await openWaiting();
  const paths = ["first.png", "gone.png", "last.png"].map((name) => fileOf(name));
  await choose(page, paths);
  await page.locator(".batch").waitFor();
  BEFALLS.deleted(paths[1]);
  letThrough();
  await page.locator(".batch .count").filter({ hasText: "2 pictures read." }).waitFor();
  assert.equal(await page.locator(".batch .failed li").textContent(), "Moved, changed or out of reachgone.png");
  const { rows } = JSON.parse(await downloaded(page, "batch-json"));
  assert.deepEqual(
    rows.map(({ file, error }) => [file, error]),
    [
      ["first.png", ""],
      ["gone.png", "unreadable-file"],
      ["last.png", ""],
    ],
  );
});

test("a file that is too large is refused at once, with the reason", async () => {
  const page = await open();
  await choose(page, largeFile("large.png"));
  assert.match(await statusMatching(page, /too large/), /^“large\.png” is too large to read\. Make it smaller first/);
  assert.deepEqual(page.problems, []);
});

for (const name of ["NotReadableError", "NotAllowedError", "SecurityError", "NotFoundError", "AbortError"]) {
  test(`a browser that refuses to read a file by ${name} never speaks of a camera`, async () => {
    const page = await open({
      prepare: (unopened) =>
        unopened.addInitScript((refusal) => {
          Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException("refused", refusal));
        }, name),
    });
    const file = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
    await choose(page, file);
    assert.match(await statusMatching(page, /“a\.png”/), /can't be read from your device/);
    await page
      .getByTestId("calibration-input")
      .setInputFiles({ name: "mine.txt", mimeType: "text/plain", buffer: Buffer.from("x") });
    await page
      .locator(".calibration [role=status]")
      .filter({ hasText: "The file can't be read" })
      .waitFor({ state: "attached" });
    assert.deepEqual(page.problems, []);
  });
}
