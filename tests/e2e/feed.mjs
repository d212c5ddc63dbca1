// A camera that the test controls: a canvas stands in for the device, and `feed` in the page controls it.

import { readFileSync } from "node:fs";
import { fixture } from "./page.mjs";

/** Fixtures, with the face of each in its own pixels: all are drawn with their faces in one place. */
const FACES = { "astronaut.png": [178, 63, 90, 112], "grace_hopper.png": [190, 106, 166, 222] };

/**
 * Prepares a page (before it is opened) whose camera shows the happy astronaut and Grace Hopper, who is not:
 *
 * - `feed.picture`: 0 or 1, which of them is drawn, 20 times a second; 0.3 is three tenths of the way between, and
 *   `undefined` draws nothing
 * - `feed.answer()`: what `getUserMedia` does; by default it gives a stream of the canvas
 * - `feed.track`: the track given last
 * - `feed.mute(muted)`: mutes it, as a browser does
 */
export function withFeed(page) {
  const pictures = Object.entries(FACES).map(([name, face]) => ({
    face,
    base64: readFileSync(fixture(name)).toString("base64"),
  }));
  return page.addInitScript(installFeed, pictures);
}

function installFeed(pictures) {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 480;
  const context = canvas.getContext("2d");
  const decoded = Promise.all(
    pictures.map(({ base64 }) =>
      createImageBitmap(new Blob([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))])),
    ),
  );
  const feed = {
    picture: 0,
    track: undefined,
    async answer() {
      await decoded;
      const stream = canvas.captureStream();
      [feed.track] = stream.getVideoTracks();
      return stream;
    },
    mute(muted) {
      Object.defineProperty(feed.track, "muted", { configurable: true, value: muted });
      feed.track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
    },
  };
  async function draw(index, alpha) {
    const bitmap = (await decoded)[index];
    const [x, y, width, height] = pictures[index].face;
    const scale = 160 / height;
    context.globalAlpha = alpha;
    const [left, top] = [canvas.width / 2 - (x + width / 2) * scale, canvas.height / 2 - (y + height / 2) * scale];
    context.drawImage(bitmap, left, top, bitmap.width * scale, bitmap.height * scale);
  }
  let drawn = 0;
  setInterval(async () => {
    const { picture } = feed;
    if (picture === undefined) return;
    context.globalAlpha = 1;
    context.fillStyle = "#888";
    context.fillRect(0, 0, canvas.width, canvas.height);
    await draw(Math.floor(picture), 1);
    if (picture % 1) await draw(Math.ceil(picture), picture % 1);
    // Never the same picture twice, as with a real camera's noise.
    drawn += 1;
    context.fillRect(drawn % canvas.width, canvas.height - 1, 1, 1);
  }, 50);
  globalThis.feed = feed;
  navigator.mediaDevices.getUserMedia = () => feed.answer();
}
