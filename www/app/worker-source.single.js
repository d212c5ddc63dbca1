/**
 * Where the worker's code and the wasm module come from in the single-file page: from elements of that page, which
 * `scripts/build-single.mjs` fills.
 *
 * @module
 */

import { find } from "./html.js";

/** @type {WorkerType} a page opened as a file has no origin, and thus no module workers */
export const workerType = "classic";

/** The worker's script, whole. */
export function workerScript() {
  return find("#worker-script").textContent ?? "";
}

/** The wasm module's bytes. */
export function moduleBytes() {
  const base64 = find("#wasm-module").textContent ?? "";
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** The wasm module as it was built. */
export async function moduleFile() {
  return moduleBytes();
}

/**
 * A file of the model's folder, parsed: its golden answers, its metrics.
 *
 * @param {"golden.json" | "metrics.json"} name
 * @returns {Promise<any>}
 */
export async function modelFile(name) {
  return JSON.parse(find(`script[data-file="${name}"]`).textContent ?? "");
}
