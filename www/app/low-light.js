/**
 * A hint where the camera sees too little light to read a face by.
 *
 * @module
 */

import { make } from "./html.js";

/** How often the light is looked at, in milliseconds. */
const LOOK_MS = 1000;

/** Mean brightness, 0..255, below which it is too dark, and above which it is light enough again. */
const DARK = 40;
const LIGHT = 55;

export class LowLight {
  #hint;
  #context;
  #lookedAt = Number.NEGATIVE_INFINITY;

  /** @param {HTMLElement} hint shown while it is too dark */
  constructor(hint) {
    this.#hint = hint;
    const canvas = make("canvas", "");
    canvas.width = 1;
    canvas.height = 1;
    this.#context = canvas.getContext("2d", { willReadFrequently: true });
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {number} now
   */
  look(video, now) {
    const context = this.#context;
    if (!context || now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    // Drawn as one pixel, the frame comes out as its mean; green stands for brightness.
    context.imageSmoothingQuality = "high";
    context.drawImage(video, 0, 0, 1, 1);
    const [, brightness] = context.getImageData(0, 0, 1, 1).data;
    this.#hint.hidden = brightness >= (this.#hint.hidden ? DARK : LIGHT);
  }

  reset() {
    this.#hint.hidden = true;
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }
}
