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

test("a video's frames are read at an even pace, announced, recorded and exported", async () => {
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

test("a video that was read can be played back, with its faces", async () => {
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

for (const [what, file, words] of [
  [
    "text called .mp4",
    { name: "notes.mp4", mimeType: "video/mp4", buffer: Buffer.from("this is no video") },
    /^“notes\.mp4” can't be played as a video\..*MP4 \(H\.264\) and WebM/,
  ],
  [
    "a video cut off before its first frame",
    { ...clip, name: "cut.webm", buffer: buffer.subarray(0, 60) },
    /^“cut\.webm” is cut off, and no part of it can be played\. Its end is missing\./,
  ],
]) {
  test(`${what} is explained, and the timeline of the video before is gone`, async () => {
    const page = await open();
    await choose(page, clip);
    await statusMatching(page, /frames read/);
    assert.equal(await page.locator(".timeline").isVisible(), true);
    await choose(page, file);
    await statusMatching(page, words);
    assert.equal(await page.getByTestId("status").getAttribute("data-kind"), "failure");
    assert.equal(await page.locator(".timeline").isVisible(), false);
  });
}

/** Where the last whole picture in half of each file begins, and how long the file says it is, in seconds. */
for (const { name, mimeType, end, stated } of [
  { name: "faces.webm", mimeType: "video/webm", end: 0.93, stated: 2.4 },
  { name: "faces.mp4", mimeType: "video/mp4", end: 1.3, stated: 2.4 },
  { name: "numbered.webm", mimeType: "video/webm", end: 1.1, stated: 4 },
]) {
  test(`${name} cut in half shows what is there, and says where it ends`, async () => {
    const whole = readFileSync(fixture(name));
    const page = await open();
    await choose(page, { name: "half.video", mimeType, buffer: whole.subarray(0, whole.length / 2) });
    const said = await statusMatching(page, /frames read/);
    assert.match(said, /The file breaks off at 0:0[01] of 0:0[24]\. The rest is missing or damaged\.$/);
    const { sessions, rows } = JSON.parse(await downloaded(page, "timeline-json"));
    const [{ frames, broken_at, seconds }] = sessions;
    assert.equal(frames, Math.floor(end * 5) + 1, "each fifth of a second up to the end, and none of the rest");
    assert.equal(broken_at, frames / 5);
    assert.ok(broken_at < stated && seconds <= end);
    for (const row of rows) assert.equal(row.emotion, "happy");
    const video = page.locator("video");
    await video.evaluate((element) => {
      element.currentTime = 0.4;
    });
    if (rows.length > 0) await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
    assert.deepEqual(page.problems, []);
  });
}

test("each frame is the one at its time: none is skipped, none stands in for another", async () => {
  const page = await open();
  const base64 = readFileSync(fixture("numbered.webm")).toString("base64");
  for (let round = 0; round < 5; round += 1) {
    const shown = await page.evaluate(async (text) => {
      const { readVideo } = await import("/lib/video-file.js");
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      const video = document.body.appendChild(document.createElement("video"));
      const context = new OffscreenCanvas(8, 8).getContext("2d");
      const numbers = [];
      const onFrame = async (picture) => {
        context.drawImage(picture, 0, 0, 8, 8);
        const [grey] = context.getImageData(4, 4, 1, 1).data;
        numbers.push(Math.round((grey - 16) / 5));
      };
      const file = new File([bytes], "numbered.webm", { type: "video/webm" });
      await readVideo(video, file, onFrame, new AbortController().signal);
      video.remove();
      return numbers;
    }, base64);
    const everySecond = Array.from({ length: 20 }, (_, index) => 2 * index); // ten are shown a second, five are read
    assert.deepEqual(shown, everySecond);
  }
});

test("a picture replaces a video and its timeline", async () => {
  const page = await open();
  await choose(page, clip);
  await statusMatching(page, /frames read/);
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assert.equal(await page.locator(".timeline").isVisible(), false);
});

test("a video among many pictures is reported, with the advice to choose it alone", async () => {
  const page = await open();
  await choose(page, [clip, { ...clip, name: "other.webm" }]);
  await page.locator(".batch .failed summary").click();
  await page.locator(".batch .failed li").filter({ hasText: "A video: choose it alone" }).waitFor();
});
