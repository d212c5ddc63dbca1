/**
 * Buttons that show only the pictures with one expression, each with the number of them.
 *
 * @module
 */

import { find, make, makeGlyph } from "./html.js";
import { say } from "./words.js";

/** What every picture is found by, and those without a face. */
export const ALL = "";
export const NO_FACE = "none";

export class Filters {
  #group = find(".filters");
  /** @type {Map<string, HTMLElement>} */ #buttons = new Map();
  #onChoose;
  /** An expression, "other", "uncertain", or one of the above. */
  chosen = ALL;

  /** @param {() => void} onChoose */
  constructor(onChoose) {
    this.#onChoose = onChoose;
  }

  /** @param {Map<string, number>} counts how many pictures are found by each */
  show(counts) {
    if (!counts.has(this.chosen)) this.chosen = ALL;
    this.#group.hidden = counts.size < 3; // all alike
    for (const [key, button] of this.#buttons) {
      if (counts.has(key)) continue;
      button.remove();
      this.#buttons.delete(key);
    }
    for (const [key, count] of counts) {
      const button = this.#buttons.get(key) ?? this.#add(key);
      button.title = say("help.filter");
      button.ariaPressed = String(key === this.chosen);
      const words = key === ALL ? "batch.all" : key === NO_FACE ? "batch.no-face" : key;
      find("span", button).textContent = `${say(words)} ${count}`;
    }
  }

  /** @param {string} key */
  #add(key) {
    const button = make("button", "button small");
    button.type = "button";
    button.dataset.emotion = key;
    button.addEventListener("click", () => {
      this.chosen = key;
      this.#onChoose();
    });
    if (key !== ALL && key !== NO_FACE) button.append(makeGlyph(key));
    button.append(make("span", ""));
    this.#group.append(button);
    this.#buttons.set(key, button);
    return button;
  }
}
