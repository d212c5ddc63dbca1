/**
 * Makes a worker from the script and the wasm module that this file contains.
 *
 * @module
 */

import { scriptUrl } from "./blob-worker.js";
import { INLINED_MODULE } from "./module-file.inline.js";

/** The worker's script, whole: put in by `scripts/build-package.mjs`. */
const SCRIPT = /** @type {any} */ (globalThis).COUNTENANCE_WORKER;

/** @type {string | undefined} */
let url;

/** @returns {Worker} a classic one: a page opened as a file has no origin, and thus no module workers */
export function makeWorker() {
  url ??= scriptUrl(...inlinedWorker(SCRIPT, INLINED_MODULE));
  return new Worker(url);
}

/**
 * The parts of a worker's script with its module at the head, so that the worker unpacks it, in its own thread.
 *
 * @param {string} script
 * @param {string} module under gzip, in base64
 */
export function inlinedWorker(script, module) {
  return ['globalThis.COUNTENANCE_MODULE="', module, '";', script];
}
