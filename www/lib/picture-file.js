/**
 * A picture's file as a bitmap, decoded by the browser, or by the module where the browser can't.
 *
 * Browsers differ in which formats they turn upright, so they are shown files without EXIF: the bitmap holds the pixels
 * as they are stored, and the module turns it.
 *
 * @module
 */

import { decodeImage, hideExif } from "../pkg/countenance.js";
import { readFile } from "./file.js";
import { callModule } from "./module.js";

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
  const orientation = callModule(() => hideExif(bytes));
  return { bitmap: await decode(new Blob([bytes], { type: file.type }), bytes), orientation };
}

/**
 * @param {Blob} blob
 * @param {Uint8Array} bytes the same
 */
async function decode(blob, bytes) {
  try {
    return await createImageBitmap(blob);
  } catch {
    return createImageBitmap(callModule(() => decodeImage(bytes)));
  }
}
