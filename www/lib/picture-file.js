/**
 * A picture's file as a bitmap, decoded by the browser, or by the module where the browser can't.
 *
 * Browsers differ in which formats they turn upright, so they are shown files without EXIF: the bitmap holds the pixels
 * as they are stored, and the module turns it. They also differ in what they make of a file whose end is missing, so the
 * module decodes it, or refuses it where a part of the picture is missing too.
 *
 * @module
 */

import { decodeImage, prepareForBrowser } from "../pkg/countenance.js";
import { readFile } from "./file.js";
import { callModule } from "./module.js";

const UPRIGHT = 1;

/**
 * @typedef {object} StoredPicture
 * @property {ImageBitmap} bitmap the pixels as they are stored
 * @property {number} orientation how they are stored: EXIF's 1 to 8
 */

/**
 * @param {Blob} file
 * @returns {Promise<StoredPicture>}
 * @throws {EmotionError} `unreadable-file`, `invalid-image`, `image-too-large`, `out-of-memory`
 */
export async function openPicture(file) {
  const bytes = await readFile(file);
  const orientation = callModule(() => prepareForBrowser(bytes));
  if (orientation === undefined) return { bitmap: await decodeByModule(bytes), orientation: UPRIGHT };
  const bitmap = await createImageBitmap(new Blob([bytes], { type: file.type })).catch(() => decodeByModule(bytes));
  return { bitmap, orientation };
}

/** @param {Uint8Array} bytes */
async function decodeByModule(bytes) {
  return createImageBitmap(callModule(() => decodeImage(bytes)));
}
