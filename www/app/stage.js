/**
 * The picture or the live view, which fills the stage, and what lies over it. Boxes are given in picture pixels; the style
 * sheet turns them into places on the screen, and mirrors them with the picture while their labels stay readable.
 *
 * @module
 */

import { drawCrop } from "./crop.js";
import { find, make } from "./html.js";
import { Overlay } from "./overlay.js";
import { say } from "./words.js";
import { Zoom } from "./zoom.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** The longest side of a picture that the visitor turned, in pixels: every browser can draw that. */
const MAX_TURNED_SIDE = 4096;

/** How much of a face's surroundings its crop shows, as a share of its longer side. */
const CROP_SHARE = 1.25;

/**
 * A still picture.
 *
 * @typedef {object} Still
 * @property {HTMLImageElement | HTMLCanvasElement} element shows it, perhaps at a smaller size
 * @property {{ width: number, height: number }} size in pixels, the unit of its faces' boxes
 * @property {Blob} [file] the file it was read from; none if it exists on the page only
 */

export class Stage {
  #figure = find(".picture");
  /** @type {Still} */ #still = { element: find(".still"), size: { width: 0, height: 0 } };
  /** @type {HTMLVideoElement} */ #live = find(".live");
  #workbench = find(".workbench");
  #zoom = new Zoom(() => this.#sharpen());
  /** The still at its full size, once one looks closer. @type {HTMLImageElement | undefined} */
  #whole;
  /** A copy of the video's picture. */
  #copy = make("canvas", "");

  /** @param {(id: number, step?: number) => void} onChoose called with the face chosen, or how far from it to go on */
  constructor(onChoose) {
    this.overlay = new Overlay(onChoose);
    this.#live.addEventListener("resize", () => this.#setSize(this.#live.videoWidth, this.#live.videoHeight));
  }

  /** The live view's video, for the camera to feed. */
  get video() {
    return this.#live;
  }

  /** What is shown, for the analyzer to read again. */
  get source() {
    return this.#live.hidden ? (this.#still.file ?? this.#still.element) : this.#live;
  }

  /** Whether no picture is shown. */
  get isEmpty() {
    return this.#figure.hidden;
  }

  /**
   * What is shown, for a card: the picture at its full size where that is at hand.
   *
   * @returns {Promise<import('./card.js').Subject>}
   */
  async look() {
    const { faces, why } = this.overlay;
    const isMirrored = this.#figure.classList.contains("mirrored");
    if (!this.#live.hidden) return { picture: this.#live, size: sizeOf(this.#live), isMirrored, faces, why };
    const { element, size, file } = this.#still;
    const whole = file && (await loadImage(file).catch(() => undefined));
    const isWhole = whole?.naturalWidth === size.width && whole.naturalHeight === size.height;
    return { picture: isWhole ? whole : element, size, isMirrored, faces, why };
  }

  /** Shows a picture, without faces at first. @param {Still} still */
  showStill(still) {
    this.clear();
    this.#replaceStill(still);
  }

  /** Shows the video. */
  showLive() {
    this.#setSize(this.#live.videoWidth, this.#live.videoHeight);
    this.#live.hidden = false;
    this.#figure.hidden = false;
  }

  /** Copies the video's picture, which may turn black the moment the camera ends. */
  copyLive() {
    const { width, height } = sizeOf(this.#live);
    if (this.#copy.width !== width) this.#copy.width = width;
    if (this.#copy.height !== height) this.#copy.height = height;
    if (width > 0) this.#copy.getContext("2d")?.drawImage(this.#live, 0, 0);
  }

  /** Shows the copy as a still in place of the video, with the same boxes and mirroring, so that the video can end. */
  showCopy() {
    this.#live.hidden = true;
    this.#live.controls = false;
    this.#replaceStill({ element: this.#copy, size: this.#copy });
    this.#copy = make("canvas", "");
  }

  /** Turns the still by a quarter to the right. Its faces then have to be found again. */
  turn() {
    const { element } = this.#still;
    const { width, height } = element instanceof HTMLImageElement ? this.#still.size : element;
    const scale = Math.min(1, MAX_TURNED_SIDE / Math.max(width, height));
    const canvas = make("canvas", "");
    canvas.width = Math.round(height * scale);
    canvas.height = Math.round(width * scale);
    const context = canvas.getContext("2d");
    context?.setTransform(0, scale, -scale, 0, canvas.width, 0);
    context?.drawImage(element, 0, 0);
    this.showStill({ element: canvas, size: canvas });
  }

  /** @param {boolean} mirrored */
  mirror(mirrored) {
    this.#figure.classList.toggle("mirrored", mirrored);
    this.overlay.mirror(mirrored);
  }

  /**
   * Draws a face as the picture shows it now.
   *
   * @param {FaceEmotion} face
   * @param {HTMLCanvasElement} canvas
   */
  crop({ box }, canvas) {
    const isLive = !this.#live.hidden;
    const element = isLive ? this.#live : this.#still.element;
    const { width } = isLive ? sizeOf(this.#live) : this.#still.size;
    const drawnWidth = isLive ? width : element instanceof HTMLImageElement ? element.naturalWidth : element.width;
    const isMirrored = this.#figure.classList.contains("mirrored");
    drawCrop(canvas, element, box, { share: CROP_SHARE, scale: drawnWidth / width, isMirrored });
  }

  /** Shows no picture. */
  clear() {
    this.#still.element.hidden = true;
    this.#whole?.remove();
    this.#live.hidden = true;
    this.#live.controls = false;
    this.#figure.hidden = true;
    this.mirror(false);
    this.overlay.show([]);
    this.#zoom.reset();
  }

  /**
   * Shows the picture at its full size over the smaller one that stands for it, where the browser reads it as the analyzer
   * did: upright, and as large.
   */
  async #sharpen() {
    const still = this.#still;
    const { element, size, file } = still;
    if (!file || element.width >= size.width || this.#whole) return;
    this.#whole = new Image();
    const whole = await loadImage(file).catch(() => undefined);
    if (still !== this.#still || whole?.naturalWidth !== size.width || whole.naturalHeight !== size.height) return;
    whole.className = "whole";
    whole.alt = "";
    this.#whole = whole;
    element.after(whole);
  }

  /** @param {Still} still */
  #replaceStill(still) {
    const { element, size } = still;
    this.#whole?.remove();
    this.#whole = undefined;
    element.className = "still";
    element.hidden = false;
    element.setAttribute("role", "img");
    element.setAttribute("data-label", "picture.alt");
    element.setAttribute("aria-label", say("picture.alt"));
    this.#still.element.replaceWith(element);
    this.#still = still;
    this.#setSize(size.width, size.height);
    this.#figure.hidden = false;
  }

  /**
   * @param {number} width
   * @param {number} height
   */
  #setSize(width, height) {
    const size = { width: width || 4, height: height || 3 };
    this.#workbench.style.setProperty("--picture-width", String(size.width));
    this.#workbench.style.setProperty("--picture-height", String(size.height));
    this.overlay.setSize(size);
  }
}

/**
 * A picture from a file, as the browser shows it.
 *
 * @param {Blob} file
 * @returns {Promise<HTMLImageElement>} rejected where the browser can't show it
 */
export async function loadImage(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    return image;
  } finally {
    URL.revokeObjectURL(image.src); // the image has what it needs
  }
}

/**
 * A picture as the analyzer reads it.
 *
 * @param {Blob} file
 * @param {import('../lib/index.js').Preview} preview
 * @returns {Still}
 */
export function drawStill(file, { bitmap, width, height }) {
  const element = make("canvas", "");
  element.width = bitmap.width;
  element.height = bitmap.height;
  element.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
  return { element, size: { width, height }, file };
}

/** @param {HTMLVideoElement} video */
function sizeOf({ videoWidth, videoHeight }) {
  return { width: videoWidth, height: videoHeight };
}
