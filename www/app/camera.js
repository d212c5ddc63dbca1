/**
 * The camera: starts and stops it, passes on its frames, and knows its state at every moment.
 *
 * @module
 */

import { PageFailure } from "./failures.js";

/** Enough for faces across a room, and quick to hand over. */
const IDEAL_SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** Firefox learned to call back per frame only in version 132. */
const CALLS_PER_FRAME = "requestVideoFrameCallback" in HTMLVideoElement.prototype;

/** How often the camera is checked, in milliseconds. */
const WATCH_MS = 250;

/** How long without a new frame means that the camera has stalled, and how long it may take to start, in milliseconds. */
const STALL_MS = 2000;
const START_MS = 10_000;

/**
 * The state of the camera:
 *
 * | state | meaning |
 * |---|---|
 * | `off` | not requested, or stopped by the visitor |
 * | `asking` | requested; the browser has not answered yet |
 * | `unanswered` | the same after 10 s: the browser's question waits for an answer |
 * | `starting` | granted, but no frame has come yet |
 * | `silent` | the same after 10 s |
 * | `running` | frames come |
 * | `stalled` | muted, or no new frame for 2 s |
 * | `paused` | the visitor holds the picture |
 * | `lost` | it ended by itself: unplugged, taken by another program, or its permission withdrawn |
 *
 * @typedef {'off' | 'asking' | 'unanswered' | 'starting' | 'silent' | 'running' | 'stalled' | 'paused' | 'lost'}
 *   CameraState
 */

export class Camera {
  #video;
  #onFrame;
  #onState;
  /** @type {MediaStream | undefined} */ #stream;
  #request = 0;
  #isAsking = false;
  #hasFrame = false;
  #waitedMs = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #watch;
  /** @type {CameraState} */ #reported = "off";

  /**
   * @param {HTMLVideoElement} video
   * @param {(timestampMs: number) => void} onFrame called for each frame the video shows
   * @param {(state: CameraState) => void} onState called when the camera's state has changed
   */
  constructor(video, onFrame, onState) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#onState = onState;
    // The browser pauses a video too, as for a phone call.
    for (const event of ["pause", "play"]) video.addEventListener(event, () => this.#restartWait());
    // Not every browser calls back per frame for a video that is not shown yet.
    video.addEventListener("loadeddata", () => this.#beginFrames());
  }

  /** The camera's state, derived from the present facts. @returns {CameraState} */
  get state() {
    if (this.#isAsking) return this.#waitedMs < START_MS ? "asking" : "unanswered";
    if (!this.#stream) return "off";
    if (this.#track?.readyState !== "live") return "lost";
    if (this.#video.paused) return "paused";
    if (!this.#hasFrame) return this.#waitedMs < START_MS ? "starting" : "silent";
    return this.#isMuted || this.#waitedMs >= STALL_MS ? "stalled" : "running";
  }

  /** Whether the camera faces the person at the screen, who expects a mirrored picture. */
  get facesUser() {
    return this.#track?.getSettings().facingMode !== "environment";
  }

  /** The id of the camera that runs. */
  get deviceId() {
    return this.#track?.getSettings().deviceId;
  }

  /** The cameras that are connected; their names are known once one has been started. */
  static async list() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return devices.filter(({ kind }) => kind === "videoinput");
  }

  /**
   * Asks the browser for the camera. From then on `onFrame` and `onState` are called.
   *
   * @param {string} [deviceId] which camera, if not the browser's choice
   * @throws {PageFailure | DOMException} the browser's reason
   */
  async start(deviceId) {
    this.#release();
    const request = this.#request;
    this.#isAsking = true;
    this.#restartWait();
    // Counted in ticks, not by the clock, which runs on while the machine sleeps or the page is busy.
    this.#watch = setInterval(() => {
      this.#waitedMs += WATCH_MS;
      this.#report();
    }, WATCH_MS);
    try {
      if (!navigator.mediaDevices) throw new PageFailure("camera-insecure");
      const video = { ...IDEAL_SIZE, ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" }) };
      const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (request !== this.#request) return stopTracks(stream); // no longer wanted
      this.#stream = stream;
    } catch (error) {
      if (request !== this.#request) return; // no longer wanted
      this.stop();
      throw error;
    }
    this.#isAsking = false;
    const track = this.#track;
    track?.addEventListener("ended", () => this.#lose(request));
    for (const event of ["mute", "unmute"]) track?.addEventListener(event, () => this.#beginFrames());
    this.#video.srcObject = this.#stream;
    this.#awaitFrame(request);
    // Without a frame this never settles; a refusal leaves the video paused, which is a state of its own.
    this.#video.play().catch(() => {});
    this.#restartWait();
  }

  /** Holds the picture as it is; the camera stays on. @param {boolean} paused */
  pause(paused) {
    if (paused) this.#video.pause();
    else this.#video.play().catch(() => {});
  }

  /** Switches the camera off: every track, so that its light goes out. */
  stop() {
    this.#release();
    this.#report();
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  get #isMuted() {
    return this.#track?.muted ?? false;
  }

  #release() {
    this.#request += 1;
    clearInterval(this.#watch);
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = undefined;
    this.#isAsking = false;
    this.#hasFrame = false;
    this.#video.srcObject = null;
  }

  /** @param {number} request */
  #lose(request) {
    if (request !== this.#request || !this.#stream) return;
    stopTracks(this.#stream);
    this.#report();
  }

  /** Called when the first frame may be there, at the start or after the camera was muted. */
  #beginFrames() {
    const hasData = this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    if (this.#stream && hasData && !this.#isMuted) this.#hasFrame = true;
    this.#report();
  }

  #restartWait() {
    this.#waitedMs = 0;
    this.#report();
  }

  #report() {
    const { state } = this;
    if (state === this.#reported) return;
    this.#reported = state;
    this.#onState(state);
  }

  /**
   * @param {number} request the start that it belongs to; it ends with the next start or stop
   * @param {number} [shown] how many frames the video has shown
   */
  #awaitFrame(request, shown = 0) {
    const video = this.#video;
    /** @param {number} now */
    const onFrame = (now) => {
      if (request !== this.#request) return;
      const showsNow = CALLS_PER_FRAME ? shown + 1 : video.getVideoPlaybackQuality().totalVideoFrames;
      this.#awaitFrame(request, showsNow);
      if (showsNow === shown || this.#isMuted) return; // a muted camera sends black pictures
      this.#hasFrame = true;
      this.#restartWait();
      this.#onFrame(now);
    };
    if (CALLS_PER_FRAME) video.requestVideoFrameCallback(onFrame);
    else requestAnimationFrame(onFrame);
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
