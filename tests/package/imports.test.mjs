// What an import costs: it does nothing by itself, and a bundle holds only what is used.

import assert from "node:assert/strict";
import { test } from "node:test";
import { importPackage } from "../../scripts/environment.mjs";
import { install, runIn } from "./project.mjs";

const { build } = await importPackage("esbuild");
const folder = install("node");

/** A script that uses the installed package, bundled. */
async function bundled(contents) {
  const options = { bundle: true, minify: true, write: false, format: "esm", logLevel: "error", platform: "browser" };
  const stdin = { contents, resolveDir: folder };
  const { outputFiles } = await build({ ...options, stdin, logOverride: { "ignored-bare-import": "silent" } });
  return outputFiles[0].text;
}

test("an import that is not used leaves nothing in a bundle", async () => {
  for (const entry of ["countenance", "countenance/element", "countenance/pipeline", "countenance/testing"]) {
    assert.equal((await bundled(`import "${entry}";`)).trim(), "", entry);
    assert.equal((await bundled(`import * as all from "${entry}";`)).trim(), "", entry);
  }
});

test("a bundle holds only what is used", async () => {
  const sizes = {};
  for (const [name, use] of [
    ["geometry", 'import { fitBox } from "countenance"; console.log(fitBox);'],
    ["drawing", 'import { drawFaces } from "countenance"; console.log(drawFaces);'],
    ["analyzer", 'import { EmotionAnalyzer } from "countenance"; console.log(EmotionAnalyzer);'],
    ["watch", 'import { watch } from "countenance"; console.log(watch);'],
  ]) {
    const text = await bundled(use);
    sizes[name] = text.length;
    assert.equal(text.includes("getUserMedia"), name === "watch", name);
    assert.equal(text.includes("terminate"), name === "watch" || name === "analyzer", name);
    assert.equal(text.includes("createElement"), name === "watch", `${name} touches the page`);
    assert.ok(!text.includes("adoptedStyleSheets"), `${name} holds the element`);
  }
  const { geometry, drawing, analyzer, watch } = sizes;
  assert.ok(geometry < 3_000 && drawing < 7_000 && analyzer < 14_000 && watch < 24_000, JSON.stringify(sizes));
});

test("importing every entry in Node changes nothing, and the inlined one sets its module alone", () => {
  const script = `
    const before = new Set(Object.getOwnPropertyNames(globalThis));
    const changes = {};
    for (const entry of ["", "/element", "/pipeline", "/node", "/testing", "/inline"]) {
      await import("countenance" + entry);
      changes[entry] = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
    }
    console.log(JSON.stringify(changes));`;
  const changes = JSON.parse(runIn(folder, "node", ["--input-type=module", "--eval", script]));
  const { "/inline": inline, ...others } = changes;
  for (const [entry, names] of Object.entries(others)) assert.deepEqual(names, [], entry);
  assert.deepEqual(inline, ["COUNTENANCE_MODULE"]);
});
