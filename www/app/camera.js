/**
 * The camera: starts and stops it, hands on its frames as they come, and knows at every moment how it fares.
 *
 * @module
 */

import { PageFailure } from "./failures.js";

/** Enough for faces across a room, and quick to hand over. */
const IDEAL_SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** Firefox learned to call back per frame only in version 132. */
const CALLS_PER_FRAME = "requestVideoFrameCallback" in HTMLVideoElement.prototype;

/** How often the camera is looked after, in milliseconds. */
const WATCH_MS = 250;

/** A camera that showed nothing new for so long has stalled; one that takes longer to start gets other words. */
const STALL_MS = 2000;
const START_MS = 10_000;

/**
 * How the camera fares:
 *
 * | state | meaning |
 * |---|---|
 * | `off` | not asked for, or stopped by the visitor |
 * | `asking` | the browser has not given it yet |
 * | `unanswered` | the same after 10 s: the browser's question waits for an answer |
 * | `starting` | given, without a first frame |
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
  #isLost = false;
  #hasFrame = false;
  #waitedMs = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #watch;
  /** @type {CameraState} */ #told = "off";

  /**
   * @param {HTMLVideoElement} video
   * @param {(timestampMs: number) => void} onFrame called for each frame the video shows
   * @param {(state: CameraState) => void} onState called when the camera's state is another
   */
  constructor(video, onFrame, onState) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#onState = onState;
    // The browser pauses a video too, as for a phone call.
    for (const event of ["pause", "play"]) video.addEventListener(event, () => this.#waitAnew());
  }

  /** All that is known of the camera in one word, worked out anew from what is so now. @returns {CameraState} */
  get state() {
    if (this.#isLost) return "lost";
    if (this.#isAsking) return this.#waitedMs < START_MS ? "asking" : "unanswered";
    if (!this.#stream) return "off";
    if (this.#video.paused) return "paused";
    if (!this.#hasFrame) return this.#waitedMs < START_MS ? "starting" : "silent";
    return this.#isMuted || this.#waitedMs >= STALL_MS ? "stalled" : "running";
  }

  /** Whether the camera looks at whoever sits before the screen, whose picture one expects mirrored. */
  get facesUser() {
    return this.#track?.getSettings().facingMode !== "environment";
  }

  /** Which camera runs, for the choice among several. */
  get deviceId() {
    return this.#track?.getSettings().deviceId;
  }

  /** The cameras there are; their names are known once one has been started. */
  static async list() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    return devices.filter(({ kind }) => kind === "videoinput");
  }

  /**
   * Asks the browser for the camera; its frames come as `onFrame` and `onState` say.
   *
   * @param {string} [deviceId] which camera, if not the browser's choice
   * @throws {PageFailure | DOMException} the browser's reason
   */
  async start(deviceId) {
    this.#release();
    const request = this.#request;
    this.#isAsking = true;
    this.#waitAnew();
    // Counted rather than timed: a machine that slept, or a page that was busy, has not waited.
    this.#watch = setInterval(() => {
      this.#waitedMs += WATCH_MS;
      this.#tell();
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
    for (const event of ["mute", "unmute"]) track?.addEventListener(event, () => this.#tell());
    this.#video.srcObject = this.#stream;
    this.#awaitFrame(request);
    // Without a frame this never settles; a refusal leaves the video paused, which is a state of its own.
    this.#video.play().catch(() => {});
    this.#waitAnew();
  }

  /** Holds the picture as it is; the camera stays on. @param {boolean} paused */
  pause(paused) {
    if (paused) this.#video.pause();
    else this.#video.play().catch(() => {});
  }

  /** Switches the camera off: every track, so that its light goes out. */
  stop() {
    this.#release();
    this.#tell();
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
    this.#isLost = false;
    this.#hasFrame = false;
    this.#video.srcObject = null;
  }

  /** @param {number} request */
  #lose(request) {
    const stream = this.#stream;
    if (request !== this.#request || !stream) return;
    this.#isLost = true;
    this.#tell(); // while the video still shows the last picture
    stopTracks(stream);
  }

  #waitAnew() {
    this.#waitedMs = 0;
    this.#tell();
  }

  #tell() {
    const { state } = this;
    if (state === this.#told) return;
    this.#told = state;
    this.#onState(state);
  }

  /**
   * @param {number} request ends with the start or stop that follows
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
      this.#waitAnew();
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
