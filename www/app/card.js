/**
 * The card that a visitor takes away: the picture at its full size with its markers, what was found below it, and the
 * page's name. Faces can be blurred or covered, so that the card may be posted.
 *
 * @module
 */

import { answerOf, isUnsure, leaderOf, sayBriefly, sayProbability, sayTally } from "./answer.js";
import { make } from "./html.js";
import { placeMarkers } from "./places.js";
import { say, sayPercent } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {'none' | 'blur' | 'mask'} Cover */

/**
 * @typedef {object} Subject
 * @property {CanvasImageSource} picture
 * @property {{ width: number, height: number }} size of the picture in the pixels of its faces' boxes
 * @property {boolean} isMirrored
 * @property {FaceEmotion[]} faces
 * @property {{ heat: HTMLCanvasElement, side: number, roll: number, face: FaceEmotion } | undefined} why the map of what
 *   mattered that is shown, and the square it belongs to
 */

/** Every browser can draw that many pixels; a larger picture is made smaller. */
const MOST_PIXELS = 16_000_000;

/** A smaller picture is enlarged to this width, so that the words below it can be read. */
const LEAST_WIDTH = 1000;

/** How many samples remain of a blurred face, across. */
const BLUR_SAMPLES = 6;

/** The width of the ring around each drawing of the sprite, in its unit. */
const RING_WIDTH = 19.6;

/** What is blurred or covered reaches beyond the face's box by this factor. */
const COVER_SHARE = 1.25;

/**
 * @param {Subject} subject
 * @param {Cover} cover
 * @param {FaceEmotion[]} covered the faces to blur or cover
 * @returns {HTMLCanvasElement}
 */
export function drawCard(subject, cover, covered) {
  const { picture, size, isMirrored, faces, why } = subject;
  const scale = Math.min(Math.max(1, LEAST_WIDTH / size.width), Math.sqrt(MOST_PIXELS / (size.width * size.height)));
  const width = Math.round(size.width * scale);
  const height = Math.round(size.height * scale);
  const canvas = make("canvas", "");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** Lengths below the picture are in thousandths of the width. */
  const unit = width / 1000;
  const rows = faces.length === 1 ? Object.keys(answerOf(faces[0]).probabilities).length : 1;
  canvas.width = width;
  canvas.height = height + Math.round((faces.length === 0 ? 90 : 150 + rows * 38) * unit);
  const look = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => look.getPropertyValue(`--${name}`).trim();

  context.fillStyle = colour("sheet");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.save();
  context.beginPath();
  context.rect(0, 0, width, height);
  context.clip();
  context.fillStyle = "#fff"; // as it lies on the page, where the picture is transparent
  context.fill();
  context.save();
  if (isMirrored) context.transform(-1, 0, 0, 1, width, 0);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  context.restore();
  const boxes = faces.map(({ box }) => ({
    x: (isMirrored ? size.width - box.x - box.width : box.x) * scale,
    y: box.y * scale,
    width: box.width * scale,
    height: box.height * scale,
  }));
  for (const [index, face] of faces.entries()) {
    if (cover === "none" || !covered.includes(face)) continue;
    if (cover === "blur") blur(canvas, context, boxes[index]);
    else mask(context, boxes[index], answerOf(face).emotion, colour);
  }
  if (why) {
    const box = boxes[faces.indexOf(why.face)];
    context.save();
    context.translate(box.x + box.width / 2, box.y + box.height / 2);
    if (isMirrored) context.scale(-1, 1);
    context.rotate((why.roll * Math.PI) / 180);
    context.drawImage(why.heat, (-why.side * scale) / 2, (-why.side * scale) / 2, why.side * scale, why.side * scale);
    context.restore();
  }
  drawMarkers(context, faces, boxes, { width, height }, colour);
  context.restore();

  drawWords(context, faces, { top: height, width, bottom: canvas.height, unit }, colour);
  return canvas;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2D} context
 * @param {import('./places.js').Box} box
 */
function blur(canvas, context, box) {
  const { x, y, width, height } = grow(box);
  let few = make("canvas", "");
  /** @type {[HTMLCanvasElement, number, number, number, number]} */
  let from = [canvas, x, y, width, height];
  // Halved step by step, so that every pixel counts and none is kept as it was.
  for (let across = Math.max(width, height) / 2; ; across /= 2) {
    const side = Math.max(BLUR_SAMPLES, Math.round(across));
    few = make("canvas", "");
    few.width = side;
    few.height = side;
    few.getContext("2d")?.drawImage(...from, 0, 0, side, side);
    from = [few, 0, 0, side, side];
    if (side === BLUR_SAMPLES) break;
  }
  context.save();
  oval(context, { x, y, width, height });
  context.clip();
  context.drawImage(few, x, y, width, height);
  context.restore();
}

/**
 * Covers a face with a drawn one of the same expression.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {import('./places.js').Box} box
 * @param {string} emotion
 * @param {(name: string) => string} colour
 */
function mask(context, box, emotion, colour) {
  const { x, y, width, height } = grow(box);
  const side = Math.max(width, height);
  const [left, top] = [x + (width - side) / 2, y + (height - side) / 2];
  oval(context, { x: left, y: top, width: side, height: side });
  context.fillStyle = colour(`${emotion}-bright`) || "#d8d2c6";
  context.fill();
  // The drawing's ring is the oval's edge.
  const whole = (side * 24) / RING_WIDTH;
  const inset = (side - whole) / 2;
  drawGlyph(context, emotion, { x: left + inset, y: top + inset, side: whole, stroke: "#23211d", weight: 1.1 });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {FaceEmotion[]} faces
 * @param {import('./places.js').Box[]} boxes
 * @param {{ width: number, height: number }} area
 * @param {(name: string) => string} colour
 */
function drawMarkers(context, faces, boxes, area, colour) {
  const unit = Math.max(area.width, area.height) / 1000;
  const high = 27 * unit;
  context.font = `600 ${15 * unit}px ${fonts("sans")}`;
  context.textBaseline = "middle";
  const texts = faces.map((face) => {
    const number = faces.length > 1 ? ` ${face.id}` : "";
    return { number, words: `${number} ${sayBriefly(answerOf(face))}` };
  });
  const sizeOf = (/** @type {string} */ text) => ({
    width: high + context.measureText(text).width + 8 * unit,
    height: high,
  });
  const sizes = texts.map(({ number, words }) => ({
    words: sizeOf(words),
    number: number ? sizeOf(number) : { width: high, height: high },
    glyph: { width: 16 * unit, height: 16 * unit },
  }));
  for (const [index, place] of placeMarkers(boxes, area, sizes).entries()) {
    const { emotion } = answerOf(faces[index]);
    const bright = colour(`${emotion}-bright`) || "#fff";
    const { x, y, width, height } = boxes[index];
    context.strokeStyle = bright;
    context.lineWidth = (faces.length > 1 ? 1.5 : 3) * unit;
    context.beginPath();
    context.roundRect(x, y, width, height, Math.min(10 * unit, width * 0.18));
    context.stroke();
    if (!place) continue;
    const marker = sizes[index][place.form];
    context.fillStyle = "rgb(20 18 15 / 0.86)";
    context.beginPath();
    context.roundRect(place.x, place.y, marker.width, marker.height, marker.height / 2);
    context.fill();
    const side = marker.height * (place.form === "glyph" ? 1 : 0.7);
    const inset = (marker.height - side) / 2;
    drawGlyph(context, emotion, { x: place.x + inset, y: place.y + inset, side, stroke: bright, weight: 2.2 });
    if (place.form === "glyph") continue;
    context.fillStyle = "#fff";
    context.fillText(texts[index][place.form], place.x + high - 3 * unit, place.y + high / 2);
  }
}

/**
 * What was found, below the picture: of one face the probabilities, of more how many show which expression.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {FaceEmotion[]} faces
 * @param {{ top: number, width: number, bottom: number, unit: number }} room
 * @param {(name: string) => string} colour
 */
function drawWords(context, faces, { top, width, bottom, unit }, colour) {
  const margin = 32 * unit;
  context.textBaseline = "alphabetic";
  const write = (
    /** @type {string} */ text,
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {{ size: number, family?: string, ink?: string, align?: CanvasTextAlign }} */ style,
  ) => {
    const { size, family = "sans", ink = "ink", align = "left" } = style;
    context.font = `${family === "serif" ? 500 : 400} ${size * unit}px ${fonts(family)}`;
    context.fillStyle = colour(ink);
    context.textAlign = align;
    context.fillText(text, x, y, width - 2 * margin);
  };
  let y = top + 62 * unit;
  if (faces.length === 1) {
    const answer = answerOf(faces[0]);
    drawGlyph(context, answer.emotion, {
      ...{ x: margin, y: y - 34 * unit, side: 42 * unit },
      ...{ stroke: colour(answer.emotion) || colour("ink-soft"), weight: 1.8 },
    });
    write(say(answer.emotion), margin + 56 * unit, y, { size: 38, family: "serif" });
    const size = isUnsure(answer) ? 22 : 38;
    write(sayProbability(answer), width - margin, y, { size, family: "serif", align: "right" });
    y += 48 * unit;
    const leader = leaderOf(answer);
    for (const [emotion, share] of Object.entries(answer.probabilities)) {
      const ink = emotion === leader ? "ink" : "ink-soft";
      write(say(emotion), margin, y, { size: 20, ink });
      write(sayPercent(share), width - margin, y, { size: 20, ink, align: "right" });
      bar(
        context,
        { x: margin + 150 * unit, y: y - 13 * unit, width: width - 2 * margin - 225 * unit, height: 13 * unit },
        [{ share, fill: colour(emotion) }],
        colour("line"),
      );
      y += 38 * unit;
    }
  } else if (faces.length > 1) {
    write(say("verdict.text", { count: faces.length, list: sayTally(faces) }), margin, y, {
      size: 32,
      family: "serif",
    });
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { emotion } of faces.map(answerOf)) counts.set(emotion, (counts.get(emotion) ?? 0) + 1);
    const parts = [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([emotion, count]) => ({
        share: count / faces.length,
        fill: colour(emotion) || colour("line-strong"),
      }));
    bar(context, { x: margin, y: y + 26 * unit, width: width - 2 * margin, height: 16 * unit }, parts, colour("line"));
  }
  write("Countenance", margin, bottom - 28 * unit, { size: 24, family: "serif" });
  write(say("card.motto"), width - margin, bottom - 28 * unit, { size: 17, ink: "ink-soft", align: "right" });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import('./places.js').Box} box
 * @param {{ share: number, fill: string }[]} parts
 * @param {string} ground
 */
function bar(context, { x, y, width, height }, parts, ground) {
  context.save();
  context.beginPath();
  context.roundRect(x, y, width, height, height / 2);
  context.clip();
  context.fillStyle = ground;
  context.fillRect(x, y, width, height);
  let left = x;
  for (const { share, fill } of parts) {
    context.fillStyle = fill;
    context.fillRect(left, y, share * width, height);
    left += share * width;
  }
  context.restore();
}

/**
 * Draws an expression as the page's sprite has it.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} name
 * @param {{ x: number, y: number, side: number, stroke: string, weight: number }} style `weight` in the sprite's unit
 */
function drawGlyph(context, name, { x, y, side, stroke, weight }) {
  context.save();
  context.translate(x, y);
  context.scale(side / 24, side / 24);
  context.strokeStyle = stroke;
  context.lineWidth = weight;
  context.lineCap = "round";
  for (const part of document.querySelectorAll(`#glyph-${name} > *`)) {
    const of = (/** @type {string} */ attribute) => Number(part.getAttribute(attribute));
    const path = new Path2D(part.getAttribute("d") ?? "");
    if (part.tagName === "circle") path.arc(of("cx"), of("cy"), of("r"), 0, 2 * Math.PI);
    context.setLineDash((part.getAttribute("stroke-dasharray") ?? "").split(" ").filter(Boolean).map(Number));
    context.stroke(path);
  }
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import('./places.js').Box} box
 */
function oval(context, { x, y, width, height }) {
  context.beginPath();
  context.ellipse(x + width / 2, y + height / 2, width / 2, height / 2, 0, 0, 2 * Math.PI);
}

/**
 * @param {import('./places.js').Box} box
 * @returns {import('./places.js').Box}
 */
function grow({ x, y, width, height }) {
  const [wide, high] = [width * COVER_SHARE, height * COVER_SHARE];
  return { x: x - (wide - width) / 2, y: y - (high - height) / 2, width: wide, height: high };
}

/** @param {string} family */
function fonts(family) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${family}`);
}
