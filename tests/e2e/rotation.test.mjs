// A picture that lies on its side, and says so nowhere: the visitor turns it.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { choose, downloaded, fixture, openAdjust, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { rampPng } from "./pictures.mjs";

const { browser, open } = await startBrowser();

/** Grace Hopper, 512 by 600 pixels, turned to the left by as many quarters, as a PNG file. */
async function turnedLeft(quarters) {
  const page = await browser.newPage();
  try {
    const base64 = await page.evaluate(
      async ([source, quarters]) => {
        const image = new Image();
        image.src = source;
        await image.decode();
        const canvas = document.createElement("canvas");
        canvas.width = quarters % 2 ? image.height : image.width;
        canvas.height = quarters % 2 ? image.width : image.height;
        const context = canvas.getContext("2d");
        context.translate(canvas.width / 2, canvas.height / 2);
        context.rotate((-quarters * Math.PI) / 2);
        context.drawImage(image, -image.width / 2, -image.height / 2);
        return canvas.toDataURL("image/png").split(",", 2)[1];
      },
      [`data:image/png;base64,${readFileSync(fixture("grace_hopper.png")).toString("base64")}`, quarters],
    );
    return { name: `${quarters}.png`, mimeType: "image/png", buffer: Buffer.from(base64, "base64") };
  } finally {
    await page.close();
  }
}

const ramp = { name: "ramp.png", mimeType: "image/png", buffer: rampPng(64, 48) };

/** The size of the picture on the stage, in its own pixels. */
const sizeShown = (page) =>
  page.locator(".still").evaluate((still) => [still.naturalWidth ?? still.width, still.naturalHeight ?? still.height]);

/** Waits until a picture of that size is shown, read or not. */
const shownAt = (page, width, height) =>
  page.waitForFunction(
    ([width, height]) => {
      const still = document.querySelector(".still");
      return (still.naturalWidth ?? still.width) === width && (still.naturalHeight ?? still.height) === height;
    },
    [width, height],
  );

for (const quarters of [1, 2, 3]) {
  test(`a picture turned by ${quarters} quarters is turned back by the keyboard, and read as the upright one`, async () => {
    const page = await open();
    await choose(page, await turnedLeft(0));
    await statusMatching(page, /1 face/);
    const [upright] = await shownFaces(page);
    const chip = await chipSeen(page);

    await choose(page, await turnedLeft(quarters));
    await statusMatching(page, /face/);
    assert.deepEqual(await sizeShown(page), quarters % 2 ? [600, 512] : [512, 600]);
    const rotate = page.getByRole("button", { name: "Rotate" });
    await rotate.focus();
    for (let turn = 0; turn < quarters; turn += 1) {
      await page.keyboard.press("Enter");
      await statusMatching(page, /face/);
    }
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Rotate", "ready for the next press");
    assert.deepEqual(await sizeShown(page), [512, 600]);
    const [face] = await shownFaces(page);
    assert.equal(face.emotion, upright.emotion);
    assert.ok(Math.abs(face.probability - upright.probability) < 0.02, `${face.probability}`);
    for (const [index, value] of face.box.entries()) assert.ok(Math.abs(value - upright.box[index]) < 2, `${face.box}`);
    const turnedChip = await chipSeen(page);
    const difference = chip.reduce((sum, value, index) => sum + Math.abs(value - turnedChip[index]), 0) / chip.length;
    assert.ok(difference < 4, `“Why?” is of the picture as it was turned: ${difference} grey levels`);
    assert.deepEqual(page.problems, []);
  });
}

/** What the network saw, as the explanation shows it. */
async function chipSeen(page) {
  await page.getByRole("button", { name: "Why?" }).click();
  return page
    .locator(".explanation canvas")
    .first()
    .evaluate((canvas) => [...canvas.getContext("2d").getImageData(0, 0, 48, 48).data]);
}

test("presses that come faster than answers turn the picture as often", async () => {
  const page = await open();
  await choose(page, await turnedLeft(1));
  await statusMatching(page, /face/);
  await page.evaluate(() => {
    for (let turn = 0; turn < 5; turn += 1) document.querySelector("[data-action=turn]").click();
  });
  await statusMatching(page, /1 face/);
  assert.deepEqual(await sizeShown(page), [512, 600]);
  const [{ box }] = await shownFaces(page);
  assert.ok(Math.abs(box[0] + box[2] / 2 - 273) < 20 && Math.abs(box[1] + box[3] / 2 - 217) < 20, `${box}`);
});

test("where no face is found, the page says that the picture may be turned", async () => {
  const page = await open();
  await choose(page, ramp);
  assert.match(await statusMatching(page, /No face found/), /lies on its side, press Rotate/);
  await page.getByRole("button", { name: "Rotate" }).click();
  await statusMatching(page, /No face found/);
  assert.deepEqual(await sizeShown(page), [48, 64]);
});

test("another threshold reads the picture as it was turned", async () => {
  const page = await open();
  await choose(page, await turnedLeft(1));
  await statusMatching(page, /face/);
  await page.getByRole("button", { name: "Rotate" }).click();
  await statusMatching(page, /1 face/);
  await openAdjust(page);
  await page.getByLabel("Say “not sure” below").fill("0.95");
  await statusMatching(page, /Not sure/);
  assert.deepEqual(await sizeShown(page), [512, 600]);
  await choose(page, await turnedLeft(1));
  await shownAt(page, 600, 512); // the next picture is shown as it comes
});

test("a picture of many that is turned changes its row and what is exported", async () => {
  const page = await open();
  await choose(page, [await turnedLeft(1), ramp]);
  await page.locator(".batch .count").filter({ hasText: "2 pictures read" }).waitFor();
  const row = page.getByTestId("batch-row").first();
  await row.getByRole("button").click();
  await shownAt(page, 600, 512);
  await page.getByRole("button", { name: "Rotate" }).click();
  await statusMatching(page, /1 face: Neutral/);
  const [{ box }] = await shownFaces(page);
  const { rows } = JSON.parse(String(await downloaded(page, "batch-json")));
  assert.equal(rows[0].file, "1.png");
  assert.ok(Math.abs(rows[0].x - box[0]) < 1 && Math.abs(rows[0].y - box[1]) < 1);

  await page.getByTestId("batch-row").nth(1).getByRole("button").click();
  await statusMatching(page, /No face found/);
  await row.getByRole("button").click();
  await statusMatching(page, /1 face: Neutral/);
  assert.deepEqual(await sizeShown(page), [512, 600], "it stays turned");
});
