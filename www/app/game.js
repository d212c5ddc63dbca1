/**
 * A round of "Show me …" over the expressions: each is asked for in turn, and a ring fills while a face shows it.
 *
 * @module
 */

import { answerOf } from "./answer.js";
import { find, showGlyph } from "./html.js";
import { Moments } from "./moments.js";
import { sayLower, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** How long an expression must be shown in all, in milliseconds; the ring empties at half that speed. */
const HOLD_MS = 1200;

/** The longest time between two frames that counts, in milliseconds. */
const STEP_MS = 250;

export class Game {
  #panel = find(".game");
  #ring = find(".game .target");
  #glyph = /** @type {SVGSVGElement} */ (find(".game .glyph"));
  #button = find("[data-action=game]");
  #skip = find("[data-action=game-skip]");
  #onEnd;
  #moments = new Moments();
  /** What is still to be shown, the present one first; nothing before a face has been seen. @type {string[] | undefined} */
  #asked;
  #all = 0;
  #filled = 0;
  #lastMs = 0;

  /** @param {(moments: Moments, all: number) => void} onEnd called after the last expression */
  constructor(onEnd) {
    this.#onEnd = onEnd;
    this.#button.addEventListener("click", () => (this.isRunning ? this.end() : this.start()));
    find("[data-action=game-again]").addEventListener("click", () => this.start());
    this.#skip.addEventListener("click", () => this.#next());
  }

  get isRunning() {
    return !this.#panel.hidden;
  }

  start() {
    this.#moments = new Moments();
    this.#asked = undefined;
    this.#panel.hidden = false;
    this.#skip.hidden = true;
    find(".stage").scrollIntoView({ block: "nearest" });
    write(this.#button, "game.end");
    write(find("[role=status]", this.#panel), "faces.none-live");
    this.#panel.dataset.emotion = "";
    this.#fill(0);
    showGlyph(this.#glyph, "");
  }

  /** Ends the round before its last expression. */
  end() {
    this.#panel.hidden = true;
    write(this.#button, "game.start");
  }

  /**
   * Takes in what a frame showed.
   *
   * @param {FaceEmotion[]} faces
   * @param {number} timestampMs
   * @param {HTMLVideoElement} video
   * @param {boolean} isMirrored
   */
  follow(faces, timestampMs, video, isMirrored) {
    if (!this.isRunning) return;
    const stepMs = Math.min(STEP_MS, timestampMs - this.#lastMs);
    this.#lastMs = timestampMs;
    if (!this.#asked) {
      if (faces.length === 0) return;
      this.#asked = shuffled(Object.keys(answerOf(faces[0]).probabilities));
      this.#all = this.#asked.length;
      this.#ask();
    }
    const showing = faces.filter((face) => answerOf(face).emotion === this.#asked?.[0]);
    this.#moments.add(showing, video, isMirrored);
    this.#fill(this.#filled + (showing.length > 0 ? stepMs : -stepMs / 2) / HOLD_MS);
    if (this.#filled === 1) this.#next();
  }

  #next() {
    this.#asked?.shift();
    if (this.#asked?.length === 0) {
      this.end();
      return this.#onEnd(this.#moments, this.#all);
    }
    return this.#ask();
  }

  #ask() {
    const emotion = this.#asked?.[0] ?? "";
    this.#skip.hidden = false;
    this.#panel.dataset.emotion = emotion;
    showGlyph(this.#glyph, emotion);
    write(find("[role=status]", this.#panel), "game.show", () => ({ emotion: sayLower(emotion) }));
    this.#fill(0);
  }

  /** @param {number} share */
  #fill(share) {
    this.#filled = Math.max(0, Math.min(1, share));
    this.#ring.style.setProperty("--share", String(this.#filled));
  }
}

/** @param {string[]} items */
function shuffled(items) {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
