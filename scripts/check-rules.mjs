// The rules of the house that no linter knows: where wasm-bindgen and include_bytes! may stand, that JavaScript reads no
// pixels and names no expressions, that the shipped models are the only ones and are named once, that weights, cards and
// figures belong together, and that package and crate have one version.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { sha256 } from "./checksums.mjs";
import { outputOf, root, version } from "./environment.mjs";
import { models, shipped } from "./models.mjs";

const problems = [];

for (const file of filesBelow(join(root, "src"))) {
  const name = relative(root, file);
  const text = readFileSync(file, "utf8");
  if (/\b(wasm_bindgen|js_sys|web_sys)\b/.test(text) && name !== "src/wasm_api.rs") {
    problems.push(`${name}: wasm-bindgen, js-sys and web-sys belong only in src/wasm_api.rs`);
  }
  if (/include_bytes!/.test(text) && name !== "src/weights.rs") {
    problems.push(`${name}: include_bytes! belongs only in src/weights.rs`);
  }
}

// JavaScript gets pixels into the module and draws what comes out; the module alone reads them and knows the expressions.
const PIXELS = /\b(getImageData|readPixels|copyTo)\b|\.data\[/;
// The words for the expressions are keyed by their names; style.css and index.html give them colours and drawings.
const WORDS = /^www\/app\/strings(\.\w+)?\.js$/;
const enums = readFileSync(join(root, "src/emotion.rs"), "utf8");
const expressions = [...new Set([...enums.matchAll(/^ +\w+ = "(\w+)",$/gm)].map(([, name]) => name))].join("|");
if (!expressions) problems.push("src/emotion.rs: no expressions found; adapt scripts/check-rules.mjs");
const NAMED = new RegExp(`["'\`.-](${expressions})\\b|\\b(${expressions})["'\`]?:`);
for (const file of filesBelow(join(root, "www"))) {
  const name = relative(root, file);
  if (!name.endsWith(".js") || name.startsWith("www/pkg/")) continue;
  for (const [index, line] of readFileSync(file, "utf8").split("\n").entries()) {
    const place = `${name}:${index + 1}`;
    if (PIXELS.test(line)) problems.push(`${place}: reads pixels; src/ does that`);
    if (NAMED.test(line) && !WORDS.test(name)) problems.push(`${place}: names an expression; take it from the model`);
  }
}

// Older models are rows of models/HISTORY.md; a new one is compiled in by its id in build.rs.
const ids = Object.values(shipped);
for (const id of ids.filter((id) => !models.includes(id))) problems.push(`build.rs: there is no models/${id}`);
for (const id of models.filter((id) => !ids.includes(id))) {
  problems.push(`models/${id} does not ship: name it in build.rs, or keep it outside the repository`);
}
const sources = ["--cached", "--others", "--exclude-standard", "*.rs", "*.js", "*.mjs", "*.toml", "*.md"];
const names = outputOf("git", ["ls-files", ...sources]).split("\n");
for (const file of names.filter(Boolean)) {
  if (/^models\/|^training\/recipes\/|^build\.rs$/.test(file) || !existsSync(join(root, file))) continue;
  const text = readFileSync(join(root, file), "utf8");
  if (!file.endsWith(".md") && text.includes(shipped.emotion)) {
    problems.push(`${file}: names ${shipped.emotion}; take the id from scripts/models.mjs or from the weights`);
  }
  for (const [, id] of text.matchAll(/\]\([^)]*models\/([\w-]+)\//g)) {
    if (!ids.includes(id)) problems.push(`${file}: links to models/${id}, which does not ship`);
  }
}

for (const model of models) {
  const folder = join(root, "models", model);
  const cardPath = join(folder, "MODEL_CARD.md");
  if (!existsSync(cardPath)) {
    problems.push(`models/${model}: no MODEL_CARD.md`);
    continue;
  }
  const card = readFileSync(cardPath, "utf8");
  for (const weights of readdirSync(folder).filter((name) => /\.(cnw|safetensors)$/.test(name))) {
    const hash = sha256(join(folder, weights));
    if (!card.includes(hash))
      problems.push(`models/${model}/MODEL_CARD.md: does not name ${weights}'s sha256, ${hash}`);
  }
}

// Figures come from a model's metrics.json, written by `evaluate`; the card and the README only repeat them.
const readme = readFileSync(join(root, "README.md"), "utf8");
for (const model of models.filter((id) => existsSync(metricsPath(id)))) {
  const { accuracy, loss, leak_free: leakFree } = JSON.parse(readFileSync(metricsPath(model), "utf8"));
  const card = readFileSync(join(root, "models", model, "MODEL_CARD.md"), "utf8");
  for (const figure of [accuracy, loss, leakFree.accuracy, leakFree.loss].map((value) => value.toFixed(3))) {
    if (!card.includes(figure)) problems.push(`models/${model}/MODEL_CARD.md: ${figure} of metrics.json is missing`);
    if (readme.includes(`models/${model}/`) && !readme.includes(figure)) {
      problems.push(`README.md: ${figure} of models/${model}/metrics.json is missing`);
    }
  }
}

const [, crateVersion] = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^version = "(.+)"$/m);
if (crateVersion !== version) problems.push(`package.json has version ${version}, Cargo.toml ${crateVersion}`);

for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);

function metricsPath(model) {
  return join(root, "models", model, "metrics.json");
}

/** Every file below the folder. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
