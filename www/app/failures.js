/**
 * What went wrong, in plain words, with what to do about it.
 *
 * @module
 */

import { EmotionError } from "../lib/index.js";
import { say } from "./words.js";

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
  ["worker-crashed", "worker-crashed"],
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

/**
 * @param {unknown} error
 * @param {Blob} [file] the picture in question, where there is one
 * @returns {Promise<{ title: string, hint: string }>}
 */
export async function explainFailure(error, file) {
  const { name, message } = /** @type {Error} */ (error);
  // A DOMException has a code too, a number nobody uses any more.
  const kind = error instanceof EmotionError ? error.code : name;
  let reason = error instanceof PageFailure ? error.reason : (REASONS.get(kind) ?? "other");
  if (reason === "not-a-picture" && file && (await isHeic(file))) reason = "heic";
  const values = { message, name: file instanceof File ? file.name : say("picture.pasted") };
  return { title: say(`failure.${reason}`, values), hint: say(`failure.${reason}-hint`, values) };
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
