/**
 * The wasm module of this thread: started once, and again after a call has crashed it.
 *
 * @module
 */

import init, { __wbg_reset_state as startAnew } from "../pkg/countenance.js";
import { openModuleFile } from "./module-file.js";
import { EmotionError } from "./protocol.js";

/** @import { Progress } from './protocol.js' */

/** A module of one function, `i8x16.popcnt(i8x16.splat(0))`: valid only with fixed-width SIMD. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/** An export that only this package's module has. */
const OWN_EXPORT = "emotionpipeline_new";

/** @type {Promise<string[]> | undefined} */
let loading;
/** @type {string | undefined} the hash that the module was checked against */
let checkedBy;
let isBroken = false;
let starts = 1;

/**
 * Starts the module, unless it has been started, and gives the names of its imports.
 *
 * @param {WebAssembly.Module | BufferSource} [given] otherwise the package's own file
 * @param {string} [integrity] the hash that its bytes must have
 * @param {(progress: Progress) => void} [onProgress]
 * @returns {Promise<string[]>}
 * @throws {EmotionError} `wasm-unavailable`, `simd-unavailable`, `wasm-blocked`, `model-load`, `out-of-memory`,
 *   `invalid-options`
 */
export async function loadModule(given, integrity, onProgress) {
  if (!loading) {
    checkedBy = integrity;
    loading = load(given, integrity, onProgress).catch((error) => {
      loading = undefined;
      throw error;
    });
  } else if (integrity !== undefined && integrity !== checkedBy) {
    throw new EmotionError(
      "invalid-options",
      "The module is loaded already, and was not checked against this integrity",
    );
  }
  return loading;
}

/**
 * Calls into the module. The result is an answer or an error of a named kind.
 *
 * @template T
 * @param {() => T} call
 * @returns {T}
 * @throws {EmotionError} the module's own, or `module-crashed` if it trapped; the next call then restarts it
 */
export function callModule(call) {
  // Until the call returns: after a trap, or an exception that passed through its frames, its memory may be inconsistent.
  isBroken = true;
  try {
    const answer = call();
    isBroken = false;
    return answer;
  } catch (error) {
    const { name, code, message } = /** @type {EmotionError} */ (Object(error));
    // The browser's own errors come from drawing a bitmap; the module hands them on.
    const isBrowsers = error instanceof DOMException;
    isBroken = name !== "EmotionError" && !isBrowsers;
    if (isBroken) throw new EmotionError("module-crashed", `The module stopped: ${message}`, { cause: error });
    throw new EmotionError(isBrowsers ? "invalid-frame" : code, message, { cause: error });
  }
}

/**
 * The number of the module's current start. Objects of an earlier start are gone, and must not be called.
 *
 * @throws {EmotionError} `out-of-memory` if a crashed module cannot be restarted
 */
export function currentStart() {
  if (isBroken) {
    try {
      startAnew();
    } catch (error) {
      throw new EmotionError("out-of-memory", `The module could not be restarted: ${messageOf(error)}`);
    }
    isBroken = false;
    starts += 1;
  }
  return starts;
}

/**
 * Whether objects of this start still exist.
 *
 * @param {number} start
 */
export function isCurrent(start) {
  return !isBroken && start === starts;
}

/**
 * @param {WebAssembly.Module | BufferSource} [given]
 * @param {string} [integrity]
 * @param {(progress: Progress) => void} [onProgress]
 */
async function load(given, integrity, onProgress) {
  if (typeof WebAssembly === "undefined") {
    throw new EmotionError("wasm-unavailable", "WebAssembly is switched off or missing in this browser");
  }
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new EmotionError("simd-unavailable", "This browser has no WebAssembly SIMD");
  }
  try {
    const module = await compile(given ?? (await openModuleFile(onProgress)), integrity);
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === OWN_EXPORT)) {
      throw new EmotionError("model-load", "This WebAssembly module is not countenance's");
    }
    await init({ module_or_path: module });
    return WebAssembly.Module.imports(module).map(({ name }) => name);
  } catch (error) {
    throw error instanceof EmotionError ? error : new EmotionError(codeOf(error), messageOf(error), { cause: error });
  }
}

/**
 * @param {WebAssembly.Module | Response | BufferSource} source
 * @param {string} [integrity]
 * @returns {Promise<WebAssembly.Module>}
 */
async function compile(source, integrity) {
  const isResponse = source instanceof Response;
  // Compiling during the download needs the right MIME type, which not every server sends.
  if (isResponse && !source.headers.get("Content-Type")?.startsWith("application/wasm")) {
    return compile(await source.arrayBuffer(), integrity);
  }
  const checking = integrity !== undefined && check(isResponse ? source.clone() : source, integrity);
  if (source instanceof WebAssembly.Module) {
    await checking;
    return source;
  }
  const compiling = isResponse ? WebAssembly.compileStreaming(source) : WebAssembly.compile(source);
  compiling.catch(() => {}); // the check's error says more
  await checking;
  return compiling;
}

/**
 * Unlike the check of `fetch`, this says what is wrong, covers bytes that were passed in, and runs while the module
 * compiles.
 *
 * @param {WebAssembly.Module | Response | BufferSource} source
 * @param {string} integrity
 * @throws {EmotionError} `invalid-options` if it can't be checked, `model-load` if it differs
 */
async function check(source, integrity) {
  const [, bits] = /^sha(256|384|512)-[\w+/]+=*$/.exec(integrity) ?? [];
  if (!bits || source instanceof WebAssembly.Module || !globalThis.crypto?.subtle) {
    const message = "An integrity is one sha256-, sha384- or sha512- hash of bytes, checked in secure contexts alone";
    throw new EmotionError("invalid-options", message);
  }
  const bytes = source instanceof Response ? await source.arrayBuffer() : source;
  const digest = new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, bytes));
  const found = `sha${bits}-${btoa(String.fromCharCode(...digest))}`;
  if (found !== integrity) throw new EmotionError("model-load", `The module expected is ${integrity}, not ${found}`);
}

/**
 * @param {unknown} error
 * @returns {import('./protocol.js').EmotionErrorCode}
 */
function codeOf(error) {
  // The wording differs between engines, but each names the policy or its directive.
  const isBlocked = /unsafe-eval|content security policy|csp/i.test(messageOf(error));
  if (error instanceof WebAssembly.CompileError && isBlocked) return "wasm-blocked";
  return error instanceof RangeError ? "out-of-memory" : "model-load";
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
