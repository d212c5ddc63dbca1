/**
 * Many pictures in Node, Deno and Bun, read by several worker threads at once.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { plainObject } from "./plain.js";
import { inOrder, readersFor } from "./pool.js";
import { EmotionError, fromPlainError } from "./protocol.js";

export { EmotionPipeline } from "./pipeline.js";
export { EmotionError };

/** @typedef {import('./plain.js').Bytes} Bytes */
/** @typedef {import('./plain.js').Pixels} Pixels */
/** @typedef {import('../pkg/countenance.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../pkg/countenance.js').PipelineOptions} PipelineOptions */

/** A file's path or `file:` URL, its bytes, or pixels. @typedef {string | URL | Bytes | Pixels} NodeImageSource */

/**
 * @typedef {object} ThreadOptions
 * @property {number} [concurrency] how many threads; by default one for each core
 * @property {AbortSignal} [signal] ends the loop
 */

/** @typedef {ThreadOptions & PipelineOptions} NodeImagesOptions */

/**
 * Reads pictures with a thread for each core, and gives the answers in the order of the pictures. A picture that can't be
 * read has an `error` instead of `faces`, and does not stop the others. Files are read by the threads, a few at a time.
 *
 * @template {NodeImageSource} S
 * @param {Iterable<S> | AsyncIterable<S>} sources
 * @param {NodeImagesOptions} [options]
 * @returns {AsyncGenerator<import('./pool.js').ImageAnswer<S>, void, void>}
 * @throws {EmotionError} where the loop begins: `invalid-options`, and as `EmotionPipeline.create`
 */
export async function* analyzeImages(sources, options = {}) {
  const {
    concurrency = availableParallelism(),
    signal,
    ...setup
  } = /** @type {NodeImagesOptions} */ (plainObject(options, "invalid-options"));
  const readers = readersFor(concurrency, () => Thread.start(setup));
  yield* inOrder(sources, readers, signal, (thread, source) => thread.read(source));
}

/** A worker thread with a pipeline, which reads one picture at a time. One that dies is started again. */
class Thread {
  #options;
  /** @type {Worker | undefined} */ #worker;
  #settle = /** @type {{ resolve: (faces: FaceEmotion[]) => void, reject: (error: Error) => void } | undefined} */ (
    undefined
  );

  /** @param {PipelineOptions} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {PipelineOptions} options */
  static async start(options) {
    const thread = new Thread(options);
    await thread.#open();
    return thread;
  }

  /** @param {NodeImageSource} source */
  async read(source) {
    const worker = this.#worker ?? (await this.#open());
    const answer = this.#answer();
    try {
      worker.postMessage(source instanceof URL ? source.href : source);
    } catch (error) {
      this.#settle?.reject(new EmotionError("invalid-frame", `This cannot be sent to a thread: ${error}`));
    }
    return answer;
  }

  close() {
    return this.#worker?.terminate();
  }

  async #open() {
    const worker = new Worker(new URL("./node-thread.js", import.meta.url), { workerData: this.#options });
    this.#worker = worker;
    worker.on("message", (/** @type {any} */ { faces, error }) =>
      error ? this.#settle?.reject(fromPlainError(error)) : this.#settle?.resolve(faces),
    );
    const end = (/** @type {string} */ message) => {
      this.#worker = undefined;
      this.#settle?.reject(new EmotionError("worker-crashed", message));
    };
    worker.on("error", (/** @type {Error} */ error) => end(`The thread failed: ${error.message}`));
    worker.on("exit", () => end("The thread ended"));
    try {
      await this.#answer();
      return worker;
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }

  /** @returns {Promise<FaceEmotion[]>} */
  #answer() {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }
}
