/**
 * The chosen face's answer in detail: its expression, the probability of each, the reason for doubt, and why.
 *
 * @module
 */

import { answerOf, leaderOf, sayDoubt, sayProbability } from "./answer.js";
import { makeExplanation } from "./explanation.js";
import { find, make, makeGlyph, setText, showGlyph } from "./html.js";
import { say, sayPercent } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/**
 * Gives a face's explanation, or nothing where there is none; `goOn` continues the video that was paused for it.
 *
 * @typedef {(face: FaceEmotion) =>
 *   Promise<{ explanation: import('../lib/index.js').FaceExplanation, goOn?: () => void } | undefined>} Explain
 */
/** @typedef {{ heat: HTMLCanvasElement, square: import('../lib/index.js').TurnedBox }} HeatMap and where it lies */

export class FaceDetail {
  #element = find(".detail");
  #badge = find(".detail .badge");
  #glyph = makeGlyph("uncertain");
  #emotion = find(".detail strong");
  #probability = find(".detail .probability");
  #doubt = find(".detail .doubt");
  #bars = find(".detail .bars");
  /** @type {HTMLButtonElement} */ #why = find(".detail [data-action=why]");
  /** @type {Map<string, { row: HTMLElement, value: HTMLElement }>} */ #rows = new Map();
  /** @type {HTMLElement | undefined} */ #explanation;
  /** @type {FaceEmotion | undefined} */ #face;
  #onHeat;

  /**
   * @param {Explain} explain
   * @param {(face: FaceEmotion, map: HeatMap | undefined) => void} onHeat shows the map of what mattered over the face, or
   *   takes it away
   */
  constructor(explain, onHeat) {
    this.#onHeat = onHeat;
    this.#badge.after(this.#glyph);
    this.#why.addEventListener("click", () => this.#toggleExplanation(explain));
  }

  /** @param {FaceEmotion | undefined} face */
  show(face) {
    if (face?.id !== this.#face?.id) this.closeExplanation();
    this.#face = face;
    this.#element.hidden = face === undefined;
    if (!face) return;
    const answer = answerOf(face);
    const expressions = Object.keys(answer.probabilities);
    if (expressions.length !== this.#rows.size) this.#makeRows(expressions);
    this.#element.dataset.emotion = answer.emotion;
    setText(this.#badge, String(face.id));
    showGlyph(this.#glyph, answer.emotion);
    setText(this.#emotion, say(answer.emotion));
    setText(this.#probability, sayProbability(answer));
    setText(this.#doubt, sayDoubt(face));
    const leader = leaderOf(answer);
    for (const [emotion, share] of Object.entries(answer.probabilities)) {
      const parts = this.#rows.get(emotion);
      if (!parts) continue;
      parts.row.classList.toggle("leading", emotion === leader);
      parts.row.style.setProperty("--share", String(share));
      parts.row.classList.toggle("marked", !face.eight); // only the four are calibrated
      parts.row.style.setProperty("--raw", String(/** @type {Record<string, number>} */ (face.raw)[emotion]));
      setText(parts.value, sayPercent(share));
    }
  }

  closeExplanation() {
    if (!this.#explanation) return;
    if (this.#explanation.contains(document.activeElement)) this.#why.focus();
    this.#explanation.remove();
    this.#explanation = undefined;
    this.#why.setAttribute("aria-expanded", "false");
    if (this.#face) this.#onHeat(this.#face, undefined);
  }

  /** Writes the expressions' names again, in another language. */
  refresh() {
    this.#rows.clear();
  }

  /** @param {string[]} expressions */
  #makeRows(expressions) {
    this.#rows = new Map(
      expressions.map((emotion) => {
        const value = make("span", "value");
        const row = make("li", "", make("span", "name", say(emotion)), make("span", "bar"), value);
        row.dataset.emotion = emotion;
        return [emotion, { row, value }];
      }),
    );
    this.#bars.replaceChildren(...[...this.#rows.values()].map(({ row }) => row));
  }

  /** @param {Explain} explain */
  async #toggleExplanation(explain) {
    if (this.#explanation) return this.closeExplanation();
    const face = this.#face;
    if (!face) return;
    this.#why.disabled = true;
    const explained = await explain(face);
    this.#why.disabled = false;
    this.#why.focus(); // which it lost while disabled
    if (!explained || this.#face?.id !== face.id) return;
    const { explanation, goOn } = explained;
    const { element, heat } = makeExplanation(explanation, this.#face, goOn);
    this.#explanation = element;
    this.#element.append(element);
    this.#why.setAttribute("aria-expanded", "true");
    this.#onHeat(this.#face, { heat, square: explanation.square });
  }
}
