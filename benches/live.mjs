// What a live view costs: CPU time of the page's thread and of its whole process for an answer, and answers a second.
//
//   node benches/live.mjs [--seconds 10] [--throttle 1,6]
//
// The camera is a clip of 640 x 480 pixels and 30 frames a second, in which one face moves a little. `--throttle` slows the
// page's thread down as a phone would. CPU time says how much work it is on a busy machine too; answers a second only mean
// something on an idle one.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findChromium } from "../scripts/chromium.mjs";
import { fail } from "../scripts/environment.mjs";
import { serve } from "../scripts/serve.mjs";

process.env.CHROMIUM ??= findChromium();
const { launchBrowser } = await import("../tests/e2e/page.mjs");
const { drawSideBySide, y4mClip } = await import("../tests/e2e/pictures.mjs");

const { values: options } = parseArgs({
  options: { seconds: { type: "string", default: "10" }, throttle: { type: "string", default: "1,6" } },
});
const seconds = Number(options.seconds);
const rates = options.throttle.split(",").map(Number);
if (!(seconds > 0) || !rates.every((rate) => rate >= 1))
  fail("usage: node benches/live.mjs [--seconds 10] [--throttle 1,6]");

const CAMERA = { width: 640, height: 480 };
/** How far the face is from its place in each picture of the clip, across and down, in pixels. */
const MOVES = [0, 1, 3, 4, 6, 7, 5, 4, 2, 1].map((across, index) => [across, index % 3]);
/** A phone's screen, on which the page draws every pixel four times. */
const SCREEN = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
/** Until the compiler and the caches have settled. */
const WARM_UP_MS = 3000;

const server = await serve({ root: "www" });
const folder = mkdtempSync(join(tmpdir(), "countenance-"));
const browser = await launchBrowser(await camera());
const context = await browser.newContext(SCREEN);
const page = await context.newPage();
await page.goto(`http://localhost:${server.address().port}/`);
await page.getByTestId("camera-start").click();
await page.getByTestId("face").waitFor();
const devtools = await context.newCDPSession(page);
await devtools.send("Performance.enable");
await page.evaluate(() => {
  globalThis.answers = 0;
  const count = () => {
    globalThis.answers += 1;
  };
  const face = document.querySelector("[data-testid=face]");
  new MutationObserver(count).observe(face, { attributeFilter: ["data-probability"] });
});

console.log(
  "| page slowed down | page's thread, ms an answer | style and layout runs | process, ms an answer | answers a second |",
);
console.log("|---|---|---|---|---|");
for (const rate of rates) {
  await devtools.send("Emulation.setCPUThrottlingRate", { rate });
  await page.waitForTimeout(WARM_UP_MS);
  const before = await metrics();
  await page.waitForTimeout(seconds * 1000);
  const after = await metrics();
  const spent = (name) => after[name] - before[name];
  const each = (name, digits, unit = 1) => ((unit * spent(name)) / spent("answers")).toFixed(digits);
  const runs = `${each("RecalcStyleCount", 1)}, ${each("LayoutCount", 1)}`;
  const rates = (spent("answers") / spent("Timestamp")).toFixed(1);
  console.log(`| ${rate} x | ${each("ThreadTime", 1, 1000)} | ${runs} | ${each("ProcessTime", 1, 1000)} | ${rates} |`);
}
await browser.close();
server.close();
rmSync(folder, { recursive: true });

/** The flags that give a browser the camera. */
async function camera() {
  const painter = await launchBrowser();
  const scene = await drawSideBySide(painter, ["astronaut.png"], CAMERA);
  await painter.close();
  const pictures = MOVES.map(([across, down]) => {
    const moved = Buffer.alloc(scene.length, 128);
    scene.copy(moved, 4 * (down * CAMERA.width + across));
    return moved;
  });
  const clip = join(folder, "clip.y4m");
  writeFileSync(clip, y4mClip(pictures, { ...CAMERA, fps: 30, framesEach: 1 }));
  const fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"];
  return [...fake, `--use-file-for-fake-video-capture=${clip}`];
}

/** The browser's counters, and how often the face's answer has changed. */
async function metrics() {
  const { metrics } = await devtools.send("Performance.getMetrics");
  const answers = await page.evaluate(() => globalThis.answers);
  return { answers, ...Object.fromEntries(metrics.map(({ name, value }) => [name, value])) };
}
