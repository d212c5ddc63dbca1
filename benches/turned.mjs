// How many faces are found, and read as upright ones are, when they are turned in the picture's plane.
//
//   node benches/turned.mjs FER2013/validation [--update]
//
// Takes every 19th picture of the four expressions. With --update the table goes into docs/pictures.md.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail, outputOf, root } from "../scripts/environment.mjs";

const EXPRESSIONS = ["happy", "neutral", "sad", "surprise"];
const PART = "2/19";
const PLACE = /(?<=<!-- node benches\/turned\.mjs FER2013\/validation --update -->\n)[\s\S]*?(?=\n<!-- end -->)/;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { update: { type: "boolean", default: false } },
});
const [folder] = positionals;
if (!folder) fail("usage: node benches/turned.mjs FER2013/validation [--update]");

const table = outputOf("cargo", [
  ...["run", "--quiet", "--release", "--example", "turned", "--", PART],
  ...EXPRESSIONS.map((expression) => join(folder, expression)),
]).trim();
console.log(table);
if (options.update) {
  const page = join(root, "docs", "pictures.md");
  writeFileSync(
    page,
    readFileSync(page, "utf8").replace(PLACE, () => table),
  );
}
