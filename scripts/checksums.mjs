// SHA-256 sums of files, and the list of them that comes with a release, in the form that `sha256sum --check` reads.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "./environment.mjs";

const LIST = "SHA256SUMS";

/** @param {string} file */
export function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Writes the list of a folder's files into it. */
export function writeChecksums(folder) {
  const lines = readdirSync(folder).map((file) => `${sha256(join(folder, file))}  ${file}\n`);
  writeFileSync(join(folder, LIST), lines.join(""));
}

/**
 * Reads a folder's list and checks it; ends the script where a file differs.
 * @returns {Map<string, string>} the sum of each file
 */
export function verifiedChecksums(folder) {
  const lines = readFileSync(join(folder, LIST), "utf8").trim().split("\n");
  const sums = new Map(lines.map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line).slice(1).reverse()));
  for (const [file, sum] of sums) {
    if (sha256(join(folder, file)) !== sum) fail(`${file} does not match ${LIST}.`);
  }
  return sums;
}
