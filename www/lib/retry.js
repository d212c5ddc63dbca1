/**
 * A second attempt where the worker has died: the next call starts another.
 *
 * @module
 */

import { EmotionError } from "./protocol.js";

/**
 * @template T
 * @param {() => Promise<T>} call
 * @returns {Promise<T>}
 */
export async function retryOnce(call) {
  try {
    return await call();
  } catch (error) {
    const isCrash = error instanceof EmotionError && error.code === "worker-crashed";
    if (!isCrash) throw error;
    return call();
  }
}
