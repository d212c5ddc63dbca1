/**
 * The camera: starts and stops it, and hands on its frames as they come.
 *
 * @module
 */

import { PageFailure } from "./failures.js";

/** Enough for faces across a room, and quick to hand over. */
const IDEAL_SIZE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

export class Camera {
  #video;
  #onFrame;
  #onLost;
  /** @type {MediaStream | undefined} */ #stream;
  #request = 0;

  /**
   * @param {HTMLVideoElement} video
   * @param {(timestampMs: number) => void} onFrame called for each frame the video shows
   * @param {() => void} onLost called when the camera goes away by itself: unplugged, or its permission taken back
   */
  constructor(video, onFrame, onLost) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#onLost = onLost;
  }

  get isRunning() {
    return this.#stream !== undefined;
  }

  /** Whether the camera looks at whoever sits before the screen, whose picture one expects mirrored. */
  get facesUser() {
    return this.#stream?.getVideoTracks()[0]?.getSettings().facingMode !== "environment";
  }

  /** Which camera runs, for the choice among several. */
  get deviceId() {
    return this.#stream?.getVideoTracks()[0]?.getSettings().deviceId;
  }

  /** The cameras there are; their names are known once one has been started. */
  static async list() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === "videoinput");
  }

  /**
   * @param {string} [deviceId] which camera, if not the browser's choice
   * @throws {PageFailure | DOMException} the browser's reason
   */
  async start(deviceId) {
    this.stop();
    const request = this.#request;
    if (!navigator.mediaDevices) throw new PageFailure("camera-insecure");
    const video = { ...IDEAL_SIZE, ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" }) };
    const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    if (request !== this.#request) return stopTracks(stream); // no longer wanted
    this.#stream = stream;
    for (const track of stream.getTracks()) track.addEventListener("ended", () => this.#lose(stream));
    this.#video.srcObject = stream;
    await this.#video.play();
    if (this.#stream === stream) this.#awaitFrame(request);
  }

  /** Holds the picture as it is; the camera stays on. @param {boolean} paused */
  pause(paused) {
    if (paused) this.#video.pause();
    else this.#video.play();
  }

  /** Switches the camera off: every track, so that its light goes out. */
  stop() {
    this.#request += 1;
    if (this.#stream) stopTracks(this.#stream);
    this.#stream = undefined;
    this.#video.srcObject = null;
  }

  /** @param {MediaStream} stream */
  #lose(stream) {
    if (this.#stream !== stream) return;
    this.stop();
    this.#onLost();
  }

  /** @param {number} request ends with the start or stop that follows */
  #awaitFrame(request) {
    /** @param {number} now */
    const onFrame = (now) => {
      if (request !== this.#request) return;
      this.#awaitFrame(request);
      this.#onFrame(now);
    };
    // Firefox learned to call back per frame only in version 132.
    if ("requestVideoFrameCallback" in this.#video) this.#video.requestVideoFrameCallback(onFrame);
    else requestAnimationFrame(onFrame);
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}
