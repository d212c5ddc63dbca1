/**
 * Many pictures, read by several workers at once.
 *
 * @module
 */

import { EmotionAnalyzer } from "./analyzer.js";
import { plainObject } from "./plain.js";
import { inOrder, readersFor } from "./pool.js";
import { retryOnce } from "./retry.js";

/** @import { AnalyzerOptions, ImageSource } from './analyzer.js' */
/** @import { PipelineOptions } from '../pkg/countenance.js' */

/**
 * @typedef {object} PoolOptions
 * @property {number} [concurrency] how many workers; by default one for each core, 4 at most
 * @property {AbortSignal} [signal] ends the loop
 */

/** @typedef {PoolOptions & Omit<AnalyzerOptions, 'signal'> & PipelineOptions} ImagesOptions */

/** The most workers by default: each holds the module and the picture that it reads. */
const MOST_WORKERS = 4;

/**
 * Reads pictures with a worker for each core, and gives the answers in the order of the pictures. A picture that can't be
 * read has an `error` instead of `faces`, and does not stop the others. Few pictures are open at a time, so there may be
 * any number of them.
 *
 * @template {ImageSource} S
 * @param {Iterable<S> | AsyncIterable<S>} sources
 * @param {ImagesOptions} [options]
 * @returns {AsyncGenerator<import('./pool.js').ImageAnswer<S>, void, void>}
 * @throws {EmotionError} where the loop begins: `invalid-options`, and as `EmotionAnalyzer.create`
 */
export async function* analyzeImages(sources, options = {}) {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 2;
  const {
    concurrency = Math.min(cores, MOST_WORKERS),
    signal,
    ...setup
  } = /** @type {ImagesOptions} */ (plainObject(options, "invalid-options"));
  const readers = readersFor(concurrency, () => EmotionAnalyzer.create({ ...setup, signal }));
  yield* inOrder(sources, readers, signal, (analyzer, source) =>
    retryOnce(() => analyzer.analyzeImage(source, { signal })),
  );
}
