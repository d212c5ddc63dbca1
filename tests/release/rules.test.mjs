// The rules' check finds what breaks a rule.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../scripts/environment.mjs";

const place = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(place, { recursive: true, force: true }));
for (const name of ["models", "scripts", "src", "www", "build.rs", "Cargo.toml", "package.json", "README.md"]) {
  cpSync(join(root, name), join(place, name), { recursive: true });
}
spawnSync("git", ["init", "--quiet"], { cwd: place });

/** In parts, so that it is not a link here. */
const LINK = ["[old](models", "emotion-0", "MODEL_CARD.md)"].join("/");

/** What the check says of the copy with these lines added to a file. */
function check(name = "README.md", lines = "") {
  const path = join(place, name);
  const isNew = name.includes("added");
  if (isNew) writeFileSync(path, lines);
  else appendFileSync(path, lines);
  const { status, stderr } = spawnSync("node", [join(place, "scripts/check-rules.mjs")], { encoding: "utf8" });
  if (isNew) rmSync(path);
  else cpSync(join(root, name), path);
  return { status, said: stderr.trim() };
}

test("the repository keeps the rules", () => {
  assert.deepEqual(check(), { status: 0, said: "" });
});

for (const [what, name, line, said] of [
  ["a canvas read in JavaScript", "www/app/added.js", "context.getImageData(0, 0, 1, 1);", "added.js:1: reads pixels"],
  ["a frame's bytes read in JavaScript", "www/lib/added.js", "\nframe.copyTo(bytes);", "added.js:2: reads pixels"],
  ["a pixel taken by its place", "www/app/added.js", "const red = image.data[0];", "added.js:1: reads pixels"],
  ["an expression in a string", "www/app/added.js", 'const first = "neutral";', "added.js:1: names an expression"],
  ["an expression as a property", "www/lib/added.js", "const value = probabilities.happy;", "names an expression"],
  ["an expression as a key", "www/app/added.js", "const order = { contempt: 1 };", "names an expression"],
  ["an expression in a selector", "www/service-worker.js", 'find("#glyph-sad");', "names an expression"],
  ["wasm-bindgen outside the boundary", "src/added.rs", "use wasm_bindgen::JsValue;", "only in src/wasm_api.rs"],
  ["bytes compiled in elsewhere", "src/added.rs", 'const A: &[u8] = include_bytes!("a");', "only in src/weights.rs"],
  ["a model that does not ship", "README.md", LINK, "which does not ship"],
]) {
  test(`${what} breaks a rule`, () => {
    const result = check(name, line);
    assert.equal(result.status, 1);
    assert.equal(result.said.split("\n").length, 1, result.said);
    assert.ok(result.said.includes(said), result.said);
  });
}

test("the words for the expressions are keyed by their names", () => {
  assert.equal(check("www/app/strings.js", 'const more = { happy: "Glad" };').status, 0);
});
