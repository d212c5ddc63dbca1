/**
 * The worker's side: owns one pipeline and answers requests in order. It touches no pixel; bitmaps and bytes go straight
 * into the module.
 *
 * @module
 */

import { EmotionPipeline } from "./pipeline.js";
import { EmotionError, toPlainError } from "./protocol.js";

/** @typedef {import('./protocol.js').Methods} Methods */
/** @typedef {import('./protocol.js').Reply} Reply */
/** @typedef {import('./protocol.js').Request} Request */

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));

/** @type {EmotionPipeline | undefined} */
let pipeline;

function opened() {
  if (!pipeline) throw new EmotionError("model-load", "The model is not loaded yet");
  return pipeline;
}

/** @type {{ [M in keyof Methods]: (params: Parameters<Methods[M]>[0]) => ReturnType<Methods[M]> | Promise<ReturnType<Methods[M]>> }} */
const methods = {
  async open({ options, module, integrity, lockName }) {
    const onProgress = (/** @type {import('./protocol.js').Progress} */ progress) => post({ progress });
    pipeline = await EmotionPipeline.create({ ...options, module, integrity, onProgress });
    return { model: pipeline.model, imports: pipeline.imports, holdsLock: await holdLock(lockName) };
  },
  configure({ options }) {
    opened().configure(options);
  },
  fitCalibration({ frames }) {
    return opened().fitCalibration(frames);
  },
  analyzeImage({ picture }) {
    return closing(picture, () => opened().analyzeImage(picture));
  },
  analyzeFrame({ picture, timestampMs }) {
    return closing(picture, () => opened().analyzeFrame(picture, { timestampMs }));
  },
  explainFace({ picture, box }) {
    return closing(picture, () => opened().explainFace(picture, box));
  },
  classifyFace({ grey }) {
    return opened().classifyFace(grey);
  },
  reset() {
    opened().reset();
  },
};

/**
 * Runs `work` and gives a bitmap's memory back, whatever comes of it.
 *
 * @template T
 * @param {ImageBitmap | Uint8Array} picture
 * @param {() => T} work
 */
function closing(picture, work) {
  try {
    return work();
  } finally {
    if (picture instanceof ImageBitmap) picture.close();
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
