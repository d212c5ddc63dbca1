/**
 * The page's language: looks words up, fills them in, and writes them where they belong. Changing the language reloads
 * nothing, so nothing on the page is lost.
 *
 * @module
 */

import { setText } from "./html.js";
import { remember } from "./storage.js";
import { languages } from "./strings.js";

/** @typedef {Record<string, string | number>} Values */
/** @typedef {keyof typeof languages} Language */

/** Where the visitor's choice is kept, on this device (language.js reads it). */
const STORAGE_KEY = "language";

let voice = await voiceOf(chosenLanguage());

/** The values of the words written to an element, computed again for each language. */
/** @type {WeakMap<Element, () => Values>} */
const fillings = new WeakMap();

/** @param {Language} language */
async function voiceOf(language) {
  const { direction, load } = languages[language];
  return {
    language,
    direction,
    phrases: await load(),
    plurals: new Intl.PluralRules(language),
    percent: new Intl.NumberFormat(language, { style: "percent" }),
    number: new Intl.NumberFormat(language, { maximumFractionDigits: 0 }),
    tenths: new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false }),
    // Lists of units would run together in Chinese and Japanese.
    list: new Intl.ListFormat(language, { type: "conjunction", style: "narrow" }),
    time: new Intl.DateTimeFormat(language, { timeStyle: "medium" }),
  };
}

/**
 * The language chosen before (language.js), or the first that the visitor's browser asks for and the page has. Variants
 * don't matter: whoever asks for the Portuguese of Portugal gets that of Brazil.
 */
function chosenLanguage() {
  const offered = /** @type {Language[]} */ (Object.keys(languages));
  for (const wanted of [document.documentElement.lang, ...navigator.languages]) {
    const found = offered.find((tag) => basic(tag) === basic(wanted));
    if (found) return found;
  }
  return "en";
}

/** The tag of the language without its variant: "pt" of "pt-BR". @param {string} tag */
function basic(tag) {
  return tag.split("-")[0];
}

/**
 * The phrase of this key, filled in; the key itself if there is none, as for a class without words yet.
 *
 * @param {string} key
 * @param {Values} [values]
 * @returns {string}
 */
export function say(key, values = {}) {
  const phrase = voice.phrases[key] ?? key;
  const form =
    typeof phrase === "string" ? phrase : (phrase[voice.plurals.select(Number(values.count))] ?? phrase.other);
  return form.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name] ?? "";
    return typeof value === "number" ? voice.number.format(value) : value;
  });
}

/** The phrase as it stands within a sentence. @param {string} key */
export function sayLower(key) {
  return say(key).toLocaleLowerCase(voice.language);
}

/** The number with one digit after the point. @param {number} value */
export function sayTenths(value) {
  return voice.tenths.format(value);
}

/** @param {number} fraction 0..1 */
export function sayPercent(fraction) {
  return voice.percent.format(fraction);
}

/** The time of day. @param {Date} date */
export function sayTime(date) {
  return voice.time.format(date);
}

/** Minutes and seconds. @param {number} seconds */
export function sayDuration(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** @param {string[]} items */
export function sayList(items) {
  return voice.list.format(items);
}

/**
 * Writes a phrase to an element, and again whenever the language changes.
 *
 * @template {Element} E
 * @param {E} element
 * @param {string} key empty for no words
 * @param {() => Values} [fill] gives the values, in the current language
 * @returns {E}
 */
export function write(element, key, fill = () => ({})) {
  if (element.getAttribute("data-text") !== key) element.setAttribute("data-text", key);
  fillings.set(element, fill);
  setText(element, say(key, fill()));
  return element;
}

/** Writes to every element that names its words by `data-text`, or its accessible name by `data-label`. */
function writePage() {
  document.documentElement.lang = voice.language;
  document.documentElement.dir = voice.direction;
  for (const element of document.querySelectorAll("[data-text]")) {
    write(element, element.getAttribute("data-text") ?? "", fillings.get(element));
  }
  for (const attribute of ["aria-label", "title"]) {
    const source = attribute === "title" ? "data-help" : "data-label";
    for (const element of document.querySelectorAll(`[${source}]`)) {
      element.setAttribute(attribute, say(element.getAttribute(source) ?? ""));
    }
  }
}

/**
 * Writes the page's words, and lets the visitor choose another language.
 *
 * @param {HTMLSelectElement} select
 * @param {() => void} onChange called after the language has changed, to redraw the rest
 */
export function offerLanguages(select, onChange) {
  for (const [tag, { name }] of Object.entries(languages)) {
    const option = new Option(name, tag, false, tag === voice.language);
    option.lang = tag;
    select.add(option);
  }
  select.addEventListener("change", async () => {
    voice = await voiceOf(/** @type {Language} */ (select.value));
    remember(STORAGE_KEY, select.value);
    writePage();
    onChange();
  });
  writePage();
}
