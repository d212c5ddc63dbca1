// Gathers what a release consists of, with checksums, in dist/release/: the npm package, the crate, the site, the page in
// one file, the models as ONNX files, the bill of materials, the licences and the release notes.
//
//   node scripts/artefacts.mjs      (after scripts/pack.mjs and scripts/build-site.mjs)

import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changelogOf } from "./changelog.mjs";
import { sha256, writeChecksums } from "./checksums.mjs";
import { outputOf, releaseDir, root, run, targetDir, version } from "./environment.mjs";
import { shipped } from "./models.mjs";

const name = `countenance-${version}`;
rmSync(releaseDir, { recursive: true, force: true });
mkdirSync(releaseDir, { recursive: true });

// Cargo builds the crate from what it packed. scripts/release.mjs refuses uncommitted changes.
run("cargo", ["package", "--locked", "--allow-dirty", "--package", "countenance"]);

run("node", ["scripts/build-onnx.mjs"]);

const copies = {
  [`${name}.crate`]: join(targetDir, "package", `${name}.crate`),
  [`${name}.tgz`]: join(root, "dist", `${name}.tgz`),
  [`${name}.html`]: join(root, "site/countenance.html"),
  [`${name}.cdx.json`]: join(root, "www/pkg/sbom.cdx.json"),
  [`${name}-third-party-licenses.txt`]: join(root, "www/pkg/third-party-licenses.txt"),
};
for (const id of Object.values(shipped)) copies[`${id}.onnx`] = join(root, "dist/onnx", id, `${id}.onnx`);
for (const [file, source] of Object.entries(copies)) copyFileSync(source, join(releaseDir, file));
run("tar", ["--create", "--gzip", "--file", join(releaseDir, `${name}-site.tar.gz`), "--directory", "site", "."]);

const module = sha256(join(root, "www/pkg/countenance_bg.wasm"));
const notes = `${changelogOf(version) ?? changelogOf("Unreleased")}

SHA-256 of the module, built by ${outputOf("rustc", ["--version"]).trim()}: \`${module}\`
`;
writeFileSync(join(releaseDir, "release-notes.md"), notes);

writeChecksums(releaseDir);
for (const file of readdirSync(releaseDir))
  console.log(`${String(statSync(join(releaseDir, file)).size).padStart(9)}  ${file}`);
