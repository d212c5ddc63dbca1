/**
 * Where an analyzer's worker comes from: the file beside this one. Other builds have `worker-file.inline.js` or
 * `worker-file.script.js` in this module's place.
 *
 * @module
 */

import { importing, scriptUrl } from "./blob-worker.js";

/** @returns {Worker} */
export function makeWorker() {
  // Browsers start no worker from the address of another origin, such as a content delivery network's. A bundler gives
  // this file another name, and its worker too.
  const [, folder] = /^(https?:.*\/)worker-file\.js$/.exec(import.meta.url) ?? [];
  if (folder && new URL(folder).origin !== globalThis.location?.origin) {
    return new Worker(scriptUrl(importing(`${folder}worker.js`)), { type: "module" });
  }
  // Bundlers recognise a worker by exactly this expression.
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
}
