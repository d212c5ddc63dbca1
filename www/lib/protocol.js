/**
 * What the two sides of the worker say to each other: numbered requests, numbered answers, progress while the module
 * loads, and errors as plain data that are rebuilt on arrival.
 *
 * @module
 */

/** @typedef {import('../pkg/countenance.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../pkg/countenance.js').FaceExplanation} FaceExplanation */
/** @typedef {import('../pkg/countenance.js').Expression} Expression */
/** @typedef {import('../pkg/countenance.js').Box} Box */
/** @typedef {import('../pkg/countenance.js').TurnedBox} TurnedBox */
/** @typedef {import('../pkg/countenance.js').CalibrationFrame} CalibrationFrame */
/** @typedef {import('../pkg/countenance.js').PipelineOptions} PipelineOptions */
/** @typedef {import('../pkg/countenance.js').ModelInfo} ModelInfo */
/** @typedef {import('../pkg/countenance.js').Preview} Preview */

/**
 * Why something failed. The first group comes from the module (its `ErrorKind`), the second from the machinery around
 * it.
 *
 * @typedef {'invalid-frame' | 'invalid-image' | 'image-too-large' | 'invalid-options' | 'invalid-calibration' | 'invalid-timestamp'
 *   | 'model-load' | 'inference' | 'out-of-memory'
 *   | 'wasm-unavailable' | 'simd-unavailable' | 'wasm-blocked' | 'module-crashed'
 *   | 'unreadable-file' | 'worker-unavailable' | 'worker-crashed' | 'closed'} EmotionErrorCode
 */

/**
 * What the worker is asked for, by method.
 *
 * @typedef {object} Methods
 * @property {(params: OpenParams) => Opened} open loads the module and builds the pipeline; asked once, first
 * @property {(params: { options: PipelineOptions }) => void} configure changes the options
 * @property {(params: { frames: CalibrationFrame[] }) => string} fitCalibration
 * @property {(params: { picture: ImageBitmap | Uint8Array<ArrayBuffer> }) => FaceEmotion[]} analyzeImage
 * @property {(params: { picture: ImageBitmap, timestampMs: number }) => FaceEmotion[]} analyzeFrame
 * @property {(params: { picture: ImageBitmap | Uint8Array<ArrayBuffer>, box: TurnedBox }) => FaceExplanation} explainFace
 * @property {(params: { picture: ImageBitmap | Uint8Array<ArrayBuffer> }) => Preview} previewImage
 * @property {(params: { grey: Uint8Array }) => Expression} classifyFace
 * @property {(params: Record<string, never>) => void} reset
 */

/**
 * @typedef {object} OpenParams
 * @property {PipelineOptions} options
 * @property {WebAssembly.Module | BufferSource | undefined} module the module where the caller has it at hand;
 *   otherwise the worker fetches the file that lies beside it
 * @property {string | undefined} integrity the hash its bytes must have
 * @property {string | undefined} lockName name of a Web Lock to hold for as long as the worker lives
 */

/**
 * @typedef {object} Opened
 * @property {ModelInfo} model
 * @property {string[]} imports the names of the functions that the module can call, and it can call no others
 * @property {boolean} holdsLock whether the lock of `OpenParams.lockName` is held
 */

/** @typedef {{ [M in keyof Methods]: { id: number, method: M, params: Parameters<Methods[M]>[0] } }[keyof Methods]} Request */
/** @typedef {{ loaded: number, total: number | undefined }} Progress bytes of the module so far, and in all if known */
/** @typedef {{ code: EmotionErrorCode, message: string }} PlainError */
/** @typedef {{ id: number, result: unknown } | { id: number, error: PlainError } | { progress: Progress }} Reply */

/** An error of a named kind: `code` is stable and meant for programs, `message` is meant for people. */
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
 * An error as data for the other side. A crash of the module counts as the worker's end: a new one has all its memory
 * back.
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
