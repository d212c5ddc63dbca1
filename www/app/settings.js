/**
 * What the visitor sets: below which probability an answer is "uncertain", how many expressions to tell apart, and how
 * many faces of a picture to read.
 *
 * @module
 */

import { find } from "./html.js";
import { remember, remembered } from "./storage.js";
import { sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */
/** @typedef {import('../lib/index.js').PipelineOptions} PipelineOptions */

/** Where the numbers of expressions and faces are stored on this device. */
const EXPRESSIONS_KEY = "expressions";
const FACES_KEY = "most-faces";

export class Settings {
  /** @type {HTMLInputElement} */ #threshold = find("#threshold");
  /** @type {HTMLSelectElement} */ #expressions = find("#expressions");
  /** @type {HTMLInputElement} */ #mostFaces = find("#most-faces");

  /** @param {() => void} onChange called when a setting has changed */
  constructor(onChange) {
    const show = () =>
      write(find("output[for=threshold]"), "percent", () => ({ share: sayPercent(this.applied.uncertain_below) }));
    this.#threshold.addEventListener("input", show);
    this.#threshold.addEventListener("change", onChange);
    this.#expressions.addEventListener("change", () => {
      remember(EXPRESSIONS_KEY, this.#expressions.value);
      onChange();
    });
    this.#mostFaces.addEventListener("change", () => {
      this.#setMostFaces(this.#mostFaces.value);
      remember(FACES_KEY, this.#mostFaces.value);
      onChange();
    });
    if (remembered(EXPRESSIONS_KEY) === "8") this.#expressions.value = "8";
    this.#setMostFaces(remembered(FACES_KEY) ?? "");
    show();
  }

  /** All settings but the calibration, as exported files name them. */
  get applied() {
    return {
      uncertain_below: this.#threshold.valueAsNumber,
      expressions: Number(this.#expressions.value),
      most_faces: this.#mostFaces.valueAsNumber,
    };
  }

  /** @param {string} value if it is out of range, the default is used */
  #setMostFaces(value) {
    this.#mostFaces.value = value;
    if (!this.#mostFaces.checkValidity()) this.#mostFaces.value = this.#mostFaces.defaultValue;
  }

  /** Offers eight expressions if the model has them. @param {EmotionAnalyzer} analyzer */
  start({ model }) {
    find(".expressions").hidden = model.emotion.eight.length === 0;
  }
}

/**
 * The settings as the pipeline's options, with one face more than is shown, to know whether there are more.
 *
 * @param {Settings['applied']} applied
 * @returns {PipelineOptions}
 */
export function optionsOf({ uncertain_below, expressions, most_faces }) {
  return { uncertainBelow: uncertain_below, expressions: expressions === 8 ? 8 : 4, maxFaces: most_faces + 1 };
}
