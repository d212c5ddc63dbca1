/**
 * The picture or the live view, with a box over each face. Boxes are given in picture pixels; the style sheet turns
 * them into places on the screen, and mirrors them with the picture while their labels stay readable.
 *
 * @module
 */

import { answerOf, sayBriefly } from "./answer.js";
import { find, make } from "./html.js";
import { say } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** The longest side of a picture turned by hand, in pixels: as much as every browser draws at once. */
const MAX_TURNED_SIDE = 4096;

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
    return this.#live.hidden ? this.#still : this.#live;
  }

  /** Whether no picture is shown. */
  get isEmpty() {
    return this.#figure.hidden;
  }

  /**
   * What is shown, boxes and labels included, as a picture of its own.
   *
   * @returns {Promise<Blob | null>}
   */
  async snapshot() {
    const canvas = make("canvas", "");
    const { width, height } = sizeOf(this.source);
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    if (!context) return null;
    const isMirrored = this.#figure.classList.contains("mirrored");
    context.save();
    if (isMirrored) context.transform(-1, 0, 0, 1, width, 0);
    context.drawImage(this.source, 0, 0);
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

  /** Shows a picture without faces as yet. @param {HTMLImageElement | HTMLCanvasElement} still */
  showStill(still) {
    this.clear();
    this.#replaceStill(still);
  }

  /** Shows what the video is fed with. */
  showLive() {
    this.#setSize(this.#live.videoWidth, this.#live.videoHeight);
    this.#live.hidden = false;
    this.#figure.hidden = false;
  }

  /** Keeps what the video shows as a still, boxes and mirror with it, so that the video may end. */
  hold() {
    if (this.#live.hidden) return;
    const { videoWidth, videoHeight } = this.#live;
    if (videoWidth === 0) return this.clear();
    const canvas = make("canvas", "");
    canvas.width = videoWidth;
    canvas.height = videoHeight;
    canvas.getContext("2d")?.drawImage(this.#live, 0, 0);
    this.#live.hidden = true;
    this.#live.controls = false;
    this.#replaceStill(canvas);
  }

  /** Turns the still by a quarter to the right. Its faces are then to be looked for anew. */
  turn() {
    const still = this.#still;
    const { width, height } = sizeOf(still);
    const scale = Math.min(1, MAX_TURNED_SIDE / Math.max(width, height));
    const canvas = make("canvas", "");
    canvas.width = Math.round(height * scale);
    canvas.height = Math.round(width * scale);
    const context = canvas.getContext("2d");
    context?.setTransform(0, scale, -scale, 0, canvas.width, 0);
    context?.drawImage(still, 0, 0);
    this.showStill(canvas);
  }

  /** @param {boolean} mirrored */
  mirror(mirrored) {
    this.#figure.classList.toggle("mirrored", mirrored);
  }

  /** Shows no picture. */
  clear() {
    this.#still.hidden = true;
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
      text.textContent = sayBriefly(answer);
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

  /** @param {HTMLImageElement | HTMLCanvasElement} still */
  #replaceStill(still) {
    still.className = "still";
    still.hidden = false;
    still.setAttribute("role", "img");
    still.setAttribute("data-label", "picture.alt");
    still.setAttribute("aria-label", say("picture.alt"));
    this.#still.replaceWith(still);
    if (this.#still !== still && this.#still instanceof HTMLImageElement) URL.revokeObjectURL(this.#still.src);
    this.#still = still;
    const { width, height } = sizeOf(still);
    this.#setSize(width, height);
    this.#figure.hidden = false;
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
 * A picture from a file, ready to be shown.
 *
 * @param {Blob} blob
 * @returns {Promise<HTMLImageElement>} rejected where the browser can't show it
 */
export async function loadStill(blob) {
  const still = new Image();
  still.src = URL.createObjectURL(blob);
  try {
    await still.decode();
    return still;
  } catch (error) {
    URL.revokeObjectURL(still.src);
    throw error;
  }
}

/** A picture's size in its own pixels. @param {HTMLImageElement | HTMLCanvasElement | HTMLVideoElement} picture */
function sizeOf(picture) {
  if (picture instanceof HTMLImageElement) return { width: picture.naturalWidth, height: picture.naturalHeight };
  if (picture instanceof HTMLVideoElement) return { width: picture.videoWidth, height: picture.videoHeight };
  return picture;
}
