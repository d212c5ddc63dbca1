// The pictures and clips that tests need and that are too large, or too simple, to be kept as fixtures.

import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { fixture, startBrowser } from "./page.mjs";

/** A grey PNG whose every row is a ramp. */
export function rampPng(width, height) {
  const row = Buffer.alloc(1 + width);
  for (let x = 0; x < width; x += 1) row[1 + x] = (x * 255) / width;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits; grey, no interlacing
  const pixels = deflateSync(Buffer.concat(Array(height).fill(row)), { level: 1 });
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", pixels),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A chunk of a PNG file. */
export function pngChunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/**
 * Draws fixtures side by side with the browser at hand, each fitted into an equal share of the picture, and gives the
 * result encoded, or as RGBA bytes without `type`.
 */
export async function drawSideBySide(browser, names, { width, height, type }) {
  const page = await browser.newPage();
  try {
    const sources = names.map((name) => `data:image/png;base64,${readFileSync(fixture(name)).toString("base64")}`);
    const base64 = await page.evaluate(
      async ({ sources, width, height, type }) => {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d");
        context.fillStyle = "#888";
        context.fillRect(0, 0, width, height);
        const share = width / sources.length;
        for (const [index, source] of sources.entries()) {
          const image = new Image();
          image.src = source;
          await image.decode();
          const scale = Math.min(share / image.width, height / image.height);
          context.drawImage(image, index * share, 0, image.width * scale, image.height * scale);
        }
        const blob = type
          ? await canvas.convertToBlob({ type })
          : new Blob([context.getImageData(0, 0, width, height).data]);
        const reader = new FileReader();
        reader.readAsDataURL(blob);
        await new Promise((resolve) => {
          reader.onload = resolve;
        });
        return reader.result.split(",", 2)[1];
      },
      { sources, width, height, type },
    );
    return Buffer.from(base64, "base64");
  } finally {
    await page.close();
  }
}

/**
 * Draws a group in rows, as a JPEG file: the faces of two portraits by turns, each a little off its place, and as high as
 * nine tenths of a row.
 */
export async function drawGroup(browser, count, { columns, width, height }) {
  const page = await browser.newPage();
  try {
    const portraits = ["astronaut.png", "grace_hopper.png"].map((name) =>
      readFileSync(fixture(name)).toString("base64"),
    );
    const base64 = await page.evaluate(
      async ({ portraits, count, columns, width, height }) => {
        const canvas = document.createElement("canvas");
        canvas.width = width;
        canvas.height = height;
        const context = canvas.getContext("2d");
        context.fillStyle = "#776e66";
        context.fillRect(0, 0, width, height);
        const images = [];
        for (const portrait of portraits) {
          const image = new Image();
          image.src = `data:image/png;base64,${portrait}`;
          await image.decode();
          images.push(image);
        }
        const rows = Math.ceil(count / columns);
        const side = 0.9 * Math.min(width / columns, height / rows);
        for (let index = 0; index < count; index += 1) {
          const [left, top] = [(index % columns) * (width / columns), Math.floor(index / columns) * (height / rows)];
          const [x, y, size] = index % 2 ? [107, 67, 320] : [138, 35, 170]; // the faces, with a margin
          const off = 0.05 * side * Math.sin(index * 7);
          context.drawImage(
            images[index % 2],
            x,
            y,
            size,
            size,
            left + off + 0.05 * side,
            top - off + 0.05 * side,
            side,
            side,
          );
        }
        return canvas.toDataURL("image/jpeg", 0.9).split(",", 2)[1];
      },
      { portraits, count, columns, width, height },
    );
    return { name: `${count}.jpg`, mimeType: "image/jpeg", buffer: Buffer.from(base64, "base64") };
  } finally {
    await page.close();
  }
}

/** A y4m clip that shows each RGBA picture in turn for as many frames. */
export function y4mClip(pictures, { width, height, fps, framesEach }) {
  const parts = [Buffer.from(`YUV4MPEG2 W${width} H${height} F${fps}:1 Ip A1:1 C420jpeg\n`)];
  for (const rgba of pictures) {
    const frame = Buffer.concat([Buffer.from("FRAME\n"), yuv420(rgba, width, height)]);
    parts.push(...Array(framesEach).fill(frame));
  }
  return Buffer.concat(parts);
}

/** Full-range BT.601 planes; the colours of the top left pixel stand for its block of four. */
function yuv420(rgba, width, height) {
  const planes = Buffer.alloc((width * height * 3) / 2);
  const chroma = (width * height) / 4;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [r, g, b] = rgba.subarray((y * width + x) * 4);
      planes[y * width + x] = 0.299 * r + 0.587 * g + 0.114 * b;
      if (x % 2 || y % 2) continue;
      const at = width * height + (y * width) / 4 + x / 2;
      planes[at] = 128 - 0.168736 * r - 0.331264 * g + 0.5 * b;
      planes[at + chroma] = 128 + 0.5 * r - 0.418688 * g - 0.081312 * b;
    }
  }
  return planes;
}

/**
 * Opens pages in a browser whose camera shows each RGBA picture for as many frames at 10 a second, over and over.
 */
export function startBrowserSeeing(pictures, { width, height, framesEach }) {
  const folder = mkdtempSync(join(tmpdir(), "countenance-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const clip = join(folder, "clip.y4m");
  writeFileSync(clip, y4mClip(pictures, { width, height, fps: 10, framesEach }));
  return startBrowser([
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    `--use-file-for-fake-video-capture=${clip}`,
  ]);
}
