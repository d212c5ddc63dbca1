// What a live view costs: CPU time of the page's thread and of its whole process for an answer, and answers a second.
//
//   npm run bench:live -- [--page www[,OTHER/www]] [--throttle 1,6] [--rounds 5] [--seconds 8] [--update]
//
// The camera is a clip of 640 x 480 pixels and 30 frames a second, in which one face moves a little. `--throttle` slows the
// page's thread down as a phone would. CPU time says how much work it is on a busy machine too; answers a second only mean
// something on an idle one. Several pages take turns. With --update the table goes into docs/benchmarks.md.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findChromium } from "../scripts/chromium.mjs";
import { fail, installPackages, root } from "../scripts/environment.mjs";
import { serve } from "../scripts/serve.mjs";

const CAMERA = { width: 640, height: 480 };
/** How far the face is from its place in each picture of the clip, across, in pixels. */
const MOVES = [0, 1, 3, 4, 6, 7, 5, 4, 2, 1];
/** A phone's screen, on which the page draws every pixel four times. */
const SCREEN = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
/** Until the compiler and the caches have settled. */
const WARM_UP_MS = 3000;
const PLACE = /(?<=<!-- npm run bench:live -- --update -->\n)[\s\S]*?(?=\n<!-- end -->)/;

const { values: options } = parseArgs({
  options: {
    page: { type: "string", default: "www" },
    throttle: { type: "string", default: "1,6" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "8" },
    update: { type: "boolean", default: false },
  },
});
const pages = options.page.split(",");
const rates = options.throttle.split(",").map(Number);
const [rounds, seconds] = [options.rounds, options.seconds].map(Number);
if (!(rounds >= 1 && seconds > 0 && rates.every((rate) => rate >= 1))) fail("These numbers make no measurement.");

installPackages();
process.env.CHROMIUM ??= findChromium();
// Imported here, since their packages may just have been installed.
const [{ launchBrowser }, { drawSideBySide, y4mClip }] = await Promise.all([
  import("../tests/e2e/page.mjs"),
  import("../tests/e2e/pictures.mjs"),
]);
const folder = mkdtempSync(join(tmpdir(), "countenance-"));
const browser = await launchBrowser(await camera());
const rows = rates.flatMap((rate) => pages.map((page) => ({ page, rate, samples: [] })));
for (let round = 1; round <= rounds; round += 1) {
  console.error(`round ${round} of ${rounds}`);
  for (const row of rows) row.samples.push(await measure(row));
}
await browser.close();
rmSync(folder, { recursive: true });

const table = [
  "| page slowed down | its thread, for an answer | all its threads | answers a second |",
  "|---|---|---|---|",
  ...rows.map(({ page, rate, samples }) => {
    const middle = (name, digits) => median(samples.map((sample) => sample[name])).toFixed(digits);
    const name = pages.length > 1 ? `${page}, ${rate} x` : `${rate} x`;
    return `| ${name} | ${middle("threadMs", 1)} ms | ${middle("processMs", 1)} ms | ${middle("perSecond", 1)} |`;
  }),
].join("\n");
console.log(table);
if (options.update) {
  const path = join(root, "docs", "benchmarks.md");
  const page = readFileSync(path, "utf8");
  if (!PLACE.test(page)) fail("docs/benchmarks.md has no place for the table.");
  writeFileSync(
    path,
    page.replace(PLACE, () => table),
  );
}

/** The flags that give a browser the camera. */
async function camera() {
  const painter = await launchBrowser();
  const scene = await drawSideBySide(painter, ["astronaut.png"], CAMERA);
  await painter.close();
  const pictures = MOVES.map((across) => Buffer.concat([Buffer.alloc(4 * across, 128), scene], scene.length));
  const clip = join(folder, "clip.y4m");
  writeFileSync(clip, y4mClip(pictures, { ...CAMERA, fps: 30, framesEach: 1 }));
  const fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"];
  return [...fake, `--use-file-for-fake-video-capture=${clip}`];
}

/** Opens a page, starts its camera and counts for a while. */
async function measure({ page: pageFolder, rate }) {
  const server = await serve({ root: pageFolder });
  const context = await browser.newContext(SCREEN);
  const page = await context.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  await page.evaluate(() => {
    globalThis.answers = 0;
    const count = () => {
      globalThis.answers += 1;
    };
    const face = document.querySelector("[data-testid=face]");
    new MutationObserver(count).observe(face, { attributeFilter: ["data-probability"] });
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable");
  await devtools.send("Emulation.setCPUThrottlingRate", { rate });
  const read = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    const answers = await page.evaluate(() => globalThis.answers);
    return { answers, ...Object.fromEntries(metrics.map(({ name, value }) => [name, value])) };
  };
  await page.waitForTimeout(WARM_UP_MS);
  const before = await read();
  await page.waitForTimeout(seconds * 1000);
  const after = await read();
  await context.close();
  server.close();
  const spent = (name) => after[name] - before[name];
  return {
    threadMs: (1000 * spent("ThreadTime")) / spent("answers"),
    processMs: (1000 * spent("ProcessTime")) / spent("answers"),
    perSecond: spent("answers") / spent("Timestamp"),
  };
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
