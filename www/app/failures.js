/**
 * What went wrong, in plain words, with what to do about it.
 *
 * @module
 */

import { EmotionError } from "../lib/index.js";
import { isVideo } from "./picture-input.js";

/** A failure the page itself finds; `reason` names its words. */
export class PageFailure extends Error {
  /** @param {string} reason */
  constructor(reason) {
    super(reason);
    this.name = "PageFailure";
    this.reason = reason;
  }
}

/** The words for an error, by its code (the library's) or name (the browser's camera errors). */
const REASONS = new Map([
  ["invalid-image", "not-a-picture"],
  ["invalid-frame", "not-a-picture"],
  ["image-too-large", "too-large"],
  ["out-of-memory", "out-of-memory"],
  ["worker-crashed", "worker-crashed"],
  ["module-crashed", "worker-crashed"],
  ["worker-unavailable", "worker-unavailable"],
  ["simd-unavailable", "simd-unavailable"],
  ["wasm-unavailable", "wasm-unavailable"],
  ["wasm-blocked", "wasm-blocked"],
  ["model-load", "model-load"],
  ["NotAllowedError", "camera-denied"],
  ["SecurityError", "camera-denied"],
  ["NotFoundError", "camera-missing"],
  ["OverconstrainedError", "camera-missing"],
  ["NotReadableError", "camera-busy"],
  ["AbortError", "camera-busy"],
]);

/** @typedef {{ title: string, hint: string, values: import('./words.js').Values }} Explanation two keys, and what fills them */

/**
 * @param {unknown} error
 * @param {File} [file] the picture or video in question, where there is one
 * @returns {Promise<Explanation>}
 */
export async function explainFailure(error, file) {
  const { name, message } = /** @type {Error} */ (error);
  // A DOMException has a code too, a number nobody uses any more.
  const kind = error instanceof EmotionError ? error.code : name;
  let reason = error instanceof PageFailure ? error.reason : (REASONS.get(kind) ?? "other");
  if (reason === "not-a-picture" && file) {
    if (isVideo(file)) reason = "video-among-pictures";
    else if (await isHeic(file)) reason = "heic";
  }
  const values = { message, name: file?.name ?? "" };
  return { title: `failure.${reason}`, hint: `failure.${reason}-hint`, values };
}

/**
 * Whether the file is HEIC or one of its kin: they begin with a box that names the brand.
 *
 * @param {Blob} file
 */
async function isHeic(file) {
  const start = new TextDecoder("latin1").decode(await file.slice(4, 12).arrayBuffer());
  return /^ftyp(hei|hev|mif1|msf1)/.test(start);
}
