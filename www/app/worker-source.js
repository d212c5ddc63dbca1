/**
 * Where the worker's code and the wasm module come from on the served page. The single-file page contains both, and
 * has another version of this module.
 *
 * @module
 */

/** @type {WorkerType} how the worker's script is to be run */
export const workerType = "module";

/**
 * The worker's script: it imports the library's worker, which fetches the wasm module beside it, and passes on the
 * messages that came before. A static import would do, but Firefox loads those of a `blob:` worker past the service
 * worker, and so fails without a network.
 */
export function workerScript() {
  const url = JSON.stringify(new URL("../lib/worker.js", import.meta.url).href);
  const script = `
    const early = [];
    onmessage = (event) => early.push(event);
    import(${url}).then(
      () => early.forEach((event) => onmessage(event)),
      (error) => setTimeout(() => { throw error; }), // a rejection would not reach the page
    );`;
  return new Blob([script], { type: "text/javascript" });
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
