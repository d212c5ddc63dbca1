/**
 * The analyzer: a pipeline in a worker, which leaves the page's own thread free.
 *
 * @module
 */

/// <reference lib="esnext.disposable" preserve="true" />

import { abortable } from "./abortable.js";
import { WorkerConnection } from "./connection.js";
import { readFile } from "./file.js";
import { checkCallback, isBytes, plainBox, plainBytes, plainObject } from "./plain.js";
import { EmotionError } from "./protocol.js";
import { makeWorker } from "./worker-file.js";

/**
 * @import {
 *   CalibrationFrame, Emotion, Expression, FaceEmotion, FaceExplanation, PipelineOptions, Preview, Recording, TurnedBox
 * } from '../pkg/countenance.js'
 */
/** @import { AsksForEight, FaceEmotion8, Methods } from './protocol.js' */
/** @import { Bytes } from './plain.js' */

/**
 * A file, its bytes, or anything a browser can draw: `ImageBitmap`, `ImageData`, `VideoFrame`, a canvas, an `<img>` or a
 * `<video>`.
 *
 * @typedef {Blob | Bytes | ImageBitmapSource} ImageSource
 */

/**
 * @typedef {object} WorkerOptions
 * @property {() => Worker | Promise<Worker>} [worker] makes the worker; by default a module worker from `worker.js`
 *   beside this file. To bind the worker by your page's Content-Security-Policy, make it from a `blob:` URL.
 * @property {(error: EmotionError) => void} [onCrash] called when the worker has died; the next call starts another
 */

/** @typedef {import('./pipeline.js').LoadOptions & WorkerOptions} AnalyzerOptions */

/**
 * @typedef {object} CallOptions
 * @property {AbortSignal} [signal] rejects the call with the signal's reason, an `AbortError` unless you gave another;
 *   work that has begun still runs to its end
 */

/**
 * @template {FaceEmotion} [F=FaceEmotion]
 * @typedef {object} GlanceOptions
 * @property {(faces: F[]) => void} [onGlance] called before the answer with the faces that a look at the whole picture
 *   finds, where a closer look follows: with `pictureSize: "auto"`, for pictures above 1280 pixels
 */

/**
 * @typedef {object} WaitingFrame
 * @property {Promise<ImageBitmap | VideoFrame>} picture
 * @property {number} timestampMs
 * @property {(faces: FaceEmotion[] | null) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/** What is known of a live view before its first frame. */
const NO_FRAME = { isTooDark: false, recording: undefined };

/** What to use where no analyzer can run. */
const ELSEWHERE = "Outside of browsers, and without workers, use EmotionPipeline of countenance/pipeline";

/**
 * A pipeline in a worker. Make one with `EmotionAnalyzer.create`, end it with `close`.
 *
 * @template {FaceEmotion} [F=FaceEmotion] its faces: made with `expressions: 8`, each of them has `eight`
 */
export class EmotionAnalyzer {
  /** @type {PipelineOptions} */ #options;
  /** @type {AnalyzerOptions} */ #setup;
  /** @type {Promise<WorkerConnection> | undefined} */ #connecting;
  /** @type {WorkerConnection | undefined} */ #connection;
  /** @type {import('./protocol.js').Opened | undefined} */ #opened;
  /** @type {WaitingFrame | undefined} */ #waitingFrame;
  /** @type {Omit<import('./protocol.js').FrameAnswer, 'faces'>} */ #lastFrame = NO_FRAME;
  #frameInFlight = false;
  #closed = false;

  /**
   * @private
   * @param {PipelineOptions} options
   * @param {AnalyzerOptions} setup
   */
  constructor(options, setup) {
    if (!setup) {
      throw new EmotionError("invalid-options", `Make an analyzer with: await EmotionAnalyzer.create(). ${ELSEWHERE}`);
    }
    this.#options = options;
    this.#setup = setup;
  }

  /**
   * Starts a worker and loads the model in it. Each face has `eight`, the answer over eight expressions.
   *
   * @overload
   * @param {AnalyzerOptions & PipelineOptions & AsksForEight} options
   * @returns {Promise<EmotionAnalyzer<FaceEmotion8>>}
   * @throws {EmotionError} as below
   */
  /**
   * Starts a worker and loads the model in it.
   *
   * @overload
   * @param {AnalyzerOptions & PipelineOptions} [options]
   * @returns {Promise<EmotionAnalyzer>}
   * @throws {EmotionError} `wasm-unavailable`, `simd-unavailable`, `wasm-blocked`, `model-load`, `out-of-memory`,
   *   `invalid-options`, `invalid-calibration`, `worker-unavailable`, `worker-crashed`
   */
  /**
   * @param {AnalyzerOptions & PipelineOptions} [options]
   * @returns {Promise<EmotionAnalyzer<any>>}
   */
  static async create(options = {}) {
    const { signal, worker, module, integrity, onProgress, onCrash, ...rest } =
      /** @type {AnalyzerOptions & PipelineOptions} */ (plainObject(options, "invalid-options"));
    signal?.throwIfAborted();
    const analyzer = new EmotionAnalyzer(rest, { worker, module, integrity, onProgress, onCrash });
    try {
      await abortable(analyzer.#connect(), signal);
      return analyzer;
    } catch (error) {
      analyzer.close();
      throw error;
    }
  }

  /** The models that are compiled into the module, and the expressions they know. */
  get model() {
    return this.#whatOpened.model;
  }

  /** The names of the functions that the wasm module imports: all that it can do beyond computing. */
  get imports() {
    return this.#whatOpened.imports;
  }

  get #whatOpened() {
    // `create` sets it before anyone has an instance.
    return /** @type {import('./protocol.js').Opened} */ (this.#opened);
  }

  /**
   * Finds the faces of one picture. Nothing is remembered from earlier pictures.
   *
   * A blob is decoded by the browser, or by the module where the browser can't, and turned upright as its first EXIF
   * block says. What is transparent is read as if it lay on white. Of an animation the first image is read.
   *
   * @param {ImageSource} source
   * @param {CallOptions & GlanceOptions<F>} [options]
   * @returns {Promise<F[]>} boxes in the picture's pixels; empty where no face is found
   * @throws {EmotionError} `unreadable-file` (gone, changed or too large to read), `invalid-image`, `invalid-frame` (there is
   *   no picture in it), `image-too-large`, `out-of-memory`, `worker-crashed`, `closed`
   */
  async analyzeImage(source, { signal, onGlance } = {}) {
    checkCallback(onGlance, "onGlance");
    signal?.throwIfAborted();
    const picture = await abortable(captureImage(source), signal);
    const show = (/** @type {FaceEmotion[]} */ faces) => signal?.aborted || onGlance?.(/** @type {F[]} */ (faces));
    const answer = this.#call("analyzeImage", { picture, wantsGlance: onGlance !== undefined }, show);
    return abortable(/** @type {Promise<F[]>} */ (answer), signal);
  }

  /**
   * Finds the faces of the next frame of a live view, with stable ids and smoothed probabilities.
   *
   * At most one frame is in the worker. Meanwhile the newest other frame waits; a frame that a newer one replaces
   * resolves to `null`. Call it for every frame.
   *
   * @param {ImageBitmapSource} source
   * @param {{ timestampMs: number } & CallOptions} options `timestampMs` must not run backwards
   * @returns {Promise<F[] | null>}
   * @throws {EmotionError} `invalid-frame` (a video that has no picture yet), `invalid-timestamp`, `worker-crashed`,
   *   `closed`
   */
  async analyzeFrame(source, options) {
    const { timestampMs, signal } = /** @type {{ timestampMs: number } & CallOptions} */ (
      plainObject(options, "invalid-timestamp")
    );
    signal?.throwIfAborted();
    const picture = captureFrame(source);
    picture.catch(() => {}); // reported when its turn comes, unless it is dropped before
    /** @type {Promise<F[] | null>} */
    const answer = new Promise((resolve, reject) => {
      this.#dropWaitingFrame();
      this.#waitingFrame = { picture, timestampMs, resolve: /** @type {WaitingFrame['resolve']} */ (resolve), reject };
    });
    this.#sendFrames();
    return abortable(answer, signal);
  }

  /**
   * Whether the live view was too dark to read a face well at its last frame: its mean brightness was below 40 of 255,
   * and had not reached 55 since. It is measured once a second; before the first frame this is false.
   *
   * @returns {boolean}
   */
  get isTooDark() {
    return this.#lastFrame.isTooDark;
  }

  /**
   * Explains a face's answer: what the network saw, and how much each pixel spoke for the answer or against it.
   *
   * @param {ImageSource} source
   * @param {TurnedBox} box of the face, in the picture's pixels, with its roll: `{ ...face.box, roll: face.roll }`
   * @param {CallOptions} [options]
   * @returns {Promise<FaceExplanation>}
   * @throws {EmotionError} as `analyzeImage`, and `invalid-box` (a number missing or not finite, a side not above 0,
   *   or outside of the picture)
   */
  async explainFace(source, box, { signal } = {}) {
    signal?.throwIfAborted();
    const plain = plainBox(box);
    const picture = await abortable(captureImage(source), signal);
    return abortable(this.#call("explainFace", { picture, box: plain }), signal);
  }

  /**
   * A picture as `analyzeImage` reads it, ready to be shown: upright and on white, even where the browser would show it
   * differently or not at all.
   *
   * @param {ImageSource} source
   * @param {CallOptions} [options]
   * @returns {Promise<Preview>} a bitmap of at most 2048 pixels a side, which you close, and the size of the whole
   *   picture
   * @throws {EmotionError} as `analyzeImage`
   */
  async previewImage(source, { signal } = {}) {
    signal?.throwIfAborted();
    const picture = await abortable(captureImage(source), signal);
    return abortable(this.#call("previewImage", { picture }), signal);
  }

  /**
   * The network's answer for one face already cut out: 48 x 48 grey bytes, row by row.
   *
   * @param {Uint8Array} grey 2304 bytes
   * @param {CallOptions} [options]
   * @returns {Promise<Expression>}
   */
  classifyFace(grey, { signal } = {}) {
    return abortable(this.#call("classifyFace", { grey }), signal);
  }

  /**
   * Changes the options. The faces of the live view keep their ids.
   *
   * @param {PipelineOptions} options the others keep their values
   * @returns {Promise<void>}
   * @throws {EmotionError} `invalid-options`, `invalid-calibration`; the old options then stay
   */
  async configure(options) {
    const next = { ...this.#options, ...plainObject(options, "invalid-options") };
    await this.#call("configure", { options: next });
    this.#options = next;
  }

  /**
   * Learns one person's calibration from frames of their face, here and nowhere else. Give it to `configure` as the
   * option `calibration`, and store it where that person wants it stored.
   *
   * @param {CalibrationFrame[]} frames at least 10 of each expression recorded; the neutral one alone is enough
   * @returns {Promise<string>} one line of text
   * @throws {EmotionError} `invalid-calibration`
   */
  fitCalibration(frames) {
    return this.#call("fitCalibration", { frames });
  }

  /**
   * Records how a person displays this expression, from the next frame on, for about four seconds; one face alone must
   * be in view. `recording` says after each frame how far it has come, and ends with a calibration for `configure`,
   * learned from all the expressions recorded so far. `model.emotion.recordingOrder` lists them in the best order.
   *
   * Recordings exist only in the worker's memory. If the worker dies, they are lost and `recording` is undefined.
   *
   * @param {Emotion} emotion replaces an earlier recording of the same expression
   * @returns {Promise<void>}
   * @throws {EmotionError} `invalid-calibration` (not an expression of the model)
   */
  recordCalibration(emotion) {
    return this.#call("recordCalibration", { emotion });
  }

  /**
   * How far the recording had come with the last frame answered; undefined where none was under way.
   *
   * @returns {Recording | undefined}
   */
  get recording() {
    return this.#lastFrame.recording;
  }

  /**
   * Drops the recording under way and keeps those that are complete.
   *
   * @returns {Promise<void>}
   */
  cancelRecording() {
    return this.#call("cancelRecording", {});
  }

  /**
   * Drops every recording, also the complete ones.
   *
   * @returns {Promise<void>}
   */
  clearRecordings() {
    return this.#call("clearRecordings", {});
  }

  /**
   * Forgets the faces of the live view: call it when another video begins.
   *
   * @returns {Promise<void>}
   */
  async reset() {
    await this.#call("reset", {});
    this.#lastFrame = NO_FRAME;
  }

  /** Ends the worker and frees its memory. Calls that are waiting, and all later ones, fail with `closed`. */
  close() {
    this.#closed = true;
    this.#dropWaitingFrame();
    this.#connection?.close();
  }

  /** The same as `close`, for `using`. Browsers without `Symbol.dispose` never call it. */
  [Symbol.dispose]() {
    this.close();
  }

  /**
   * @template {Exclude<keyof Methods, 'open'>} M
   * @param {M} method
   * @param {Parameters<Methods[M]>[0]} params
   * @param {(faces: FaceEmotion[]) => void} [onGlance]
   * @returns {Promise<ReturnType<Methods[M]>>}
   */
  async #call(method, params, onGlance) {
    const connection = await this.#connect();
    return connection.call(method, params, onGlance);
  }

  /** The connection, or a new one where there is none. */
  #connect() {
    if (this.#closed) return Promise.reject(new EmotionError("closed", "The analyzer is closed"));
    this.#connecting ??= this.#open().catch((error) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }

  async #open() {
    const { worker = makeWorker, module, integrity, onProgress = () => {}, onCrash = () => {} } = this.#setup;
    let isOpen = false;
    const made = await started(worker);
    if (this.#closed) {
      made.terminate();
      throw new EmotionError("closed", "The analyzer was closed");
    }
    const connection = new WorkerConnection(made, onProgress, (error) => {
      if (!isOpen) return; // `open` fails then
      this.#connecting = undefined;
      onCrash(error);
    });
    this.#connection = connection;
    try {
      this.#opened = await connection.open({ options: this.#options, module, integrity });
    } catch (error) {
      connection.close();
      throw error;
    }
    isOpen = true;
    return connection;
  }

  async #sendFrames() {
    if (this.#frameInFlight) return;
    this.#frameInFlight = true;
    for (let frame = this.#waitingFrame; frame; frame = this.#waitingFrame) {
      this.#waitingFrame = undefined;
      try {
        const [connection, picture] = await Promise.all([this.#connect(), frame.picture]);
        const { timestampMs } = frame;
        const { faces, ...rest } = await connection.call("analyzeFrame", { picture, timestampMs });
        this.#lastFrame = rest;
        frame.resolve(faces);
      } catch (error) {
        frame.reject(error);
      }
    }
    this.#frameInFlight = false;
  }

  #dropWaitingFrame() {
    const frame = this.#waitingFrame;
    this.#waitingFrame = undefined;
    frame?.resolve(null);
    frame?.picture.then(
      (picture) => picture.close(),
      () => {},
    );
  }
}

/**
 * @param {() => Worker | Promise<Worker>} worker
 * @returns {Promise<Worker>}
 */
async function started(worker) {
  try {
    // Deno and Bun have workers, but cannot pass them a bitmap.
    if (typeof document === "undefined" && !("WorkerGlobalScope" in globalThis))
      throw new Error("this is not a browser");
    return await worker();
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new EmotionError("worker-unavailable", `No worker can be started: ${message}. ${ELSEWHERE}`, {
      cause: error,
    });
  }
}

/**
 * What the worker reads a picture from: a file's bytes, and of everything else a bitmap.
 *
 * @param {ImageSource} source
 * @returns {Promise<ImageBitmap | Uint8Array<ArrayBuffer>>}
 */
async function captureImage(source) {
  // Read here, since WebKit's workers cannot read the files of a page that was opened as a file itself.
  if (source instanceof Blob) return readFile(source);
  if (isBytes(source)) return plainBytes(source).slice(); // a copy, which is handed over
  return captureBitmap(source);
}

/**
 * What the worker reads a live frame from. A video's frame is handed over as it is, where the browser can: the worker makes
 * the bitmap, since that takes the page's thread longer than all else it does for a frame.
 *
 * @param {ImageBitmapSource} source
 * @returns {Promise<ImageBitmap | VideoFrame>}
 */
async function captureFrame(source) {
  if (!(source instanceof HTMLVideoElement) || typeof VideoFrame === "undefined") return captureBitmap(source);
  return captured(() => new VideoFrame(source, { timestamp: 0 }));
}

/**
 * @param {ImageBitmapSource} source
 * @returns {Promise<ImageBitmap>}
 */
function captureBitmap(source) {
  return captured(() => createImageBitmap(source));
}

/**
 * @template T
 * @param {() => T | Promise<T>} capture
 */
async function captured(capture) {
  try {
    return await capture();
  } catch (error) {
    throw new EmotionError("invalid-frame", `The picture can't be read: ${/** @type {Error} */ (error).message}`, {
      cause: error,
    });
  }
}
