// The live view, fed by a clip made here: the label follows the picture, and stops where it should.

import assert from "node:assert/strict";
import { test } from "node:test";
import { downloaded, launchBrowser, openAdjust, setHidden, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { drawSideBySide, startBrowserSeeing } from "./pictures.mjs";

const SIZE = { width: 640, height: 480 };

/** In the clips: the 512-pixel astronaut, shown at 480 pixels, has the middle of his face here. */
const ASTRONAUT_AT = [211, 122];

const painter = await launchBrowser();
const scenes = [];
for (const names of [["astronaut.png"], ["grace_hopper.png"], []])
  scenes.push(await drawSideBySide(painter, names, SIZE));
await painter.close();

/** A happy face, one that is not, and an empty room, for four seconds each. */
const { open } = await startBrowserSeeing(scenes, { ...SIZE, framesEach: 40 });
/** A happy face that stays, for what must not depend on when it is looked at. */
const { open: openSteady } = await startBrowserSeeing(scenes.slice(0, 1), { ...SIZE, framesEach: 10 });

function cameraIsOn(page) {
  return page.evaluate(() => Boolean(document.querySelector("video").srcObject?.active));
}

test("the label follows the camera: happy, not happy, nobody", async () => {
  const page = await open();
  assert.equal(await cameraIsOn(page), false, "the camera is off until it is asked for");
  await page.getByTestId("camera-start").click();
  for (let round = 0; round < 2; round += 1) {
    await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
    await page.locator("[data-testid=face]:not([data-emotion=happy])").waitFor();
    await page.getByTestId("face").waitFor({ state: "detached" });
  }
  assert.match(await page.locator(".timing").textContent(), /^[\d,]+ ms · \d+ fps$/);
  assert.deepEqual(page.problems, []);
});

test("the face is where the camera sees it", async () => {
  const page = await openSteady();
  await page.getByTestId("camera-start").click();
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
  const [{ box, probability }] = await shownFaces(page);
  assert.ok(probability > 0.5 && probability <= 1);
  const middle = [box[0] + box[2] / 2, box[1] + box[3] / 2];
  for (const [axis, at] of ASTRONAUT_AT.entries()) assert.ok(Math.abs(middle[axis] - at) < 20, `box ${box}`);
});

test("a screen reader hears what has stayed the same for a while", async () => {
  const page = await open();
  await page.getByTestId("camera-start").click();
  const heard = page.getByRole("status");
  await heard.filter({ hasText: "1 face: Happy." }).waitFor({ state: "attached" });
  await heard.filter({ hasText: "No face in view." }).waitFor({ state: "attached" });
});

test("the view is mirrored, its label is not, and the mirror can be turned off", async () => {
  const page = await openSteady();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  const side = () =>
    page.evaluate(() => {
      const [picture, box] = [".picture", ".box"].map((name) => document.querySelector(name).getBoundingClientRect());
      return (box.left + box.right) / 2 < (picture.left + picture.right) / 2 ? "left" : "right";
    });
  const transform = (selector) =>
    page.locator(selector).evaluate((element) => getComputedStyle(element).scale + getComputedStyle(element).transform);
  // In the clip's pixels the face is left of the middle.
  assert.equal(await side(), "right");
  assert.match(await transform(".live"), /-1/);
  assert.doesNotMatch(await transform(".box .label"), /matrix\(-1/);
  await page.getByRole("button", { name: "Mirror" }).click();
  assert.equal(await side(), "left");
  assert.doesNotMatch(await transform(".live"), /-1/);
});

test("the view pauses, continues, and is saved as a card", async () => {
  const page = await open();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await statusMatching(page, /Paused/);
  const isPlaying = () => page.locator("video").evaluate(({ paused }) => !paused);
  assert.equal(await isPlaying(), false);
  const png = await downloaded(page, "snapshot");
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  const height = (1000 * SIZE.height) / SIZE.width;
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1000, height + 302], "with four bars below it");

  await page.getByRole("button", { name: "Pause" }).click();
  assert.equal(await isPlaying(), true);
  await page.getByTestId("face").waitFor({ state: "detached" });
  await page.getByTestId("face").waitFor();
});

test("the visitor chooses among several cameras", async () => {
  const several = await startBrowser([
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=device-count=2",
  ]);
  const page = await several.open();
  await page.getByTestId("camera-start").click();
  await page.getByLabel("Camera", { exact: true }).waitFor();
  const used = () =>
    page.locator("video").evaluate(({ srcObject }) => srcObject?.getVideoTracks()[0].getSettings().deviceId);
  const first = await used();
  const values = await page.locator(".cameras option").evaluateAll((options) => options.map(({ value }) => value));
  assert.equal(values.length, 2);
  const second = values.find((value) => value !== first);
  await page.locator(".cameras").selectOption(second);
  const usesSecond = () =>
    page.waitForFunction(
      (id) => document.querySelector("video").srcObject?.getVideoTracks()[0].getSettings().deviceId === id,
      second,
    );
  await usesSecond();
  for (const hidden of [true, false]) {
    await setHidden(page, hidden);
    if (hidden) assert.equal(await cameraIsOn(page), false);
  }
  await usesSecond(); // again once the page is shown again
});

test("stopping switches every track off, and what was seen last stays", async () => {
  const page = await openSteady();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  const track = await page.evaluateHandle(() => document.querySelector("video").srcObject.getVideoTracks()[0]);
  await page.getByTestId("camera-stop").click();
  assert.equal(await track.evaluate(({ readyState }) => readyState), "ended");
  assert.equal(await cameraIsOn(page), false);
  assert.match(await statusMatching(page, /camera/), /^The camera is off\./);
  assert.equal((await shownFaces(page)).length, 1);
  assert.ok(await page.locator(".still").isVisible());
  await page.getByTestId("camera-start").click();
  await page.waitForFunction(() => document.querySelector("video").srcObject?.active);
});

test("a hidden page switches the camera off, and on again when it is shown", async () => {
  const page = await openSteady();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  await setHidden(page, true);
  assert.equal(await cameraIsOn(page), false);
  await statusMatching(page, /rests while this page is hidden/);
  await setHidden(page, false);
  await page.locator("body[data-feed=running]").waitFor();
  await page.getByTestId("face").waitFor();
  assert.equal(await cameraIsOn(page), true);
});

test("a camera that goes away is reported, and can be started again", async () => {
  const page = await openSteady();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  await page.evaluate(() => {
    const [track] = document.querySelector("video").srcObject.getVideoTracks();
    track.dispatchEvent(new Event("ended")); // what the browser does when the device is unplugged
  });
  await statusMatching(page, /was disconnected/);
  assert.equal(await cameraIsOn(page), false);
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
});

test("a worker that dies during the live view is replaced, and the view continues", async () => {
  const page = await open();
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  const [worker] = page.workers();
  const replaced = page.waitForEvent("worker");
  await worker.evaluate(() => self.close());
  await replaced;
  await page.getByTestId("face").waitFor({ state: "detached" });
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
  assert.equal(await cameraIsOn(page), true);
  assert.deepEqual(page.problems, []);
});

test("the live view is recorded, shown as a timeline, exported and discarded", async () => {
  const page = await open();
  await page.getByTestId("camera-start").click();
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
  await page.locator(".strip").filter({ hasText: "Happy" }).first().waitFor();
  await page.getByRole("status").filter({ hasText: "1 face: Happy" }).waitFor({ state: "attached" });
  await page.getByTestId("camera-stop").click();

  const { model, settings, sessions, rows } = JSON.parse(await downloaded(page, "timeline-json"));
  assert.match(model, /^[\w-]+$/);
  assert.deepEqual(settings, [{ uncertain_below: 0.5, expressions: 4, most_faces: 256, calibration: "" }]);
  assert.ok(rows.some(({ emotion }) => emotion === "happy"));
  assert.ok(rows.at(-1).seconds >= 1, "no shorter than it takes until it is read aloud");
  for (const [index, row] of rows.entries()) {
    assert.ok(row.seconds >= (rows[index - 1]?.seconds ?? 0), "time runs forward");
    const { happy, neutral, sad, surprise } = row;
    assert.ok(Math.abs(happy + neutral + sad + surprise - 1) < 1e-3);
  }

  const [{ source, seconds, frames, faces }] = sessions;
  assert.equal(source, "camera");
  assert.ok(seconds >= rows.at(-1).seconds && frames >= rows.length);
  for (const { shares } of faces) assert.ok(Math.abs(Object.values(shares).reduce((a, b) => a + b) - 1) < 1e-3);
  assert.match(
    await page.locator(".timeline .summary").textContent(),
    /^Camera, \d+:\d\d: \d+ frames read, \d+ faces?\. /,
  );

  const lines = String(await downloaded(page, "timeline-csv"))
    .trim()
    .split("\r\n");
  assert.equal(lines.length, rows.length + 1);
  assert.match(
    lines[0],
    /^source,seconds,face,emotion,happy,neutral,sad,surprise,other,other_expression,confidence,x,y,width,height,roll,yaw,pitch,size,sharpness,light,contrast,outside,mouth_detail,reasons,raw_happy,/,
  );

  await page.locator("[data-action=timeline-clear]").click();
  assert.equal(await page.locator(".timeline").isVisible(), false);
});

test("another language changes the words, and nothing recorded is lost", async () => {
  const page = await openSteady();
  await page.getByTestId("camera-start").click();
  await page.locator(".strip").filter({ hasText: "Happy" }).waitFor();
  await page.getByTestId("camera-stop").click();
  const before = JSON.parse(await downloaded(page, "timeline-json"));
  await openAdjust(page);
  await page.getByLabel("Language").selectOption("ar");
  await page.locator(".strip").filter({ hasText: "سعيد" }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
  await statusMatching(page, /الكاميرا متوقفة/);
  assert.deepEqual(JSON.parse(await downloaded(page, "timeline-json")), before);
});

test("too little light is reported, until there is enough", async () => {
  const dark = scenes[0].map((value, index) => (index % 4 === 3 ? value : value * 0.1));
  const { open: openDark } = await startBrowserSeeing([dark, scenes[0]], { ...SIZE, framesEach: 30 });
  const page = await openDark();
  await page.getByTestId("camera-start").click();
  const hint = page.locator(".low-light").getByText("too dark");
  for (let round = 0; round < 2; round += 1) {
    await hint.waitFor();
    await hint.waitFor({ state: "hidden" });
  }
  await hint.waitFor();
  await page.getByTestId("camera-stop").click();
  assert.equal(await hint.isVisible(), false);
});
