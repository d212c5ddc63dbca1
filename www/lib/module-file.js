/**
 * Where the wasm module comes from: the file beside this package's scripts. The inlined build has
 * `module-file.inline.js` in this module's place.
 *
 * @module
 */

import { EmotionError } from "./protocol.js";

/** @typedef {import('./protocol.js').Progress} Progress */

/**
 * @param {(progress: Progress) => void} [onProgress] called as the bytes arrive
 * @returns {Promise<Response | BufferSource>}
 */
export async function openModuleFile(onProgress) {
  const url = new URL("../pkg/countenance_bg.wasm", import.meta.url);
  // Node's `fetch` reads no files, and bundlers stumble over an import of its modules.
  const files = url.protocol === "file:" && /** @type {any} */ (globalThis).process?.getBuiltinModule?.("fs");
  if (files) return files.promises.readFile(url);

  const response = await fetch(url);
  if (!response.ok) throw new EmotionError("model-load", `${url} answered ${response.status}`);
  // Counting a copy leaves the original untouched, so that the browser can cache the compiled code.
  if (onProgress) reportProgress(response.clone(), onProgress).catch(() => {});
  return response;
}

/**
 * @param {Response} response
 * @param {(progress: Progress) => void} onProgress
 */
async function reportProgress(response, onProgress) {
  // A compressed answer's length says nothing about the bytes that come out of it.
  const length = response.headers.has("Content-Encoding") ? null : response.headers.get("Content-Length");
  const total = length === null ? undefined : Number(length);
  const reader = response.body?.getReader();
  let loaded = 0;
  for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
    loaded += chunk.value.byteLength;
    onProgress({ loaded, total });
  }
}
