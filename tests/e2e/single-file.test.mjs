// The page in one file, opened from the disk: its module is unpacked by the worker, once, and it keeps the served page's
// pace (`npm run bench:single` measures that).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { sha256 } from "../../scripts/checksums.mjs";
import { root } from "../../scripts/environment.mjs";
import { launchBrowser } from "./page.mjs";
import { drawSideBySide, startBrowserSeeing } from "./pictures.mjs";

const SIZE = { width: 320, height: 240 };
const FRAMES = 20;

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const single = join(folder, "countenance.html");
const built = spawnSync("node", [join(root, "scripts/build-single.mjs"), single], { encoding: "utf8" });
assert.equal(built.status, 0, built.stderr);

const painter = await launchBrowser();
const scene = await drawSideBySide(painter, ["astronaut.png"], SIZE);
await painter.close();
const { open } = await startBrowserSeeing([scene], { ...SIZE, framesEach: 10 });

/** Counts calls of `atob`, in the page and, by what it puts before their scripts, in its workers. */
function countDecoding() {
  const count = () => {
    const { atob } = globalThis;
    globalThis.decoded = 0;
    globalThis.atob = (base64) => {
      globalThis.decoded += 1;
      return atob(base64);
    };
  };
  count();
  const { createObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const isScript = blob.type === "text/javascript";
    return createObjectURL(isScript ? new Blob([`(${count})();`, blob], { type: blob.type }) : blob);
  };
}

/** How often the page has decoded base64, and each of its workers. */
async function decoded(page) {
  const counts = [page, ...page.workers()].map((thread) => thread.evaluate(() => globalThis.decoded));
  return Promise.all(counts);
}

async function readFrames(page) {
  const read = await page.locator(".timeline").getAttribute("data-frames");
  const goal = Number(read) + FRAMES;
  await page.waitForFunction((frames) => document.querySelector(".timeline").dataset.frames >= frames, goal);
}

test("each worker unpacks the module once, however many frames it reads; the page does only to show its hash", async () => {
  const page = await open({
    address: pathToFileURL(single).href,
    prepare: (unopened) => unopened.addInitScript(countDecoding),
  });
  await page.getByTestId("camera-start").click();
  await readFrames(page);
  assert.deepEqual(await decoded(page), [0, 1]);

  const [worker] = page.workers();
  const replaced = page.waitForEvent("worker");
  await worker.evaluate(() => {
    setTimeout(() => {
      throw new Error("The worker fails");
    });
  });
  await replaced;
  await readFrames(page);
  assert.deepEqual(await decoded(page), [0, 1]);

  await page.getByTestId("camera-stop").click();
  await page.locator("[data-action=about]").click();
  await page.locator("[data-action=self-check]").click();
  const hash = sha256(join(root, "www/pkg/countenance_bg.wasm"));
  await page.getByTestId("check-report").filter({ hasText: hash }).waitFor();
  assert.deepEqual(await decoded(page), [1, 1]);
  assert.deepEqual(page.problems, []);
});
