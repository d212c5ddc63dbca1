/**
 * Where live frames come from: a camera, a video, a stream or a canvas. A feed has no queue: it says when a new frame is
 * there, and whoever takes it gets the newest.
 *
 * @module
 */

import { EmotionError } from "./protocol.js";

/** @typedef {HTMLVideoElement | HTMLCanvasElement | OffscreenCanvas} Shown what shows the frames */

/**
 * | state | meaning |
 * |---|---|
 * | `starting` | no frame has come yet |
 * | `running` | frames come |
 * | `stalled` | muted, or no new frame for 2 s |
 * | `paused` | the video is paused |
 * | `hidden` | the page is hidden; a camera that `watch` has started is off meanwhile |
 *
 * @typedef {'starting' | 'running' | 'stalled' | 'paused' | 'hidden'} FeedState
 */

/**
 * @typedef {object} FeedOptions
 * @property {HTMLVideoElement} [video] shows the camera or stream; without one it is read unseen
 * @property {number} [fps] the most frames a second; as many as there are by default
 * @property {boolean} [pauseWhenHidden] whether to rest, and switch the camera off, while the page is hidden; true by
 *   default
 * @property {(state: FeedState) => void} [onState] called when the state has changed
 */

/** @typedef {(constraints: MediaStreamConstraints) => Promise<MediaStream>} AskForCamera */

/** Enough for faces across a room, and quick to hand over. */
const CAMERA = { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** How often the feed is checked, in milliseconds. */
const WATCH_MS = 250;

/** How long without a new frame means that it has stalled, and how long a camera may take to start, in milliseconds. */
const STALL_MS = 2000;
const START_MS = 10_000;

/** A camera's errors, by the name of the browser's. */
const CAMERA_ERRORS = /** @type {const} */ ({
  NotAllowedError: ["camera-denied", "The camera was not allowed, by the visitor or by a policy"],
  SecurityError: ["camera-denied", "The camera was not allowed, by the visitor or by a policy"],
  NotFoundError: ["camera-missing", "There is no camera, or none that fits what is asked for"],
  OverconstrainedError: ["camera-missing", "There is no camera, or none that fits what is asked for"],
  NotReadableError: ["camera-busy", "Another program or tab uses the camera"],
  AbortError: ["camera-busy", "Another program or tab uses the camera"],
  TypeError: ["invalid-options", "These are not constraints for a camera"],
});

export class Feed {
  #options;
  /** @type {Shown} */ #shown;
  /** @type {MediaStreamConstraints | undefined} */ #constraints;
  /** @type {MediaStream | undefined} */ #stream;
  #listening = new AbortController();
  #isOpen = true;
  #isOpening = false;
  #hasFrame = false;
  #isFresh = false;
  #waitedMs = 0;
  #nextMs = 0;
  /** @type {FeedState | undefined} */ #reported;
  #wake = () => {};

  /**
   * @param {unknown} source
   * @param {FeedOptions} options
   * @throws {EmotionError} `invalid-options`, `unsupported-environment`
   */
  constructor(source, options) {
    const { video, fps = Number.POSITIVE_INFINITY } = options;
    if (!(fps > 0)) throw new EmotionError("invalid-options", "fps is a number above 0");
    if (video !== undefined && !isVideo(video)) {
      throw new EmotionError("invalid-options", "The option video is a <video> element");
    }
    this.#options = { ...options, pauseMs: 1000 / fps };
    if (isVideo(source) || isCanvas(source)) {
      this.#shown = source;
    } else {
      if (isStream(source)) this.#stream = source;
      else this.#constraints = constraintsOf(source);
      if (typeof document === "undefined") {
        throw new EmotionError(
          "unsupported-environment",
          "A camera or stream is read in a page, not in a worker or Node",
        );
      }
      this.#shown = video ?? document.createElement("video");
    }
  }

  /** What shows the frames, and is to be read. */
  get shown() {
    return this.#shown;
  }

  /** The size of the frames in pixels. */
  get size() {
    const shown = this.#shown;
    if (isVideo(shown)) return { width: shown.videoWidth, height: shown.videoHeight };
    return { width: shown.width, height: shown.height };
  }

  /** Asks for the camera if there is one to be asked for, and begins to look for frames. */
  async open() {
    const options = { signal: this.#listening.signal };
    const wake = () => this.#wake();
    if (isVideo(this.#shown)) {
      for (const event of ["loadeddata", "play", "pause", "ended", "error", "emptied"]) {
        this.#shown.addEventListener(event, wake, options);
      }
    }
    globalThis.document?.addEventListener("visibilitychange", wake, options);
    // Counted in ticks, not by the clock, which runs on while the machine sleeps or the page is busy.
    const watch = setInterval(() => {
      this.#waitedMs += WATCH_MS;
      wake();
    }, WATCH_MS);
    options.signal.addEventListener("abort", () => clearInterval(watch));
    this.#awaitFrame();
    this.#report();
    await this.#start();
  }

  /**
   * Waits for a frame that has not been taken yet.
   *
   * @returns {Promise<boolean>} false where no more will come
   * @throws {EmotionError} `camera-denied`, `camera-missing`, `camera-busy`, `camera-insecure`, `camera-silent`,
   *   `camera-lost`
   */
  async next() {
    for (;;) {
      if (!this.#isOpen || this.#hasEnded) return false;
      const state = this.#report();
      if (this.#constraints) await this.#tendCamera(state);
      if (state === "running" && this.#isFresh && performance.now() >= this.#nextMs) {
        this.#isFresh = false;
        this.#nextMs = performance.now() + this.#options.pauseMs;
        return true;
      }
      await new Promise((resolve) => {
        this.#wake = () => resolve(undefined);
        const untilNext = this.#nextMs - performance.now();
        if (this.#isFresh && untilNext > 0) setTimeout(resolve, untilNext);
      });
    }
  }

  /** Switches a camera off that was switched on here, and ends `next`. */
  close() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#listening.abort();
    this.#release();
    this.#wake();
  }

  /** @returns {FeedState} derived from the present facts */
  get #state() {
    const { pauseWhenHidden = true } = this.#options;
    if (pauseWhenHidden && globalThis.document?.hidden) return "hidden";
    if (isVideo(this.#shown) && this.#shown.paused && this.#hasFrame) return "paused";
    if (!this.#hasFrame) return "starting";
    return this.#track?.muted || this.#waitedMs >= STALL_MS ? "stalled" : "running";
  }

  /** Reports the state if it has changed, and gives it. */
  #report() {
    const state = this.#state;
    if (state !== this.#reported) this.#options.onState?.(state);
    this.#reported = state;
    return state;
  }

  get #hasEnded() {
    if (this.#constraints) return false;
    if (this.#stream) return this.#track?.readyState !== "live";
    return isVideo(this.#shown) && this.#shown.ended;
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  /**
   * Lets a camera rest while nobody looks, and starts it again; notices that it is gone or never comes.
   *
   * @param {FeedState} state
   */
  async #tendCamera(state) {
    if (state === "hidden") return this.#release();
    if (!this.#stream) return this.#start();
    if (this.#track?.readyState !== "live") {
      throw new EmotionError("camera-lost", "The camera was unplugged or taken, or its permission was withdrawn");
    }
    if (state === "starting" && this.#waitedMs >= START_MS) {
      throw new EmotionError("camera-silent", "The camera is on, but sends no picture");
    }
    return undefined;
  }

  async #start() {
    if (this.#constraints) {
      if (this.#isOpening || globalThis.document?.hidden) return;
      this.#isOpening = true;
      this.#hasFrame = false;
      try {
        const stream = await openCamera(this.#constraints);
        this.#waitedMs = 0;
        if (this.#isOpen) this.#stream = stream;
        else stopTracks(stream); // closed meanwhile
      } finally {
        this.#isOpening = false;
      }
    }
    if (!this.#stream || !isVideo(this.#shown)) return;
    for (const event of ["ended", "mute", "unmute"]) {
      this.#track?.addEventListener(event, () => this.#wake(), { signal: this.#listening.signal });
    }
    const video = this.#shown;
    Object.assign(video, { muted: true, playsInline: true, srcObject: this.#stream });
    // Without a frame this never settles; a refusal leaves the video paused, which is a state of its own.
    video.play().catch(() => {});
  }

  /** Takes the picture off the video, and switches the camera off. */
  #release() {
    const stream = this.#stream;
    if (!stream) return;
    if (this.#constraints) stopTracks(stream);
    if (isVideo(this.#shown) && this.#shown.srcObject === stream) this.#shown.srcObject = null;
    this.#stream = undefined;
    this.#hasFrame = false;
    this.#isFresh = false;
  }

  /** @param {number} [counted] how many frames the video has shown */
  #awaitFrame(counted = 0) {
    if (!this.#isOpen) return;
    const shown = this.#shown;
    const onFrame = () => {
      const showsNow = "requestVideoFrameCallback" in shown || !isVideo(shown) ? counted + 1 : framesOf(shown);
      const isNew = showsNow !== counted && (!isVideo(shown) || hasPicture(shown));
      this.#awaitFrame(showsNow);
      if (!isNew || this.#track?.muted) return; // a muted camera sends black pictures
      this.#hasFrame = true;
      this.#isFresh = true;
      this.#waitedMs = 0;
      this.#wake();
    };
    if (isVideo(shown) && "requestVideoFrameCallback" in shown) shown.requestVideoFrameCallback(onFrame);
    else requestAnimationFrame(onFrame);
  }
}

/** @param {unknown} value @returns {value is HTMLVideoElement} */
function isVideo(value) {
  return typeof HTMLVideoElement !== "undefined" && value instanceof HTMLVideoElement;
}

/** @param {unknown} value @returns {value is HTMLCanvasElement | OffscreenCanvas} */
function isCanvas(value) {
  return [globalThis.HTMLCanvasElement, globalThis.OffscreenCanvas].some((kind) => kind && value instanceof kind);
}

/** @param {unknown} value @returns {value is MediaStream} */
function isStream(value) {
  return typeof MediaStream !== "undefined" && value instanceof MediaStream;
}

/**
 * What to ask the browser for.
 *
 * @param {any} source "camera", or constraints of a track or of a stream
 * @returns {MediaStreamConstraints}
 */
function constraintsOf(source) {
  if (source === "camera") return { video: CAMERA };
  if (Object.prototype.toString.call(source) !== "[object Object]") {
    const known = '"camera", constraints like { facingMode: "environment" }, a <video>, a MediaStream or a canvas';
    const isElsewhere = typeof window === "undefined" ? ". Outside of browsers there is none of these" : "";
    throw new EmotionError("invalid-options", `The source to watch is ${known}${isElsewhere}`);
  }
  return "video" in source ? source : { video: { ...CAMERA, ...source } };
}

/** @param {MediaStreamConstraints} constraints */
async function openCamera(constraints) {
  if (!globalThis.navigator?.mediaDevices) {
    throw new EmotionError("camera-insecure", "Browsers give the camera only to pages from https: or localhost");
  }
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (cause) {
    const { name, message } = /** @type {DOMException} */ (cause);
    const [code, words] = CAMERA_ERRORS[/** @type {keyof typeof CAMERA_ERRORS} */ (name)] ?? CAMERA_ERRORS.AbortError;
    throw new EmotionError(code, `${words} (${name}: ${message})`, { cause });
  }
}

/** @param {HTMLVideoElement} video */
function hasPicture({ readyState, videoWidth }) {
  return readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && videoWidth > 0;
}

/** Firefox learned to call back per frame only in version 132. @param {HTMLVideoElement} video */
function framesOf(video) {
  return video.getVideoPlaybackQuality().totalVideoFrames;
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
