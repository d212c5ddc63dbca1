// What a release consists of, as scripts/artefacts.mjs has gathered it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, verifiedChecksums } from "../../scripts/checksums.mjs";
import { outputOf, releaseDir, root, version } from "../../scripts/environment.mjs";
import { shipped } from "../../scripts/models.mjs";

const NAME = `countenance-${version}`;
const ARTEFACTS = [
  `${NAME}-site.tar.gz`,
  `${NAME}-third-party-licenses.txt`,
  `${NAME}.cdx.json`,
  `${NAME}.crate`,
  `${NAME}.html`,
  `${NAME}.tgz`,
  ...Object.values(shipped).map((id) => `${id}.onnx`),
  "release-notes.md",
];

/** What crates.io takes, in bytes. */
const MAX_CRATE_BYTES = 10 * 1024 * 1024;

test("everything is there, and is what the checksums say", () => {
  assert.deepEqual(readdirSync(releaseDir).sort(), ["SHA256SUMS", ...ARTEFACTS].sort());
  assert.deepEqual([...verifiedChecksums(releaseDir).keys()].sort(), ARTEFACTS.toSorted());
});

test("the crate holds what it needs, and neither tests nor other weights", () => {
  const crate = join(releaseDir, `${NAME}.crate`);
  assert.ok(statSync(crate).size < MAX_CRATE_BYTES);
  const files = outputOf("tar", ["--list", "--file", crate]).trim().split("\n");
  const outside = files.map((path) => path.replace(`${NAME}/`, "")).filter((path) => !/^(src|examples)\//.test(path));
  assert.deepEqual(outside.filter((path) => !/^(Cargo|\.cargo_vcs)/.test(path)).sort(), [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "build.rs",
    `models/${shipped.emotion}/MODEL_CARD.md`,
    `models/${shipped.emotion}/weights.cnw`,
    `models/${shipped.detector}/LICENSE`,
    `models/${shipped.detector}/MODEL_CARD.md`,
    `models/${shipped.detector}/weights.cnw`,
  ]);
});

test("the bill of materials is that of this version", () => {
  const { metadata } = JSON.parse(readFileSync(join(releaseDir, `${NAME}.cdx.json`), "utf8"));
  assert.equal(metadata.component.version, version);
});

test("site and package hold the same module, and the notes name its sum", async () => {
  const folder = await mkdtemp(join(tmpdir(), "countenance-"));
  try {
    for (const file of [`${NAME}-site.tar.gz`, `${NAME}.tgz`]) {
      outputOf("tar", ["--extract", "--file", join(releaseDir, file), "--directory", folder]);
    }
    const sum = sha256(join(root, "www/pkg/countenance_bg.wasm"));
    for (const place of ["pkg", "package/www/pkg"])
      assert.equal(sha256(join(folder, place, "countenance_bg.wasm")), sum);
    assert.equal(sha256(join(folder, "countenance.html")), sha256(join(releaseDir, `${NAME}.html`)));
    for (const file of ["index.html", "_headers", "docs/index.html"]) assert.ok(statSync(join(folder, file)).size > 0);
    const notes = readFileSync(join(releaseDir, "release-notes.md"), "utf8");
    assert.ok(notes.includes(sum));
    assert.match(notes, /^### \S.*\n\n- \S/); // as the changelog has them: by heading
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
