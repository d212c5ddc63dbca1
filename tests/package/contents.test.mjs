// What the package holds: exactly these files, within a size.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { importPackage, root } from "../../scripts/environment.mjs";
import { models, shipped } from "../../scripts/models.mjs";
import { tarball } from "./project.mjs";

/** The module twice: as a file, and under gzip and base64 in a script. */
const MAX_BYTES = 2_800_000;

/** The modules of www/lib whose types are public, or named by those that are. */
const TYPED = [
  ...["analyzer", "draw", "element", "events", "expressions", "feed", "geometry", "images", "index", "inline", "node"],
  ...["picture-file", "pipeline", "plain", "pool", "protocol", "testing", "video", "watch", "worker"],
];
const INTERNAL = [
  ...["abortable", "blob-worker", "connection", "container", "fetch-module", "file", "module", "module-file"],
  ...["module-file.inline", "module-file.script", "node-thread", "retry", "script", "video-file"],
  ...["worker-file", "worker-file.inline", "worker-file.script"],
];
const FILES = [
  ...["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"],
  ...models.map((id) => `models/${id}/MODEL_CARD.md`),
  `models/${shipped.detector}/LICENSE`,
  ...[...TYPED, ...INTERNAL].map((name) => `www/lib/${name}.js`),
  ...["inline.js", "countenance.iife.js", "testing.js"].flatMap((name) => [`dist/${name}`, `dist/${name}.map`]),
  ...["www/pkg/countenance.js", "www/pkg/countenance_bg.wasm", "dist/countenance.wasm.js"],
  ...["www/pkg/integrity.json", "www/pkg/sbom.cdx.json", "www/pkg/third-party-licenses.txt"],
  ...TYPED.map((name) => `dist/types/lib/${name}.d.ts`),
  ...["dist/types/pkg/countenance.d.ts", "www/lib/platform.d.ts"],
];

const listed = spawnSync("tar", ["--list", "--file", tarball], { encoding: "utf8" });
assert.equal(listed.status, 0, listed.stderr);
const packed = listed.stdout.trim().split("\n");
const files = packed.map((path) => path.replace(/^package\//, ""));

test("the package holds these files and no others", () => {
  assert.deepEqual(files.toSorted(), FILES.toSorted());
});

test("the package keeps its size budget", () => {
  assert.ok(statSync(tarball).size <= MAX_BYTES, `${statSync(tarball).size} bytes`);
});

test("every entry is in the package, and its types come first", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const [name, entry] of Object.entries(exports)) {
    const paths = typeof entry === "string" ? [entry] : Object.values(entry);
    for (const path of paths) {
      const file = path.replace("./", "").replace("*.wasm", "countenance_bg.wasm");
      assert.ok(files.includes(file), `${name}: ${file} is missing`);
    }
    if (typeof entry !== "string") assert.deepEqual(Object.keys(entry), ["types", "default"]);
  }
});

test("the element takes less than 10 kB beside the analyzer, as servers send it", async () => {
  const { build } = await importPackage("esbuild");
  const entry = join(root, "www/lib/element.js");
  const options = { entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false };
  const { outputFiles } = await build({ ...options, external: ["./analyzer.js"] });
  const bytes = gzipSync(outputFiles[0].contents).length;
  assert.ok(bytes < 10_000, `${bytes} bytes`);
});

test("the source maps lead to sources that are in the package", () => {
  for (const name of files.filter((file) => file.endsWith(".map"))) {
    const { sources } = JSON.parse(readFileSync(join(root, name), "utf8"));
    assert.ok(sources.length > 1, name);
    for (const source of sources) assert.ok(files.includes(posix.join("dist", source)), `${name}: ${source}`);
  }
});
