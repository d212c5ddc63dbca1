/**
 * The page's language: looks words up, fills them in, and puts them where the document asks for them.
 *
 * @module
 */

import { en } from "./strings.js";

/** @typedef {Record<string, string | number>} Values */

const language = "en";
const plurals = new Intl.PluralRules(language);
const percent = new Intl.NumberFormat(language, { style: "percent" });
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const list = new Intl.ListFormat(language, { type: "unit" });

/**
 * The phrase of this key, filled in; the key itself where there is none (a class the words don't know yet).
 *
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  const phrase = en[key] ?? key;
  const one = typeof phrase !== "string" && plurals.select(Number(values.count)) === "one";
  const form = typeof phrase === "string" ? phrase : one ? phrase.one : phrase.other;
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? number.format(value) : value;
  });
}

/** @param {number} fraction 0..1 */
export function sayPercent(fraction) {
  return percent.format(fraction);
}

/** @param {string[]} items */
export function sayList(items) {
  return list.format(items);
}

/** Fills in every element that names its words by `data-text` or its accessible name by `data-label`. */
export function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = say(element.getAttribute("data-text") ?? "");
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.getAttribute("data-label") ?? ""));
  }
}
