/**
 * For the tests of apps that use this package: an analyzer with scripted answers, which needs no camera, no worker and no
 * WebAssembly. `scripts/build-package.mjs` makes `dist/testing.js` of this.
 *
 * @module
 */

/// <reference lib="esnext.disposable" preserve="true" />
/// <reference path="./platform.d.ts" preserve="true" />

import { EmotionError } from "./protocol.js";

/** @typedef {import('./protocol.js').EmotionErrorCode} EmotionErrorCode */
/** @typedef {import('../pkg/countenance.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../pkg/countenance.js').ModelInfo} ModelInfo */

export { EmotionError };

/**
 * What a face is to be; the rest is filled in. `emotion` may be any of the four expressions, "other" or "uncertain".
 *
 * @typedef {Partial<FaceEmotion>} ScriptedFace
 */

/**
 * An answer: faces, an error to fail with, or `null` for a frame that a newer one has replaced.
 *
 * @typedef {ScriptedFace[] | Error | null} ScriptedAnswer
 */

/**
 * The answers in order, of which the last repeats; or a function of what was passed and the number of calls before.
 *
 * @typedef {ScriptedAnswer[] | ((source: unknown, call: number) => ScriptedAnswer)} Script
 */

/** The model that is shipped: put in by `scripts/build-package.mjs`. */
const MODEL = /** @type {ModelInfo} */ (JSON.parse(/** @type {any} */ (globalThis).COUNTENANCE_MODEL));

/** How well a scripted face is seen: well. @type {FaceEmotion['quality']} */
const QUALITY = {
  size: 114,
  sharpness: 0.2,
  light: 0.5,
  contrast: 0.2,
  roll: 0,
  yaw: 0,
  pitch: 0,
  outside: 0,
  mouthDetail: 0,
};

/** The probability of the expression that a scripted face displays. */
const SURE = 0.91;
/** And of the likeliest where it is uncertain. */
const UNSURE = 0.4;

/**
 * A face like those of an analyzer, whose numbers agree with its expression.
 *
 * @param {ScriptedFace} [face]
 * @returns {FaceEmotion}
 */
export function fakeFace(face = {}) {
  const { classes, eight } = MODEL.emotion;
  const emotion = face.emotion ?? classes[0];
  const named = classes.find((name) => name === emotion);
  const likeliest = face.likeliest ?? named ?? classes[0];
  const top = named ? SURE : UNSURE;
  const rest = (1 - top) / (classes.length - 1);
  const probabilities = /** @type {FaceEmotion['probabilities']} */ (
    Object.fromEntries(classes.map((name) => [name, name === likeliest ? top : rest]))
  );
  const [otherExpression] = /** @type {FaceEmotion['otherExpression'][]} */ (
    eight.filter((name) => !(/** @type {string[]} */ (classes).includes(name)))
  );
  const box = face.box ?? { x: 100, y: 100, width: 100, height: 120 };
  const at = (/** @type {number} */ x, /** @type {number} */ y) =>
    /** @type {[number, number]} */ ([box.x + x * box.width, box.y + y * box.height]);
  return {
    id: 1,
    box,
    landmarks: [at(0.3, 0.4), at(0.7, 0.4), at(0.5, 0.6), at(0.35, 0.8), at(0.65, 0.8)],
    confidence: 0.95,
    roll: 0,
    probabilities,
    raw: probabilities,
    other: emotion === "other" ? SURE : 0.05,
    otherExpression,
    likeliest,
    quality: QUALITY,
    reasons: [],
    ...face,
    emotion,
  };
}

/**
 * An analyzer that answers by a script: pass it wherever an `EmotionAnalyzer` is expected, also as the option `analyzer` of
 * `watch`, `analyzeVideo` and `<face-expression>`.
 *
 * @param {Script} [script] no faces by default
 * @returns {FakeAnalyzer}
 */
export function fakeAnalyzer(script = [[]]) {
  return new FakeAnalyzer(script);
}

/** What `fakeAnalyzer` makes. */
export class FakeAnalyzer {
  /** The calls so far. @type {{ method: string, args: unknown[] }[]} */
  calls = [];
  /** Set it to what the light is to be. */
  isTooDark = false;
  /** Set it to how far a recording is to be. @type {import('../pkg/countenance.js').Recording | undefined} */
  recording = undefined;
  model = MODEL;
  /** @type {string[]} */
  imports = [];
  #script;
  #answered = 0;
  #isClosed = false;

  /** @param {Script} script */
  constructor(script) {
    if (!Array.isArray(script) && typeof script !== "function") {
      throw new EmotionError("invalid-options", "A script is an array of answers, or a function that gives one");
    }
    this.#script = script;
  }

  /** @param {unknown} source @param {{ signal?: AbortSignal }} [options] @returns {Promise<FaceEmotion[]>} */
  async analyzeImage(source, options) {
    return (await this.#answer("analyzeImage", source, options)) ?? [];
  }

  /** @param {unknown} source @param {{ timestampMs: number, signal?: AbortSignal }} options */
  async analyzeFrame(source, options) {
    return this.#answer("analyzeFrame", source, options);
  }

  /** @param {unknown} options */
  async configure(options) {
    this.#note("configure", options);
  }

  /** @param {string} emotion */
  async recordCalibration(emotion) {
    this.#note("recordCalibration", emotion);
  }

  async cancelRecording() {
    this.#note("cancelRecording");
  }

  async clearRecordings() {
    this.#note("clearRecordings");
  }

  async reset() {
    this.#note("reset");
  }

  close() {
    this.calls.push({ method: "close", args: [] });
    this.#isClosed = true;
  }

  [Symbol.dispose]() {
    this.close();
  }

  /**
   * @param {string} method
   * @param {unknown} source
   * @param {{ signal?: AbortSignal }} [options]
   * @returns {Promise<FaceEmotion[] | null>}
   */
  async #answer(method, source, options) {
    this.#note(method, source, options);
    options?.signal?.throwIfAborted();
    const script = this.#script;
    const call = this.#answered;
    this.#answered += 1;
    const answer = typeof script === "function" ? script(source, call) : script[Math.min(call, script.length - 1)];
    if (answer instanceof Error) throw answer;
    if (!answer) return null;
    return answer.map((face, index) => fakeFace({ id: index + 1, ...face }));
  }

  /**
   * @param {string} method
   * @param {...unknown} args
   */
  #note(method, ...args) {
    this.calls.push({ method, args });
    if (this.#isClosed) throw new EmotionError("closed", "The analyzer is closed");
  }
}
