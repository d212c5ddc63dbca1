// The changelog's entries, by their headings.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./environment.mjs";

/**
 * The changelog's entry of a version, without the heading; undefined where there is none.
 * @param {string} version or "Unreleased"
 */
export function changelogOf(version) {
  const sections = readFileSync(join(root, "CHANGELOG.md"), "utf8").split(/^## /m).slice(1);
  // A date may follow the version.
  const section = sections.find((each) => each.split(/\s/, 1)[0] === version);
  return section?.replace(/.*\n/, "").trim() || undefined;
}
