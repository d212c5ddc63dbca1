/**
 * Draws faces over the picture or video that they were found in.
 *
 * @module
 */

import { answerOf } from "./expressions.js";
import { fitBox, fitFrame, fitPoint } from "./geometry.js";
import { plainObject } from "./plain.js";
import { EmotionError } from "./protocol.js";

/** @import { Box, FaceEmotion } from '../pkg/countenance.js' */
/** @import { FitOptions, Size } from './geometry.js' */

/**
 * @typedef {object} LookOptions
 * @property {Size} [frame] the size of the picture or frame that the boxes belong to; by default the canvas's own size
 * @property {CanvasImageSource} [source] the picture, drawn below the faces; by default the canvas is transparent and
 *   lies over the element that shows it
 * @property {boolean | ((face: FaceEmotion) => string)} [labels] what is written at each face; by default the
 *   expression and its probability
 * @property {string | Record<string, string> | ((face: FaceEmotion) => string)} [colors] one CSS colour, one for each
 *   `emotion`, or a function; by default each face keeps its own
 * @property {boolean} [landmarks] whether eyes, nose and mouth are marked; false by default
 * @property {number} [lineWidth] in CSS pixels; 3 by default
 * @property {string} [font] as CSS; `600 14px system-ui, sans-serif` by default
 */

/** @typedef {FitOptions & LookOptions} DrawOptions */

/** Colours that people with any colour vision tell apart: M. Okabe and K. Ito, "Color Universal Design", 2008. */
const COLOURS = ["#56b4e9", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#cc79a7"];

/** Space around a label's text, in CSS pixels. */
const PADDING = 4;

/**
 * Clears the canvas and draws the faces. A canvas in a page gets as many pixels as the screen shows of it (HiDPI).
 *
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @param {FaceEmotion[]} faces of `analyzeImage`, `analyzeFrame` or `watch`
 * @param {DrawOptions} [options]
 * @returns {void}
 * @throws {EmotionError} `invalid-options`, `invalid-box`
 */
export function drawFaces(canvas, faces, options = {}) {
  const {
    frame,
    source,
    labels = true,
    colors,
    landmarks = false,
    lineWidth = 3,
    font,
    ...fitOptions
  } = /** @type {DrawOptions} */ (plainObject(options, "invalid-options"));
  const context = /** @type {CanvasRenderingContext2D | null | undefined} */ (canvas?.getContext?.("2d"));
  if (!context) {
    throw new EmotionError("invalid-options", "The first argument is a canvas that has no context other than 2d");
  }
  if (!Array.isArray(faces)) {
    throw new EmotionError("invalid-options", "The second argument is an array of faces: await the analyzer's answer");
  }
  const { width, height, ratio } = matchScreen(canvas);
  const fitted = fitFrame(frame ?? { width, height }, { width, height }, fitOptions);
  const label = typeof labels === "function" ? labels : labels ? describe : () => "";

  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  if (source) drawSource(context, source, fitted);
  context.font = font ?? "600 14px system-ui, sans-serif";
  context.textBaseline = "alphabetic";
  for (const face of faces) {
    const colour = colourOf(face, colors);
    const box = fitBox(face.box, fitted);
    context.lineWidth = lineWidth;
    context.strokeStyle = colour;
    context.strokeRect(box.x, box.y, box.width, box.height);
    context.fillStyle = colour;
    if (landmarks) for (const point of face.landmarks) drawDot(context, fitPoint(point, fitted), lineWidth);
    const text = label(face);
    if (text) drawLabel(context, text, box, { width, height, lineWidth });
  }
}

/**
 * The expression and its probability, in whole percent.
 *
 * @param {FaceEmotion} face
 */
function describe(face) {
  const { emotion, probabilities } = answerOf(face);
  const probability = /** @type {Record<string, number>} */ ({ ...probabilities, other: face.other })[emotion];
  return probability === undefined ? emotion : `${emotion} ${Math.round(100 * probability)}%`;
}

/**
 * @param {FaceEmotion} face
 * @param {DrawOptions['colors']} colors
 */
function colourOf(face, colors) {
  const own = COLOURS[face.id % COLOURS.length];
  if (typeof colors === "function") return colors(face);
  if (typeof colors === "string") return colors;
  return colors?.[answerOf(face).emotion] ?? own;
}

/**
 * Gives a canvas in a page one pixel for each of the screen's.
 *
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @returns {Size & { ratio: number }} its size in CSS pixels, and how many of its own are in one of them
 */
function matchScreen(canvas) {
  const { clientWidth: width, clientHeight: height } = /** @type {Partial<HTMLCanvasElement>} */ (canvas);
  if (!width || !height) return { width: canvas.width, height: canvas.height, ratio: 1 };
  const element = /** @type {HTMLCanvasElement} */ (canvas);
  const ratio = globalThis.devicePixelRatio || 1;
  const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== pixelWidth || element.height !== pixelHeight) {
    element.width = pixelWidth;
    element.height = pixelHeight;
    // Where no style states a size, the number of pixels does, and would grow with every call.
    if (element.clientWidth !== width || element.clientHeight !== height) {
      element.style.width = `${width}px`;
      element.style.height = `${height}px`;
    }
  }
  return { width, height, ratio };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {CanvasImageSource} source
 * @param {import('./geometry.js').FittedFrame} fitted
 */
function drawSource(context, source, { x, y, width, height, scaleX }) {
  context.save();
  context.translate(x, y);
  if (scaleX < 0) context.scale(-1, 1);
  context.drawImage(source, 0, 0, width, height);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number]} point
 * @param {number} radius
 */
function drawDot(context, [x, y], radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

/**
 * Writes the text above the box, or in it where there is no room above, black on the box's colour.
 *
 * @param {CanvasRenderingContext2D} context whose fill is the box's colour
 * @param {string} text
 * @param {Box} box
 * @param {Size & { lineWidth: number }} room
 */
function drawLabel(context, text, box, { width, height, lineWidth }) {
  const {
    width: textWidth,
    fontBoundingBoxAscent: ascent,
    fontBoundingBoxDescent: descent,
  } = context.measureText(text);
  const [labelWidth, labelHeight] = [textWidth + 2 * PADDING, ascent + descent + 2 * PADDING];
  const left = Math.max(0, Math.min(box.x - lineWidth / 2, width - labelWidth));
  const above = box.y - lineWidth / 2 - labelHeight;
  const top = Math.max(0, Math.min(above >= 0 ? above : box.y, height - labelHeight));
  context.fillRect(left, top, labelWidth, labelHeight);
  context.fillStyle = "#000";
  context.fillText(text, left + PADDING, top + PADDING + ascent);
}
