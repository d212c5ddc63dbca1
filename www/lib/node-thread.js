/**
 * A thread of `countenance/node`: reads one picture after the other.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { EmotionPipeline } from "./pipeline.js";
import { EmotionError, toPlainError } from "./protocol.js";

/** @type {EmotionPipeline | undefined} */
let pipeline;

/** @param {() => Promise<unknown>} answer */
async function post(answer) {
  try {
    parentPort.postMessage({ faces: await answer() });
  } catch (error) {
    parentPort.postMessage({ error: toPlainError(error) });
  }
}

parentPort.on("message", (/** @type {unknown} */ source) =>
  post(async () => pipeline?.analyzeImage(await bytesOf(source))),
);
post(async () => {
  pipeline = await EmotionPipeline.create(workerData);
  return [];
});

/** @param {unknown} source a path or a `file:` URL is read here; the pipeline knows the rest */
async function bytesOf(source) {
  if (typeof source !== "string" || /^(https?|data|blob):/i.test(source)) return /** @type {any} */ (source);
  try {
    return await readFile(/^file:/i.test(source) ? new URL(source) : source);
  } catch (error) {
    throw new EmotionError("unreadable-file", `The file can't be read: ${/** @type {Error} */ (error).message}`);
  }
}
