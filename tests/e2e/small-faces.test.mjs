// Small faces in a picture of 24 megapixels, whose pixels the browser hands over in strips.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fixture, startBrowser, statusMatching } from "./page.mjs";

const { browser, url } = await startBrowser();
const PORTRAIT = readFileSync(fixture("astronaut.png")).toString("base64");
/** The middles of the faces, one in every strip and two at a corner. */
const PLACES = [
  [70, 80],
  [3000, 699],
  [1500, 1398],
  [4500, 2097],
  [5930, 3920],
];

/** Gives a page `drawScene`: a canvas of 24 megapixels with the portrait's face at these places, and the portrait itself. */
function defineScene(page) {
  return page.evaluate(() => {
    globalThis.drawScene = async (portrait, places, [left, top, side] = [0, 0, 0]) => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(portrait), (byte) => byte.charCodeAt(0))]));
      const canvas = new OffscreenCanvas(6000, 4000);
      const context = canvas.getContext("2d");
      context.fillStyle = "#888";
      context.fillRect(0, 0, 6000, 4000);
      // The face is some 80 of 512 pixels wide, at (223, 115), and cut out with its surroundings.
      for (const [x, y] of places) context.drawImage(image, 123, 15, 200, 200, x - 70, y - 70, 140, 140);
      context.drawImage(image, left, top, side, side);
      return canvas;
    };
  });
}

test("faces 56 pixels wide are found once, wherever they are, in a picture of 24 megapixels", async () => {
  const page = await browser.newPage();
  await page.goto(url);
  await defineScene(page);
  const faces = await page.evaluate(
    async ({ portrait, places }) => {
      const { EmotionPipeline } = await import(new URL("lib/pipeline.js", location.href).href);
      const canvas = await globalThis.drawScene(portrait, places);
      const pipeline = await EmotionPipeline.create();
      const bitmap = await createImageBitmap(canvas);
      const faces = pipeline.analyzeImage(bitmap);
      pipeline.close();
      return faces.map(({ box, emotion }) => ({ box, emotion }));
    },
    { portrait: PORTRAIT, places: PLACES },
  );
  assert.equal(faces.length, PLACES.length);
  for (const [x, y] of PLACES) {
    const near = faces.filter(
      ({ box }) => Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) < 12 && box.width < 80,
    );
    assert.equal(near.length, 1, `at ${x}, ${y}: ${JSON.stringify(faces)}`);
    assert.equal(near[0].emotion, "happy");
  }
});

test("the large faces of a picture are shown at once, and the small ones join them", async () => {
  const page = await browser.newPage();
  await page.goto(url);
  await defineScene(page);
  await page.evaluate(
    async ({ portrait, places }) => {
      const canvas = await globalThis.drawScene(portrait, places, [2000, 2300, 1600]);
      globalThis.counts = [0];
      new MutationObserver(() => {
        const count = document.querySelectorAll("[data-testid=face]").length;
        if (count !== globalThis.counts.at(-1)) globalThis.counts.push(count);
      }).observe(document.body, { subtree: true, childList: true });
      const transfer = new DataTransfer();
      transfer.items.add(new File([await canvas.convertToBlob({ type: "image/jpeg" })], "group.jpg"));
      const input = document.querySelector("input[type=file]");
      input.files = transfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    },
    { portrait: PORTRAIT, places: PLACES },
  );
  await statusMatching(page, /^6 faces/);
  assert.deepEqual(await page.evaluate(() => globalThis.counts), [0, 1, 6]);
  assert.equal(await page.locator(".verdict").textContent(), "6 faces: 6 happy");
});
