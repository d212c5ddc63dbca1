/**
 * What the visitor sets, behind one button: below which probability an answer is "uncertain", how many expressions to tell
 * apart, how many faces of a picture to read, and what is drawn over it. An example says what each changes.
 *
 * @module
 */

import { find } from "./html.js";
import { remember, remembered } from "./storage.js";
import { say, sayLower, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */
/** @typedef {import('../lib/index.js').PipelineOptions} PipelineOptions */

/** Where the numbers of expressions and faces are stored on this device. */
const EXPRESSIONS_KEY = "expressions";
const FACES_KEY = "most-faces";

/** Where the choice of what is drawn over the picture is stored. */
const MARKS_KEY = "marks";

/** The probability in the threshold's example. */
const EXAMPLE_SHARE = 0.6;

export class Settings {
  /** @type {HTMLInputElement} */ #threshold = find("#threshold");
  /** @type {HTMLSelectElement} */ #expressions = find("#expressions");
  /** @type {HTMLInputElement} */ #mostFaces = find("#most-faces");
  /** The expression in the threshold's example. */
  #example = "";

  /** @param {() => void} onChange called when a setting has changed */
  constructor(onChange) {
    this.#threshold.addEventListener("input", () => this.#show());
    this.#threshold.addEventListener("change", onChange);
    this.#expressions.addEventListener("change", () => {
      this.#show();
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
    this.#show();
    offerMarks();
    find("[data-action=adjust]").addEventListener("click", () => showSettings(find(".adjust").hidden === true));
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
    this.#example = model.emotion.classes[0];
    this.#show();
  }

  /** Shows the threshold, and what each setting would change. */
  #show() {
    const below = this.applied.uncertain_below;
    write(find("output[for=threshold]"), "percent", () => ({ share: sayPercent(below) }));
    write(find("[data-example=threshold]"), this.#example && "threshold.example", () => ({
      emotion: sayLower(this.#example),
      share: sayPercent(EXAMPLE_SHARE),
      answer: say(EXAMPLE_SHARE < below ? "uncertain" : this.#example),
    }));
    write(find("[data-example=expressions]"), `expressions.example-${this.#expressions.value}`);
  }
}

/** @param {boolean} shown */
export function showSettings(shown) {
  find(".adjust").hidden = !shown;
  find("[data-action=adjust]").setAttribute("aria-expanded", String(shown));
}

/** Lets the visitor choose what is drawn over the picture: frames and markers, markers alone, or nothing. */
function offerMarks() {
  /** @type {HTMLSelectElement} */
  const select = find("#marks");
  const show = () => {
    document.body.dataset.marks = select.value;
  };
  select.addEventListener("change", () => {
    remember(MARKS_KEY, select.value);
    show();
  });
  const stored = remembered(MARKS_KEY);
  if ([...select.options].some(({ value }) => value === stored)) select.value = stored ?? "";
  show();
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
