// The page's scripts and styles as the site serves them: the same files without comments, blanks and long names.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { importPackage } from "./environment.mjs";

const { transform } = await importPackage("esbuild");

/**
 * @param {string} path of a script or a style sheet
 * @returns {Promise<string>} its text, minified. Names that other files import stay.
 */
export async function minified(path) {
  const loader = extname(path) === ".css" ? "css" : "js";
  const { code } = await transform(readFileSync(path, "utf8"), {
    loader,
    minify: true,
    charset: "utf8",
    target: "es2022",
  });
  return code;
}

/** Minifies the page in a folder. What was built from Rust stays as its hash says. */
export async function minifyPage(folder) {
  for (const part of ["", "app", "lib"]) {
    for (const name of readdirSync(join(folder, part)).filter((each) => /\.(js|css)$/.test(each))) {
      const path = join(folder, part, name);
      writeFileSync(path, await minified(path));
    }
  }
}
