// The models of this repository.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./environment.mjs";

/** The ids of all models, which are their folders' names. */
export const models = readdirSync(join(root, "models"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

const build = readFileSync(join(root, "build.rs"), "utf8");

/** The ids of the models that ship, from the one place where they are written. */
export const shipped = { emotion: idOf("EMOTION"), detector: idOf("DETECTOR") };

function idOf(name) {
  return build.match(new RegExp(`^const ${name}: &str = "(.+)";$`, "m"))[1];
}
