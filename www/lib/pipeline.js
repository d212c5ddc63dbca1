/**
 * The pipeline itself, in the thread that calls it: for Node, service workers and your own workers.
 *
 * @module
 */

/// <reference lib="esnext.disposable" preserve="true" />
/// <reference path="./platform.d.ts" preserve="true" />

import { EmotionPipeline as ModulePipeline, modelInfo } from "../pkg/countenance.js";
import { abortable } from "./abortable.js";
import { callModule, currentStart, isCurrent, loadModule } from "./module.js";
import { plainBox, plainBytes, plainFrames, plainNumber, plainObject, plainPicture } from "./plain.js";
import { EmotionError } from "./protocol.js";

export { EmotionError };

/** @typedef {import('../pkg/countenance.js').TurnedBox} TurnedBox */
/** @typedef {import('./plain.js').Bytes} Bytes */
/** @typedef {import('./plain.js').Pixels} Pixels */
/** @typedef {import('../pkg/countenance.js').CalibrationFrame} CalibrationFrame */
/** @typedef {import('../pkg/countenance.js').Emotion} Emotion */
/** @typedef {import('../pkg/countenance.js').Expression} Expression */
/** @typedef {import('../pkg/countenance.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./protocol.js').FaceEmotion8} FaceEmotion8 */
/** @typedef {import('./protocol.js').AsksForEight} AsksForEight */
/** @typedef {import('../pkg/countenance.js').FaceExplanation} FaceExplanation */
/** @typedef {import('../pkg/countenance.js').ModelInfo} ModelInfo */
/** @typedef {import('../pkg/countenance.js').PipelineOptions} PipelineOptions */
/** @typedef {import('../pkg/countenance.js').Preview} Preview */
/** @typedef {import('./protocol.js').Progress} Progress */
/** @typedef {import('../pkg/countenance.js').Recording} Recording */
/** @typedef {import('./picture-file.js').StoredPicture} StoredPicture */

/**
 * @typedef {object} LoadOptions
 * @property {AbortSignal} [signal] ends the loading
 * @property {WebAssembly.Module | ArrayBufferView | ArrayBuffer} [module] the wasm module, if you have it already
 * @property {string} [integrity] the hash its bytes must have, as in Subresource Integrity: `sha384-` and base64 (or
 *   `sha256-`, `sha512-`)
 * @property {(progress: Progress) => void} [onProgress] called as the module's bytes arrive
 */

const FRAME_IS_NO_FILE = "A frame is an ImageBitmap or pixels { data, width, height }, not a file's bytes: decode them";

/**
 * Every call is synchronous. Make one with `EmotionPipeline.create`, end it with `close`.
 *
 * @template {FaceEmotion} [F=FaceEmotion] its faces: made with `expressions: 8`, each of them has `eight`
 */
export class EmotionPipeline {
  /** @type {ModulePipeline | undefined} */ #pipeline;
  /** @type {PipelineOptions} */ #options;
  /** @type {string[]} */ #imports;
  #start = 0;
  #closed = false;

  /**
   * @private
   * @param {PipelineOptions} options
   * @param {string[]} imports
   */
  constructor(options, imports) {
    if (!imports) throw new EmotionError("invalid-options", "Make a pipeline with: await EmotionPipeline.create()");
    this.#options = options;
    this.#imports = imports;
    this.#run(() => {});
  }

  /**
   * Loads the module, unless this thread has it already, and makes a pipeline. Each face has `eight`, the answer over
   * eight expressions.
   *
   * @overload
   * @param {LoadOptions & PipelineOptions & AsksForEight} options
   * @returns {Promise<EmotionPipeline<FaceEmotion8>>}
   * @throws {EmotionError} as below
   */
  /**
   * Loads the module, unless this thread has it already, and makes a pipeline.
   *
   * @overload
   * @param {LoadOptions & PipelineOptions} [options]
   * @returns {Promise<EmotionPipeline>}
   * @throws {EmotionError} `wasm-unavailable`, `simd-unavailable`, `wasm-blocked`, `model-load`, `out-of-memory`,
   *   `invalid-options`, `invalid-calibration`
   */
  /**
   * @param {LoadOptions & PipelineOptions} [options]
   * @returns {Promise<EmotionPipeline<any>>}
   */
  static async create(options = {}) {
    const { signal, module, integrity, onProgress, ...rest } = /** @type {LoadOptions & PipelineOptions} */ (
      plainObject(options, "invalid-options")
    );
    signal?.throwIfAborted();
    const imports = await abortable(loadModule(module, integrity, onProgress), signal);
    return new EmotionPipeline(rest, imports);
  }

  /**
   * The models that are compiled into the module, and the expressions they know.
   *
   * @returns {ModelInfo}
   */
  get model() {
    return this.#run(() => modelInfo());
  }

  /** The names of the functions that the wasm module imports: all that it can do beyond computing. */
  get imports() {
    return this.#imports;
  }

  /**
   * Finds the faces of one picture. Nothing is remembered from earlier pictures.
   *
   * What is transparent is read as if it lay on white.
   *
   * @param {ImageBitmap | StoredPicture | Pixels | Bytes} source a bitmap, pixels, or the bytes of a JPEG, PNG, WebP
   *   or GIF file; for anything else (a path, a URL, a Blob, a stream, a promise) the error says how to get the bytes
   * @returns {F[]} boxes in pixels of the upright picture; empty where no face is found
   * @throws {EmotionError} `invalid-frame`, `invalid-image`, `image-too-large`, `out-of-memory`, `closed`
   */
  analyzeImage(source) {
    const { bitmap, orientation, bytes, pixels } = plainPicture(source);
    const faces = this.#run((pipeline) => {
      if (bitmap) return pipeline.analyzeBitmap(bitmap, orientation);
      if (bytes) return pipeline.analyzeBytes(bytes);
      return pipeline.analyzeImage(pixels.data, pixels.width, pixels.height);
    });
    return /** @type {F[]} */ (faces);
  }

  /**
   * The faces that a look at the whole picture finds, to be shown until `analyzeImage` has looked closer and found the
   * small ones too.
   *
   * @param {ImageBitmap | StoredPicture | Pixels | Bytes} source as for `analyzeImage`
   * @returns {F[] | undefined} nothing where there is no closer look: it is for pictures above 1280 pixels, with
   *   `pictureSize: "auto"`
   * @throws {EmotionError} as `analyzeImage`
   */
  glance(source) {
    const { bitmap, orientation, bytes, pixels } = plainPicture(source);
    const faces = this.#run((pipeline) => {
      if (bitmap) return pipeline.glanceBitmap(bitmap, orientation);
      if (bytes) return pipeline.glanceBytes(bytes);
      return pipeline.glanceImage(pixels.data, pixels.width, pixels.height);
    });
    return /** @type {F[] | undefined} */ (faces);
  }

  /**
   * Finds the faces of the next frame of a live view, with stable ids and smoothed probabilities.
   *
   * @param {ImageBitmap | Pixels} source
   * @param {{ timestampMs: number }} options `timestampMs` must not run backwards
   * @returns {F[]}
   * @throws {EmotionError} `invalid-frame`, `invalid-timestamp`, `out-of-memory`, `closed`
   */
  analyzeFrame(source, options) {
    const timestampMs = plainNumber(plainObject(options, "invalid-timestamp").timestampMs, "invalid-timestamp");
    const { bitmap, bytes, pixels } = plainPicture(source);
    if (bytes) throw new EmotionError("invalid-frame", FRAME_IS_NO_FILE);
    const faces = this.#run((pipeline) => {
      if (bitmap) return pipeline.analyzeBitmapFrame(bitmap, timestampMs);
      return pipeline.analyzeFrame(pixels.data, pixels.width, pixels.height, timestampMs);
    });
    return /** @type {F[]} */ (faces);
  }

  /**
   * Whether the live view is too dark to read a face well: its mean brightness is below 40 of 255, and has not reached
   * 55 since. It is measured once a second of the frames' time; before the first frame this is false.
   *
   * @returns {boolean}
   */
  get isTooDark() {
    return this.#run((pipeline) => pipeline.isTooDark);
  }

  /**
   * Explains a face's answer: what the network saw, and how much each pixel spoke for the answer or against it.
   *
   * @param {ImageBitmap | StoredPicture | Pixels | Bytes} source as for `analyzeImage`
   * @param {TurnedBox} box of the face, as `analyzeImage` gives it, with its roll: `{ ...face.box, roll: face.roll }`
   * @returns {FaceExplanation}
   * @throws {EmotionError} as `analyzeImage`, and `invalid-box` (a number missing or not finite, a side not above 0,
   *   or outside of the picture)
   */
  explainFace(source, box) {
    const plain = plainBox(box);
    const { bitmap, orientation, bytes, pixels } = plainPicture(source);
    return this.#run((pipeline) => {
      if (bitmap) return pipeline.explainBitmap(bitmap, orientation, plain);
      if (bytes) return pipeline.explainBytes(bytes, plain);
      return pipeline.explainImage(pixels.data, pixels.width, pixels.height, plain);
    });
  }

  /**
   * A bitmap as `analyzeImage` reads it, ready to be shown: upright, on white, at most 2048 pixels a side.
   *
   * @param {ImageBitmap | StoredPicture} source
   * @returns {Preview}
   * @throws {EmotionError} `invalid-frame`, `closed`
   */
  previewImage(source) {
    const { bitmap, orientation } = plainPicture(source);
    if (!bitmap) throw new EmotionError("invalid-frame", "A preview is made of a bitmap");
    return this.#run((pipeline) => pipeline.previewBitmap(bitmap, orientation));
  }

  /**
   * The network's answer for one face already cut out: 48 x 48 grey bytes, row by row.
   *
   * @param {Uint8Array} grey 2304 bytes
   * @returns {Expression}
   * @throws {EmotionError} `invalid-frame`, `closed`
   */
  classifyFace(grey) {
    const bytes = plainBytes(grey);
    return this.#run((pipeline) => pipeline.classifyFace(bytes));
  }

  /**
   * Changes the options. The faces of the live view keep their ids.
   *
   * @param {PipelineOptions} options the others keep their values
   * @throws {EmotionError} `invalid-options`, `invalid-calibration`; the old options then stay
   */
  configure(options) {
    const next = { ...this.#options, ...plainObject(options, "invalid-options") };
    this.#run((pipeline) => pipeline.configure(next));
    this.#options = next;
  }

  /**
   * Learns one person's calibration from frames of their face. Give it to `configure` as the option `calibration`.
   *
   * @param {CalibrationFrame[]} frames at least 10 of each expression recorded; the neutral one alone is enough
   * @returns {string} one line of text
   * @throws {EmotionError} `invalid-calibration`, `closed`
   */
  fitCalibration(frames) {
    const plain = plainFrames(frames);
    return this.#run((pipeline) => pipeline.fitCalibration(plain));
  }

  /**
   * Records how a person displays this expression, from the next frame on, for about four seconds; one face alone must
   * be in view. `recording` says after each frame how far it has come, and ends with a calibration for `configure`,
   * learned from all the expressions recorded so far. `model.emotion.recordingOrder` lists them in the best order.
   *
   * @param {Emotion} emotion replaces an earlier recording of the same expression
   * @throws {EmotionError} `invalid-calibration` (not an expression of the model), `closed`
   */
  recordCalibration(emotion) {
    this.#run((pipeline) => pipeline.recordCalibration(emotion));
  }

  /**
   * How far the recording has come with the last frame; undefined where none was under way.
   *
   * @returns {Recording | undefined}
   */
  get recording() {
    return this.#run((pipeline) => pipeline.recording);
  }

  /** Drops the recording under way and keeps those that are complete. */
  cancelRecording() {
    this.#run((pipeline) => pipeline.cancelRecording());
  }

  /** Drops every recording, also the complete ones. */
  clearRecordings() {
    this.#run((pipeline) => pipeline.clearRecordings());
  }

  /** Forgets the faces of the live view: call it when another video begins. */
  reset() {
    this.#run((pipeline) => pipeline.reset());
  }

  /** Frees the pipeline's memory. All later calls fail with `closed`. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    if (isCurrent(this.#start)) this.#pipeline?.free();
    this.#pipeline = undefined;
  }

  /** The same as `close`, for `using`. Browsers without `Symbol.dispose` never call it. */
  [Symbol.dispose]() {
    this.close();
  }

  /**
   * Calls the module and gives its answer, or throws an error of a named kind.
   *
   * @template T
   * @param {(pipeline: ModulePipeline) => T} call
   * @returns {T}
   */
  #run(call) {
    if (this.#closed) throw new EmotionError("closed", "The pipeline is closed");
    const start = currentStart();
    return callModule(() => {
      if (this.#start !== start || !this.#pipeline) {
        this.#pipeline = new ModulePipeline(this.#options);
        this.#start = start;
      }
      return call(this.#pipeline);
    });
  }
}
