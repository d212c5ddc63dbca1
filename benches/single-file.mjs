// The page in one file beside the served page, in one Chromium that sees the same face through its camera, taking turns:
// how long a frame of the live view takes, and how long the page takes to be ready.
//
//   npm run bench:single -- [--rounds 8] [--update]
//
// A frame's time runs from the video's callback to the answer on the page. With --update the figures go into
// docs/benchmarks.md.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { findChromium } from "../scripts/chromium.mjs";
import { fail, importPackage, root } from "../scripts/environment.mjs";
import { serve } from "../scripts/serve.mjs";

const { chromium } = await importPackage("playwright-core");
// They draw with the browser that the package above drives.
const { drawSideBySide, y4mClip } = await import("../tests/e2e/pictures.mjs");

const CAMERA = { width: 640, height: 480, fps: 30 };
/** Frames per turn. The first ones are not counted, as the camera has just been switched on. */
const FRAMES = { warmUp: 15, counted: 60 };
/** Long enough for a page that reads five frames a second. */
const PATIENCE_MS = 180_000;
const PLACE = /(?<=<!-- npm run bench:single -- --update -->\n)[\s\S]*?(?=\n<!-- end -->)/;

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "8" }, update: { type: "boolean", default: false } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a whole number above 0.");

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
const server = await serve({ root: join(root, "www") });
const pages = {
  served: { address: `http://localhost:${server.address().port}/`, ready: [], frames: [] },
  single: { address: pathToFileURL(join(root, "dist/countenance.html")).href, ready: [], frames: [] },
};
const browser = await launch();
try {
  for (let round = 0; round < rounds; round += 1) {
    console.error(`round ${round + 1} of ${rounds}`);
    const turns = Object.values(pages);
    if (round % 2) turns.reverse();
    for (const turn of turns) await take(turn);
  }
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

const text = report();
console.log(text);
if (options.update) {
  const path = join(root, "docs/benchmarks.md");
  const page = readFileSync(path, "utf8");
  if (!PLACE.test(page)) fail("docs/benchmarks.md has no place for the figures.");
  writeFileSync(
    path,
    page.replace(PLACE, () => text),
  );
}

/** A browser whose camera shows one face. */
async function launch() {
  const executablePath = findChromium();
  const painter = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  const scene = await drawSideBySide(painter, ["astronaut.png"], CAMERA);
  await painter.close();
  const clip = join(folder, "clip.y4m");
  writeFileSync(clip, y4mClip([scene], { ...CAMERA, framesEach: 2 }));
  const camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"];
  const args = ["--no-sandbox", "--disable-gpu", ...camera, `--use-file-for-fake-video-capture=${clip}`];
  return chromium.launch({ executablePath, args });
}

/** Opens the page afresh and reads some frames of the camera in it. */
async function take({ address, ready, frames }) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.addInitScript(watchFrames);
  await page.goto(address);
  ready.push(await page.evaluate(() => globalThis.whenReady));
  await page.getByTestId("camera-start").click();
  const wanted = FRAMES.warmUp + FRAMES.counted;
  await page.waitForFunction((count) => globalThis.frameTimes.length >= count, wanted, { polling: 200 });
  frames.push(...(await page.evaluate(() => globalThis.frameTimes)).slice(FRAMES.warmUp, wanted));
  await context.close();
}

/** Notes in the page when it is ready, and how long each frame of the live view takes. */
function watchFrames() {
  globalThis.frameTimes = [];
  let called;
  let begun;
  const { requestVideoFrameCallback } = HTMLVideoElement.prototype;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return requestVideoFrameCallback.call(this, (...given) => {
      called = performance.now();
      callback(...given);
    });
  };
  const { createImageBitmap } = globalThis;
  globalThis.createImageBitmap = (source, ...given) => {
    if (source instanceof HTMLVideoElement) begun = called;
    return createImageBitmap(source, ...given);
  };
  globalThis.whenReady = new Promise((resolve) => {
    document.addEventListener("DOMContentLoaded", () => {
      const status = document.querySelector("[data-testid=status]");
      new MutationObserver(() => {
        if (status.dataset.kind === "ready") resolve(performance.now());
      }).observe(status, { attributes: true, subtree: true });
      new MutationObserver(() => globalThis.frameTimes.push(performance.now() - begun)).observe(
        document.querySelector(".timing"),
        { childList: true, characterData: true, subtree: true },
      );
    });
  });
}

function report() {
  const median = (samples) => samples.toSorted((a, b) => a - b)[samples.length >> 1];
  const ms = (samples) => `${median(samples).toFixed(1)} ms`;
  const { served, single } = pages;
  const share = median(single.frames) / median(served.frames);
  return [
    "|                             | served page | one file |",
    "|-----------------------------|-------------|----------|",
    `| a frame of the live view    | ${ms(served.frames).padEnd(11)} | ${ms(single.frames).padEnd(8)} |`,
    `| opened until it is ready    | ${ms(served.ready).padEnd(11)} | ${ms(single.ready).padEnd(8)} |`,
    "",
    `Medians of ${served.frames.length} frames and ${rounds} openings each, in turns, on an ${cpus()[0].model}, Chromium`,
    `${browser.version()}. A frame takes ${share.toFixed(2)} times as long in the one file.`,
  ].join("\n");
}
