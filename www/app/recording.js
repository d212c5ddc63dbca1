/**
 * What the live view and videos have shown so far. It stays in memory until the visitor discards it.
 *
 * @module
 */

import { answerOf } from "./answer.js";
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
  /** Where a video breaks off, in seconds, if it does. @type {number | undefined} */ brokenAt;
  /** @type {Map<number, Map<string, number>>} */ #counts = new Map();

  /** @param {string} source a file's name, or "camera" */
  constructor(source) {
    this.source = source;
  }

  /** @param {Moment} moment later than all before */
  add(moment) {
    this.moments.push(moment);
    this.frames += 1;
    for (const face of moment.faces) count(this.#counts, face);
  }

  get seconds() {
    return ((this.moments.at(-1)?.timeMs ?? 0) - (this.moments[0]?.timeMs ?? 0)) / 1000;
  }

  /** How often each face showed each expression, by its id. @returns {Map<number, Shares>} */
  get shares() {
    return sharesOf(this.#counts);
  }

  /**
   * The latest moments.
   *
   * @param {number} windowMs
   */
  last(windowMs) {
    const end = this.moments.at(-1)?.timeMs ?? 0;
    let first = this.moments.length;
    while (first > 0 && end - this.moments[first - 1].timeMs <= windowMs) first -= 1;
    return this.moments.slice(first);
  }

  /** The faces at that time of a video, or shortly before. @param {number} timeMs */
  facesAt(timeMs) {
    return this.moments.findLast((moment) => moment.timeMs <= timeMs)?.faces ?? [];
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
    const start = this.moments[0]?.timeMs ?? 0;
    return this.moments.flatMap(({ timeMs, faces, settings }) => {
      const begin = { source: this.source, seconds: roundTime((timeMs - start) / 1000) };
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

  get summaries() {
    return this.#sessions.filter(({ frames }) => frames > 0).map(({ summary }) => summary);
  }

  get results() {
    return this.#sessions.flatMap(({ results }) => results);
  }
}

/**
 * How often each face showed each answer.
 *
 * @param {Pick<Moment, 'faces'>[]} moments
 */
export function summarise(moments) {
  /** @type {Map<number, Map<string, number>>} */
  const counts = new Map();
  for (const { faces } of moments) for (const face of faces) count(counts, face);
  return sharesOf(counts);
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
  return new Map(
    [...counts].map(([id, own]) => {
      const total = [...own.values()].reduce((sum, each) => sum + each, 0);
      const shares = [...own].map(([emotion, each]) => ({ emotion, share: each / total }));
      return [id, shares.sort((a, b) => b.share - a.share)];
    }),
  );
}
