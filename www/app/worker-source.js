/**
 * Where the worker's code and the wasm module come from on the served page. The single-file page contains both, and
 * has another version of this module.
 *
 * @module
 */

import { importing } from "../lib/blob-worker.js";

/** @type {WorkerType} how the worker's script is to be run */
export const workerType = "module";

/** The worker's script: it imports the library's worker, which fetches the wasm module beside it. */
export function workerScript() {
  const url = new URL("../lib/worker.js", import.meta.url).href;
  return new Blob([importing(url)], { type: "text/javascript" });
}

/**
 * The wasm module as it was built.
 *
 * @returns {Promise<BufferSource>}
 */
export async function moduleFile() {
  const response = await fetch(new URL("../pkg/countenance_bg.wasm", import.meta.url));
  if (!response.ok) throw new Error(`the module: ${response.status}`);
  return response.arrayBuffer();
}

/**
 * A file of the model's folder, parsed: its golden answers, its metrics.
 *
 * @param {"golden.json" | "metrics.json"} name
 * @returns {Promise<any>}
 */
export async function modelFile(name) {
  const response = await fetch(new URL(`../pkg/${name}`, import.meta.url));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.json();
}
