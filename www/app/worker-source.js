/**
 * Where the worker's code and the wasm module come from on the served page. The single-file page has both inlined, by
 * another version of this module.
 *
 * @module
 */

/** @type {WorkerType} how the worker's script is to be run */
export const workerType = "module";

/** The worker's script: it only imports the library's worker, which fetches the wasm module that lies beside it. */
export function workerScript() {
  return `import ${JSON.stringify(new URL("../lib/worker.js", import.meta.url).href)};`;
}

/**
 * The wasm module's bytes, where the page holds them itself.
 *
 * @returns {BufferSource | undefined}
 */
export function moduleBytes() {
  return undefined;
}

/**
 * What the model must answer, for the self-check.
 *
 * @returns {Promise<import('./self-check.js').Golden>}
 */
export async function goldenAnswers() {
  const response = await fetch(new URL("../pkg/golden.json", import.meta.url));
  if (!response.ok) throw new Error(`golden.json: ${response.status}`);
  return response.json();
}
