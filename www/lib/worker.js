/**
 * The worker's side: owns one pipeline and answers requests in order. Bitmaps and bytes go straight into the module.
 *
 * @module
 */

import { openPicture } from "./picture-file.js";
import { EmotionPipeline } from "./pipeline.js";
import { EmotionError, toPlainError } from "./protocol.js";

/** @import { Methods, Reply, Request } from './protocol.js' */
/** @import { StoredPicture } from './picture-file.js' */

const scope = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));

/** @type {EmotionPipeline | undefined} */
let pipeline;

function opened() {
  if (!pipeline) throw new EmotionError("model-load", "The model is not loaded yet");
  return pipeline;
}

/**
 * @template {keyof Methods} M
 * @typedef {(params: Parameters<Methods[M]>[0], id: number) => ReturnType<Methods[M]> | Promise<ReturnType<Methods[M]>>} Method
 */

/** @type {{ [M in keyof Methods]: Method<M> }} */
const methods = {
  async open({ options, module, integrity, lockName }) {
    if (lockName && (await holdLock(lockName))) post({ isLocked: true });
    const onProgress = (/** @type {import('./protocol.js').Progress} */ progress) => post({ progress });
    pipeline = await EmotionPipeline.create({ ...options, module, integrity, onProgress });
    return { model: pipeline.model, imports: pipeline.imports };
  },
  configure({ options }) {
    opened().configure(options);
  },
  fitCalibration({ frames }) {
    return opened().fitCalibration(frames);
  },
  analyzeImage({ picture, wantsGlance }, id) {
    return withPicture(picture, (opened, pipeline) => {
      const glance = wantsGlance ? pipeline.glance(opened) : undefined;
      if (glance) post({ id, glance });
      return pipeline.analyzeImage(opened);
    });
  },
  async analyzeFrame({ picture, timestampMs }) {
    const bitmap = picture instanceof ImageBitmap ? picture : await bitmapOf(picture);
    try {
      const pipeline = opened();
      const faces = pipeline.analyzeFrame(bitmap, { timestampMs });
      const { isTooDark, recording } = pipeline;
      return { faces, isTooDark, recording };
    } finally {
      bitmap.close();
    }
  },
  explainFace({ picture, box }) {
    return withPicture(picture, (opened, pipeline) => pipeline.explainFace(opened, box));
  },
  previewImage({ picture }) {
    return withPicture(picture, (opened, pipeline) => pipeline.previewImage(opened));
  },
  classifyFace({ grey }) {
    return opened().classifyFace(grey);
  },
  recordCalibration({ emotion }) {
    opened().recordCalibration(emotion);
  },
  cancelRecording() {
    opened().cancelRecording();
  },
  clearRecordings() {
    opened().clearRecordings();
  },
  reset() {
    opened().reset();
  },
};

/** @param {VideoFrame} frame which is closed, so that the camera gets its memory back */
async function bitmapOf(frame) {
  try {
    return await createImageBitmap(frame);
  } finally {
    frame.close();
  }
}

/**
 * Opens a picture for `work`, and frees its memory whether that succeeds or fails.
 *
 * @template T
 * @param {ImageBitmap | Uint8Array<ArrayBuffer>} picture a bitmap, or the bytes of a file
 * @param {(picture: ImageBitmap | StoredPicture, pipeline: EmotionPipeline) => T} work
 */
async function withPicture(picture, work) {
  const loaded = opened();
  const stored = picture instanceof Uint8Array ? await openPicture(picture) : undefined;
  const bitmap = stored?.bitmap ?? /** @type {ImageBitmap} */ (picture);
  try {
    return work(stored ?? bitmap, loaded);
  } finally {
    bitmap.close();
  }
}

/**
 * Holds a Web Lock until the worker ends, however it ends. The page then gets the lock; it has no other way to notice
 * that a worker was killed.
 *
 * @param {string} name
 * @returns {Promise<boolean>} whether it is held
 */
function holdLock(name) {
  return new Promise((resolve) => {
    navigator.locks
      .request(name, () => {
        resolve(true);
        return new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}

/**
 * @param {Reply} reply
 * @param {Transferable[]} [transfer]
 */
function post(reply, transfer = []) {
  scope.postMessage(reply, transfer);
}

scope.onmessage = async ({ data }) => {
  const { id, method, params } = /** @type {Request} */ (data);
  try {
    const answer = /** @type {(params: unknown, id: number) => unknown} */ (methods[method]);
    const result = await answer(params, id);
    const { bitmap } = /** @type {{ bitmap?: ImageBitmap }} */ (result ?? {});
    post({ id, result }, bitmap ? [bitmap] : []);
  } catch (error) {
    post({ id, error: toPlainError(error) });
  }
};
