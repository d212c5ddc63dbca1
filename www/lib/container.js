/**
 * Whether a video's file is whole. Its parts state their own lengths, so a file that ends inside one of them was cut
 * off: by a broken download, a full card, a camera that lost its power. Browsers play such a file up to the cut, and
 * then some of them repeat its last picture up to the length that it states.
 *
 * @module
 */

import { readFile } from "./file.js";

/** How much is read at a time, in bytes; most parts are skipped unread. */
const WINDOW_BYTES = 1 << 16;

/** The elements of Matroska and WebM that begin a file and hold its content. */
const EBML = 0x1a45dfa3;

/**
 * @param {Blob} file
 * @returns {Promise<boolean>} also false for containers other than MP4, QuickTime, Matroska and WebM
 */
export async function isCutOff(file) {
  const bytes = new Window(file);
  const start = await bytes.at(0, 8);
  if (start.byteLength < 8) return true;
  const partAt = start.getUint32(0) === EBML ? elementAt : boxAt;
  if (partAt === boxAt && !/^(ftyp|moov|mdat|wide|free|skip)$/.test(nameOf(start))) return false;
  let at = 0;
  while (at < file.size) {
    const end = await partAt(bytes, at);
    if (end === undefined || end > file.size) return true;
    at = end;
  }
  return false;
}

/**
 * @param {Window} bytes
 * @param {number} at
 * @returns {Promise<number | undefined>} where the box of an MP4 file ends; undefined if not even its head is there
 */
async function boxAt(bytes, at) {
  const head = await bytes.at(at, 16);
  if (head.byteLength < 8) return undefined;
  const size = head.getUint32(0);
  if (size === 0) return bytes.size; // to the end of the file
  if (size > 1) return at + size;
  return head.byteLength < 16 ? undefined : at + Number(head.getBigUint64(8));
}

/**
 * @param {Window} bytes
 * @param {number} at
 * @returns {Promise<number | undefined>} where the element ends, or its content begins if its length is not stated (as in
 *   a recording that was written while it went on); undefined if not even its head is there
 */
async function elementAt(bytes, at) {
  const head = await bytes.at(at, 12);
  const idLength = lengthOf(head, 0);
  const sizeLength = lengthOf(head, idLength);
  const begin = idLength + sizeLength;
  if (head.byteLength < begin) return undefined;
  let size = head.getUint8(idLength) & (0xff >> sizeLength);
  let isUnknown = size === 0xff >> sizeLength;
  for (let index = idLength + 1; index < begin; index += 1) {
    size = size * 256 + head.getUint8(index);
    isUnknown &&= head.getUint8(index) === 0xff;
  }
  return at + begin + (isUnknown ? 0 : size);
}

/**
 * How many bytes a number of EBML takes: one more than the zeros that its first byte begins with.
 *
 * @param {DataView} head
 * @param {number} at
 */
function lengthOf(head, at) {
  return at < head.byteLength ? Math.clz32(head.getUint8(at)) - 23 : 1;
}

/** @param {DataView} head of a box */
function nameOf(head) {
  return String.fromCharCode(...[4, 5, 6, 7].map((index) => head.getUint8(index)));
}

/** A file's bytes, read piece by piece. */
class Window {
  #file;
  #begin = 0;
  #bytes = new ArrayBuffer(0);

  /** @param {Blob} file */
  constructor(file) {
    this.#file = file;
  }

  get size() {
    return this.#file.size;
  }

  /**
   * @param {number} begin
   * @param {number} length
   * @returns {Promise<DataView>} fewer bytes where the file ends
   */
  async at(begin, length) {
    const end = Math.min(begin + length, this.size);
    if (begin < this.#begin || end > this.#begin + this.#bytes.byteLength) {
      this.#begin = begin;
      this.#bytes = (await readFile(this.#file.slice(begin, begin + WINDOW_BYTES))).buffer;
    }
    return new DataView(this.#bytes, begin - this.#begin, end - begin);
  }
}
