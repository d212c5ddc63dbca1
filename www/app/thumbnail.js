/**
 * A picture of many in small, with a ring around each face in its expression's colour, and the expression's drawing.
 *
 * @module
 */

import { answerOf } from "./answer.js";
import { make } from "./html.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/**
 * A thumbnail is kept as a JPEG file of about 10 kB, 5,000 of them as 50 MB; it is decoded, and has an object URL, only
 * while its tile is in the document.
 *
 * @typedef {{ file: Blob | null, width: number, height: number }} Thumbnail its size is the picture's
 */

/** The longer side of a thumbnail, in pixels. */
const SIDE = 320;

/** A face's ring is at least this large, as a share of the picture's longer side. */
const LEAST_RADIUS = 0.03;

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {CanvasImageSource} picture
 * @param {{ width: number, height: number }} size the picture's, the unit of its faces' boxes
 * @returns {Promise<Thumbnail>}
 */
export async function makeThumbnail(picture, { width, height }) {
  const canvas = make("canvas", "");
  const scale = Math.min(1, SIDE / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  if (context) {
    context.fillStyle = "#fff"; // what is transparent is read on white
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  }
  /** @type {Blob | null} */
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.75));
  return { file, width, height };
}

/**
 * @param {Thumbnail | undefined} thumbnail nothing where the picture could not be drawn
 * @param {FaceEmotion[]} faces
 */
export function showThumbnail(thumbnail, faces) {
  const frame = make("span", "thumbnail");
  if (!thumbnail?.file) return frame;
  const image = make("img", "");
  image.alt = "";
  image.decoding = "async";
  image.src = URL.createObjectURL(thumbnail.file);
  const { width, height } = thumbnail;
  const markers = document.createElementNS(SVG, "svg");
  markers.setAttribute("viewBox", `0 0 ${width} ${height}`);
  markers.setAttribute("aria-hidden", "true");
  markers.append(...faces.map((face) => makeMarker(face, Math.max(width, height), faces.length)));
  frame.append(image, markers);
  return frame;
}

/** Lets go of a thumbnail that is no longer shown. @param {ParentNode} parent */
export function releaseThumbnail(parent) {
  const image = parent.querySelector("img");
  if (image) URL.revokeObjectURL(image.src);
}

/**
 * @param {FaceEmotion} face
 * @param {number} side the picture's longer one
 * @param {number} count of the faces; a crowd has rings alone
 */
function makeMarker(face, side, count) {
  const { emotion } = answerOf(face);
  const { x, y, width, height } = face.box;
  const radius = Math.max(side * LEAST_RADIUS, Math.max(width, height) * 0.6);
  const [middleX, middleY] = [x + width / 2, y + height / 2];
  const group = document.createElementNS(SVG, "g");
  group.dataset.emotion = emotion;
  for (const name of ["edge", "ring"]) {
    const ring = document.createElementNS(SVG, "circle");
    ring.setAttribute("class", name);
    ring.setAttribute("cx", String(middleX));
    ring.setAttribute("cy", String(middleY));
    ring.setAttribute("r", String(radius));
    group.append(ring);
  }
  if (count > 6) return group;
  // On the ring's lower edge, and inside the picture.
  const size = side * 0.15;
  const glyph = document.createElementNS(SVG, "use");
  glyph.setAttribute("href", `#glyph-${emotion}`);
  for (const [name, value] of Object.entries({
    x: middleX + radius * 0.7 - size / 2,
    y: middleY + radius * 0.7 - size / 2,
    width: size,
    height: size,
  })) {
    glyph.setAttribute(name, String(value));
  }
  group.append(glyph);
  return group;
}
