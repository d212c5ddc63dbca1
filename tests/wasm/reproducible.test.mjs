// The same sources make the same module, wherever they lie.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../scripts/checksums.mjs";
import { root } from "../../scripts/environment.mjs";
import { builds } from "./module.mjs";

/** What the module is built from, and the folders of the workspace that cargo wants to see. */
const SOURCES = [
  ".cargo",
  "Cargo.toml",
  "Cargo.lock",
  "build.rs",
  "package.json",
  "src",
  "models",
  "scripts",
  "training",
];
const MODULE = ["countenance_bg.wasm", "countenance.js", "sbom.cdx.json", "third-party-licenses.txt"];

test("two clean builds in two folders are the same, byte for byte", () => {
  const folder = mkdtempSync(join(tmpdir(), "countenance-elsewhere-"));
  try {
    for (const name of [...SOURCES, "cli", "python", "fuzz", "examples", "benches", "tests"]) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    const { status, stderr } = spawnSync("node", [join(folder, "scripts/build.mjs")], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CARGO_TARGET_DIR: join(folder, "cache", "target") },
    });
    assert.equal(status, 0, stderr);
    for (const name of MODULE) {
      assert.equal(sha256(join(folder, "www/pkg", name)), sha256(join(builds.default, name)), `${name} differs`);
    }
    // No folder of this machine stands in it.
    const bytes = readFileSync(join(builds.default, MODULE[0]), "latin1");
    for (const path of [root, folder, process.env.HOME].filter(Boolean)) assert.ok(!bytes.includes(path), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
