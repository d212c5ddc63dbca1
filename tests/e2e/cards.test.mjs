// What a visitor takes away: the card of a picture, at its full size, with faces as they are, blurred or covered.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { choose, downloaded, fixture, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { drawGroup, rampPng } from "./pictures.mjs";

const { browser, open } = await startBrowser();
const group = await drawGroup(browser, 6, { columns: 3, width: 1200, height: 800 });

/** The mean distance of two pictures' colours over a box in the first one's pixels, 0..255. */
function difference(page, pictures, box) {
  return page.evaluate(
    async ([pictures, [x, y, width, height]]) => {
      const [a, b] = await Promise.all(
        pictures.map(async (base64) => {
          const image = new Image();
          const bytes = Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
          image.src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
          await image.decode();
          const canvas = new OffscreenCanvas(image.width, image.height);
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0);
          return context.getImageData(x, y, width, height).data;
        }),
      );
      return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]), 0) / a.length;
    },
    [pictures.map((buffer) => buffer.toString("base64")), box],
  );
}

const sizeOf = (png) => [png.readUInt32BE(16), png.readUInt32BE(20)];

/** The middle of a face, where neither frame nor marker lies. */
const middleOf = ([x, y, width, height]) =>
  [x + width * 0.3, y + height * 0.3, width * 0.4, height * 0.4].map((value) => Math.round(value));

test("a card has the picture at its full size, and the answer below it", async () => {
  const page = await open();
  await choose(page, group);
  await statusMatching(page, /^6 faces/);
  const saved = await page.evaluate(() => document.querySelector("[data-testid=save-card]").dataset.action);
  const card = await downloaded(page, saved);
  const [width, height] = sizeOf(card);
  assert.equal(width, 1200);
  assert.ok(height > 800 + 100, `${height}`);
  const faces = await shownFaces(page);
  const original = await browser.newPage();
  const [{ box }] = faces;
  const base64 = await original.evaluate(async (jpeg) => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${jpeg}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.width;
    canvas.height = image.height;
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL().split(",", 2)[1];
  }, group.buffer.toString("base64"));
  await original.close();
  const apart = await difference(page, [card, Buffer.from(base64, "base64")], middleOf(box));
  assert.ok(apart < 1, `the face is as in the picture: ${apart}`);
  assert.deepEqual(page.problems, []);
});

for (const cover of ["blur", "mask"]) {
  test(`${cover}: everyone's face, or everyone's but the chosen one`, async () => {
    const page = await open();
    await choose(page, group);
    await statusMatching(page, /^6 faces/);
    const plain = await downloaded(page, "snapshot");
    await page.locator(".chip").nth(3).click();
    await page.locator("[data-action=card]").click();
    await page.locator("#cover").selectOption(cover);
    const faces = await shownFaces(page);
    const all = await downloaded(page, "card-save");
    await page.locator("#whom").selectOption("others");
    const others = await downloaded(page, "card-save");
    for (const [index, { box }] of faces.entries()) {
      assert.ok((await difference(page, [plain, all], middleOf(box))) > 4, `face ${index + 1} is covered`);
      const apart = await difference(page, [plain, others], middleOf(box));
      if (index === 3) assert.ok(apart < 0.01, `the chosen face is as it was: ${apart}`);
      else assert.ok(apart > 4, `face ${index + 1} is covered`);
    }
    assert.deepEqual(page.problems, []);
  });
}

test("a blurred face is not found again", async () => {
  const page = await open();
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  await page.locator("[data-action=card]").click();
  await page.locator("#cover").selectOption("blur");
  const buffer = await downloaded(page, "card-save");
  await page.getByRole("button", { name: "Close" }).click();
  await choose(page, { name: "card.png", mimeType: "image/png", buffer });
  await statusMatching(page, /No face found/);
});

test("a card is copied", async () => {
  const page = await open();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  await page.locator("[data-action=card]").click();
  await page.getByRole("button", { name: "Copy" }).click();
  await page.locator("dialog.card [role=status]").filter({ hasText: "Copied." }).waitFor();
  const types = await page.evaluate(async () => (await navigator.clipboard.read()).map(({ types }) => types));
  assert.deepEqual(types, [["image/png"]]);
  assert.deepEqual(page.problems, []);
});

test("a card is shared where the browser shares files", async () => {
  const page = await open({
    prepare: (unopened) =>
      unopened.addInitScript(() => {
        globalThis.shared = [];
        navigator.canShare = ({ files }) => files.length === 1;
        navigator.share = async ({ files: [{ name, type, size }] }) => {
          globalThis.shared.push({ name, type, isFull: size > 10_000 });
        };
      }),
  });
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  await page.locator("[data-action=card]").click();
  await page.locator("[data-action=card-share]").click();
  await page.waitForFunction(() => globalThis.shared.length > 0);
  assert.deepEqual(await page.evaluate(() => globalThis.shared), [
    { name: "countenance.png", type: "image/png", isFull: true },
  ]);
});

test("what mattered is part of the card while it is shown", async () => {
  const page = await open();
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  const plain = await downloaded(page, "snapshot");
  const [{ box }] = await shownFaces(page);
  await page.getByRole("button", { name: "Why?" }).click();
  await page.locator(".box .heat").waitFor();
  const [frame, heat] = await Promise.all([".box", ".heat"].map((name) => page.locator(name).boundingBox()));
  assert.ok(Math.abs(heat.x + heat.width / 2 - frame.x - frame.width / 2) < 1, "the map lies over the face");
  assert.ok(Math.abs(heat.width - heat.height) < 1 && Math.abs(heat.height - 0.95 * frame.height) < 1);
  const explained = await downloaded(page, "snapshot");
  const scale = 1000 / 512;
  assert.ok((await difference(page, [plain, explained], middleOf(box.map((value) => value * scale)))) > 3);
  await page.getByRole("button", { name: "Why?" }).click();
  assert.equal(await page.locator(".heat").count(), 0);
});

test("a picture without a face has a card too", async () => {
  const page = await open();
  await choose(page, { name: "ramp.png", mimeType: "image/png", buffer: rampPng(640, 480) });
  await statusMatching(page, /No face found/);
  assert.deepEqual(sizeOf(await downloaded(page, "snapshot")), [1000, 840]);
});
