/**
 * The wasm module, contained in a script.
 *
 * @module
 */

/**
 * The module under gzip, in base64: set by `dist/countenance.wasm.js`, which the package's inlined entry imports, and in a
 * worker by the head of its script (`inlinedWorker`).
 */
export const INLINED_MODULE = /** @type {string} */ (/** @type {any} */ (globalThis).COUNTENANCE_MODULE);

/** @returns {Promise<ArrayBuffer>} */
export function openModuleFile() {
  return unpack(INLINED_MODULE);
}

/**
 * @param {string} base64 a file under gzip
 * @returns {Promise<ArrayBuffer>} the file
 */
export function unpack(base64) {
  const binary = atob(base64);
  const gzipped = new Uint8Array(binary.length);
  // `Uint8Array.from` with a callback takes twenty times as long for a million characters.
  for (let at = 0; at < binary.length; at += 1) gzipped[at] = binary.charCodeAt(at);
  // Not through a Blob: in a page opened as a file, WebKit's workers cannot read one.
  const { body } = new Response(gzipped);
  return new Response(body?.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
