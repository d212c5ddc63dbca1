/**
 * Recorded video: the answers of a whole file as rows, events and a summary.
 *
 * @module
 */

import { abortable } from "./abortable.js";
import { EmotionAnalyzer } from "./analyzer.js";
import { FaceEvents } from "./events.js";
import { answerOf } from "./expressions.js";
import { plainObject } from "./plain.js";
import { EmotionError } from "./protocol.js";
import { retryOnce } from "./retry.js";
import { FRAMES_PER_SECOND, readVideo } from "./video-file.js";

/** @import { AnalyzerOptions } from './analyzer.js' */
/** @import { FaceEvent } from './events.js' */
/** @import { FaceEmotion, PipelineOptions } from '../pkg/countenance.js' */
/** @import { FrameAnalyzer } from './watch.js' */

/**
 * @typedef {object} SamplingOptions
 * @property {number} [fps] how many frames are read of each second of the video; 5 by default
 * @property {AbortSignal} [signal] rejects the call with its reason
 * @property {(progress: VideoProgress) => void} [onProgress] called after each frame
 * @property {FrameAnalyzer} [analyzer] reads the frames and stays open; without one, an analyzer is made of the other
 *   options and closed at the end
 */

/** @typedef {SamplingOptions & Omit<AnalyzerOptions, 'signal' | 'onProgress'> & PipelineOptions} VideoOptions */

/**
 * @typedef {object} VideoProgress
 * @property {number} seconds how far it has come
 * @property {number} duration of the video, in seconds
 * @property {FaceEmotion[]} faces of the frame just read
 */

/**
 * One face in one frame: flat, for a table. The probabilities of the expressions are columns of their names.
 *
 * @typedef {{ seconds: number, id: number, emotion: string, likeliest: string, other: number, confidence: number,
 *   x: number, y: number, width: number, height: number, roll: number } & Record<string, number | string>} VideoRow
 */

/**
 * @typedef {object} FaceSummary
 * @property {number} id
 * @property {number} frames how many it was seen in
 * @property {number} firstSeconds when it was first seen
 * @property {number} lastSeconds when it was last seen
 * @property {Record<string, number>} shares how often each `emotion` was its answer, 0..1; together 1
 */

/**
 * @typedef {object} VideoSummary
 * @property {number} duration in seconds, as the file states it
 * @property {number} frames how many were read
 * @property {number | undefined} brokenAt where the file breaks off, in seconds; undefined where it is whole
 * @property {FaceSummary[]} faces
 */

/** @typedef {{ rows: VideoRow[], events: FaceEvent[], summary: VideoSummary }} VideoAnswer */

/**
 * Reads a video at even steps of its own time, so a slow device reads the same frames as a fast one. A file that breaks
 * off is read as far as it goes.
 *
 * @param {Blob | string | URL} source a file, or an address that is fetched whole
 * @param {VideoOptions} [options]
 * @returns {Promise<VideoAnswer>} `timestampMs` of its events is the video's own time
 * @throws {EmotionError} `unreadable-file`, `invalid-video`, `incomplete-video` (it ends before its first frame),
 *   `invalid-options`, `unsupported-environment`, and as `EmotionAnalyzer.create` and `analyzeFrame`
 */
export async function analyzeVideo(source, options = {}) {
  const {
    fps = FRAMES_PER_SECOND,
    signal,
    onProgress,
    analyzer: given,
    ...setup
  } = /** @type {VideoOptions} */ (plainObject(options, "invalid-options"));
  if (!(fps > 0 && fps <= 1000)) throw new EmotionError("invalid-options", "fps is a number above 0, up to 1000");
  if (typeof document === "undefined") {
    throw new EmotionError("unsupported-environment", "Videos are decoded by the browser, in a page");
  }
  signal?.throwIfAborted();
  const starting = given ? given.reset().then(() => given) : EmotionAnalyzer.create({ ...setup, signal });
  try {
    const [analyzer, file] = await abortable(Promise.all([starting, fileOf(source, signal)]), signal);
    return await read(file, analyzer, { fps, signal, onProgress });
  } finally {
    if (!given) starting.then((made) => /** @type {EmotionAnalyzer} */ (made).close()).catch(() => {});
  }
}

/**
 * @param {Blob} file
 * @param {FrameAnalyzer} analyzer
 * @param {{ fps: number, signal: AbortSignal | undefined, onProgress: VideoOptions['onProgress'] }} options
 * @returns {Promise<VideoAnswer>}
 */
async function read(file, analyzer, { fps, signal, onProgress }) {
  const derived = new FaceEvents();
  /** @type {VideoRow[]} */
  const rows = [];
  /** @type {FaceEvent[]} */
  const events = [];
  let frames = 0;
  const video = hiddenVideo();
  const ending = new AbortController();
  const end = () => ending.abort(signal?.reason);
  signal?.addEventListener("abort", end);
  try {
    const onFrame = async (
      /** @type {ImageBitmap} */ picture,
      /** @type {number} */ seconds,
      /** @type {number} */ duration,
    ) => {
      const timestampMs = 1000 * seconds;
      const faces = (await retryOnce(() => analyzer.analyzeFrame(picture, { timestampMs, signal }))) ?? [];
      frames += 1;
      rows.push(...faces.map((face) => rowOf(face, seconds)));
      events.push(...derived.next(faces, timestampMs));
      onProgress?.({ seconds, duration, faces });
    };
    const { duration, brokenAt } = await readVideo(video, file, onFrame, ending.signal, fps);
    events.push(...derived.end());
    return { rows, events, summary: { duration, frames, brokenAt, faces: summarise(rows) } };
  } finally {
    signal?.removeEventListener("abort", end);
    ending.abort(); // lets go of the file
    video.remove();
  }
}

/**
 * @param {Blob | string | URL} source
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<Blob>}
 */
async function fileOf(source, signal) {
  if (source instanceof Blob) return source;
  if (typeof source !== "string" && !(source instanceof URL)) {
    throw new EmotionError("invalid-options", `A video is a File, a Blob or an address, not this ${typeof source}`);
  }
  try {
    const response = await fetch(source, { signal: signal ?? null });
    if (response.ok) return await response.blob();
    throw new EmotionError("unreadable-file", `${source} answered ${response.status}`);
  } catch (error) {
    if (error instanceof EmotionError || signal?.aborted) throw error;
    throw new EmotionError(
      "unreadable-file",
      `${source} could not be fetched: ${/** @type {Error} */ (error).message}`,
      {
        cause: error,
      },
    );
  }
}

/** A video in the page, since Firefox draws no other, that nobody sees or hears. */
function hiddenVideo() {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, preload: "auto", ariaHidden: "true" });
  Object.assign(video.style, { position: "fixed", width: "1px", height: "1px", opacity: "0", pointerEvents: "none" });
  document.body.append(video);
  return video;
}

/**
 * @param {FaceEmotion} face
 * @param {number} seconds
 * @returns {VideoRow}
 */
function rowOf(face, seconds) {
  const { id, other, confidence, box, roll } = face;
  const { emotion, likeliest, probabilities } = answerOf(face);
  return { seconds, id, emotion, likeliest, ...probabilities, other, confidence, ...box, roll };
}

/**
 * @param {VideoRow[]} rows
 * @returns {FaceSummary[]}
 */
function summarise(rows) {
  return [...new Set(rows.map(({ id }) => id))].map((id) => {
    const own = rows.filter((row) => row.id === id);
    /** @type {Record<string, number>} */
    const shares = {};
    for (const { emotion } of own) shares[emotion] = (shares[emotion] ?? 0) + 1 / own.length;
    return { id, frames: own.length, firstSeconds: own[0].seconds, lastSeconds: own[own.length - 1].seconds, shares };
  });
}
