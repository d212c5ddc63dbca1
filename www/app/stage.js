/**
 * The picture or the live view, with a box over each face. Boxes are given in picture pixels; the style sheet turns
 * them into places on the screen, and mirrors them with the picture while their labels stay readable.
 *
 * @module
 */

import { answerOf, probabilityOf } from "./answer.js";
import { find, make } from "./html.js";
import { say, sayPercent } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** How many colours the style sheet has to tell faces apart. */
const COLOURS = 6;

/**
 * The colour of a face, the same for as long as it keeps its id.
 *
 * @param {FaceEmotion} face
 */
export function colourOf(face) {
  return String(face.id % COLOURS);
}

export class Stage {
  #figure = find(".picture");
  /** @type {HTMLImageElement | HTMLCanvasElement} */ #still = find(".still");
  /** @type {Blob | undefined} what the still was read from */ #file;
  /** @type {HTMLVideoElement} */ #live = find(".live");
  #overlay = find(".overlay");
  /** @type {Map<number, { box: HTMLElement, badge: HTMLElement, text: HTMLElement }>} */ #boxes = new Map();

  constructor() {
    this.#live.addEventListener("resize", () => this.#setSize(this.#live.videoWidth, this.#live.videoHeight));
  }

  /** The live view's video, for the camera to feed. */
  get video() {
    return this.#live;
  }

  /** What is shown, for the analyzer to look at again. */
  get source() {
    return this.#live.hidden ? (this.#file ?? this.#still) : this.#live;
  }

  /**
   * What is shown, boxes and labels included, as a picture of its own.
   *
   * @returns {Promise<Blob | null>}
   */
  async snapshot() {
    const canvas = make("canvas", "");
    canvas.width = this.#live.videoWidth;
    canvas.height = this.#live.videoHeight;
    const context = canvas.getContext("2d");
    if (!context) return null;
    const { width, height } = canvas;
    const isMirrored = this.#figure.classList.contains("mirrored");
    context.fillStyle = "#fff"; // as it lies on the page, where the video is transparent
    context.fillRect(0, 0, width, height);
    context.save();
    if (isMirrored) context.transform(-1, 0, 0, 1, width, 0);
    context.drawImage(this.#live, 0, 0);
    context.restore();
    context.lineWidth = Math.max(2, height / 240);
    context.font = `500 ${Math.max(14, height / 32)}px sans-serif`;
    for (const { box, text } of this.#boxes.values()) {
      const [x, y, w, h] = ["x", "y", "width", "height"].map((name) => Number(box.style.getPropertyValue(`--${name}`)));
      const left = isMirrored ? width - x - w : x;
      const label = text.textContent ?? "";
      for (const draw of /** @type {const} */ (["strokeText", "fillText"])) {
        context.strokeStyle = "#000";
        context.fillStyle = "#fff";
        context[draw](label, left, Math.max(y - height / 60, height / 20));
      }
      context.strokeStyle = "#fff";
      context.strokeRect(left, y, w, h);
    }
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }

  /**
   * Shows a picture without faces as yet.
   *
   * @param {HTMLImageElement | HTMLCanvasElement} still
   * @param {Blob} file that it is of
   * @param {{ width: number, height: number }} size of the picture that its faces are measured in
   */
  showStill(still, file, { width, height }) {
    this.clear();
    still.className = "still";
    still.setAttribute("role", "img");
    still.setAttribute("aria-label", say("picture.alt"));
    this.#still.replaceWith(still);
    this.#still = still;
    this.#file = file;
    this.#setSize(width, height);
    this.#figure.hidden = false;
  }

  /** Shows what the video is fed with. */
  showLive() {
    this.#setSize(this.#live.videoWidth, this.#live.videoHeight);
    this.#live.hidden = false;
    this.#figure.hidden = false;
  }

  /** @param {boolean} mirrored */
  mirror(mirrored) {
    this.#figure.classList.toggle("mirrored", mirrored);
  }

  /** Shows no picture. */
  clear() {
    this.#still.hidden = true;
    this.#file = undefined;
    this.#live.hidden = true;
    this.#live.controls = false;
    this.#figure.hidden = true;
    this.mirror(false);
    this.showFaces([]);
  }

  /** @param {FaceEmotion[]} faces */
  showFaces(faces) {
    const shown = new Set(faces.map(({ id }) => id));
    for (const [id, { box }] of this.#boxes) {
      if (shown.has(id)) continue;
      box.remove();
      this.#boxes.delete(id);
    }
    for (const face of faces) {
      const { box, badge, text } = this.#boxes.get(face.id) ?? this.#addBox(face);
      for (const [name, value] of Object.entries(face.box)) box.style.setProperty(`--${name}`, String(value));
      const answer = answerOf(face);
      box.dataset.emotion = answer.emotion;
      badge.textContent = String(face.id);
      text.textContent = `${say(answer.emotion)} ${sayPercent(probabilityOf(answer))}`;
    }
  }

  /** @param {FaceEmotion} face */
  #addBox(face) {
    const badge = make("b", "badge");
    const text = make("span", "");
    const box = make("div", "box", make("span", "label", badge, text));
    box.dataset.colour = colourOf(face);
    this.#overlay.append(box);
    const parts = { box, badge, text };
    this.#boxes.set(face.id, parts);
    return parts;
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #setSize(width, height) {
    this.#figure.style.setProperty("--picture-width", String(width || 4));
    this.#figure.style.setProperty("--picture-height", String(height || 3));
  }
}

/**
 * A picture from a file, as the browser shows it.
 *
 * @param {Blob} file
 * @returns {Promise<HTMLImageElement>} rejected where the browser can't show it
 */
export async function loadStill(file) {
  const still = new Image();
  still.src = URL.createObjectURL(file);
  try {
    await still.decode();
    return still;
  } finally {
    URL.revokeObjectURL(still.src); // the image has what it needs
  }
}

/**
 * A picture as the analyzer reads it.
 *
 * @param {import('../lib/index.js').Preview} preview
 */
export function drawStill({ bitmap }) {
  const still = make("canvas", "");
  still.width = bitmap.width;
  still.height = bitmap.height;
  still.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
  return still;
}
