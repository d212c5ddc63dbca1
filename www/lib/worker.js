/**
 * The worker's side: loads the module, owns one pipeline, answers requests in order. It touches no pixel; bitmaps and
 * bytes go straight into the module.
 *
 * @module
 */

import init, { EmotionPipeline, modelInfo } from "../pkg/countenance.js";
import { EmotionError, toPlainError } from "./protocol.js";

/** @typedef {import('./protocol.js').Methods} Methods */
/** @typedef {import('./protocol.js').Progress} Progress */
/** @typedef {import('./protocol.js').Reply} Reply */
/** @typedef {import('./protocol.js').Request} Request */

/** A module of one function, `i8x16.popcnt(i8x16.splat(0))`: valid only where fixed-width SIMD is. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));

/** @type {EmotionPipeline | undefined} */
let pipeline;

function opened() {
  if (!pipeline) throw new EmotionError("model-load", "The model is not loaded yet");
  return pipeline;
}

/** @type {{ [M in keyof Methods]: (params: Parameters<Methods[M]>[0]) => ReturnType<Methods[M]> | Promise<ReturnType<Methods[M]>> }} */
const methods = {
  async open({ options, module, lockName }) {
    const imports = await loadModule(module);
    pipeline = new EmotionPipeline(options);
    return { model: modelInfo(), imports, holdsLock: await holdLock(lockName) };
  },
  configure({ options }) {
    opened().configure(options);
  },
  fitCalibration({ frames }) {
    return opened().fitCalibration(frames);
  },
  analyzeBitmap({ bitmap }) {
    return closing(bitmap, () => opened().analyzeBitmap(bitmap));
  },
  analyzeBytes({ bytes }) {
    return opened().analyzeBytes(bytes);
  },
  analyzeBitmapFrame({ bitmap, timestampMs }) {
    return closing(bitmap, () => opened().analyzeBitmapFrame(bitmap, timestampMs));
  },
  explainBitmap({ bitmap, box }) {
    return closing(bitmap, () => opened().explainBitmap(bitmap, box));
  },
  classifyFace({ grey }) {
    return opened().classifyFace(grey);
  },
  reset() {
    opened().reset();
  },
};

/**
 * Runs `work` and gives the bitmap's memory back, whatever comes of it.
 *
 * @template T
 * @param {ImageBitmap} bitmap
 * @param {() => T} work
 */
function closing(bitmap, work) {
  try {
    return work();
  } finally {
    bitmap.close();
  }
}

/**
 * Starts the module and gives the names of all it imports.
 *
 * @param {WebAssembly.Module | BufferSource | undefined} given
 */
async function loadModule(given) {
  if (typeof WebAssembly === "undefined") {
    throw new EmotionError("wasm-unavailable", "WebAssembly is switched off or missing in this browser");
  }
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new EmotionError("simd-unavailable", "This browser has no WebAssembly SIMD");
  }
  try {
    const module = given instanceof WebAssembly.Module ? given : await compile(given ?? (await fetchModule()));
    await init({ module_or_path: module });
    return WebAssembly.Module.imports(module).map(({ name }) => name);
  } catch (error) {
    if (error instanceof EmotionError) throw error;
    const { message } = /** @type {Error} */ (error);
    // Engines word it differently, but each names the policy or its directive.
    const blocked =
      error instanceof WebAssembly.CompileError && /unsafe-eval|content security policy|csp/i.test(message);
    throw new EmotionError(blocked ? "wasm-blocked" : "model-load", message, { cause: error });
  }
}

/** @param {Response | BufferSource} source */
async function compile(source) {
  if (!(source instanceof Response)) return WebAssembly.compile(source);
  const isTyped = source.headers.get("Content-Type")?.startsWith("application/wasm");
  // Compiling along with the download takes the right MIME type, which not every server gives.
  return isTyped ? WebAssembly.compileStreaming(source) : WebAssembly.compile(await source.arrayBuffer());
}

/** The module's file as a response still arriving, with progress posted along the way. */
async function fetchModule() {
  const url = new URL("../pkg/countenance_bg.wasm", import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new EmotionError("model-load", `${url} answered ${response.status}`);
  // A compressed answer's length says nothing about the bytes that come out of it.
  const length = response.headers.has("Content-Encoding") ? null : response.headers.get("Content-Length");
  // Counting a copy leaves the original as the browser knows it, so that it may cache the compiled code.
  reportProgress(response.clone(), length === null ? undefined : Number(length)).catch(() => {});
  return response;
}

/**
 * @param {Response} response
 * @param {number | undefined} total
 */
async function reportProgress(response, total) {
  const reader = response.body?.getReader();
  let loaded = 0;
  for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
    loaded += chunk.value.byteLength;
    post({ progress: { loaded, total } });
  }
}

/**
 * Holds a Web Lock until the worker ends, however it ends: the lock then falls to the other side, which has no other
 * means to hear that a worker was killed.
 *
 * @param {string | undefined} name
 * @returns {Promise<boolean>}
 */
function holdLock(name) {
  if (name === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    navigator.locks
      .request(name, () => {
        resolve(true);
        return new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}

/** @param {Reply} reply */
function post(reply) {
  scope.postMessage(reply);
}

scope.onmessage = async ({ data }) => {
  const { id, method, params } = /** @type {Request} */ (data);
  try {
    const answer = /** @type {(params: unknown) => unknown} */ (methods[method]);
    post({ id, result: await answer(params) });
  } catch (error) {
    post({ id, error: toPlainError(error) });
  }
};
