/**
 * One card per face: its expression, and the probability of each.
 *
 * The cards carry the page's stable hooks: `data-testid="face"`, `data-emotion`, `data-probability` (0..1),
 * `data-box="x,y,width,height"` in picture pixels.
 *
 * @module
 */

import { answerOf, probabilityOf, sayProbability } from "./answer.js";
import { makeExplanation } from "./explanation.js";
import { find, make, makeGlyph, showGlyph } from "./html.js";
import { colourOf } from "./stage.js";
import { say, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/**
 * Gives a face's explanation, or nothing where there is none; `goOn` continues the video that was paused for it.
 *
 * @typedef {(face: FaceEmotion) =>
 *   Promise<{ explanation: import('../lib/index.js').FaceExplanation, goOn?: () => void } | undefined>} Explain
 */

export class FaceList {
  #list = find(".faces");
  #nobody = find(".nobody");
  /** @type {Map<number, FaceCard>} */ #cards = new Map();
  #explain;

  /** @param {Explain} explain */
  constructor(explain) {
    this.#explain = explain;
  }

  /** Closes every explanation, since the picture has changed. */
  closeExplanations() {
    for (const card of this.#cards.values()) card.closeExplanation();
  }

  /**
   * @param {FaceEmotion[]} faces
   * @param {string} nobody key of the words for no face
   */
  show(faces, nobody) {
    for (const [id, card] of this.#cards) {
      if (faces.some((face) => face.id === id && card.fits(face))) continue;
      card.element.remove();
      this.#cards.delete(id);
    }
    for (const face of faces) {
      let card = this.#cards.get(face.id);
      if (!card) {
        card = new FaceCard(face, this.#explain);
        this.#cards.set(face.id, card);
        this.#list.append(card.element);
      }
      card.show(face);
    }
    write(this.#nobody, faces.length === 0 ? nobody : "");
  }
}

class FaceCard {
  element = make("li", "face");
  #glyph = makeGlyph("uncertain");
  #emotion = make("strong", "");
  #probability = make("span", "probability");
  /** @type {Map<string, { row: HTMLElement, value: HTMLElement }>} */ #rows = new Map();

  #why = make("button", "link", say("why.ask"));
  /** @type {HTMLElement | undefined} */ #explanation;
  #face;

  /**
   * @param {FaceEmotion} face
   * @param {Explain} explain
   */
  constructor(face, explain) {
    this.#face = face;
    this.#why.type = "button";
    this.#why.setAttribute("aria-expanded", "false");
    this.#why.addEventListener("click", () => this.#toggleExplanation(explain));
    const badge = make("span", "badge", String(face.id));
    badge.title = say("faces.number", { number: face.id });
    const bars = make("ul", "bars");
    for (const emotion of Object.keys(answerOf(face).probabilities)) {
      const value = make("span", "value");
      const bar = make("span", "bar");
      const row = make("li", "", make("span", "name", say(emotion)), bar, value);
      row.dataset.emotion = emotion;
      bars.append(row);
      this.#rows.set(emotion, { row, value });
    }
    const { element } = this;
    element.dataset.testid = "face";
    element.dataset.colour = colourOf(face);
    element.append(make("p", "answer", badge, this.#glyph, this.#emotion, this.#probability), bars, this.#why);
  }

  /** @param {Explain} explain */
  async #toggleExplanation(explain) {
    if (this.#explanation) return this.closeExplanation();
    this.#why.disabled = true;
    const explained = await explain(this.#face);
    this.#why.disabled = false;
    this.#why.focus(); // which it lost while disabled
    if (!explained) return;
    this.#explanation = makeExplanation(explained.explanation, this.#face, explained.goOn);
    this.element.append(this.#explanation);
    this.#why.setAttribute("aria-expanded", "true");
  }

  closeExplanation() {
    if (!this.#explanation) return;
    if (this.#explanation.contains(document.activeElement)) this.#why.focus();
    this.#explanation.remove();
    this.#explanation = undefined;
    this.#why.setAttribute("aria-expanded", "false");
  }

  /** Whether the card has a row for each expression, four or eight. @param {FaceEmotion} face */
  fits(face) {
    return this.#rows.size === Object.keys(answerOf(face).probabilities).length;
  }

  /** @param {FaceEmotion} face */
  show(face) {
    this.#face = face;
    const answer = answerOf(face);
    const probability = probabilityOf(answer);
    const { x, y, width, height } = face.box;
    Object.assign(this.element.dataset, { emotion: answer.emotion, probability, box: [x, y, width, height].join() });
    showGlyph(this.#glyph, answer.emotion);
    this.#emotion.textContent = say(answer.emotion);
    this.#probability.textContent = sayProbability(answer);
    for (const [emotion, share] of Object.entries(answer.probabilities)) {
      const parts = this.#rows.get(emotion);
      if (!parts) continue;
      parts.row.classList.toggle("leading", emotion === answer.likeliest);
      parts.row.style.setProperty("--share", String(share));
      parts.row.classList.toggle("marked", !face.eight); // only the four are calibrated
      parts.row.style.setProperty("--raw", String(/** @type {Record<string, number>} */ (face.raw)[emotion]));
      parts.value.textContent = sayPercent(share);
    }
  }
}
