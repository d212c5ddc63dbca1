// `analyzeVideo` of the packed package, in every engine.

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { fixture } from "../e2e/page.mjs";
import { install } from "../package/project.mjs";
import { inEachBrowser } from "./suite.mjs";

const folder = install("static");
for (const name of ["faces.webm", "numbered.webm"]) cpSync(fixture(name), join(folder, "public", name));
const whole = readFileSync(fixture("faces.webm"));
writeFileSync(join(folder, "public/half.webm"), whole.subarray(0, whole.length / 2));
writeFileSync(join(folder, "public/head.webm"), whole.subarray(0, 60));
const server = await serve({ root: folder });
after(() => server.close());

async function openPage(browser) {
  await browser.open(`http://localhost:${server.address().port}/blank.html`);
  await browser.evaluate(() => {
    const script = document.createElement("script");
    script.type = "module";
    script.textContent = 'import * as countenance from "countenance"; window.countenance = countenance;';
    document.head.append(script);
  });
  await browser.waitFor(() => Boolean(window.countenance));
}

inEachBrowser((test) => {
  test("analyzeVideo: rows, events, summary and progress", async (browser) => {
    await openPage(browser);
    const { rows, events, summary, steps, left } = await browser.evaluate(async () => {
      const steps = [];
      const onProgress = ({ seconds, duration, faces }) => steps.push([seconds, duration, faces.length]);
      const answer = await window.countenance.analyzeVideo("public/faces.webm", { onProgress });
      return { ...answer, steps, left: document.querySelectorAll("video").length };
    });
    assert.equal(rows.length, summary.frames, "the face is there in every frame");
    assert.ok(summary.frames === 12 || summary.frames === 13, `${summary.frames} frames`);
    for (const [index, { seconds }] of rows.entries()) assert.equal(seconds, index / 5);
    const [first, last] = [rows[0], rows.at(-1)];
    assert.deepEqual([first.emotion, last.emotion], ["happy", "neutral"]);
    assert.ok(first.happy > 0.9 && first.neutral + first.sad + first.surprise < 0.1);
    assert.ok(first.width > 20 && first.height > 20 && Math.abs(first.roll) < 30);
    assert.ok(Math.abs(summary.duration - 2.5) < 0.15, `${summary.duration} seconds`);
    assert.equal(summary.brokenAt, null, "which undefined becomes on the way here");
    const shares = summary.faces.flatMap((face) => Object.values(face.shares));
    assert.ok(Math.abs(shares.reduce((sum, share) => sum + share) - summary.faces.length) < 1e-9);
    assert.equal(summary.faces[0].firstSeconds, 0);
    const types = events.map(({ type, emotion }) => emotion ?? type);
    assert.deepEqual(types.slice(0, 3), ["faceEnter", "happy", "happy"]);
    assert.deepEqual([types.at(-2), types.at(-1)], ["neutral", "faceLeave"]);
    assert.equal(steps.length, summary.frames);
    assert.deepEqual(steps[1], [0.2, summary.duration, 1]);
    assert.equal(left, 0, "nothing stays in the page");
  });

  test("analyzeVideo: each frame is the one at its time, at any pace", async (browser) => {
    await openPage(browser);
    for (const [fps, expected] of [
      [5, Array.from({ length: 20 }, (_, index) => 2 * index)],
      [2.5, Array.from({ length: 10 }, (_, index) => 4 * index)],
    ]) {
      const shown = await browser.evaluate(async (fps) => {
        const context = document.createElement("canvas").getContext("2d");
        const greys = [];
        const analyzer = {
          isTooDark: false,
          reset: async () => {},
          analyzeFrame: async (picture) => {
            context.drawImage(picture, 0, 0, 8, 8);
            greys.push(context.getImageData(4, 4, 1, 1).data[0]);
            return [];
          },
        };
        const file = await (await fetch("public/numbered.webm")).blob();
        const { summary } = await window.countenance.analyzeVideo(file, { analyzer, fps });
        const numbers = greys.map((grey) => Math.round((grey - greys[0]) / 5)); // browsers differ in what black is
        return { numbers, frames: summary.frames };
      }, fps);
      assert.deepEqual(shown, { numbers: expected, frames: expected.length });
    }
  });

  test("analyzeVideo: a file that breaks off, a signal, and what is no video", async (browser) => {
    await openPage(browser);
    const seen = await browser.evaluate(async () => {
      const { analyzeVideo, EmotionError } = window.countenance;
      const codeOf = (call) =>
        call.then(
          () => "no error",
          (error) => (error instanceof EmotionError ? error.code : error.name),
        );
      const blobOf = async (name) => (await fetch(`public/${name}`)).blob();
      const { summary } = await analyzeVideo(await blobOf("half.webm"));
      const controller = new AbortController();
      const onProgress = () => controller.abort();
      return {
        half: [summary.frames, summary.brokenAt],
        aborted: await codeOf(analyzeVideo("public/faces.webm", { signal: controller.signal, onProgress })),
        early: await codeOf(analyzeVideo("public/faces.webm", { signal: AbortSignal.abort() })),
        head: await codeOf(analyzeVideo(await blobOf("head.webm"))),
        text: await codeOf(analyzeVideo(new Blob(["no video"]))),
        picture: await codeOf(analyzeVideo("public/astronaut.png")),
        missing: await codeOf(analyzeVideo("public/nowhere.webm")),
        unreachable: await codeOf(analyzeVideo("http://localhost:1/video.webm")),
        number: await codeOf(analyzeVideo(7)),
        pace: await codeOf(analyzeVideo("public/faces.webm", { fps: 0 })),
        option: await codeOf(analyzeVideo("public/faces.webm", { minConfidence: 2 })),
        left: document.querySelectorAll("video").length,
      };
    });
    const { half, ...rest } = seen;
    // The last frame there is begins at 0.93 seconds. Browsers notice the end at once, or a step later.
    assert.ok(half[0] === 5 || half[0] === 6, `${half}`);
    assert.equal(half[1], half[0] / 5);
    assert.deepEqual(rest, {
      aborted: "AbortError",
      early: "AbortError",
      head: "incomplete-video",
      text: "invalid-video",
      picture: "invalid-video",
      missing: "unreadable-file",
      unreachable: "unreadable-file",
      number: "invalid-options",
      pace: "invalid-options",
      option: "invalid-options",
      left: 0,
    });
  });
});
