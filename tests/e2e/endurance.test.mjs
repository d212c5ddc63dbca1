// The live view over time: its memory does not grow, and no record is lost whatever happens to it.
//
//   npm run endurance        ENDURANCE_MINUTES (default 30) from the environment; `npm test` watches 90 frames

import assert from "node:assert/strict";
import { test } from "node:test";
import { downloaded, launchBrowser, setHidden, statusMatching } from "./page.mjs";
import { drawSideBySide, startBrowserSeeing } from "./pictures.mjs";

const SIZE = { width: 640, height: 480 };
const MINUTES = Number(process.env.ENDURANCE_MINUTES ?? 0);

/** Frames until all buffers have their size, and frames between two looks at the memory. */
const WARM_UP_FRAMES = 30;
const FRAMES = 60;

/** What the page's heap may hold for each frame recorded; and beyond that, once the recording is discarded. */
const BYTES_PER_FRAME = 4_000;
const SLACK_BYTES = 8_000_000;

const painter = await launchBrowser();
const scenes = await Promise.all(
  ["astronaut.png", "grace_hopper.png"].map((name) => drawSideBySide(painter, [name], SIZE)),
);
await painter.close();
const { open } = await startBrowserSeeing(scenes, { ...SIZE, framesEach: 20 });

const framesRead = (page) => page.evaluate(() => Number(document.querySelector(".timeline").dataset.frames ?? 0));

async function readMore(page, frames) {
  const goal = (await framesRead(page)) + frames;
  await page.waitForFunction((count) => Number(document.querySelector(".timeline").dataset.frames) >= count, goal);
}

/** The size of the module's memory, in bytes: it can only grow. */
function moduleMemory(page) {
  return page.workers()[0].evaluate(async (address) => {
    const { default: init } = await import(address);
    return (await init()).memory.buffer.byteLength;
  }, new URL("pkg/countenance.js", page.url()).href);
}

/** What the page's own objects take, in bytes, after the garbage is gone. */
async function heap(session) {
  await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

/** How many sessions' recordings the page holds, including the current one. */
async function sessionsHeld(session) {
  const expression = 'import("/app/recording.js").then(({ Session }) => Session.prototype)';
  const { result: prototype } = await session.send("Runtime.evaluate", { expression, awaitPromise: true });
  const { objects } = await session.send("Runtime.queryObjects", { prototypeObjectId: prototype.objectId });
  const functionDeclaration = "function () { return this.length; }";
  const { result } = await session.send("Runtime.callFunctionOn", { objectId: objects.objectId, functionDeclaration });
  return result.value;
}

const incidents = {
  async "the camera is unplugged and plugged in again"(page) {
    await page.evaluate(() => {
      const [track] = document.querySelector("video").srcObject.getVideoTracks();
      track.dispatchEvent(new Event("ended"));
    });
    await statusMatching(page, /was disconnected/);
    await page.getByTestId("camera-start").click();
  },
  async "the worker dies"(page) {
    const replaced = page.waitForEvent("worker");
    await page.workers()[0].evaluate(() => self.close());
    await replaced;
  },
  async "the page is hidden and shown again"(page) {
    await setHidden(page, true);
    await setHidden(page, false);
  },
};

test(`the live view ${MINUTES ? `for ${MINUTES} minutes` : "for a while"} loses neither memory nor records`, async () => {
  const page = await open();
  const session = await page.context().newCDPSession(page);
  await page.getByTestId("camera-start").click();
  await readMore(page, WARM_UP_FRAMES);
  const start = { heap: await heap(session), frames: await framesRead(page), memory: await moduleMemory(page) };

  const pieces = MINUTES > 0 ? Object.entries(incidents) : [];
  for (const [what, befall] of [["all is well", async () => {}], ...pieces]) {
    await befall(page);
    await readMore(page, WARM_UP_FRAMES);
    const memory = await moduleMemory(page);
    const until = Date.now() + (MINUTES * 60_000) / (pieces.length + 1);
    do {
      await readMore(page, FRAMES);
      assert.equal(await moduleMemory(page), memory, "the module's memory stays as it is");
      const [bytes, frames] = [await heap(session), await framesRead(page)];
      const allowed = start.heap + SLACK_BYTES + (frames - start.frames) * BYTES_PER_FRAME;
      assert.ok(bytes <= allowed, `${bytes} bytes after ${frames} frames, ${allowed} allowed`);
    } while (Date.now() < until);
    console.log(`${what}: ${await framesRead(page)} frames, module ${memory} bytes, heap ${await heap(session)} bytes`);
  }

  await page.getByTestId("camera-stop").click();
  const frames = await framesRead(page);
  const { sessions } = JSON.parse(await downloaded(page, "timeline-json"));
  assert.equal(sessions.length, 1, "the camera's session continues, whatever happens to it");
  assert.ok(sessions[0].frames >= frames, "nothing recorded is lost");
  await page.locator("[data-action=timeline-clear]").click();
  assert.equal(await sessionsHeld(session), 1, "what was discarded is gone");
  const left = (await heap(session)) - start.heap;
  assert.ok(left < SLACK_BYTES, `${left} bytes are left of a recording that was discarded`);
  assert.deepEqual(page.problems, []);
});
