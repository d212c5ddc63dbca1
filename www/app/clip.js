/**
 * Records the live view with its faces marked, as a video file. There is no button where the browser can't.
 *
 * @module
 */

import { answerOf, sayBriefly } from "./answer.js";
import { download } from "./export.js";
import { find, make } from "./html.js";
import { sayDuration, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** The longest clip in seconds, and its bits per second: 15 MB at most, which are kept in memory until it is saved. */
const MOST_SECONDS = 30;
const BITS_PER_SECOND = 4e6;

/** The longer side of a clip, in pixels. */
const SIDE = 1280;

/** What players elsewhere open most often comes first. */
const TYPES = ["video/mp4;codecs=avc1.42E01F", "video/webm;codecs=vp9", "video/webm"];

export class Clip {
  #button = find("[data-action=clip]");
  #state = find(".clip");
  /** @type {HTMLProgressElement} */ #progress = find(".clip progress");
  #video;
  /** @type {FaceEmotion[]} */ #faces = [];
  #isMirrored = false;
  /** @type {MediaRecorder | undefined} */ #recorder;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    const canRecord = "captureStream" in HTMLCanvasElement.prototype && "MediaRecorder" in globalThis;
    const type = canRecord && TYPES.find((each) => MediaRecorder.isTypeSupported(each));
    if (!type) this.#button.remove();
    else this.#button.addEventListener("click", () => (this.#recorder ? this.stop() : this.#start(type)));
  }

  /**
   * The faces to mark from now on.
   *
   * @param {FaceEmotion[]} faces
   * @param {boolean} isMirrored
   */
  follow(faces, isMirrored) {
    this.#faces = faces;
    this.#isMirrored = isMirrored;
  }

  /** Ends the clip and saves it, if one is being recorded. */
  stop() {
    this.#recorder?.stop();
    this.#recorder = undefined;
    this.#state.hidden = true;
    if (this.#button.isConnected) write(this.#button, "clip.start");
  }

  /** @param {string} type */
  #start(type) {
    const { videoWidth, videoHeight } = this.#video;
    const canvas = make("canvas", "");
    const scale = Math.min(1, SIDE / Math.max(videoWidth, videoHeight));
    [canvas.width, canvas.height] = [videoWidth, videoHeight].map((side) => 2 * Math.round((side * scale) / 2));
    const stream = canvas.captureStream(30);
    const recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond: BITS_PER_SECOND });
    /** @type {Blob[]} */
    const parts = [];
    recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
    recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      const [, kind] = /** @type {RegExpMatchArray} */ (type.match(/^video\/(\w+)/));
      download(`countenance.${kind}`, new Blob(parts, { type: `video/${kind}` }));
    });
    const begun = performance.now();
    const draw = () => {
      if (this.#recorder !== recorder) return;
      const seconds = (performance.now() - begun) / 1000;
      this.#progress.value = seconds / MOST_SECONDS;
      const time = `${sayDuration(seconds)} / ${sayDuration(MOST_SECONDS)}`;
      find("span", this.#state).textContent = time;
      this.#draw(canvas, scale);
      if (seconds < MOST_SECONDS) requestAnimationFrame(draw);
      else this.stop();
    };
    this.#recorder = recorder;
    this.#state.hidden = false;
    write(this.#button, "clip.stop");
    draw();
    recorder.start();
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} scale
   */
  #draw(canvas, scale) {
    const context = canvas.getContext("2d");
    if (!context) return;
    const { width, height } = canvas;
    if (this.#isMirrored) context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(this.#video, 0, 0, width, height);
    context.resetTransform();
    const style = getComputedStyle(document.documentElement);
    const size = Math.max(14, height / 28);
    context.font = `600 ${size}px ${style.getPropertyValue("--sans")}`;
    context.lineWidth = size / 6;
    for (const face of this.#faces) {
      const [x, y, w, h] = [face.box.x, face.box.y, face.box.width, face.box.height].map((value) => value * scale);
      const left = this.#isMirrored ? width - x - w : x;
      const answer = answerOf(face);
      context.strokeStyle = style.getPropertyValue(`--${answer.emotion}`) || "#fff";
      context.beginPath();
      context.roundRect(left, y, w, h, size / 2);
      context.stroke();
      const words = sayBriefly(answer);
      const top = Math.max(4, y - size * 1.9);
      context.fillStyle = "rgb(20 18 15 / 0.82)";
      context.beginPath();
      context.roundRect(left, top, context.measureText(words).width + size, size * 1.6, size * 0.8);
      context.fill();
      context.fillStyle = "#fff";
      context.fillText(words, left + size / 2, top + size * 1.15);
    }
  }
}
