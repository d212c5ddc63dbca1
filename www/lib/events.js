/**
 * What happens to faces over time: they come and go, and what they display begins and ends.
 *
 * @module
 */

import { answerOf } from "./expressions.js";

/** @import { FaceEmotion } from '../pkg/countenance.js' */

/**
 * A face has come into view, or has left it. One that leaves is reported half a second after it was last seen, with the
 * time of its last frame.
 *
 * @typedef {object} FacePresenceEvent
 * @property {'faceEnter' | 'faceLeave'} type
 * @property {number} timestampMs of the frame that it happened in
 * @property {number} id of the face
 * @property {FaceEmotion} face as it was in that frame
 * @property {number} durationMs how long it has been in view
 */

/**
 * A face begins or ends to display an expression. "uncertain" is the absence of one, "other" is one.
 *
 * @typedef {object} ExpressionEvent
 * @property {'expressionStart' | 'expressionEnd'} type
 * @property {number} timestampMs of the frame that it happened in
 * @property {number} id of the face
 * @property {FaceEmotion} face as it was in that frame
 * @property {string} emotion the expression: over eight expressions where they are asked for
 * @property {number} durationMs how long it has been displayed
 */

/** @typedef {FacePresenceEvent | ExpressionEvent} FaceEvent */

/** How long a face may be unseen until it has left, in milliseconds. */
const LEAVES_AFTER_MS = 500;

/**
 * @typedef {object} Present
 * @property {FaceEmotion} face
 * @property {number} since
 * @property {number} lastMs
 * @property {string | undefined} emotion
 * @property {number} emotionSince
 */

/** Derives events from the faces of frame after frame. */
export class FaceEvents {
  /** @type {Map<number, Present>} */ #present = new Map();

  /**
   * @param {FaceEmotion[]} faces of the next frame
   * @param {number} timestampMs
   * @returns {FaceEvent[]} what has happened since the frame before
   */
  next(faces, timestampMs) {
    const seen = new Set(faces.map(({ id }) => id));
    const gone = [...this.#present.values()].filter(
      ({ face, lastMs }) => !seen.has(face.id) && timestampMs - lastMs >= LEAVES_AFTER_MS,
    );
    return [
      ...gone.flatMap((present) => this.#leave(present)),
      ...faces.flatMap((face) => this.#see(face, timestampMs)),
    ];
  }

  /** @returns {FaceEvent[]} what ends with the last frame */
  end() {
    return [...this.#present.values()].flatMap((present) => this.#leave(present));
  }

  /**
   * @param {FaceEmotion} face
   * @param {number} timestampMs
   * @returns {FaceEvent[]}
   */
  #see(face, timestampMs) {
    /** @type {FaceEvent[]} */
    const events = [];
    let present = this.#present.get(face.id);
    if (!present) {
      present = { face, since: timestampMs, lastMs: timestampMs, emotion: undefined, emotionSince: timestampMs };
      this.#present.set(face.id, present);
      events.push({ type: "faceEnter", timestampMs, id: face.id, face, durationMs: 0 });
    }
    Object.assign(present, { face, lastMs: timestampMs });
    const { emotion: named } = answerOf(face);
    const emotion = named === "uncertain" ? undefined : named;
    if (emotion === present.emotion) return events;
    events.push(...ended(present, timestampMs));
    Object.assign(present, { emotion, emotionSince: timestampMs });
    if (emotion) events.push({ type: "expressionStart", timestampMs, id: face.id, face, emotion, durationMs: 0 });
    return events;
  }

  /** @param {Present} present @returns {FaceEvent[]} */
  #leave(present) {
    const { face, since, lastMs: timestampMs } = present;
    this.#present.delete(face.id);
    const leave = /** @type {const} */ ({ type: "faceLeave", timestampMs, id: face.id, face });
    return [...ended(present, timestampMs), { ...leave, durationMs: timestampMs - since }];
  }
}

/**
 * @param {Present} present
 * @param {number} timestampMs
 * @returns {FaceEvent[]}
 */
function ended({ face, emotion, emotionSince }, timestampMs) {
  if (!emotion) return [];
  const durationMs = timestampMs - emotionSince;
  return [{ type: "expressionEnd", timestampMs, id: face.id, face, emotion, durationMs }];
}
