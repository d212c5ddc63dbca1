/**
 * The faces as a compact strip: a chip for each with its crop, its number and its expression.
 *
 * The chips carry the page's stable hooks: `data-testid="face"`, `data-emotion`, `data-probability` (0..1),
 * `data-box="x,y,width,height"` in picture pixels.
 *
 * @module
 */

import { answerOf, probabilityOf, sayBriefly } from "./answer.js";
import { onArrows } from "./arrows.js";
import { find, make, makeGlyph, showGlyph } from "./html.js";
import { say } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** Side of a crop in pixels: twice that of a chip, for dense screens. */
const CROP_SIDE = 112;

/** How old the crop of a live face may be, in milliseconds. */
const CROP_MS = 1000;

export class FaceStrip {
  #list = find(".faces");
  /** @type {Map<number, Chip>} */ #chips = new Map();
  /** @type {number | undefined} */ #chosen;
  #onChoose;
  #crop;

  /**
   * @param {(id: number, step?: number) => void} onChoose called with the face chosen, or how far from it to go on
   * @param {(face: FaceEmotion, canvas: HTMLCanvasElement) => void} crop draws the face as it is now
   */
  constructor(onChoose, crop) {
    this.#onChoose = onChoose;
    this.#crop = crop;
    onArrows(this.#list, (step) => {
      if (this.#chosen === undefined) return;
      onChoose(this.#chosen, step);
      this.#chips.get(this.#chosen)?.button.focus();
    });
  }

  /**
   * @param {FaceEmotion[]} faces
   * @param {boolean} isLive whether their looks change
   */
  show(faces, isLive) {
    const shown = new Set(faces.map(({ id }) => id));
    for (const [id, chip] of this.#chips) {
      if (shown.has(id)) continue;
      chip.element.remove();
      this.#chips.delete(id);
    }
    const now = performance.now();
    for (const face of faces) {
      let chip = this.#chips.get(face.id);
      if (!chip) {
        chip = new Chip(face.id, () => this.#onChoose(face.id));
        this.#chips.set(face.id, chip);
        this.#list.append(chip.element);
      }
      chip.show(face);
      if (now - chip.croppedMs < (isLive ? CROP_MS : Number.POSITIVE_INFINITY)) continue;
      chip.croppedMs = now;
      this.#crop(face, chip.canvas);
    }
  }

  /** Marks a face as the one whose answer is shown in detail. @param {number | undefined} id */
  choose(id) {
    if (id === this.#chosen && id !== undefined && this.#chips.get(id)?.button.ariaCurrent) return;
    this.#chosen = id;
    for (const [each, { button }] of this.#chips) {
      button.ariaCurrent = each === id ? "true" : null;
      button.tabIndex = each === id ? 0 : -1;
    }
    const element = id === undefined ? undefined : this.#chips.get(id)?.element;
    if (!element) return;
    // The strip alone is scrolled: the picture stays where it is.
    const [list, chip] = [this.#list.getBoundingClientRect(), element.getBoundingClientRect()];
    this.#list.scrollBy(
      beyond(list.left, list.right, chip.left, chip.right),
      beyond(list.top, list.bottom, chip.top, chip.bottom),
    );
  }
}

class Chip {
  canvas = make("canvas", "");
  #glyph = makeGlyph("uncertain");
  button = make("button", "chip");
  element = make("li", "face", this.button);
  croppedMs = Number.NEGATIVE_INFINITY;
  #id;

  /**
   * @param {number} id
   * @param {() => void} onChoose
   */
  constructor(id, onChoose) {
    this.#id = id;
    this.canvas.width = CROP_SIDE;
    this.canvas.height = CROP_SIDE;
    this.button.type = "button";
    this.button.append(this.canvas, make("span", "badge", String(id)), this.#glyph);
    this.button.addEventListener("click", onChoose);
    this.element.dataset.testid = "face";
  }

  /** @param {FaceEmotion} face */
  show(face) {
    const answer = answerOf(face);
    const { x, y, width, height } = face.box;
    const { dataset } = this.element;
    dataset.probability = String(probabilityOf(answer));
    dataset.other = String(face.other);
    dataset.box = [x, y, width, height].join();
    const label = say("face.named", { number: this.#id, answer: sayBriefly(answer) });
    if (dataset.emotion === answer.emotion && this.button.title === label) return;
    dataset.emotion = answer.emotion;
    showGlyph(this.#glyph, answer.emotion);
    this.button.title = label;
    this.button.setAttribute("aria-label", label);
  }
}

/**
 * How far to scroll so that what lies from `start` to `end` is inside the frame.
 *
 * @param {number} frameStart
 * @param {number} frameEnd
 * @param {number} start
 * @param {number} end
 */
function beyond(frameStart, frameEnd, start, end) {
  return Math.max(0, end - frameEnd) || Math.min(0, start - frameStart);
}
