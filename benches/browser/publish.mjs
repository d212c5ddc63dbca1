// Writes the README's table and docs/speed.svg from benches/browser/figures.json, or says what differs from it.
//
//   npm run --silent bench -- --json > benches/browser/figures.json
//   npm run bench:publish -- [--check]

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, root } from "../../scripts/environment.mjs";
import { chart } from "./chart.mjs";
import { summary } from "./report.mjs";

const FIGURES = "benches/browser/figures.json";
const TABLE = /(?<=<!-- npm run bench:publish -->\n)[\s\S]*?(?=\n<!-- end -->)/;

const figures = JSON.parse(readFileSync(join(root, FIGURES), "utf8"));
const readme = readFileSync(join(root, "README.md"), "utf8");
if (!TABLE.test(readme)) fail("README.md has no place for the table.");
const files = { "README.md": readme.replace(TABLE, () => summary(figures)), "docs/speed.svg": `${chart(figures)}\n` };

for (const [name, wanted] of Object.entries(files)) {
  const path = join(root, name);
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) continue;
  if (process.argv.includes("--check")) fail(`${name} is not what ${FIGURES} says: npm run bench:publish`);
  writeFileSync(path, wanted);
}
