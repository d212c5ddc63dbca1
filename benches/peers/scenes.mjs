// The pictures that the products look at: portraits pasted into one picture, by benches/small_faces.rs.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { outputOf, root } from "../../scripts/environment.mjs";
import { fetchPictures, PORTRAITS } from "../packages.mjs";
import { GENERATED } from "./measure.mjs";

/** The width of the pictures of a few people and of many; the others show how small a face may be. */
const GROUP_WIDTH = 1280;

/** Makes the pictures unless they are there, and reads what is in them. @returns {import("./measure.mjs").Scene[]} */
export function makeScenes() {
  const folder = join(root, GENERATED, "scenes");
  if (!existsSync(folder)) {
    const portraits = join(root, GENERATED, "portraits");
    const unfinished = `${folder}-unfinished`;
    for (const made of [portraits, unfinished]) mkdirSync(made, { recursive: true });
    fetchPictures(PORTRAITS.name, join(root, GENERATED), (path) =>
      PORTRAITS.files.test(path) ? portraits : undefined,
    );
    const bench = ["bench", "--quiet", "--profile", "release", "--bench", "small_faces", "--"];
    outputOf("cargo", [...bench, `portraits=${portraits}`, `save=${unfinished}`]);
    renameSync(unfinished, folder);
  }
  const scenes = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => {
      const scene = JSON.parse(readFileSync(join(folder, file), "utf8"));
      return { name: file.slice(0, -".json".length), group: scene.width === GROUP_WIDTH, ...scene };
    });
  // By picture, then from the few to the many and from the large to the small.
  return scenes.sort(
    (a, b) => a.width - b.width || a.height - b.height || a.faces.length - b.faces.length || b.faceWidth - a.faceWidth,
  );
}
