// The live view as play: a game over the expressions, the best moments, and a clip to take away.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { withFeed } from "./feed.mjs";
import { choose, downloaded, fixture, startBrowser, statusMatching } from "./page.mjs";

const { open: openPlain } = await startBrowser([
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
]);

/** A page whose camera runs and sees a happy face. */
async function openRunning(options) {
  const page = await openPlain({ prepare: withFeed, ...options });
  await page.getByTestId("camera-start").click();
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
  return page;
}

function show(page, picture) {
  return page.evaluate((index) => {
    globalThis.feed.picture = index;
  }, picture);
}

/** Width and height of a PNG file. */
function sizeOf(png) {
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

const captions = (page) => page.locator(".best li").allTextContents();

test("the game asks for each expression once, fills its ring while that is shown, and ends with the crops", async () => {
  const page = await openRunning();
  await page.getByRole("button", { name: "Show me …" }).click();
  const game = page.locator(".game");
  const asked = [];
  while (await game.isVisible()) {
    await page.waitForFunction(
      () => document.querySelector(".game").hidden || document.querySelector(".game").dataset.emotion,
    );
    const emotion = await game.getAttribute("data-emotion");
    if (asked.at(-1) === emotion) break;
    asked.push(emotion);
    assert.equal(await game.getByRole("status").textContent(), `Show me: ${emotion}`);
    assert.equal(await game.locator("use").getAttribute("href"), `#glyph-${emotion}`);
    if (emotion === "happy" || emotion === "neutral") await show(page, emotion === "happy" ? 0 : 1);
    else await page.getByRole("button", { name: "Skip" }).click();
    await page.waitForFunction(
      (last) => document.querySelector(".game").hidden || document.querySelector(".game").dataset.emotion !== last,
      emotion,
    );
  }
  assert.deepEqual([...asked].sort(), ["happy", "neutral", "sad", "surprise"]);
  assert.equal(await page.locator(".best h2").textContent(), "You showed 2 of 4");
  const shown = await captions(page);
  assert.equal(shown.length, 2);
  assert.ok(shown.some((words) => /^Happy 9\d%$/.test(words)) && shown.some((words) => /^Neutral \d\d%$/.test(words)));
  assert.deepEqual(sizeOf(await downloaded(page, "best-save")), [2 * (240 + 16) + 16, 300]);
  await page.getByRole("button", { name: "Play again" }).click();
  await game.waitFor();
  await page.getByRole("button", { name: "End the game" }).click();
  assert.equal(await game.isVisible(), false);
  assert.deepEqual(page.problems, []);
});

test("the ring fills only while the expression is shown", async () => {
  const page = await openRunning();
  await page.evaluate(() => {
    Math.random = () => 0; // in the model's order, which begins with happy
  });
  await show(page, 1);
  await page.locator("[data-testid=face][data-emotion=neutral]").waitFor();
  await page.getByRole("button", { name: "Show me …" }).click();
  await page.locator(".game[data-emotion=happy]").waitFor();
  const filled = () => page.locator(".target").evaluate((ring) => Number(ring.style.getPropertyValue("--share")));
  await page.waitForTimeout(500);
  assert.equal(await filled(), 0);
  await show(page, 0);
  await page.waitForFunction(() => Number(document.querySelector(".target").style.getPropertyValue("--share")) > 0.2);
  await page.locator(".game:not([data-emotion=happy])").waitFor();
});

test("the best moments are shown when the camera stops, until they are discarded or something else is shown", async () => {
  const page = await openRunning();
  await show(page, 1);
  await page.locator("[data-testid=face][data-emotion=neutral]").waitFor();
  const best = page.locator(".best");
  assert.equal(await best.isVisible(), false);
  await page.getByTestId("camera-stop").click();
  await best.waitFor();
  assert.equal(await best.locator("h2").textContent(), "Best moments");
  const [happy, neutral] = await captions(page);
  assert.match(happy, /^Happy 9\d%$/);
  assert.match(neutral, /^Neutral \d\d%$/);
  const differ = await best.locator("canvas").evaluateAll(([a, b]) => a.toDataURL() !== b.toDataURL());
  assert.ok(differ, "each shows its own face");

  await page.getByTestId("camera-start").click();
  await page.locator("body[data-feed=running]").waitFor();
  assert.equal(await best.isVisible(), false);
  await page.getByTestId("camera-stop").click();
  assert.equal((await captions(page)).length, 2, "they are of the whole session");
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assert.equal(await best.isVisible(), false);

  await page.getByTestId("camera-start").click();
  await page.locator("body[data-feed=running]").waitFor();
  await page.getByTestId("camera-stop").click();
  await best.getByRole("button", { name: "Discard" }).click();
  assert.equal(await best.isVisible(), false);
  assert.equal(await best.locator("canvas").count(), 0);
  assert.deepEqual(page.problems, []);
});

test("a clip is recorded with its time, and saved as a video that plays", async () => {
  const page = await openRunning();
  await page.getByRole("button", { name: "Record clip" }).click();
  await page.locator(".clip").filter({ hasText: "0:02 / 0:30" }).waitFor();
  const share = await page.locator(".clip progress").evaluate(({ value }) => value);
  assert.ok(share >= 2 / 30 && share < 0.5, `${share} of the longest`);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save clip" }).click(),
  ]);
  assert.match(download.suggestedFilename(), /^countenance\.(mp4|webm)$/);
  assert.equal(await page.locator(".clip").isVisible(), false);
  const buffer = readFileSync(await download.path());
  await page.getByTestId("camera-stop").click();
  await choose(page, { name: download.suggestedFilename(), mimeType: "video/mp4", buffer });
  const said = await statusMatching(page, /frames read/);
  assert.ok(Number.parseInt(said, 10) >= 8, said);
  await page.locator("[data-testid=face]").waitFor();
  assert.equal(await page.locator("video").evaluate(({ videoWidth }) => videoWidth), 640);
  assert.deepEqual(page.problems, []);
});

test("a clip ends with the camera", async () => {
  const page = await openRunning();
  await page.getByRole("button", { name: "Record clip" }).click();
  await page.locator(".clip").filter({ hasText: "0:01" }).waitFor();
  await Promise.all([page.waitForEvent("download"), page.getByTestId("camera-stop").click()]);
  assert.equal(await page.locator(".clip").isVisible(), false);
});

test("where the browser can't record, there is no button for it", async () => {
  const page = await openRunning({
    prepare: async (unopened) => {
      await withFeed(unopened);
      await unopened.addInitScript(() => {
        delete globalThis.MediaRecorder;
      });
    },
  });
  assert.equal(await page.locator("[data-action=clip]").count(), 0);
  await page.getByRole("button", { name: "Save picture" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Another picture" }).isVisible(), false);
});
