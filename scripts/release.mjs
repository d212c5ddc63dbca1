// Checks everything and makes the artefacts of a release, in dist/release/: npm run release
//
// Ends with status 1 where a check fails, and with 2 where a check could not run: publish nothing then.

import { changelogOf } from "./changelog.mjs";
import { advisories, deny, reportUnasked } from "./dependencies.mjs";
import { fail, outputOf, releaseDir, run, version } from "./environment.mjs";

const problems = [];
const changed = outputOf("git", ["status", "--porcelain"]);
if (changed) problems.push(`Some changes are not committed:\n${changed.trimEnd()}`);
if (!changelogOf(version)) problems.push(`CHANGELOG.md has no entry "## ${version}".`);
const tags = outputOf("git", ["tag", "--points-at", "HEAD", "--list", "v*"]).trim().split("\n").filter(Boolean);
if (tags.some((tag) => tag !== `v${version}`))
  problems.push(`This is version ${version}, but tagged ${tags.join(", ")}.`);
if (problems.length > 0) fail(problems.join("\n"));

// All tests, two clean builds that must be equal among them; the last stage makes the artefacts.
run("node", ["scripts/test.mjs"]);
run("node", ["scripts/test.mjs", "ecosystem", "rest"]);
deny();
const unasked = advisories();
if (outputOf("git", ["status", "--porcelain"])) fail("The tests changed files of the repository.");

console.log(`\nCountenance ${version} is in ${releaseDir}${tags.length > 0 ? "" : ", not tagged yet"}.`);
reportUnasked(unasked);
