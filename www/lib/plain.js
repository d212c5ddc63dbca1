/**
 * Turns arguments into plain values of the right type. The module gets only these, so that none of the caller's getters,
 * proxies or conversions runs during a call.
 *
 * @module
 */

import { EmotionError } from "./protocol.js";

/** @import { TurnedBox, CalibrationFrame } from '../pkg/countenance.js' */
/** @import { EmotionErrorCode } from './protocol.js' */
/** @typedef {ArrayBufferLike | ArrayBufferView} Bytes a buffer, shared or not, or any view of one */

/**
 * @typedef {object} Pixels an `ImageData`, or what looks like one
 * @property {Uint8Array | Uint8ClampedArray} data `width * height * 4` bytes RGBA, rows from the top; what is
 *   transparent is composited over white
 * @property {number} width in pixels
 * @property {number} height in pixels
 */

/**
 * @typedef {{ bitmap: ImageBitmap, orientation: number, bytes?: undefined, pixels?: undefined }
 *   | { bitmap?: undefined, orientation?: undefined, bytes: Uint8Array, pixels?: undefined }
 *   | { bitmap?: undefined, orientation?: undefined, bytes?: undefined, pixels: Pixels }} Picture
 */

/** The EXIF orientation of a picture stored as it is to be seen. */
const UPRIGHT = 1;

/**
 * An object's own properties.
 *
 * @param {unknown} value
 * @param {EmotionErrorCode} code of the error if it is not an object, or if reading it throws
 * @returns {Record<string, unknown>}
 */
export function plainObject(value, code) {
  return guarded(code, () => {
    if (typeof value !== "object" || value === null) throw new TypeError(`expected an object, not ${typeof value}`);
    return { ...value };
  });
}

/**
 * @param {unknown} value
 * @returns {Uint8Array<ArrayBuffer>} of the same memory
 * @throws {EmotionError} `invalid-frame` for all but bytes, a detached buffer included
 */
export function plainBytes(value) {
  return guarded("invalid-frame", () => {
    if (!isBytes(value)) throw new EmotionError("invalid-frame", `Expected bytes, not ${typeof value}`);
    const view = ArrayBuffer.isView(value) ? value : new DataView(value);
    return new Uint8Array(/** @type {ArrayBuffer} */ (view.buffer), view.byteOffset, view.byteLength);
  });
}

/**
 * @param {unknown} value
 * @param {EmotionErrorCode} code of the error if it is not a number
 * @returns {number}
 */
export function plainNumber(value, code) {
  if (typeof value !== "number") throw new EmotionError(code, `Expected a number, not ${typeof value}`);
  return value;
}

/**
 * Whether this can be the bytes of a picture's file.
 *
 * @param {unknown} value
 * @returns {value is Bytes}
 */
export function isBytes(value) {
  // By its kind, not its class: a buffer of another realm, an iframe's for instance, has another class.
  return ArrayBuffer.isView(value) || /^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value));
}

/**
 * @param {unknown} value
 * @returns {value is ImageBitmap}
 */
function isBitmap(value) {
  return typeof ImageBitmap !== "undefined" && value instanceof ImageBitmap;
}

/**
 * Reads a picture: a bitmap, upright or with its orientation, the bytes of a file, or pixels.
 *
 * @param {unknown} value
 * @returns {Picture}
 * @throws {EmotionError} `invalid-frame`
 */
export function plainPicture(value) {
  return guarded("invalid-frame", () => {
    if (isBitmap(value)) return { bitmap: value, orientation: UPRIGHT };
    if (isBytes(value)) return { bytes: plainBytes(value) };
    const { bitmap, orientation } = /** @type {Partial<import('./picture-file.js').StoredPicture>} */ (value ?? {});
    if (isBitmap(bitmap)) return { bitmap, orientation: plainNumber(orientation, "invalid-frame") };
    const { data, width, height } = /** @type {Partial<Pixels>} */ (value ?? {});
    if (data === undefined) throw new EmotionError("invalid-frame", adviceFor(value));
    if (data?.BYTES_PER_ELEMENT !== 1) {
      throw new EmotionError("invalid-frame", "The data of pixels is a Uint8Array or a Uint8ClampedArray: RGBA");
    }
    if (typeof width !== "number" || typeof height !== "number") {
      const message = "Pixels need a width and a height; the bytes of a file are passed by themselves";
      throw new EmotionError("invalid-frame", message);
    }
    return { pixels: { data: plainBytes(data), width, height } };
  });
}

/**
 * Says what to pass instead of a value that holds no picture, with code that gets its bytes where there is any.
 *
 * @param {any} value
 */
function adviceFor(value) {
  const code = codeForBytes(value);
  if (code) return `Pass the bytes of the picture's file: ${code}`;
  const given = value === null || value === undefined ? `${value}` : `this ${typeof value}`;
  return `There is no picture in ${given}. Pass the bytes of a picture's file, pixels as { data, width, height }, or an ImageBitmap`;
}

/**
 * Code that gets the bytes. Calls here are synchronous, so they need the bytes themselves.
 *
 * @param {any} value
 * @returns {string | undefined}
 */
function codeForBytes(value) {
  if (typeof value === "string") {
    if (/^file:/i.test(value)) return "await readFile(new URL(url)), of node:fs/promises";
    if (/^(https?|data|blob):/i.test(value)) return "await (await fetch(url)).arrayBuffer()";
    return "await readFile(path), of node:fs/promises";
  }
  if (value instanceof URL) {
    return value.protocol === "file:" ? "await readFile(url), of node:fs/promises" : codeForBytes(value.href);
  }
  if (typeof value?.then === "function") return "await the promise first";
  if (typeof value?.arrayBuffer === "function") return "await blob.arrayBuffer()";
  if (value?.[Symbol.asyncIterator] || typeof value?.getReader === "function") {
    return "await new Response(stream).arrayBuffer()";
  }
  return undefined;
}

/**
 * @param {unknown} value any object with these four numbers, a `DOMRect` for instance
 * @returns {TurnedBox}
 * @throws {EmotionError} `invalid-box`
 */
export function plainBox(value) {
  return guarded("invalid-box", () => {
    const { x, y, width, height, roll = 0 } = /** @type {Partial<TurnedBox>} */ (value ?? {});
    for (const number of [x, y, width, height, roll]) {
      if (typeof number !== "number") {
        throw new EmotionError("invalid-box", "A box has four numbers: x, y, width and height, and perhaps a roll");
      }
    }
    return /** @type {TurnedBox} */ ({ x, y, width, height, roll });
  });
}

/**
 * @param {unknown} value
 * @param {string} name of the option
 * @throws {EmotionError} `invalid-options`
 */
export function checkCallback(value, name) {
  if (value === undefined || typeof value === "function") return;
  throw new EmotionError("invalid-options", `${name} must be a function`);
}

/**
 * @param {unknown} value
 * @returns {CalibrationFrame[]}
 * @throws {EmotionError} `invalid-calibration`
 */
export function plainFrames(value) {
  return guarded("invalid-calibration", () => {
    if (!Array.isArray(value)) throw new TypeError("the frames to calibrate with must be an array");
    return Array.from(value, ({ probabilities, emotion }) => ({ probabilities: { ...probabilities }, emotion }));
  });
}

/**
 * Calls `read`, and turns what it throws into an error of this code.
 *
 * @template T
 * @param {EmotionErrorCode} code
 * @param {() => T} read
 * @returns {T}
 */
function guarded(code, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof EmotionError) throw error;
    throw new EmotionError(
      code,
      `This argument cannot be read: ${error instanceof Error ? error.message : "it throws"}`,
    );
  }
}
