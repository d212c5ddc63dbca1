/**
 * The wasm module, held by this file itself.
 *
 * @module
 */

/** The module under gzip, in base64: put in by `scripts/build-package.mjs`. */
const GZIPPED = /** @type {any} */ (globalThis).INLINED_MODULE;

/** @type {Promise<ArrayBuffer> | undefined} */
let bytes;

/** @returns {Promise<ArrayBuffer>} */
export function openModuleFile() {
  bytes ??= unpack();
  return bytes;
}

function unpack() {
  const gzipped = Uint8Array.from(atob(GZIPPED), (character) => character.charCodeAt(0));
  return new Response(new Blob([gzipped]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
