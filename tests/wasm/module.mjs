// Loads a built module in Node, as a user without a browser would.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../scripts/environment.mjs";

/** The folder of each build of the module (see scripts/test.mjs). */
export const builds = {
  default: join(root, "www/pkg"),
  "burn-flex": join(root, "dist/burn-flex"),
  "burn-ndarray": join(root, "dist/burn-ndarray"),
};

/** The bytes of a build's wasm file. */
export function moduleBytes(folder = builds.default) {
  return readFileSync(join(folder, "countenance_bg.wasm"));
}

/** A freshly started module of that build. */
export async function loadModule(folder = builds.default) {
  const module = await import(pathToFileURL(join(folder, "countenance.js")).href);
  await module.default({ module_or_path: moduleBytes(folder) });
  return module;
}

/** A file's pixels: `{ data, width, height }`, RGBA. */
export function decodePixels(module, bytes) {
  // What the module makes of it, as in a browser.
  globalThis.ImageData ??= class {
    constructor(data, width, height) {
      Object.assign(this, { data: data.slice(), width, height });
    }
  };
  return module.decodeImage(bytes);
}

/** A file of the repository. */
export function repositoryFile(path) {
  return readFileSync(join(root, path));
}
