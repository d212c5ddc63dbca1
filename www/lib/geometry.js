/**
 * Where a frame's boxes and points lie in the element that shows the frame, whatever its size.
 *
 * @module
 */

import { plainBox, plainNumber, plainObject } from "./plain.js";
import { EmotionError } from "./protocol.js";

/** @import { Box } from '../pkg/countenance.js' */
/** @typedef {{ width: number, height: number }} Size */
/** @typedef {'fill' | 'contain' | 'cover' | 'none' | 'scale-down'} ObjectFit the values of CSS's `object-fit` */

/**
 * @typedef {object} FitOptions
 * @property {ObjectFit} [fit] how the element shows the frame, its `object-fit`; "contain" by default
 * @property {[number, number]} [position] its `object-position` as shares of the free space, 0..1; the middle by default
 * @property {boolean} [mirror] whether the element is mirrored (`transform: scaleX(-1)`); false by default
 */

/**
 * Where the frame lies in the element: its left edge (its right edge if mirrored), its top, its size, and how large one
 * of its pixels is there.
 *
 * @typedef {object} FittedFrame
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 * @property {number} scaleX below 0 if mirrored
 * @property {number} scaleY
 */

/** @type {Record<ObjectFit, (ratioX: number, ratioY: number) => [number, number]>} each pixel's size, by `object-fit` */
const SCALES = {
  fill: (x, y) => [x, y],
  contain: (x, y) => both(Math.min(x, y)),
  cover: (x, y) => both(Math.max(x, y)),
  none: () => [1, 1],
  "scale-down": (x, y) => both(Math.min(x, y, 1)),
};

/**
 * Fits a frame into an element as CSS does.
 *
 * @param {Size} frame in its own pixels, `watch` and `analyzeVideo` give it
 * @param {Size} shown the element's, in any unit: CSS pixels, or a canvas's
 * @param {FitOptions} [options]
 * @returns {FittedFrame} in the unit of `shown`
 * @throws {EmotionError} `invalid-options`
 */
export function fitFrame(frame, shown, options = {}) {
  const {
    fit = "contain",
    position = [0.5, 0.5],
    mirror = false,
  } = /** @type {FitOptions} */ (plainObject(options, "invalid-options"));
  const [from, to] = [frame, shown].map(plainSize);
  if (!Object.hasOwn(SCALES, fit)) {
    throw new EmotionError("invalid-options", `fit is one of ${Object.keys(SCALES).join(", ")}, not ${String(fit)}`);
  }
  // Nothing is shown of a frame that has not come yet.
  const ratios = from.width > 0 && from.height > 0 ? [to.width / from.width, to.height / from.height] : [0, 0];
  const [scaleX, scaleY] = SCALES[fit](ratios[0], ratios[1]);
  const [width, height] = [from.width * scaleX, from.height * scaleY];
  const x = (to.width - width) * position[0];
  const y = (to.height - height) * position[1];
  return { x: mirror ? to.width - x : x, y, width, height, scaleX: mirror ? -scaleX : scaleX, scaleY };
}

/**
 * A box of the frame, in the element.
 *
 * @param {Box} box in the frame's pixels
 * @param {FittedFrame} fitted
 * @returns {Box}
 * @throws {EmotionError} `invalid-box`
 */
export function fitBox(box, fitted) {
  const { x, y, width, height } = plainBox(box);
  const [left, top] = fitPoint([fitted.scaleX < 0 ? x + width : x, y], fitted);
  return { x: left, y: top, width: width * Math.abs(fitted.scaleX), height: height * fitted.scaleY };
}

/**
 * A point of the frame, a landmark for instance, in the element.
 *
 * @param {[number, number]} point in the frame's pixels
 * @param {FittedFrame} fitted
 * @returns {[number, number]}
 */
export function fitPoint([x, y], fitted) {
  return [fitted.x + x * fitted.scaleX, fitted.y + y * fitted.scaleY];
}

/** @param {unknown} value @returns {Size} */
function plainSize(value) {
  const { width, height } = /** @type {Partial<Size>} */ (value ?? {});
  for (const side of [width, height]) {
    if (plainNumber(side, "invalid-options") >= 0 && side !== Number.POSITIVE_INFINITY) continue;
    throw new EmotionError("invalid-options", `A size is { width, height }, two numbers from 0 on, not ${side}`);
  }
  return /** @type {Size} */ ({ width, height });
}

/** @param {number} scale @returns {[number, number]} */
function both(scale) {
  return [scale, scale];
}
