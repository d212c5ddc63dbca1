/**
 * Where the wasm module comes from in a page that has the library from a `<script>` element, and in its worker.
 *
 * @module
 */

import { trustedUrl } from "./blob-worker.js";
import { fetchModule } from "./fetch-module.js";
import { unpack } from "./module-file.inline.js";
import { EmotionError } from "./protocol.js";

/** @typedef {{ COUNTENANCE_MODULE?: string, COUNTENANCE_URL?: string }} Given `scripts/build-package.mjs` writes the first */

const given = /** @type {Given} */ (globalThis);

/** The element that runs this script: known only while it runs. */
const script = /** @type {HTMLScriptElement | undefined} */ (globalThis.document?.currentScript ?? undefined);

/**
 * The module's address: the attribute `data-module` of the script's element, or the file of the package that the script
 * belongs to. Undefined where the script was not loaded from an address.
 */
export const moduleUrl =
  given.COUNTENANCE_URL ??
  (script?.dataset.module && new URL(script.dataset.module, document.baseURI).href) ??
  (script?.src ? new URL("../www/pkg/countenance_bg.wasm", script.src).href : undefined);

/**
 * @param {(progress: import('./protocol.js').Progress) => void} [onProgress]
 * @returns {Promise<Response | BufferSource>}
 */
export async function openModuleFile(onProgress) {
  const module = await inlinedModule();
  if (module) return unpack(module);
  if (moduleUrl) return fetchModule(new URL(moduleUrl), onProgress);
  const advice = 'give the script element a data-module="…/countenance_bg.wasm", or load countenance.wasm.js before it';
  throw new EmotionError("model-load", `The module's address is not known: ${advice}`);
}

/**
 * The module, if a script contains it. A page opened as a file may fetch nothing, so it gets that script.
 *
 * @returns {Promise<string | undefined>} under gzip, in base64
 */
export async function inlinedModule() {
  if (!given.COUNTENANCE_MODULE && script && moduleUrl?.startsWith("file:")) {
    await runScript(new URL("./countenance.wasm.js", script.src).href);
  }
  return given.COUNTENANCE_MODULE;
}

/**
 * @param {string} url
 * @returns {Promise<void>}
 */
function runScript(url) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.onload = () => resolve();
    element.onerror = () => reject(new EmotionError("model-load", `${url} is missing: keep it beside the script`));
    element.src = trustedUrl(url);
    document.head.append(element);
  });
}
