// JPEG files of every structure: the module's decoder shows the network the same face as Chromium's does.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { EmotionPipeline } from "../../www/lib/pipeline.js";
import { fixture, launchBrowser } from "./page.mjs";

/** The most by which the two chips may differ, in grey levels, as the mean over their pixels. */
const MAX_DIFFERENCE = 2;

/** The files that the module refuses, and words of each message. */
const REFUSED = { arithmetic: /arithmetic coding/, "sampled-4-2-apart": /unusual sampling/ };

// It has no --version, and reads what is given to it.
const hasCjpeg = !spawnSync("cjpeg", ["-version"], { input: "" }).error;

const browser = await launchBrowser();
const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(async () => {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
});
const page = await browser.newPage();
const pipeline = await EmotionPipeline.create();

test("files that the repository keeps", async () => {
  for (const [name, bytes] of keptFiles()) await compare(name, bytes);
});

test("what cameras and phones put around an image", async () => {
  const kept = new Map(keptFiles());
  for (const name of ["progressive-420", "one-scan-a-component-420"]) {
    const bytes = kept.get(name);
    const thumbnail = kept.get("rgb");
    // Chromium shows no more than the first scan of such a file.
    await compare(`${name}, no end marker`, bytes.subarray(0, -2), bytes);
    await compare(`${name}, two files end to end`, Buffer.concat([bytes, kept.get("baseline-420")]));
    await compare(
      `${name}, a film behind it`,
      Buffer.concat([bytes, Buffer.from("\0\0\0\x18ftypmp42\xff\xda\0\x08", "latin1")]),
    );
    await compare(`${name}, zeros behind it`, Buffer.concat([bytes, Buffer.alloc(4096)]));
    await compare(
      `${name}, a thumbnail in EXIF`,
      withSegment(bytes, 0xe1, Buffer.concat([Buffer.from("Exif\0\0"), thumbnail])),
    );
    await compare(`${name}, a comment`, withSegment(bytes, 0xfe, Buffer.from([0xff, 0xda, 0xff, 0xd9])));
  }
  const frame = withoutHuffmanTables(kept.get("baseline-420"));
  await compare("a frame of motion JPEG", frame);
  await compare("a frame of motion JPEG in an AVI", withSegment(frame, 0xe0, Buffer.from("AVI1\0\0\0\0\0\0")));
  const ycck = kept.get("ycck");
  const cmyk = Buffer.from(ycck);
  cmyk[cmyk.indexOf("Adobe") + 11] = 0;
  await compare("CMYK", cmyk);
  await compare("CMYK without Adobe's marker", Buffer.concat([ycck.subarray(0, 2), ycck.subarray(18)]));
});

test("files by libjpeg", { skip: hasCjpeg ? false : "cjpeg is not installed" }, async () => {
  const scans = {
    "one scan a component": "0; 1; 2;",
    "luma, then chroma": "0; 1 2;",
    "spectral selection": "0 1 2: 0-0, 0, 0; 0: 1-5, 0, 0; 2: 1-63, 0, 0; 1: 1-63, 0, 0; 0: 6-63, 0, 0;",
    "successive approximation":
      "0 1 2: 0-0, 0, 2; 0: 1-63, 0, 2; 1: 1-63, 0, 1; 2: 1-63, 0, 1; 0 1 2: 0-0, 2, 1; 0: 1-63, 2, 1; " +
      "0 1 2: 0-0, 1, 0; 1: 1-63, 1, 0; 2: 1-63, 1, 0; 0: 1-63, 1, 0;",
  };
  const script = (name) => {
    const path = join(folder, `${name}.txt`);
    writeFileSync(path, scans[name]);
    return ["-scans", path];
  };
  const structures = {
    baseline: [],
    restarts: ["-restart", "3B"],
    progressive: ["-progressive"],
    "progressive with restarts": ["-progressive", "-restart", "2B"],
    ...Object.fromEntries(Object.keys(scans).map((name) => [name, script(name)])),
  };
  const face = await portrait(61, 67);
  const samplings = [
    "1x1",
    "2x1",
    "2x2",
    "1x2",
    "4x1",
    "3x1",
    "2x2,2x1,2x1",
    "2x2,2x1,1x2",
    "1x1,2x2,2x2",
    "2x1,1x2,1x2",
  ];
  for (const sampling of samplings) {
    for (const [name, options] of Object.entries(structures)) {
      const isCommon = ["2x2", "1x2"].includes(sampling);
      if (!isCommon && !["baseline", "progressive", "one scan a component"].includes(name)) continue;
      await compare(`${sampling}, ${name}`, cjpeg(face, ["-sample", sampling, ...options]));
    }
  }
  for (const [width, height] of [
    [1, 1],
    [7, 9],
    [8, 8],
    [15, 17],
    [17, 31],
    [33, 16],
  ]) {
    const small = await portrait(width, height);
    for (const name of ["progressive", "one scan a component"]) {
      await compare(`${width} x ${height}, ${name}`, cjpeg(small, ["-sample", "2x2", ...structures[name]]));
    }
  }
  for (const options of [["-grayscale"], ["-grayscale", "-progressive"], ["-rgb"], ["-optimize"], ["-quality", "1"]]) {
    await compare(options.join(" "), cjpeg(face, options));
  }
});

/** The files of tests/fixtures/jpeg by name. */
function keptFiles() {
  const names = readdirSync(fixture("jpeg")).filter((file) => file.endsWith(".jpg"));
  assert.ok(names.length > 0);
  return names.map((file) => [file.slice(0, -4), readFileSync(join(fixture("jpeg"), file))]);
}

/** Holds the module's chip of the whole picture against the one of Chromium's pixels, of this file or of its like. */
async function compare(name, bytes, like = bytes) {
  if (name in REFUSED) {
    const isNamed = ({ code, message }) => code === "invalid-image" && REFUSED[name].test(message);
    assert.throws(() => pipeline.analyzeImage(bytes), isNamed, name);
    return;
  }
  const shown = await decodedByChromium(like);
  const box = { x: 0, y: 0, width: shown.width, height: shown.height };
  const [ours, theirs] = [bytes, shown].map((picture) => pipeline.explainFace(picture, box).chip);
  const difference = ours.reduce((sum, grey, index) => sum + Math.abs(grey - theirs[index]), 0) / ours.length;
  assert.ok(difference <= MAX_DIFFERENCE, `${name}: ${difference.toFixed(2)} grey levels apart`);
}

/** Chromium's pixels. An element shows what createImageBitmap refuses: a file without its end marker. */
async function decodedByChromium(bytes) {
  const decoded = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = `data:image/jpeg;base64,${base64}`;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    return { data: Array.from(context.getImageData(0, 0, width, height).data), width, height };
  }, bytes.toString("base64"));
  return { ...decoded, data: Uint8ClampedArray.from(decoded.data) };
}

/** A part of the portrait around its face, as a PPM. */
async function portrait(width, height) {
  const png = readFileSync(fixture("astronaut_half.png"));
  const { data } = await page.evaluate(
    async ({ base64, width, height }) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
      const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      context.drawImage(bitmap, -82, -30);
      return { data: Array.from(context.getImageData(0, 0, width, height).data) };
    },
    { base64: png.toString("base64"), width, height },
  );
  return Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), Buffer.from(data.filter((_, at) => at % 4 < 3))]);
}

function cjpeg(ppm, options) {
  const { status, stdout, stderr } = spawnSync("cjpeg", options, { input: ppm });
  assert.equal(status, 0, String(stderr));
  return stdout;
}

function withSegment(bytes, marker, content) {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([bytes.subarray(0, 2), head, content, bytes.subarray(2)]);
}

/** The file as a camera sends it as a frame of a film: the standard tables are left out. */
function withoutHuffmanTables(bytes) {
  const kept = [bytes.subarray(0, 2)];
  let at = 2;
  while (bytes[at + 1] !== 0xda) {
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (bytes[at + 1] !== 0xc4) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...kept, bytes.subarray(at)]);
}
