/**
 * Makes a worker from the script and the wasm module that this file contains.
 *
 * @module
 */

import { INLINED_MODULE } from "./module-file.inline.js";

/** The worker's script, whole: put in by `scripts/build-package.mjs`. */
const SCRIPT = /** @type {any} */ (globalThis).INLINED_WORKER;

/** @type {string | undefined} */
let url;

/** @returns {Worker} a classic one: a page opened as a file has no origin, and thus no module workers */
export function makeWorker() {
  url ??= trusted(URL.createObjectURL(inlinedWorker(SCRIPT, INLINED_MODULE)));
  return new Worker(url);
}

/**
 * A worker's script with its module at the head, so that the worker unpacks it, in its own thread.
 *
 * @param {string} script
 * @param {string} module under gzip, in base64
 */
export function inlinedWorker(script, module) {
  return new Blob(['globalThis.INLINED_MODULE="', module, '";', script], { type: "text/javascript" });
}

/**
 * The address, trusted where a page's policy has `require-trusted-types-for 'script'`.
 *
 * @param {string} address
 * @returns {string}
 */
function trusted(address) {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const policy = trustedTypes?.createPolicy("countenance", { createScriptURL: (/** @type {string} */ own) => own });
  return policy ? policy.createScriptURL(address) : address;
}
