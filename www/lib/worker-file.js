/**
 * Where an analyzer's worker comes from: the file beside this one. The inlined build has `worker-file.inline.js` in this
 * module's place.
 *
 * @module
 */

/** @returns {Worker} */
export function makeWorker() {
  // Bundlers recognise a worker by exactly this expression.
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
}
