// Video files: read frame by frame, recorded, exported, cancelled, and explained where they can't be played.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { choose, downloaded, fixture, shownFaces, startBrowser, statusMatching } from "./page.mjs";

const { open } = await startBrowser();

/** A happy face, then one that is not. */
const buffer = readFileSync(fixture("faces.webm"));
const clip = { name: "clip.webm", mimeType: "video/webm", buffer };

test("a video's frames are read at an even pace, told, recorded and exported", async () => {
  const page = await open();
  await choose(page, clip);
  assert.match(await statusMatching(page, /frames read/), /^\d+ frames read, with [12] faces?\.$/);
  assert.equal(await page.locator(".ledger .loading").isVisible(), false);
  assert.match(await page.locator(".timeline .summary").textContent(), /^clip\.webm, 0:0\d: \d+ frames read/);

  const { sessions, rows } = JSON.parse(await downloaded(page, "timeline-json"));
  assert.equal(sessions.length, 1);
  assert.equal(sessions[0].source, "clip.webm");
  for (const { seconds, source } of rows) {
    assert.equal(source, "clip.webm");
    assert.ok(Math.abs(seconds * 5 - Math.round(seconds * 5)) < 1e-6, "five frames a second");
  }
  assert.equal(rows[0].emotion, "happy");
  assert.notEqual(rows.at(-1).emotion, "happy");
  assert.deepEqual(page.problems, []);
});

test("a video that was read can be looked through, with its faces", async () => {
  const page = await open();
  await choose(page, clip);
  await statusMatching(page, /frames read/);
  const video = page.locator("video");
  await video.evaluate((element) => {
    element.currentTime = 0.5;
  });
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
  await video.evaluate((element) => {
    element.currentTime = element.duration - 0.1;
  });
  await page.locator("[data-testid=face]:not([data-emotion=happy])").waitFor();
});

test("reading a video can be cancelled, and what was read stays", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  await page.evaluate(() => {
    // Pressed from inside the page, so that a slow test can't come after the last frame.
    new MutationObserver((_, observer) => {
      observer.disconnect();
      document.querySelector("[data-testid=video-cancel]").click();
    }).observe(document.querySelector(".faces"), { childList: true });
  });
  await choose(page, clip);
  await statusMatching(page, /Cancelled/);
  assert.deepEqual(await shownFaces(page), []);
  const { sessions } = JSON.parse(await downloaded(page, "timeline-json"));
  assert.ok(sessions[0].frames >= 1);
  assert.equal(await page.locator("video").getAttribute("src"), null, "the file is let go of");
});

for (const [what, file] of [
  ["text called .mp4", { name: "notes.mp4", mimeType: "video/mp4", buffer: Buffer.from("no video") }],
  ["a video that is cut off", { ...clip, name: "cut.webm", buffer: buffer.subarray(0, 60) }],
]) {
  test(`${what} is explained`, async () => {
    const page = await open();
    await choose(page, file);
    const said = await statusMatching(page, /can't be played/);
    assert.match(said, /^“\w+\.\w+” can't be played as a video\..*MP4 \(H\.264\) and WebM/);
    assert.equal(await page.getByTestId("status").getAttribute("data-kind"), "failure");
  });
}

test("a video among many pictures is told to be chosen alone", async () => {
  const page = await open();
  await choose(page, [clip, { ...clip, name: "other.webm" }]);
  await page.getByTestId("batch-row").filter({ hasText: "other.webm" }).filter({ hasText: "alone" }).waitFor();
});
