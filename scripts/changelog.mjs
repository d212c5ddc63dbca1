// The changelog's entries, by their headings.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./environment.mjs";

/**
 * What the changelog says of a version, without the heading; undefined where it says nothing.
 * @param {string} version or "Unreleased"
 */
export function changelogOf(version) {
  const sections = readFileSync(join(root, "CHANGELOG.md"), "utf8").split(/^## /m).slice(1);
  // A date may stand behind the version.
  const section = sections.find((each) => each.split(/\s/, 1)[0] === version);
  return section?.replace(/.*\n/, "").trim() || undefined;
}
