/**
 * What the visitor sets: from which probability on an answer is given rather than "uncertain", and over how many
 * expressions.
 *
 * @module
 */

import { find } from "./html.js";
import { remember, remembered } from "./storage.js";
import { sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */
/** @typedef {import('../lib/index.js').PipelineOptions} PipelineOptions */

/** Where the number of expressions is kept, on this device. */
const STORAGE_KEY = "expressions";

export class Settings {
  /** @type {HTMLInputElement} */ #threshold = find("#threshold");
  /** @type {HTMLSelectElement} */ #expressions = find("#expressions");

  /** @param {() => void} onChange called when something else is settled on */
  constructor(onChange) {
    const show = () =>
      write(find("output[for=threshold]"), "percent", () => ({ share: sayPercent(this.options.uncertainBelow) }));
    this.#threshold.addEventListener("input", show);
    this.#threshold.addEventListener("change", onChange);
    this.#expressions.addEventListener("change", () => {
      remember(STORAGE_KEY, this.#expressions.value);
      onChange();
    });
    if (remembered(STORAGE_KEY) === "8") this.#expressions.value = "8";
    show();
  }

  /** @returns {{ uncertainBelow: number, expressions: 4 | 8 }} as the pipeline takes them */
  get options() {
    const expressions = this.#expressions.value === "8" ? 8 : 4;
    return { uncertainBelow: this.#threshold.valueAsNumber, expressions };
  }

  /** Offers what this model can do. @param {EmotionAnalyzer} analyzer */
  start({ model }) {
    find(".expressions").hidden = model.emotion.eight.length === 0;
  }
}
