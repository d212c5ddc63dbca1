// Makes one script of a module of www/ and all it imports, for the package's inlined entry and the page in one file.

import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { importPackage, root } from "./environment.mjs";

const { build } = await importPackage("esbuild");
const www = join(root, "www");

/**
 * The minified script, and its source map where one is asked for.
 * @param {string} entry a file of www/
 * @param {"esm" | "iife"} format
 * @param {{ inPlaceOf?: Record<string, string>, define?: Record<string, string>, globalName?: string, banner?: string,
 *   outfile?: string }} [options] `inPlaceOf` names the files of www/ that replace imported ones, by their names;
 *   `outfile` is where the script is to lie, for the sake of its source map
 */
export async function bundle(entry, format, { inPlaceOf = {}, define, globalName, banner = "", outfile } = {}) {
  const replace = ({ path }) => {
    const other = inPlaceOf[basename(path)];
    return other && { path: join(www, other) };
  };
  const { outputFiles } = await build({
    entryPoints: [join(www, entry)],
    bundle: true,
    format,
    define,
    globalName,
    banner: { js: banner },
    minify: true,
    write: false,
    outfile,
    sourcemap: outfile ? "linked" : false,
    sourcesContent: false, // the package holds the sources
    legalComments: "none",
    // The worker is given the module; its own way of finding the file beside it has no meaning here.
    logOverride: { "empty-import-meta": "silent" },
    plugins: [{ name: "in place of", setup: ({ onResolve }) => onResolve({ filter: /\.js$/ }, replace) }],
  });
  const [script, map] = outputFiles.toReversed();
  return { script: script.text, map: map?.text };
}

/** The script of a worker that finds the module at its head (`inlinedWorker` of www/lib/worker-file.inline.js). */
export async function bundleInlinedWorker() {
  const { script } = await bundle("lib/worker.js", "iife", {
    inPlaceOf: { "module-file.js": "lib/module-file.inline.js" },
  });
  return script;
}

/** The built module as text. */
export function inlinedModule() {
  return gzipSync(readFileSync(join(www, "pkg/countenance_bg.wasm")), { level: 9 }).toString("base64");
}
