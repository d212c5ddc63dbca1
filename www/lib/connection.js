/**
 * The connection to one worker, from its start to its end: sends calls, and notices when the worker dies.
 *
 * @module
 */

import { EmotionError, fromPlainError } from "./protocol.js";

/** @import { FaceEmotion } from '../pkg/countenance.js' */
/** @import { Methods, Opened, OpenParams, Progress, Reply } from './protocol.js' */

/** What to do about a worker whose script does not load. Vite moves scripts away from their worker in development. */
const NOT_LOADED = /\/\.vite\//.test(import.meta.url)
  ? 'The worker is not where Vite has put this script. Set optimizeDeps: { exclude: ["countenance"] } in vite.config.js'
  : "The worker's script could not be loaded: it is missing, or the page's policy forbids it (worker-src, script-src)";

/** How long a call may stay unanswered before the worker counts as dead, in milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * @typedef {object} PendingCall
 * @property {(result: any) => void} resolve
 * @property {(error: EmotionError) => void} reject
 * @property {((faces: FaceEmotion[]) => void) | undefined} onGlance
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 */

export class WorkerConnection {
  /** @type {Worker} */ #worker;
  /** @type {Map<number, PendingCall>} */ #pending = new Map();
  #lastId = 0;
  /** @type {EmotionError | undefined} */ #end;
  #lockWatch = new AbortController();
  /** @type {string | undefined} */ #lockName;
  /** @type {(progress: Progress) => void} */ #onProgress;
  /** @type {(error: EmotionError) => void} */ #onDeath;

  /**
   * @param {Worker} worker
   * @param {(progress: Progress) => void} onProgress
   * @param {(error: EmotionError) => void} onDeath called once if the worker dies, not after `close`
   */
  constructor(worker, onProgress, onDeath) {
    this.#worker = worker;
    this.#onProgress = onProgress;
    this.#onDeath = onDeath;
    worker.onmessage = ({ data }) => this.#receive(data);
    worker.onmessageerror = () => this.#die("The worker sent something unreadable");
    worker.onerror = (event) => {
      event.preventDefault();
      this.#die(event.message || NOT_LOADED);
    };
  }

  /**
   * Loads the module in the worker, and watches the worker from then on.
   *
   * @param {Omit<OpenParams, 'lockName'>} params
   * @returns {Promise<Opened>}
   */
  async open(params) {
    // Locks exist only in secure contexts, and fail for opaque origins (file://).
    const locks = globalThis.navigator?.locks;
    if (locks) this.#lockName = `countenance-worker-${crypto.randomUUID()}`;
    return this.#send("open", { ...params, lockName: this.#lockName });
  }

  /** Waits for the lock that the worker holds, and gives up only when it ends. */
  #watchLock() {
    const { signal } = this.#lockWatch;
    const name = String(this.#lockName);
    navigator.locks.request(name, { signal }, () => this.#die("The worker was stopped")).catch(() => {});
  }

  /**
   * @template {Exclude<keyof Methods, 'open'>} M
   * @param {M} method
   * @param {Parameters<Methods[M]>[0]} params a picture is transferred, not copied
   * @param {(faces: FaceEmotion[]) => void} [onGlance] called before the answer, if the method gives a first one
   * @returns {Promise<ReturnType<Methods[M]>>}
   */
  call(method, params, onGlance) {
    return this.#send(method, params, PATIENCE_MS, onGlance);
  }

  /** Ends the worker. Calls still waiting fail with `closed`. */
  close() {
    this.#finish(new EmotionError("closed", "The analyzer was closed"));
  }

  /**
   * @template {keyof Methods} M
   * @param {M} method
   * @param {Parameters<Methods[M]>[0]} params
   * @param {number} [patienceMs]
   * @param {(faces: FaceEmotion[]) => void} [onGlance]
   * @returns {Promise<ReturnType<Methods[M]>>}
   */
  #send(method, params, patienceMs, onGlance) {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(this.#end);
        return;
      }
      const id = ++this.#lastId;
      const { picture } = /** @type {{ picture?: ImageBitmap | Uint8Array<ArrayBuffer> }} */ (params);
      const transfer = picture ? [picture instanceof Uint8Array ? picture.buffer : picture] : [];
      try {
        this.#worker.postMessage({ id, method, params }, transfer);
      } catch (error) {
        reject(unsendable(params, error));
        return;
      }
      const timer =
        patienceMs === undefined ? undefined : setTimeout(() => this.#die("The worker stopped answering"), patienceMs);
      this.#pending.set(id, { resolve, reject, timer, onGlance });
    });
  }

  /** @param {Reply} reply */
  #receive(reply) {
    if ("progress" in reply) return this.#onProgress(reply.progress);
    if ("isLocked" in reply) return this.#watchLock();
    const call = this.#pending.get(reply.id);
    if (!call) return;
    if ("glance" in reply) return call.onGlance?.(reply.glance);
    this.#pending.delete(reply.id);
    clearTimeout(call.timer);
    if ("result" in reply) {
      call.resolve(reply.result);
      return;
    }
    call.reject(fromPlainError(reply.error));
    if (reply.error.code === "worker-crashed") this.#die(reply.error.message);
  }

  /** @param {string} message */
  #die(message) {
    if (this.#end) return;
    const error = new EmotionError("worker-crashed", message);
    this.#finish(error);
    this.#onDeath(error);
  }

  /** @param {EmotionError} error */
  #finish(error) {
    if (this.#end) return;
    this.#end = error;
    this.#worker.terminate();
    this.#lockWatch.abort();
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
  }
}

/**
 * The error for what cannot be sent to a worker: functions and other values that cannot be cloned, and pictures of other
 * origins.
 *
 * @param {object} params
 * @param {unknown} error
 */
function unsendable(params, error) {
  const code = "picture" in params || "grey" in params ? "invalid-frame" : "invalid-options";
  return new EmotionError(code, `This argument cannot be sent to the worker: ${error}`, { cause: error });
}
