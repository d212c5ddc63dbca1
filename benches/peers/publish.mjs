// Writes the comparison in docs/compare.md and docs/peers.svg from benches/peers/figures.json, or says what differs.
//
//   node benches/peers/publish.mjs [--check]

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, root } from "../../scripts/environment.mjs";
import { drawChart } from "../browser/chart.mjs";
import { panels } from "./panels.mjs";
import { productTables, smallFacesTable } from "./tables.mjs";

export const FIGURES = "benches/peers/figures.json";
const PAGE = "docs/compare.md";
const place = (name) =>
  new RegExp(`(?<=<!-- node benches/peers/run\\.mjs --update: ${name} -->\\n)[\\s\\S]*?(?=\\n<!-- end -->)`);

/** @param {{ check?: boolean }} [options] `check` ends the script where a file is not what the figures say */
export function publish({ check = false } = {}) {
  const figures = JSON.parse(readFileSync(join(root, FIGURES), "utf8"));
  let page = readFileSync(join(root, PAGE), "utf8");
  for (const [name, text] of [
    ["small faces", smallFacesTable(figures)],
    ["products", productTables(figures)],
  ]) {
    if (!place(name).test(page)) fail(`${PAGE} has no place for the table of ${name}.`);
    page = page.replace(place(name), () => text);
  }
  for (const [name, wanted] of [
    [PAGE, page],
    ["docs/peers.svg", `${drawChart(panels(figures))}\n`],
  ]) {
    const path = join(root, name);
    if (existsSync(path) && readFileSync(path, "utf8") === wanted) continue;
    if (check) fail(`${name} is not what ${FIGURES} says: node benches/peers/publish.mjs`);
    writeFileSync(path, wanted);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) publish({ check: process.argv.includes("--check") });
