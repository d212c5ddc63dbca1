/**
 * From which probability on an answer is given rather than "uncertain".
 *
 * @module
 */

import { find } from "./html.js";
import { sayPercent, write } from "./words.js";

/** @type {HTMLInputElement} */
const slider = find("#threshold");

/** The threshold as it stands, 0..1. */
export function uncertainBelow() {
  return slider.valueAsNumber;
}

/** @param {() => void} onChange called when a new threshold is settled on */
export function listenForThreshold(onChange) {
  const show = () => write(find("output[for=threshold]"), "percent", () => ({ share: sayPercent(uncertainBelow()) }));
  slider.addEventListener("input", show);
  slider.addEventListener("change", onChange);
  show();
}
