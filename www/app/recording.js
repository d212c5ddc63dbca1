/**
 * What the live view and videos have shown so far. It stays in memory until the visitor discards it.
 *
 * @module
 */

import { answerOf } from "./answer.js";
import { GAP_MS } from "./bins.js";
import { faceColumns, roundShare, roundTime } from "./export.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./export.js').AppliedSettings} AppliedSettings */
/** @typedef {{ timeMs: number, faces: FaceEmotion[], settings: AppliedSettings }} Moment */
/** @typedef {{ emotion: string, share: number }[]} Shares most often first */

/** The source of a session that is not a file. */
export const CAMERA = "camera";

/** An hour at 30 frames a second; older moments are dropped. */
const MOST_MOMENTS = 30 * 3600;

/** One video, or the camera from its first start until something else is read. */
export class Session {
  /** @type {Moment[]} */ moments = [];
  frames = 0;
  startMs = 0;
  startedAt = new Date();
  /** A video's length, in seconds, as its file states it. @type {number | undefined} */ duration;
  /** Where a video breaks off, in seconds, if it does. @type {number | undefined} */ brokenAt;
  /** @type {Map<number, Map<string, number>>} */ #counts = new Map();

  /** @param {string} source a file's name, or "camera" */
  constructor(source) {
    this.source = source;
  }

  /** @param {Moment} moment later than all before */
  add(moment) {
    if (this.frames === 0) this.startMs = moment.timeMs;
    this.moments.push(moment);
    this.frames += 1;
    for (const face of moment.faces) count(this.#counts, face);
  }

  get seconds() {
    return ((this.moments.at(-1)?.timeMs ?? this.startMs) - this.startMs) / 1000;
  }

  /** How often each face showed each expression, by its id. @returns {Map<number, Shares>} */
  get shares() {
    return sharesOf(this.#counts);
  }

  /** How often each answer was shown, over all faces. @returns {Shares} */
  get totals() {
    /** @type {Map<string, number>} */
    const sums = new Map();
    for (const own of this.#counts.values()) {
      for (const [emotion, each] of own) sums.set(emotion, (sums.get(emotion) ?? 0) + each);
    }
    return sharesIn(sums);
  }

  /** The moments later than that. @param {number} timeMs */
  since(timeMs) {
    return this.moments.slice(this.#firstAfter(timeMs));
  }

  /** The faces at that time, or shortly before. @param {number} timeMs */
  facesAt(timeMs) {
    const moment = this.moments[this.#firstAfter(timeMs) - 1];
    return moment && timeMs - moment.timeMs <= GAP_MS ? moment.faces : [];
  }

  /** The place of the first moment later than that. @param {number} timeMs */
  #firstAfter(timeMs) {
    let [low, high] = [0, this.moments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.moments[middle].timeMs <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A summary of the session, for a file. */
  get summary() {
    const faces = [...this.shares].map(([face, shares]) => ({
      face,
      shares: Object.fromEntries(shares.map(({ emotion, share }) => [emotion, roundShare(share)])),
    }));
    const { source, frames, brokenAt } = this;
    return { source, seconds: roundTime(this.seconds), frames, broken_at: brokenAt, faces };
  }

  /** One result per face and moment; times in seconds from the first. @returns {import('./export.js').Result[]} */
  get results() {
    return this.moments.flatMap(({ timeMs, faces, settings }) => {
      const begin = { source: this.source, seconds: roundTime((timeMs - this.startMs) / 1000) };
      return faces.map((face) => ({ row: { ...begin, ...faceColumns(face) }, settings }));
    });
  }
}

export class Recording {
  /** @type {Session[]} */ #sessions = [];
  #moments = 0;

  /** The current session, or the last. */
  get session() {
    return this.#sessions.at(-1);
  }

  /** @param {string} source */
  begin(source) {
    if (this.session?.frames === 0) this.#sessions.pop();
    const session = new Session(source);
    this.#sessions.push(session);
    return session;
  }

  /** @param {Moment} moment */
  add(moment) {
    this.session?.add(moment);
    this.#moments += 1;
    if (this.#moments <= MOST_MOMENTS) return;
    const [oldest] = this.#sessions;
    this.#moments -= oldest.moments.splice(0, MOST_MOMENTS / 60).length;
    if (oldest.moments.length === 0) this.#sessions.shift();
  }

  /** Forgets everything, and records the current source from now on. */
  clear() {
    const source = this.session?.source;
    this.#sessions = [];
    this.#moments = 0;
    if (source) this.begin(source);
  }

  /** The camera's last session, if it has been on. */
  get cameraSession() {
    return this.#sessions.findLast(({ source }) => source === CAMERA);
  }

  /** The sessions that hold something. */
  get sessions() {
    return this.#sessions.filter(({ frames }) => frames > 0);
  }

  get summaries() {
    return this.sessions.map(({ summary }) => summary);
  }

  get results() {
    return this.#sessions.flatMap(({ results }) => results);
  }
}

/**
 * @param {Map<number, Map<string, number>>} counts by face id and answer
 * @param {FaceEmotion} face
 */
function count(counts, face) {
  const { emotion } = answerOf(face);
  const own = counts.get(face.id) ?? new Map();
  counts.set(face.id, own.set(emotion, (own.get(emotion) ?? 0) + 1));
}

/**
 * @param {Map<number, Map<string, number>>} counts
 * @returns {Map<number, Shares>}
 */
function sharesOf(counts) {
  return new Map([...counts].map(([id, own]) => [id, sharesIn(own)]));
}

/** @param {Map<string, number>} counts by answer @returns {Shares} */
function sharesIn(counts) {
  const total = [...counts.values()].reduce((sum, each) => sum + each, 0);
  const shares = [...counts].map(([emotion, each]) => ({ emotion, share: each / total }));
  return shares.sort((a, b) => b.share - a.share);
}
