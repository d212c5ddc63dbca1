// Builds the wasm module and its JavaScript bindings into www/pkg/.
//
//   node scripts/build.mjs [--features burn-flex|burn-ndarray] [--out FOLDER]
//
// COUNTENANCE_MODEL=path compiles another emotion model in.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { writeComponents } from "./components.mjs";
import { cargoHome, ensureWasmTarget, requireRust, root, run, targetDir, WASM_TARGET } from "./environment.mjs";

const { values: options } = parseArgs({
  options: { features: { type: "string" }, out: { type: "string", default: join(root, "www", "pkg") } },
});

requireRust();
ensureWasmTarget();

const started = Date.now();
const features = options.features ? ["--features", options.features] : [];
console.log(`Building the wasm module${options.features ? ` (${options.features})` : ""} ...`);
// Each set of features has its own folder: cargo would overwrite the module otherwise.
const wasmDir = join(targetDir, "modules", options.features ?? "default");
const library = ["--package", "countenance", "--lib", "--profile", "module", "--target", WASM_TARGET, ...features];
run("cargo", ["build", ...library, ...withoutPaths()], { CARGO_TARGET_DIR: wasmDir });

console.log("Making its JavaScript bindings ...");
const out = resolve(options.out);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const module = join(wasmDir, WASM_TARGET, "module", "countenance.wasm");
run("cargo", ["run", "--quiet", "--profile", "bindgen", "--package", "countenance-bindgen", "--", module, out]);

// The types carry the documentation. The script need not repeat it, nor contain a start function that nobody calls.
const glue = join(out, "countenance.js");
const script = readFileSync(glue, "utf8")
  .replace(/^function initSync\(.*?^}$/ms, "")
  .replace("export { initSync, ", "export { ")
  .replace(/^ *\/\*\*.*?\*\/\n|^ *\/\/[^\n]*\n|^\s+/gms, "");
writeFileSync(glue, script);

// What the page says about the model compiled in: its golden answers for the self-check, and its measured error.
const bindings = await import(pathToFileURL(glue).href);
const wasm = readFileSync(join(out, "countenance_bg.wasm"));
await bindings.default({ module_or_path: wasm });
const modelFolder = join(root, "models", bindings.modelInfo().emotion.id);
for (const name of ["golden.json", "metrics.json"]) {
  if (existsSync(join(modelFolder, name))) copyFileSync(join(modelFolder, name), join(out, name));
}

// What callers may give as the option `integrity`.
const hash = createHash("sha384").update(wasm).digest("base64");
writeFileSync(join(out, "integrity.json"), `${JSON.stringify({ "countenance_bg.wasm": `sha384-${hash}` })}\n`);
writeComponents(out, bindings.modelInfo());

const megabytes = wasm.length / 1e6;
const seconds = (Date.now() - started) / 1000;
console.log(`Built ${join(out, "countenance_bg.wasm")}: ${megabytes.toFixed(2)} MB in ${seconds.toFixed(0)} s.`);

/** Keeps this machine's folders out of the module, so that the same sources and compiler make the same bytes anywhere. */
function withoutPaths() {
  const prefixes = { [root]: "/countenance", [cargoHome]: "/cargo", [targetDir]: "/target" };
  const flags = Object.entries(prefixes).map(([path, name]) => `--remap-path-prefix=${path}=${name}`);
  // Unlike RUSTFLAGS, this comes on top of the flags in .cargo/config.toml.
  return ["--config", `target.${WASM_TARGET}.rustflags=${JSON.stringify(flags)}`];
}
