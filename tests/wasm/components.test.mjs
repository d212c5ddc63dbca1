// The licences and the bill of materials beside the module: every crate compiled in is named with its licence's text.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { licenceTexts } from "../../scripts/components.mjs";
import { repositoryFile } from "./module.mjs";

const licences = repositoryFile("www/pkg/third-party-licenses.txt").toString();
const { components } = JSON.parse(repositoryFile("www/pkg/sbom.cdx.json").toString());

test("every crate in the bill of materials has its licence's text", () => {
  const crates = components.filter(({ type }) => type === "library");
  assert.ok(crates.some(({ name }) => name === "wasm-bindgen"));
  for (const { name, version, licenses } of crates) {
    assert.ok(licences.includes(`\n${name} ${version} (${licenses[0].expression})\n`), `${name} ${version}`);
  }
});

test("a crate without a licence file stops the build by its name", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "countenance-"));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "README.md"), "licence: MIT");
  assert.throws(() => licenceTexts("somebody 1.2.3", folder), /^Error: somebody 1\.2\.3 has no licence file/);
  writeFileSync(join(folder, "LICENSE-MIT"), " The MIT License\n");
  assert.deepEqual(licenceTexts("somebody 1.2.3", folder), ["The MIT License"]);
});
