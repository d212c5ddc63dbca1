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

/**
 * What the model must answer, for the self-check.
 *
 * @returns {Promise<import('./self-check.js').Golden>}
 */
export async function goldenAnswers() {
  return JSON.parse(find("#golden-answers").textContent ?? "");
}
