/**
 * The best moments of a live view: for each expression the crop of the face that showed it most clearly. They stay in
 * memory, 2 MB at most, until the visitor discards them.
 *
 * @module
 */

import { answerOf, isUnsure, probabilityOf } from "./answer.js";
import { drawCrop } from "./crop.js";
import { download } from "./export.js";
import { find, make, makeGlyph } from "./html.js";
import { say, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {{ canvas: HTMLCanvasElement, probability: number }} Moment */

/** The side of a crop in pixels, and how much wider than the face it is. */
const SIDE = 240;
const MARGIN = 1.6;

/** A crop gives way only to one that is this much more probable, so that not every frame is copied. */
const LEAST_GAIN = 0.01;

export class Moments {
  /** By expression, in the order they were first shown. @type {Map<string, Moment>} */
  best = new Map();

  /**
   * Keeps the faces that show their expression better than before.
   *
   * @param {FaceEmotion[]} faces
   * @param {HTMLVideoElement} video that shows them
   * @param {boolean} isMirrored
   */
  add(faces, video, isMirrored) {
    for (const face of faces) {
      const answer = answerOf(face);
      const probability = probabilityOf(answer);
      const before = this.best.get(answer.emotion);
      if (isUnsure(answer) || (before && probability < before.probability + LEAST_GAIN)) continue;
      const canvas = before?.canvas ?? make("canvas", "");
      canvas.width = SIDE;
      canvas.height = SIDE;
      drawCrop(canvas, video, face.box, { share: MARGIN, isMirrored });
      this.best.set(answer.emotion, { canvas, probability });
    }
  }
}

/** The strip that shows the best moments of the live view, or of a game. */
export class MomentStrip {
  #section = find(".best");
  #list = find(".best ul");
  /** @type {Moments | undefined} */ #shown;

  /** @param {() => void} onDiscard */
  constructor(onDiscard) {
    find("[data-action=best-save]").addEventListener("click", () => this.#save());
    find("[data-action=best-discard]").addEventListener("click", () => {
      this.hide();
      onDiscard();
    });
  }

  /**
   * @param {Moments} moments
   * @param {string} title key of its words
   * @param {import('./words.js').Values} [values]
   */
  show(moments, title, values = {}) {
    this.#shown = moments;
    this.#section.hidden = moments.best.size === 0 && title === "best.title";
    find("[data-action=best-save]").hidden = moments.best.size === 0;
    write(find(".best h2"), title, () => values);
    this.refresh();
    if (title !== "best.title") this.#section.scrollIntoView({ block: "nearest" }); // what the game was played for
  }

  hide() {
    this.#section.hidden = true;
    this.#shown = undefined;
    this.#list.replaceChildren();
  }

  /** Writes the words again, in another language. */
  refresh() {
    const figures = [...(this.#shown?.best ?? [])].map(([emotion, { canvas, probability }]) => {
      const item = make("li", "", canvas, makeGlyph(emotion), captionOf(emotion, probability));
      item.dataset.emotion = emotion;
      return item;
    });
    this.#list.replaceChildren(...figures);
  }

  /** Saves the crops side by side as one picture. */
  #save() {
    const best = [...(this.#shown?.best ?? [])];
    const style = getComputedStyle(this.#section);
    const [gap, words] = [16, 44];
    const strip = make("canvas", "");
    strip.width = best.length * (SIDE + gap) + gap;
    strip.height = SIDE + gap + words;
    const context = strip.getContext("2d");
    if (!context) return;
    context.fillStyle = style.getPropertyValue("--sheet");
    context.fillRect(0, 0, strip.width, strip.height);
    context.font = `500 20px ${style.getPropertyValue("--sans")}`;
    context.textAlign = "center";
    for (const [place, [emotion, { canvas, probability }]] of best.entries()) {
      const left = gap + place * (SIDE + gap);
      context.drawImage(canvas, left, gap);
      context.fillStyle = style.getPropertyValue(`--${emotion}`);
      context.fillRect(left, gap + SIDE - 5, SIDE * probability, 5);
      context.fillStyle = style.getPropertyValue("--ink");
      context.fillText(captionOf(emotion, probability), left + SIDE / 2, gap + SIDE + 30, SIDE);
    }
    strip.toBlob((file) => file && download("countenance-moments.png", file), "image/png");
  }
}

/**
 * @param {string} emotion
 * @param {number} probability
 */
function captionOf(emotion, probability) {
  return `${say(emotion)} ${sayPercent(probability)}`;
}
