/**
 * Makes a worker for a page that has the library from a `<script>` element. The worker's script is in this file; its wasm
 * module is fetched from beside it, or contained in a second script (`dist/countenance.wasm.js`).
 *
 * @module
 */

import { scriptUrl } from "./blob-worker.js";
import { inlinedModule, moduleUrl } from "./module-file.script.js";
import { inlinedWorker } from "./worker-file.inline.js";

/** The worker's script, whole: put in by `scripts/build-package.mjs`. */
const SCRIPT = /** @type {any} */ (globalThis).COUNTENANCE_WORKER;

/** @type {string | undefined} */
let url;

/** @returns {Promise<Worker>} a classic one: a page opened as a file has no module workers */
export async function makeWorker() {
  const module = await inlinedModule();
  url ??= scriptUrl(
    ...(module ? inlinedWorker(SCRIPT, module) : [`globalThis.COUNTENANCE_URL=${JSON.stringify(moduleUrl)};`, SCRIPT]),
  );
  return new Worker(url);
}
