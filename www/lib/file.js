/**
 * Reading a file that a person chose, dropped or pasted. It lies on their disk, so it may be gone, changed or out of
 * reach by the time it is read.
 *
 * @module
 */

import { EmotionError } from "./protocol.js";

/** The most bytes that every browser reads in one piece. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * Browsers begin to read a file of any size, and then fail with a misleading error.
 *
 * @param {Blob} file
 */
export function isSizeReadable({ size }) {
  return size <= MOST_BYTES;
}

/**
 * @param {Blob} file
 * @throws {EmotionError} `unreadable-file`
 */
export function assertSizeReadable(file) {
  if (isSizeReadable(file)) return;
  const gigabytes = (file.size / 1e9).toFixed(1);
  throw new EmotionError("unreadable-file", `The file has ${gigabytes} GB, and browsers read no more than 2.1 at once`);
}

/**
 * @param {Blob} file
 * @returns {Promise<Uint8Array<ArrayBuffer>>} all its bytes
 * @throws {EmotionError} `unreadable-file`
 */
export async function readFile(file) {
  assertSizeReadable(file);
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    throw unreadable(error);
  }
}

/**
 * Reads the beginning of a file of any size. A slice won't do: the slice of a deleted file is empty.
 *
 * @param {Blob} file
 * @throws {EmotionError} `unreadable-file`
 */
export async function assertReadable(file) {
  const reader = file.stream().getReader();
  try {
    await reader.read();
    await reader.cancel();
  } catch (error) {
    throw unreadable(error);
  }
}

/** @param {unknown} error a DOMException of the browser's */
function unreadable(error) {
  const { name, message } = /** @type {Error} */ (error);
  const why =
    name === "NotFoundError"
      ? "it was moved or deleted after it was chosen"
      : "it was changed or moved after it was chosen, it is a folder, or reading it is not allowed";
  return new EmotionError("unreadable-file", `The file can't be read: ${why} (${name}: ${message})`, { cause: error });
}
