// How many small faces are found in large pictures, how many false ones, and how the time grows.
//
//   node benches/small-faces.mjs [--update]
//
// The portraits and the pictures without a face come from the templates of npm packages. With --update the tables go into
// docs/pictures.md.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { outputOf, root } from "../scripts/environment.mjs";
import { fetchPictures, PORTRAITS } from "./packages.mjs";

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
const PLACE = /(?<=<!-- node benches\/small-faces\.mjs --update -->\n)[\s\S]*?(?=\n<!-- end -->)/;

const { values: options } = parseArgs({ options: { update: { type: "boolean", default: false } } });
const folder = join(root, "dist", "small-faces");
const portraits = join(folder, "portraits");
const faceless = join(folder, "faceless");
rmSync(folder, { recursive: true, force: true });
for (const made of [portraits, faceless]) mkdirSync(made, { recursive: true });
for (const [name, withoutFaces] of Object.entries(PACKAGES)) {
  fetchPictures(name, folder, (path) => {
    if (name === PORTRAITS.name && PORTRAITS.files.test(path)) return portraits;
    return withoutFaces.test(path) ? faceless : undefined;
  });
}

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
