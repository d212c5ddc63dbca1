/**
 * Where the wasm module comes from: the file beside this package's scripts. Other builds have `module-file.inline.js` or
 * `module-file.script.js` in this module's place.
 *
 * @module
 */

import { fetchModule } from "./fetch-module.js";

/**
 * @param {(progress: import('./protocol.js').Progress) => void} [onProgress] called as the bytes arrive
 * @returns {Promise<Response | BufferSource>}
 * @throws {EmotionError} `model-load`
 */
export async function openModuleFile(onProgress) {
  const url = new URL("../pkg/countenance_bg.wasm", import.meta.url);
  // Node's `fetch` reads no files, and bundlers stumble over an import of its modules.
  const files = url.protocol === "file:" && /** @type {any} */ (globalThis).process?.getBuiltinModule?.("fs");
  return files ? files.promises.readFile(url) : fetchModule(url, onProgress);
}
