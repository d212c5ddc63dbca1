// Judges what the repository depends on.
//
//   npm run deny            licences, sources and bans of the library's crates (deny.toml)
//   npm run advisories      known vulnerabilities of crates and npm packages, and npm's signatures
//
// Both end with status 1 where something is wrong, `advisories` with 2 where a database could not be asked.

import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fail, installPackages, requireRust, root, run, targetDir } from "./environment.mjs";

const CARGO_DENY = "0.20.2";

/** The folders whose npm packages make what is released: the module's and the documentation's. */
const NPM_FOLDERS = [".", "docs"];

export function deny() {
  cargoDeny(["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
}

/**
 * Asks every database; ends the script where one knows something.
 * @returns {string[]} what could not be asked, in words
 */
export function advisories() {
  const unasked = [];
  if (isFetched()) cargoDeny(["--offline", "check", "--hide-inclusion-graph", "advisories"]);
  else unasked.push("RustSec's advisories of the crates");
  for (const folder of NPM_FOLDERS) {
    installPackages(join(root, folder)); // npm looks at the signatures of what is installed
    if (!isAsked(["audit", "--package-lock-only"], folder)) unasked.push(`npm's advisories of ${folder}/package.json`);
    if (!isAsked(["audit", "signatures"], folder)) unasked.push(`npm's signatures of ${folder}/package.json`);
  }
  return unasked;
}

/** Says what could not be asked, and marks the script's end with it. */
export function reportUnasked(unasked) {
  if (unasked.length === 0) return;
  console.error(
    `\nNOT CHECKED, since the database could not be asked:\n${unasked.map((name) => `- ${name}\n`).join("")}`,
  );
  process.exitCode = 2;
}

/**
 * Whether npm's registry answered; ends the script where it answered with a finding.
 * @param {string[]} question a form of `npm audit`
 * @param {string} folder that of a package.json
 */
export function isAsked(question, folder) {
  const { stdout } = spawnSync("npm", [...question, "--json"], { cwd: resolve(root, folder), encoding: "utf8" });
  const { vulnerabilities, invalid, missing } = parsed(stdout);
  const findings = vulnerabilities ?? (invalid && [...invalid, ...missing]);
  if (!findings) return false;
  if (Object.keys(findings).length > 0) fail(`npm ${question.join(" ")} in ${folder}:\n${stdout}`);
  console.log(`npm ${question.join(" ")} in ${folder}: nothing found`);
  return true;
}

/** What npm printed; without a registry that may be nothing. */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}

/** Whether RustSec's database, a repository on a public forge, could be fetched. */
function isFetched() {
  return spawnSync(installedCargoDeny(), ["fetch", "db"], { cwd: root, stdio: "inherit" }).status === 0;
}

function cargoDeny(args) {
  run(installedCargoDeny(), args);
}

/** The program, compiled into the cache unless this version is there: some minutes, once. */
function installedCargoDeny() {
  requireRust();
  const folder = join(targetDir, "../tools");
  run("cargo", ["install", `cargo-deny@${CARGO_DENY}`, "--locked", "--quiet", "--root", folder]);
  return join(folder, "bin/cargo-deny");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === "advisories") reportUnasked(advisories());
  else deny();
}
