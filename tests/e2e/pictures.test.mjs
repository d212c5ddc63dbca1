// Pictures, by every way in: what a user sees for good ones and bad ones.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { choose, fixture, openAdjust, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { drawSideBySide, rampPng } from "./pictures.mjs";

const { browser, open } = await startBrowser();

/** The face of astronaut.png in picture pixels, as tests/fixtures states it within a few pixels. */
const ASTRONAUT_FACE = [180, 75, 90, 110];

function assertAstronaut(faces) {
  assert.equal(faces.length, 1);
  const [{ emotion, probability, box }] = faces;
  assert.equal(emotion, "happy");
  assert.ok(probability > 0.6 && probability <= 1, `probability ${probability}`);
  const [x, y, width, height] = box;
  const [faceX, faceY, faceWidth, faceHeight] = ASTRONAUT_FACE;
  assert.ok(Math.abs(x + width / 2 - (faceX + faceWidth / 2)) < 20, `box ${box}`);
  assert.ok(Math.abs(y + height / 2 - (faceY + faceHeight / 2)) < 20, `box ${box}`);
}

/** A file as the page's DataTransfer or clipboard would hold it. */
function dataTransfer(page, { name, type, buffer }) {
  return page.evaluateHandle(
    ({ name, type, base64 }) => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      if (name) transfer.items.add(new File([bytes], name, { type }));
      else transfer.setData("text/plain", "https://example.org/picture.jpg");
      return transfer;
    },
    { name, type, base64: buffer?.toString("base64") ?? "" },
  );
}

const astronaut = { name: "astronaut.png", type: "image/png", buffer: readFileSync(fixture("astronaut.png")) };

test("a chosen picture shows its one face: boxed, named, with four probabilities", async () => {
  const page = await open();
  await choose(page, fixture("astronaut.png"));
  assert.match(await statusMatching(page, /face/), /^1 face: Happy \d+%\.$/);
  assertAstronaut(await shownFaces(page));

  const shares = await page.locator(".bars .value").allTextContents();
  assert.equal(shares.length, 4);
  const sum = shares.map(Number.parseFloat).reduce((total, share) => total + share);
  assert.ok(Math.abs(sum - 100) <= 2, `the bars' shares add up to ${sum}`);

  // The box on the screen lies where the face is in the picture.
  const picture = await page.locator(".still").boundingBox();
  const box = await page.locator(".box").boundingBox();
  const scale = picture.width / 512;
  const [{ box: inPixels }] = await shownFaces(page);
  assert.ok(Math.abs(box.x - picture.x - inPixels[0] * scale) < 2);
  assert.ok(Math.abs(box.width - inPixels[2] * scale) < 2);
  assert.deepEqual(page.problems, []);
});

test("a dropped picture is read", async () => {
  const page = await open();
  await page.dispatchEvent("[data-testid=drop-zone]", "drop", { dataTransfer: await dataTransfer(page, astronaut) });
  await statusMatching(page, /1 face/);
  assertAstronaut(await shownFaces(page));
});

test("a pasted picture is read", async () => {
  const page = await open();
  const clipboardData = await dataTransfer(page, astronaut);
  await page.evaluate(
    (data) => document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true })),
    clipboardData,
  );
  await statusMatching(page, /1 face/);
  assertAstronaut(await shownFaces(page));
});

test("a JPEG stored upside down is read upright, by its EXIF orientation", async () => {
  const jpeg = await drawSideBySide(browser, ["astronaut.png"], { width: 512, height: 512, type: "image/jpeg" });
  const page = await open();
  await choose(page, { name: "turned.jpg", mimeType: "image/jpeg", buffer: withOrientation(jpeg, 1) });
  await statusMatching(page, /1 face/);
  const [upright] = await shownFaces(page);
  await choose(page, {
    name: "turned.jpg",
    mimeType: "image/jpeg",
    buffer: withOrientation(await upsideDown(jpeg), 3),
  });
  await statusMatching(page, /1 face/);
  const [turned] = await shownFaces(page);
  for (const [index, value] of turned.box.entries()) assert.ok(Math.abs(value - upright.box[index]) < 4);
  assert.equal(turned.emotion, upright.emotion);
});

test("each of several faces has its own card and box", async () => {
  const buffer = await drawSideBySide(browser, ["astronaut.png", "grace_hopper.png"], {
    width: 1100,
    height: 600,
    type: "image/png",
  });
  const page = await open();
  await choose(page, { name: "two.png", mimeType: "image/png", buffer });
  assert.match(await statusMatching(page, /face/), /^2 faces: /);
  const faces = (await shownFaces(page)).sort((a, b) => a.box[0] - b.box[0]);
  assert.equal(faces.length, 2);
  assert.equal(faces[0].emotion, "happy");
  assert.ok(faces[0].box[0] < 550 && faces[1].box[0] > 550);
  assert.equal(await page.locator(".box").count(), 2);
});

test("a face's answer is explained: what the network saw, and what mattered", async () => {
  const page = await open();
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  const why = page.getByRole("button", { name: "Why?" });
  await why.click();
  const explanation = page.locator(".explanation");
  assert.match(
    await explanation.locator("p").textContent(),
    /Warm parts spoke for Happy, .* factor of [1-9]\d*\.\d\. The second most likely is \w+\./,
  );
  assert.equal(await why.getAttribute("aria-expanded"), "true");
  // The first drawing is the grey face alone, the second has colour on it.
  const coloured = await explanation.locator("canvas").evaluateAll((canvases) =>
    canvases.map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, 48, 48);
      return data.some((value, index) => index % 4 === 0 && Math.abs(value - data[index + 2]) > 20);
    }),
  );
  assert.deepEqual(coloured, [false, true]);
  await why.click();
  assert.equal(await explanation.count(), 0);
});

test("a face that shows none of the four expressions is said to look like another, and no bar leads", async () => {
  const page = await open();
  const said = await page.evaluate(async () => {
    const { leaderOf, sayBriefly, sayProbability } = await import("/app/answer.js");
    const probabilities = { happy: 0.05, neutral: 0.75, sad: 0.15, surprise: 0.05 };
    return ["angry", "disgusted", "fearful", "contempt"].map((otherExpression) => {
      const answer = { emotion: "other", likeliest: "neutral", probabilities, other: 0.8, otherExpression };
      return [sayBriefly(answer), sayProbability(answer), leaderOf(answer)];
    });
  });
  const looks = ["Looks angry", "Looks disgusted", "Looks afraid", "Looks contemptuous"];
  assert.deepEqual(
    said,
    looks.map((words) => [words, words, undefined]),
  );
});

test("the reason for doubt is said: what is wrong with the picture, or how the expressions stand", async () => {
  const page = await open();
  const said = await page.evaluate(async () => {
    const { sayDoubt } = await import("/app/answer.js");
    const of = (emotion, [happy, neutral, sad, surprise], reasons) =>
      sayDoubt({ emotion, likeliest: "happy", probabilities: { happy, neutral, sad, surprise }, reasons });
    return [
      of("happy", [0.9, 0.1, 0, 0], []),
      of("happy", [0.9, 0.1, 0, 0], ["small", "cut-off"]),
      of("uncertain", [0.45, 0.4, 0.1, 0.05], []),
      of("uncertain", [0.45, 0.4, 0.1, 0.05], ["covered"]),
    ];
  });
  assert.deepEqual(said, [
    "",
    "The face is small, cut off.",
    "No expression stands out: Happy, then Neutral.",
    "The face is partly covered, it seems.",
  ]);
});

test("what counts as uncertain is the visitor's choice", async () => {
  const page = await open();
  await choose(page, fixture("grace_hopper.png"));
  await statusMatching(page, /1 face/);
  const [{ emotion, probability }] = await shownFaces(page);
  assert.ok(probability < 0.95, "the test needs a doubtful face");
  await openAdjust(page);
  await page.getByLabel("Say “not sure” below").fill("0.95");
  assert.match(await statusMatching(page, /Not sure/), /^1 face: Not sure \(most likely \w+, \d+%\)\.$/);
  assert.equal(await page.locator(".box .label").textContent(), "1 Not sure");
  assert.match(await page.locator(".detail .answer").textContent(), /^1 ?Not sure most likely \w+, \d+%$/);
  assert.equal((await shownFaces(page))[0].probability, probability, "the probabilities stay");
  await page.getByLabel("Say “not sure” below").fill("0.25");
  await page.locator(`[data-testid=face][data-emotion=${emotion === "uncertain" ? "neutral" : emotion}]`).waitFor();
});

test("a picture without a face is reported as such, and not as a failure", async () => {
  const page = await open();
  await choose(page, { name: "ramp.png", mimeType: "image/png", buffer: rampPng(640, 480) });
  assert.match(await statusMatching(page, /face/), /^No face found\./);
  assert.equal(await page.getByTestId("status").getAttribute("data-kind"), "result");
  assert.deepEqual(await shownFaces(page), []);
});

test("a picture of a single pixel is read, and holds no face", async () => {
  const page = await open();
  await choose(page, { name: "dot.png", mimeType: "image/png", buffer: rampPng(1, 1) });
  assert.match(await statusMatching(page, /face/), /^No face found\./);
});

test("a picture of 108 megapixels is read", async () => {
  const page = await open();
  await choose(page, { name: "huge.png", mimeType: "image/png", buffer: rampPng(12_000, 9_000) });
  assert.match(await statusMatching(page, /face|large/), /^No face found\./);
});

for (const [what, file] of [
  ["text", { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") }],
  ["text called .jpg", { name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("no picture") }],
  ["an empty file", { name: "empty.png", mimeType: "image/png", buffer: Buffer.alloc(0) }],
]) {
  test(`${what} is refused in plain words that name the file`, async () => {
    const page = await open();
    await choose(page, file);
    const said = await statusMatching(page, /can't be read/);
    assert.ok(said.startsWith(`“${file.name}” can't be read as a picture.`), said);
    assert.equal(await page.getByTestId("status").getAttribute("data-kind"), "failure");
    assert.deepEqual(await shownFaces(page), []);
  });
}

test("a truncated JPEG is refused, and the next picture works", async () => {
  const jpeg = await drawSideBySide(browser, ["astronaut.png"], { width: 512, height: 512, type: "image/jpeg" });
  const page = await open();
  await choose(page, { name: "cut.jpg", mimeType: "image/jpeg", buffer: jpeg.subarray(0, 900) });
  assert.match(await statusMatching(page, /cut\.jpg/), /damaged, cut off/);
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assertAstronaut(await shownFaces(page));
});

test("a HEIC photo is explained", async () => {
  const page = await open();
  const buffer = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
  await choose(page, { name: "IMG_0001.HEIC", mimeType: "image/heic", buffer });
  assert.match(await statusMatching(page, /HEIC/), /JPEG/);
});

test("a pasted link is explained, but not one that goes into a field", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  const link = await dataTransfer(page, {});
  const paste = (selector) =>
    page.evaluate(
      ([clipboardData, selector]) =>
        document.querySelector(selector).dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true })),
      [link, selector],
    );
  await paste("#most-faces");
  assert.match(await page.getByTestId("status").textContent(), /^Ready/);
  await paste("body");
  assert.match(await statusMatching(page, /No picture/), /fetches nothing/);
});

test("a dropped link is explained: the page fetches nothing", async () => {
  const page = await open();
  await page.dispatchEvent("[data-testid=drop-zone]", "drop", { dataTransfer: await dataTransfer(page, {}) });
  assert.match(await statusMatching(page, /No picture/), /fetches nothing/);
});

/** The JPEG with an EXIF block of just that orientation. */
function withOrientation(jpeg, orientation) {
  const exif = Buffer.from("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0?\0\0\0\0\0\0\0", "latin1");
  exif[exif.indexOf("?")] = orientation;
  const marker = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), marker, exif, jpeg.subarray(2)]);
}

/** The JPEG turned by half a turn and encoded again. */
async function upsideDown(jpeg) {
  const page = await browser.newPage();
  try {
    const base64 = await page.evaluate(
      async (source) => {
        const image = new Image();
        image.src = source;
        await image.decode();
        const canvas = document.createElement("canvas");
        canvas.width = image.width;
        canvas.height = image.height;
        const context = canvas.getContext("2d");
        context.rotate(Math.PI);
        context.drawImage(image, -image.width, -image.height);
        return canvas.toDataURL("image/jpeg").split(",", 2)[1];
      },
      `data:image/jpeg;base64,${jpeg.toString("base64")}`,
    );
    return Buffer.from(base64, "base64");
  } finally {
    await page.close();
  }
}
