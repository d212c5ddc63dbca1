/**
 * A live view as a loop over its answers.
 *
 * @module
 */

import { abortable } from "./abortable.js";
import { EmotionAnalyzer } from "./analyzer.js";
import { FaceEvents } from "./events.js";
import { Feed } from "./feed.js";
import { plainObject } from "./plain.js";
import { retryOnce } from "./retry.js";

/** @import { AnalyzerOptions } from './analyzer.js' */
/** @import { FaceEvent } from './events.js' */
/** @import { FeedOptions } from './feed.js' */
/** @import { Size } from './geometry.js' */
/** @import { FaceEmotion, PipelineOptions } from '../pkg/countenance.js' */
/** @import { AsksForEight, FaceEmotion8 } from './protocol.js' */

/**
 * "camera" (the one that faces the user), constraints for another one (`{ facingMode: "environment" }`), or what shows
 * the frames already.
 *
 * @typedef {"camera" | MediaTrackConstraints | MediaStreamConstraints | MediaStream | HTMLVideoElement
 *   | HTMLCanvasElement | OffscreenCanvas} WatchSource
 */

/**
 * An analyzer, or anything that answers like one.
 *
 * @typedef {Pick<EmotionAnalyzer, 'analyzeFrame' | 'reset' | 'isTooDark'>} FrameAnalyzer
 */

/**
 * @typedef {object} LoopOptions
 * @property {FrameAnalyzer} [analyzer] reads the frames and stays open; without one, an analyzer is made of the other
 *   options and closed at the end
 * @property {AbortSignal} [signal] ends the loop, and switches the camera off at once
 */

/** @typedef {LoopOptions & FeedOptions & Omit<AnalyzerOptions, 'signal'> & PipelineOptions} WatchOptions */

/**
 * @template {FaceEmotion} [F=FaceEmotion]
 * @typedef {object} LiveAnswer
 * @property {F[]} faces with stable ids and smoothed probabilities; empty where no face is found
 * @property {number} timestampMs when the frame was taken, on the clock of `performance.now()`
 * @property {Size} frame its size in pixels, the unit of the faces' boxes
 * @property {{ latencyMs: number, fps: number }} timing how long the answer took, and how many came in the last second
 * @property {boolean} isTooDark whether the picture is too dark to read a face well
 * @property {FaceEvent[]} events what has happened since the answer before
 */

/** The answers of this last while count, in milliseconds. */
const WINDOW_MS = 1000;

/**
 * Watches a camera, a video, a stream or a canvas, and answers frame after frame. Each answer belongs to the newest frame
 * there is when the loop asks for one: a slow loop misses frames, and never falls behind.
 *
 * The camera and the worker start with the loop and end with it: by `break`, `return`, an error or the signal. The
 * loop ends by itself where the video or stream ends.
 *
 * @overload
 * @param {WatchSource} source
 * @param {WatchOptions & AsksForEight} options
 * @returns {AsyncGenerator<LiveAnswer<FaceEmotion8>, void, void>}
 */
/**
 * The same over four expressions.
 *
 * @overload
 * @param {WatchSource} source
 * @param {WatchOptions} [options]
 * @returns {AsyncGenerator<LiveAnswer, void, void>}
 */
/**
 * The same with a function instead of a loop.
 *
 * @overload
 * @param {WatchSource} source
 * @param {WatchOptions} options
 * @param {(answer: LiveAnswer<any>) => unknown} onAnswer called with each answer, and awaited before the next
 * @returns {Promise<void>} resolved when it has ended
 */
/**
 * @param {WatchSource} source
 * @param {WatchOptions} [options]
 * @param {(answer: LiveAnswer) => unknown} [onAnswer]
 * @returns {any}
 * @throws {EmotionError} where the loop begins: `camera-denied`, `camera-missing`, `camera-busy`, `camera-insecure`,
 *   `camera-silent`, `unsupported-environment`, and as `EmotionAnalyzer.create`; later `camera-lost`, and as `analyzeFrame`
 */
export function watch(source, options = {}, onAnswer) {
  const answers = answersOf(source, options);
  return onAnswer ? forEach(answers, onAnswer) : answers;
}

/**
 * @param {AsyncGenerator<LiveAnswer, void, void>} answers
 * @param {(answer: LiveAnswer) => unknown} onAnswer
 */
async function forEach(answers, onAnswer) {
  for await (const answer of answers) await onAnswer(answer);
}

/**
 * @param {WatchSource} source
 * @param {WatchOptions} options
 * @returns {AsyncGenerator<LiveAnswer, void, void>}
 */
async function* answersOf(source, options) {
  const {
    analyzer: given,
    signal,
    video,
    fps,
    pauseWhenHidden,
    onState,
    ...setup
  } = /** @type {WatchOptions} */ (plainObject(options, "invalid-options"));
  if (signal?.aborted) return;
  const feed = new Feed(source, { video, fps, pauseWhenHidden, onState });
  const close = () => feed.close();
  signal?.addEventListener("abort", close);
  /** @type {Promise<FrameAnalyzer> | undefined} */
  let starting;
  try {
    starting = given ? given.reset().then(() => given) : EmotionAnalyzer.create({ ...setup, signal });
    const [analyzer] = await abortable(Promise.all([starting, feed.open()]), signal);
    yield* read(feed, analyzer, signal);
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener("abort", close);
    close();
    if (!given) starting?.then((made) => /** @type {EmotionAnalyzer} */ (made).close()).catch(() => {});
  }
}

/**
 * @param {Feed} feed
 * @param {FrameAnalyzer} analyzer
 * @param {AbortSignal | undefined} signal
 * @returns {AsyncGenerator<LiveAnswer, void, void>}
 */
async function* read(feed, analyzer, signal) {
  const events = new FaceEvents();
  /** @type {number[]} */
  let answered = [];
  while (await feed.next()) {
    const timestampMs = performance.now();
    const frame = feed.size;
    const faces = await retryOnce(() => analyzer.analyzeFrame(feed.shown, { timestampMs, signal }));
    if (!faces) continue; // another frame has taken its place in an analyzer that is shared
    const now = performance.now();
    answered = [...answered.filter((at) => now - at < WINDOW_MS), now];
    yield {
      faces,
      timestampMs,
      frame,
      timing: { latencyMs: now - timestampMs, fps: answered.length },
      isTooDark: analyzer.isTooDark,
      events: events.next(faces, timestampMs),
    };
  }
}
