/**
 * The messages between the page and the worker: numbered requests and answers, progress while the module loads, and
 * errors as plain data, which the page rebuilds. Written out, because Comlink knows neither abort signals nor error codes,
 * and the package has no dependencies.
 *
 * @module
 */

/** @import {
 *   FaceEmotion, FaceExplanation, Expression, Box, TurnedBox, CalibrationFrame, Emotion, Recording, PipelineOptions, ModelInfo, Preview
 * } from '../pkg/countenance.js' */

/**
 * A face with its answer over eight expressions: what there is with `expressions: 8`.
 *
 * @typedef {FaceEmotion & { eight: NonNullable<FaceEmotion['eight']> }} FaceEmotion8
 */

/** Options that ask for eight expressions. @typedef {{ expressions: 8 }} AsksForEight */

/**
 * Why something failed. The first group comes from the module (its `ErrorKind`), the second from the machinery around
 * it, the third from cameras and videos.
 *
 * @typedef {'invalid-frame' | 'invalid-image' | 'image-too-large' | 'invalid-options' | 'invalid-box' | 'invalid-calibration'
 *   | 'invalid-timestamp' | 'model-load' | 'inference' | 'out-of-memory'
 *   | 'wasm-unavailable' | 'simd-unavailable' | 'wasm-blocked' | 'module-crashed'
 *   | 'unreadable-file' | 'worker-unavailable' | 'worker-crashed' | 'closed' | 'unsupported-environment'
 *   | 'camera-denied' | 'camera-missing' | 'camera-busy' | 'camera-insecure' | 'camera-silent' | 'camera-lost'
 *   | 'invalid-video' | 'incomplete-video'} EmotionErrorCode
 */

/**
 * What the worker is asked for, by method.
 *
 * @typedef {object} Methods
 * @property {(params: OpenParams) => Opened} open loads the module and builds the pipeline; asked once, first
 * @property {(params: { options: PipelineOptions }) => void} configure changes the options
 * @property {(params: { frames: CalibrationFrame[] }) => string} fitCalibration
 * @property {(params: { picture: ImageBitmap | Uint8Array<ArrayBuffer>, wantsGlance: boolean }) => FaceEmotion[]} analyzeImage
 * @property {(params: { picture: ImageBitmap | VideoFrame, timestampMs: number }) => FrameAnswer} analyzeFrame
 * @property {(params: { picture: ImageBitmap | Uint8Array<ArrayBuffer>, box: TurnedBox }) => FaceExplanation} explainFace
 * @property {(params: { picture: ImageBitmap | Uint8Array<ArrayBuffer> }) => Preview} previewImage
 * @property {(params: { grey: Uint8Array }) => Expression} classifyFace
 * @property {(params: { emotion: Emotion }) => void} recordCalibration
 * @property {(params: Record<string, never>) => void} cancelRecording
 * @property {(params: Record<string, never>) => void} clearRecordings
 * @property {(params: Record<string, never>) => void} reset
 */

/**
 * @typedef {object} OpenParams
 * @property {PipelineOptions} options
 * @property {WebAssembly.Module | ArrayBufferView | ArrayBuffer | undefined} module the module, if the caller has it;
 *   otherwise the worker fetches the file beside its own
 * @property {string | undefined} integrity the hash its bytes must have
 * @property {string | undefined} lockName name of a Web Lock to hold for as long as the worker lives
 */

/**
 * @typedef {object} FrameAnswer
 * @property {FaceEmotion[]} faces
 * @property {boolean} isTooDark
 * @property {Recording | undefined} recording
 */

/**
 * @typedef {object} Opened
 * @property {ModelInfo} model
 * @property {string[]} imports the names of the functions that the module can call, and it can call no others
 */

/** @typedef {{ [M in keyof Methods]: { id: number, method: M, params: Parameters<Methods[M]>[0] } }[keyof Methods]} Request */
/** @typedef {{ loaded: number, total: number | undefined }} Progress bytes of the module so far, and in all if known */
/** @typedef {{ code: EmotionErrorCode, message: string }} PlainError */
/**
 * `isLocked` says that the lock of `OpenParams.lockName` is held: before the module is loaded, so that a worker killed while
 * it loads is noticed too.
 *
 * @typedef {{ id: number, result: unknown } | { id: number, error: PlainError } | { id: number, glance: FaceEmotion[] }
 *   | { progress: Progress } | { isLocked: true }} Reply
 */

/** An error of a named kind: `code` is stable and for programs, `message` is for people. */
export class EmotionError extends Error {
  /**
   * @param {EmotionErrorCode} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "EmotionError";
    /** @type {EmotionErrorCode} */
    this.code = code;
  }
}

/**
 * An error as data for the page. A crashed module counts as a crashed worker: a new worker starts with all its memory
 * free.
 *
 * @param {unknown} error
 * @returns {PlainError}
 */
export function toPlainError(error) {
  if (!(error instanceof EmotionError)) return { code: "worker-crashed", message: String(error) };
  return { code: error.code === "module-crashed" ? "worker-crashed" : error.code, message: error.message };
}

/**
 * @param {PlainError} plain
 * @returns {EmotionError}
 */
export function fromPlainError({ code, message }) {
  return new EmotionError(code, message);
}
