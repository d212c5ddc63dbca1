/**
 * A picture's file as a bitmap, decoded by the browser, or by the module where the browser can't.
 *
 * Browsers differ in which formats they turn upright, so they get files without EXIF: the bitmap holds the pixels as
 * they are stored, and the module turns it. They also differ in what they show of a file whose end is missing, so the
 * module decodes such a file, or refuses it if a part of the picture is missing too.
 *
 * @module
 */

import { decodeImage, hasItsEnd, hideExif } from "../pkg/countenance.js";
import { callModule } from "./module.js";

/**
 * @typedef {object} StoredPicture
 * @property {ImageBitmap} bitmap the pixels as they are stored
 * @property {number} orientation how they are stored: EXIF's 1 to 8
 */

/**
 * @param {Uint8Array<ArrayBuffer>} file its bytes, whose EXIF is made unreadable
 * @returns {Promise<StoredPicture>}
 * @throws {EmotionError} `invalid-image`, `image-too-large`, `out-of-memory`
 */
export async function openPicture(file) {
  const orientation = callModule(() => hideExif(file));
  const decoding = createImageBitmap(new Blob([file])).catch(() => undefined);
  // The browser decodes in another thread meanwhile: the check takes about half as long.
  const isWhole = callModule(() => hasItsEnd(file));
  const decoded = await decoding;
  if (isWhole && decoded) return { bitmap: decoded, orientation };
  decoded?.close();
  return { bitmap: await createImageBitmap(callModule(() => decodeImage(file))), orientation };
}
