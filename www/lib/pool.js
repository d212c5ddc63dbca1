/**
 * Readers that share the work on many pictures.
 *
 * @module
 */

import { abortable } from "./abortable.js";
import { EmotionError } from "./protocol.js";

/** @import { FaceEmotion } from '../pkg/countenance.js' */

/**
 * One picture's answer: either its faces or why it could not be read.
 *
 * @template S
 * @typedef {{ index: number, source: S, faces: FaceEmotion[], error?: undefined }
 *   | { index: number, source: S, faces?: undefined, error: EmotionError }} ImageAnswer
 */

/** @typedef {{ close: () => unknown }} Closable */

/** How many pictures may be done before the one whose turn it is, for each reader. */
const AHEAD = 2;

/**
 * Starts readers.
 *
 * @template {Closable} R
 * @param {number} concurrency
 * @param {() => Promise<R>} make
 * @returns {Promise<R>[]}
 * @throws {EmotionError} `invalid-options`
 */
export function readersFor(concurrency, make) {
  if (!(Number.isInteger(concurrency) && concurrency > 0 && concurrency <= 64)) {
    throw new EmotionError("invalid-options", "concurrency is a whole number from 1 to 64");
  }
  return Array.from({ length: concurrency }, make);
}

/**
 * Reads what the sources give, each by the next reader that is free, and yields the answers in order.
 *
 * @template S
 * @template {Closable} R
 * @param {Iterable<S> | AsyncIterable<S>} sources
 * @param {Promise<R>[]} readers closed at the end
 * @param {AbortSignal | undefined} signal ends the loop
 * @param {(reader: R, source: S) => Promise<FaceEmotion[]>} read
 * @returns {AsyncGenerator<ImageAnswer<S>, void, void>}
 */
export async function* inOrder(sources, readers, signal, read) {
  /** @type {{ answer?: ImageAnswer<S> }[]} those under way and those that are done, in order */
  const pending = [];
  /** @type {Set<Promise<void>>} */
  const busy = new Set();
  /** @type {Iterator<S> | AsyncIterator<S> | undefined} */
  let iterator;
  /** @type {IteratorResult<S> | undefined} the next source, until a reader takes it */
  let given;
  /** @type {Promise<void> | undefined} */
  let asking;
  let index = 0;
  try {
    iterator = iteratorOf(sources);
    const idle = /** @type {R[]} */ (await abortable(Promise.all(readers), signal));
    while (!(given?.done && pending.length === 0)) {
      const [first] = pending;
      if (first?.answer) {
        pending.shift();
        yield first.answer;
      } else if (given && !given.done && idle.length > 0 && pending.length < AHEAD * readers.length) {
        const reader = /** @type {R} */ (idle.pop());
        const place = { index, source: given.value };
        /** @type {{ answer?: ImageAnswer<S> }} */
        const slot = {};
        const work = answered(read(reader, given.value), place).then((answer) => {
          slot.answer = answer;
          idle.push(reader);
          busy.delete(work);
        });
        busy.add(work);
        pending.push(slot);
        given = undefined;
        index += 1;
      } else {
        if (!given) asking ??= next(iterator).then(take);
        await abortable(Promise.race([...(asking ? [asking] : []), ...busy]), signal);
      }
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    if (!given?.done) iterator?.return?.();
    for (const reader of readers) reader.then((made) => made.close()).catch(() => {});
  }

  /** @param {IteratorResult<S>} result */
  function take(result) {
    given = result;
    asking = undefined;
  }
}

/**
 * @template S
 * @param {Promise<FaceEmotion[]>} reading
 * @param {{ index: number, source: S }} place
 * @returns {Promise<ImageAnswer<S>>}
 */
async function answered(reading, place) {
  try {
    return { ...place, faces: await reading };
  } catch (error) {
    return { ...place, error: /** @type {EmotionError} */ (error) };
  }
}

/**
 * @template S
 * @param {Iterator<S> | AsyncIterator<S>} iterator
 * @returns {Promise<IteratorResult<S>>}
 */
async function next(iterator) {
  return iterator.next();
}

/**
 * @template S
 * @param {any} sources
 * @returns {Iterator<S> | AsyncIterator<S>}
 * @throws {EmotionError} `invalid-options`
 */
function iteratorOf(sources) {
  const begin =
    typeof sources === "string" ? undefined : (sources?.[Symbol.asyncIterator] ?? sources?.[Symbol.iterator]);
  if (!begin) throw new EmotionError("invalid-options", "The pictures are an array, a FileList or another iterable");
  return begin.call(sources);
}
