// Makes one script of a module of www/ and all it imports, for the package's inlined entry and the page in one file.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { importPackage, root } from "./environment.mjs";

const { build } = await importPackage("esbuild");
const www = join(root, "www");

/**
 * The minified script.
 * @param {string} entry a file of www/
 * @param {"esm" | "iife"} format
 * @param {{ inPlaceOf?: Record<string, string>, define?: Record<string, string> }} [options] `inPlaceOf` names other
 *   the files of www/ that replace imported ones, by their names
 */
export async function bundle(entry, format, { inPlaceOf = {}, define } = {}) {
  const replace = ({ path }) => {
    const other = inPlaceOf[basename(path)];
    return other && { path: join(www, other) };
  };
  const { outputFiles } = await build({
    entryPoints: [join(www, entry)],
    bundle: true,
    format,
    define,
    minify: true,
    write: false,
    legalComments: "none",
    // The worker is given the module; its own way of finding the file beside it has no meaning here.
    logOverride: { "empty-import-meta": "silent" },
    plugins: [{ name: "in place of", setup: ({ onResolve }) => onResolve({ filter: /\.js$/ }, replace) }],
  });
  return outputFiles[0].text;
}

/** The script of a worker that finds the module at its head (`inlinedWorker` of www/lib/worker-file.inline.js). */
export function bundleInlinedWorker() {
  return bundle("lib/worker.js", "iife", { inPlaceOf: { "module-file.js": "lib/module-file.inline.js" } });
}

/** The built module as text. */
export function inlinedModule() {
  return gzipSync(readFileSync(join(www, "pkg/countenance_bg.wasm")), { level: 9 }).toString("base64");
}
