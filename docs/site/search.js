/**
 * The search of the documentation: the whole index comes with the page, so that it works without a network.
 *
 * @module
 */

import MiniSearch from "minisearch";
// Made by scripts/build-site.mjs.
import { index, options } from "search-index";

const MOST_RESULTS = 8;

const search = MiniSearch.loadJS(index, options);
const form = document.querySelector("[role=search]");
const input = form.querySelector("input");
const list = form.querySelector("ol");
const told = form.querySelector("[role=status]");

input.addEventListener("input", show);
input.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  input.value = "";
  show();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  list.querySelector("a")?.click();
});

show(); // for who was faster than this script

function show() {
  const results = search.search(input.value, { prefix: true, fuzzy: 0.2, boost: { heading: 4, title: 2 } });
  told.textContent = input.value ? (results.length === 1 ? "1 place" : `${results.length} places`) : "";
  list.hidden = results.length === 0;
  list.replaceChildren(...results.slice(0, MOST_RESULTS).map(makeResult));
}

function makeResult({ href, title, heading, excerpt }) {
  const link = document.createElement("a");
  link.href = href || "./";
  for (const [tag, text] of [
    ["strong", heading],
    ["span", heading === title ? "" : title],
    ["small", excerpt],
  ]) {
    const part = document.createElement(tag);
    part.textContent = text;
    link.append(part, " ");
  }
  const item = document.createElement("li");
  item.append(link);
  return item;
}
