// Publishes what `npm run release` and `npm run build:wheel` have made: npm run publish:npm, publish:crate, publish:pypi
// or publish:forge

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sha256, verifiedChecksums } from "./checksums.mjs";
import { fail, outputOf, releaseDir, root, run, targetDir, version } from "./environment.mjs";
import { ensurePython } from "./python.mjs";

const tag = `v${version}`;
const name = `countenance-${version}`;
const targets = {
  npm() {
    // Only a forge's workflow can attest where a package comes from.
    const provenance = process.env.CI ? ["--provenance"] : [];
    run("npm", ["publish", join(releaseDir, `${name}.tgz`), "--access", "public", ...provenance]);
  },
  crate() {
    // Cargo packs again; what it packs must be what was released.
    run("cargo", ["package", "--locked", "--no-verify", "--package", "countenance"]);
    const file = `${name}.crate`;
    if (sha256(join(targetDir, "package", file)) !== checksums.get(file))
      fail(`${file} differs from the released one when packed here.`);
    run("cargo", ["publish", "--locked", "--no-verify", "--package", "countenance"]);
  },
  pypi() {
    // Without a token, in a forge's workflow that PyPI trusts.
    const trusted = process.env.CI ? ["--trusted-publishing", "always"] : [];
    run(ensurePython("requirements-wheel.txt")("uv"), ["publish", ...trusted, ...wheels()]);
  },
  forge() {
    const files = [...checksums.keys(), "SHA256SUMS"].map((file) => join(releaseDir, file)).concat(wheels());
    const notes = join(releaseDir, "release-notes.md");
    run("gh", ["release", "create", tag, "--verify-tag", "--title", tag, "--notes-file", notes, ...files]);
  },
};

const target = process.argv[2];
if (!Object.hasOwn(targets, target ?? "")) fail(`Publish where? There are ${Object.keys(targets).join(", ")}.`);
if (!existsSync(join(releaseDir, "SHA256SUMS"))) fail("There is nothing to publish. Make it first: npm run release");
const checksums = verifiedChecksums(releaseDir);
if (!outputOf("git", ["tag", "--points-at", "HEAD"]).split("\n").includes(tag))
  fail(`This commit is not tagged ${tag}.`);
targets[target]();

/** The wheels of this version, by platform. */
function wheels() {
  const folder = join(root, "dist/wheels");
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file.startsWith(`${name}-`)) : [];
  if (names.length === 0) fail("There are no wheels to publish. Make one first: npm run build:wheel");
  return names.map((file) => join(folder, file));
}
