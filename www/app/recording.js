/**
 * What the live view has read so far. It stays in memory, and is the visitor's to download or drop.
 *
 * @module
 */

import { faceColumns } from "./export.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {{ timeMs: number, faces: FaceEmotion[] }} Moment */

/** An hour at 30 frames a second; older moments fall off. */
const MOST_MOMENTS = 30 * 3600;

export class Recording {
  /** @type {Moment[]} */ #moments = [];

  get isEmpty() {
    return this.#moments.length === 0;
  }

  /** @param {Moment} moment later than all before */
  add(moment) {
    this.#moments.push(moment);
    if (this.#moments.length > MOST_MOMENTS) this.#moments.splice(0, MOST_MOMENTS / 60);
  }

  clear() {
    this.#moments = [];
  }

  /**
   * The moments of the last while.
   *
   * @param {number} windowMs
   */
  last(windowMs) {
    const end = this.#moments.at(-1)?.timeMs ?? 0;
    let first = this.#moments.length;
    while (first > 0 && end - this.#moments[first - 1].timeMs <= windowMs) first -= 1;
    return this.#moments.slice(first);
  }

  /** One row per face and moment; times in seconds from the first. */
  rows() {
    const start = this.#moments[0]?.timeMs ?? 0;
    return this.#moments.flatMap(({ timeMs, faces }) =>
      faces.map((face) => ({ seconds: (timeMs - start) / 1000, ...faceColumns(face) })),
    );
  }
}

/**
 * How often each face showed each answer, most often first.
 *
 * @param {Moment[]} moments
 * @returns {Map<number, { emotion: string, share: number }[]>} by face id
 */
export function summarise(moments) {
  /** @type {Map<number, Map<string, number>>} */
  const counts = new Map();
  for (const { faces } of moments) {
    for (const { id, emotion } of faces) {
      const own = counts.get(id) ?? new Map();
      counts.set(id, own.set(emotion, (own.get(emotion) ?? 0) + 1));
    }
  }
  return new Map(
    [...counts].map(([id, own]) => {
      const total = [...own.values()].reduce((sum, count) => sum + count, 0);
      const shares = [...own].map(([emotion, count]) => ({ emotion, share: count / total }));
      return [id, shares.sort((a, b) => b.share - a.share)];
    }),
  );
}
