// What `npm pack` would ship: everything the exports name, and nothing else of the repository.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { repositoryFile } from "./module.mjs";

test("the package holds what its exports name, the weights' notices, and no source beside the library", () => {
  const emitted = spawnSync("npx", ["tsc", "--project", "www/tsconfig.types.json"], { cwd: root, encoding: "utf8" });
  assert.equal(emitted.status, 0, emitted.stdout);
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", "--silent"];
  const packed = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
  assert.equal(packed.status, 0, packed.stderr);
  const files = Object.values(JSON.parse(packed.stdout))[0].files.map(({ path }) => path);

  const { exports } = JSON.parse(repositoryFile("package.json"));
  const named = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [entry] : Object.values(entry)));
  for (const path of named) {
    const name = path.replace("./", "").replace("*.wasm", "countenance_bg.wasm");
    assert.ok(files.includes(name), `${name} is missing`);
  }
  for (const notice of ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "models/face-detect-1/LICENSE"]) {
    assert.ok(files.includes(notice), `${notice} is missing`);
  }
  const foreign = files.filter((path) => !/^(www\/(lib|pkg)\/|models\/[^/]+\/(MODEL_CARD|LICENSE)|[^/]+$)/.test(path));
  assert.deepEqual(foreign, []);
});
