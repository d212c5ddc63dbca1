// countenance beside what else finds faces and reads expressions in a page: the same pictures, one thread, one Chromium,
// in turns.
//
//   node benches/peers/run.mjs [--parts small,whole,live,starts,throttled] [--rounds 7] [--update]
//
// Times are CPU time of the renderer and the graphics process. With --update the figures of the parts go into
// benches/peers/figures.json, and from there into docs/ as with `node benches/peers/publish.mjs`; else they are printed.
// A slower processor (`--parts throttled`) is measured only where it is asked for, on a machine without other work.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fail, importPackage, installPackages, root } from "../../scripts/environment.mjs";
import { withDownloads } from "./downloads.mjs";
import { GENERATED, measure, parts } from "./measure.mjs";
import { products } from "./products.mjs";
import { FIGURES, publish } from "./publish.mjs";
import { makeScenes } from "./scenes.mjs";

const folder = join(root, "benches", "peers");

/** Throttling is measured only where it is asked for: a machine with other work to do gives wrong figures. */
const usual = parts.filter((part) => part !== "throttled");

const { values: options } = parseArgs({
  options: {
    parts: { type: "string", default: usual.join(",") },
    rounds: { type: "string", default: "7" },
    update: { type: "boolean", default: false },
  },
});
const asked = options.parts.split(",");
for (const part of asked) if (!parts.includes(part)) fail(`There is no part ${part}; there are ${parts.join(", ")}.`);
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a whole number above 0.");

// The peers are locked in a folder of their own, so that nothing else has to install them.
installPackages(folder);
await makeBundles();
const scenes = makeScenes();
const measured = await measure({ parts: asked, ids: Object.keys(products), scenes, rounds, log: console.error });
if (measured.figures.starts) measured.figures.starts = await withDownloads(measured.figures.starts);
const figures = {
  machine: { processor: cpus()[0].model, browser: measured.browser, rounds },
  versions: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).devDependencies,
  scenes: Object.fromEntries(
    scenes.map(({ name, width, height, faceWidth, faces }) => [
      name,
      { width, height, faceWidth, faces: faces.length },
    ]),
  ),
  ...measured.figures,
};
if (options.update) {
  const path = join(root, FIGURES);
  const before = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const all = { ...before, ...figures };
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`);
  if (usual.every((part) => all[part])) publish();
} else {
  console.log(JSON.stringify(figures, null, 2));
}

/** Each product as a page would ship it: in one minified script. */
async function makeBundles() {
  const { build } = await importPackage("esbuild");
  mkdirSync(join(root, GENERATED), { recursive: true });
  await build({
    entryPoints: [...new Set(Object.values(products).map(({ bundle }) => join(folder, "products", `${bundle}.js`)))],
    outdir: join(root, GENERATED),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    // Code for Node that pages never reach.
    external: ["fs", "os", "path", "util", "crypto", "node:*"],
    logLevel: "error",
  });
}
