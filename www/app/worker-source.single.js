/**
 * Where the worker's code and the wasm module come from in the single-file page: from elements of that page, which
 * `scripts/build-single.mjs` fills.
 *
 * @module
 */

import { unpack } from "../lib/module-file.inline.js";
import { inlinedWorker } from "../lib/worker-file.inline.js";
import { find } from "./html.js";

/** @type {WorkerType} a page opened as a file has no origin, and thus no module workers */
export const workerType = "classic";

/** The worker's script, whole, with the module that the worker unpacks. */
export function workerScript() {
  return new Blob(inlinedWorker(textOf("#worker-script"), textOf("#wasm-module")), { type: "text/javascript" });
}

/** The wasm module as it was built. */
export function moduleFile() {
  return unpack(textOf("#wasm-module"));
}

/**
 * A file of the model's folder, parsed: its golden answers, its metrics.
 *
 * @param {"golden.json" | "metrics.json"} name
 * @returns {Promise<any>}
 */
export async function modelFile(name) {
  return JSON.parse(textOf(`script[data-file="${name}"]`));
}

/** @param {string} selector */
function textOf(selector) {
  return find(selector).textContent ?? "";
}
