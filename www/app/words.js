/**
 * The page's language: looks words up, fills them in, and puts them where the document asks for them.
 *
 * @module
 */

import { languages } from "./strings.js";

/** @typedef {Record<string, string | number>} Values */

/** @typedef {keyof typeof languages} Language */

/** Where the visitor's choice is kept, on this device. */
const STORAGE_KEY = "language";

const language = chosenLanguage();
const { phrases, direction } = languages[language];
const plurals = new Intl.PluralRules(language);
const percent = new Intl.NumberFormat(language, { style: "percent" });
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const list = new Intl.ListFormat(language, { type: "unit" });

/** The language chosen before, or the first the visitor's browser asks for that there is. @returns {Language} */
function chosenLanguage() {
  const wanted = [rememberedLanguage(), ...navigator.languages].map((tag) => tag?.split("-")[0]);
  return /** @type {Language} */ (wanted.find((tag) => tag && tag in languages) ?? "en");
}

function rememberedLanguage() {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null; // storage is blocked
  }
}

/**
 * The phrase of this key, filled in; the key itself where there is none (a class the words don't know yet).
 *
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  const phrase = phrases[key] ?? key;
  const form = typeof phrase === "string" ? phrase : (phrase[plurals.select(Number(values.count))] ?? phrase.other);
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
  document.documentElement.dir = direction;
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = say(element.getAttribute("data-text") ?? "");
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.getAttribute("data-label") ?? ""));
  }
}

/**
 * Lets the visitor choose the language. The page is loaded anew for it.
 *
 * @param {HTMLSelectElement} select
 */
export function offerLanguages(select) {
  for (const [tag, { name }] of Object.entries(languages)) select.add(new Option(name, tag, false, tag === language));
  select.addEventListener("change", () => {
    localStorage.setItem(STORAGE_KEY, select.value);
    location.reload();
  });
}
