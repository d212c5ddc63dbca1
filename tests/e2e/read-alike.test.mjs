// Files that browsers and decoders disagree about: the page reads each as Node does, and shows what it has read.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EmotionPipeline } from "../../www/lib/pipeline.js";
import { cases } from "../cases/cases.mjs";
import { choose, fixture, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { pngChunk } from "./pictures.mjs";

const { open } = await startBrowser();
const node = await EmotionPipeline.create();

const file = (name, buffer = readFileSync(fixture(name))) => ({
  name: name.split("/").pop(),
  mimeType: `image/${name.split(".").pop().replace("jpg", "jpeg")}`,
  buffer,
});

/** The portrait with chunks before its pixels, or those of another file that say something of colours. */
function portraitWith(chunks) {
  const png = readFileSync(fixture("astronaut_half.png"));
  const afterHeader = 33;
  return Buffer.concat([png.subarray(0, afterHeader), ...chunks, png.subarray(afterHeader)]);
}

function chunksOf(png, names) {
  const chunks = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const name = png.toString("latin1", at + 4, at + 8);
    if (names.includes(name)) chunks.push(png.subarray(at, at + 12 + png.readUInt32BE(at)));
  }
  return chunks;
}

/** EXIF data of just that orientation. */
function exifOf(orientation) {
  const exif = Buffer.from("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0?\0\0\0\0\0\0", "latin1");
  exif[exif.indexOf("?")] = orientation;
  return exif;
}

const mean = (chip, other) => chip.reduce((sum, grey, index) => sum + Math.abs(grey - other[index]), 0) / chip.length;

/** The faces, and what the network saw of the first, by the library in the page. */
function readInPage(page, { name, mimeType, buffer }) {
  return page.evaluate(
    async ({ name, mimeType, base64 }) => {
      const { sharedAnalyzer } = await import("/app/analyzer.js");
      globalThis.reader ??= sharedAnalyzer(
        {},
        () => ({}),
        async () => {},
      );
      const analyzer = await globalThis.reader();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const blob = new File([bytes], name, { type: mimeType });
      const faces = await analyzer.analyzeImage(blob);
      const explained = faces[0] && (await analyzer.explainFace(blob, faces[0].box));
      return { faces, chip: explained && [...explained.chip] };
    },
    { name, mimeType, base64: buffer.toString("base64") },
  );
}

async function assertReadAlike(page, picture) {
  const { faces, chip } = await readInPage(page, picture);
  const wanted = node.analyzeImage(picture.buffer);
  assert.deepEqual(
    faces.map(({ emotion }) => emotion),
    wanted.map(({ emotion }) => emotion),
    picture.name,
  );
  if (wanted.length === 0) return faces;
  for (const [side, value] of Object.entries(wanted[0].box)) {
    assert.ok(
      Math.abs(faces[0].box[side] - value) < 2,
      `${picture.name}: ${JSON.stringify([faces[0].box, wanted[0].box])}`,
    );
  }
  const difference = mean(chip, node.explainFace(picture.buffer, wanted[0].box).chip);
  assert.ok(difference <= 2, `${picture.name}: the chips differ by ${difference} in the mean`);
  return faces;
}

test("a portrait in any orientation and colour space is read as in Node", async () => {
  const page = await open();
  for (const picture of cases.flatMap(({ steps }) => steps.filter(({ faces }) => faces?.length))) {
    const [face] = await assertReadAlike(page, picture);
    assert.equal(face.emotion, picture.faces[0].emotion, picture.name);
  }
  for (let orientation = 1; orientation <= 8; orientation += 1) {
    const turned = portraitWith([pngChunk("eXIf", exifOf(orientation))]);
    await assertReadAlike(page, file(`orientation-${orientation}.png`, turned));
  }
  const colours = ["iCCP", "gAMA", "cHRM", "cICP", "sRGB"];
  for (const name of ["p3", "adobe", "linear", "AppleRGB", "tab18", "png-gamma1chrm", "png-cicp-p3", "broken"]) {
    const buffer = portraitWith(chunksOf(readFileSync(fixture(`colours/${name}.png`)), colours));
    await assertReadAlike(page, file(`${name}.png`, buffer));
  }
});

test("an interlaced GIF is read as in Node", async () => {
  const page = await open();
  const [face] = await assertReadAlike(page, file("interlaced.gif"));
  assert.equal(face.emotion, "happy");
});

test("no face of an earlier picture is found in a transparent one", async () => {
  const page = await open();
  for (const name of ["transparent-after-a-face/2-transparent-logo.png", "wholly-transparent/hidden-face.png"]) {
    await choose(page, file("../cases/transparent-after-a-face/1-face.jpg"));
    await statusMatching(page, /1 face/);
    await choose(page, file(`../cases/${name}`));
    assert.match(await statusMatching(page, /No face/), /^No face found\./);
    assert.deepEqual(await shownFaces(page), []);
    await assertReadAlike(page, file(`../cases/${name}`));
  }
});

test("a moving person on a transparent canvas stays one face", async () => {
  const page = await open();
  const counts = await page.evaluate(
    async (base64) => {
      const { sharedAnalyzer } = await import("/app/analyzer.js");
      const analyzer = await sharedAnalyzer(
        {},
        () => ({}),
        async () => {},
      )();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const face = await createImageBitmap(new Blob([bytes]));
      const canvas = new OffscreenCanvas(800, 300);
      const counts = [];
      for (const [step, x] of [0, 250, 500].entries()) {
        const context = canvas.getContext("2d");
        context.clearRect(0, 0, 800, 300);
        context.drawImage(face, x, 20);
        counts.push((await analyzer.analyzeImage(canvas)).length);
        await analyzer.reset();
        counts.push((await analyzer.analyzeFrame(canvas, { timestampMs: step * 1000 })).length);
      }
      return counts;
    },
    readFileSync(fixture("../cases/transparent-after-a-face/1-face.jpg")).toString("base64"),
  );
  assert.deepEqual(counts, [1, 1, 1, 1, 1, 1]);
});

test("the page shows what was read: upright, on white, and of the first frame", async () => {
  const page = await open({ colorScheme: "dark" });
  const corner = () =>
    page.locator("canvas.still").evaluate((still) => {
      const copy = new OffscreenCanvas(still.width, still.height);
      const context = copy.getContext("2d");
      context.drawImage(still, 0, 0);
      return [still.width, still.height, ...context.getImageData(2, 2, 1, 1).data];
    });
  await choose(page, file("../cases/wholly-transparent/hidden-face.png"));
  await statusMatching(page, /No face/);
  assert.deepEqual((await corner()).slice(2), [255, 255, 255, 255]);

  await choose(page, file("animations/hidden.png"));
  await page.waitForFunction(() => document.querySelector("canvas.still")?.width === 40);
  await statusMatching(page, /No face/);
  assert.deepEqual(await corner(), [40, 24, 0, 255, 0, 255]);

  await choose(page, file("../cases/webp-with-exif-orientation/orientation-6.webp"));
  await statusMatching(page, /1 face/);
  const [{ box }] = await shownFaces(page);
  assert.ok(Math.abs(box[0] - 96) < 4 && Math.abs(box[1] - 51) < 4, `box ${box}`);
  assert.deepEqual(page.problems, []);
});

test("a file that only the module can decode is shown, and its own face is explained", async () => {
  const page = await open();
  await choose(page, file("../cases/webp-that-browsers-refuse/1-other.jpg"));
  await statusMatching(page, /face/);
  const picture = file("../cases/webp-that-browsers-refuse/2-wrong-size.webp");
  await choose(page, picture);
  assert.match(await statusMatching(page, /1 face/), /Happy/);
  assert.equal(await page.locator("canvas.still").isVisible(), true);
  await page.getByRole("button", { name: "Why?" }).click();
  const seen = await page
    .locator(".explanation canvas")
    .first()
    .evaluate((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, 48, 48);
      return Array.from({ length: 48 * 48 }, (_, index) => data[index * 4]);
    });
  const [{ box }] = node.analyzeImage(picture.buffer);
  assert.ok(mean(seen, node.explainFace(picture.buffer, box).chip) <= 2);
});
