// Publishes what `npm run release` has made: npm run publish:npm, publish:crate or publish:forge

import { existsSync } from "node:fs";
import { join } from "node:path";
import { sha256, verifiedChecksums } from "./checksums.mjs";
import { fail, outputOf, releaseDir, run, targetDir, version } from "./environment.mjs";

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
  forge() {
    const files = [...checksums.keys(), "SHA256SUMS"].map((file) => join(releaseDir, file));
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
