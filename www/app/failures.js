/**
 * What went wrong, in plain words, with what to do about it.
 *
 * @module
 */

import { isSizeReadable, readFile } from "../lib/file.js";
import { EmotionError } from "../lib/protocol.js";
import { isVideo } from "./picture-input.js";

/** A failure the page itself finds; `reason` names its words. */
export class PageFailure extends Error {
  /**
   * @param {string} reason
   * @param {string} [detail] fills in its words
   */
  constructor(reason, detail = reason) {
    super(detail);
    this.name = "PageFailure";
    this.reason = reason;
  }
}

/** The words for an error of the library, by its code. */
const REASONS = new Map([
  ["unreadable-file", "unreadable-file"],
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
  ["camera-denied", "camera-denied"],
  ["camera-missing", "camera-missing"],
  ["camera-busy", "camera-busy"],
  ["camera-insecure", "camera-insecure"],
  ["camera-silent", "camera-silent"],
  ["camera-lost", "camera-lost"],
  ["invalid-video", "not-a-video"],
  ["incomplete-video", "video-cut-off"],
]);

/** The words for an error of the browser's camera, by its name. */
const CAMERA_REASONS = new Map([
  ["NotAllowedError", "camera-denied"],
  ["SecurityError", "camera-denied"],
  ["NotFoundError", "camera-missing"],
  ["OverconstrainedError", "camera-missing"],
  ["NotReadableError", "camera-busy"],
  ["AbortError", "camera-busy"],
]);

/** What can go wrong with one picture of many; its row in the table has room for a few words only. */
const IN_FEW_WORDS = new Set([
  "not-a-picture",
  "heic",
  "too-large",
  "unreadable-file",
  "video-among-pictures",
  "out-of-memory",
  "worker-crashed",
]);

/**
 * @typedef {object} Explanation
 * @property {string} code for programs: the library's, or the name of the page's own reason
 * @property {string} title key of what went wrong
 * @property {string} hint key of what to do about it
 * @property {string} short key of the same in a few words, without the file's name
 * @property {import('./words.js').Values} values what fills them
 */

/**
 * @param {unknown} error
 * @param {File} [file] the picture or video in question, where there is one
 * @returns {Promise<Explanation>}
 */
export async function explainFailure(error, file) {
  const { message } = /** @type {Error} */ (error);
  let reason = reasonOf(error, file);
  if (file && reason === "not-a-picture") {
    if (isVideo(file)) reason = "video-among-pictures";
    else if (await isHeic(file)) reason = "heic";
  }
  if (file && reason === "unreadable-file" && !isSizeReadable(file)) reason = "too-large";
  return {
    code: error instanceof EmotionError ? error.code : reason,
    title: `failure.${reason}`,
    hint: `failure.${reason}-hint`,
    short: IN_FEW_WORDS.has(reason) ? `failure.${reason}-short` : `failure.${reason}`,
    values: { message, name: file?.name ?? "" },
  };
}

/**
 * @param {unknown} error
 * @param {File} [file]
 */
function reasonOf(error, file) {
  if (error instanceof PageFailure) return error.reason;
  if (error instanceof EmotionError) return REASONS.get(error.code) ?? "other";
  // The library throws none of the browser's own errors, so one without a file comes from the camera.
  return (!file && CAMERA_REASONS.get(/** @type {Error} */ (error).name)) || "other";
}

/**
 * Whether the file is HEIC or a related format: they begin with a box that names the brand.
 *
 * @param {Blob} file
 */
async function isHeic(file) {
  try {
    const start = new TextDecoder("latin1").decode(await readFile(file.slice(4, 12)));
    return /^ftyp(hei|hev|mif1|msf1)/.test(start);
  } catch {
    return false; // deleted since it was read
  }
}
