// Builds the static site: the page, its one-file copy, the documentation beside it, and the headers for its host.
//
//   node scripts/build-site.mjs [folder]      (after scripts/build.mjs; `site` by default)
//
// SITE_URL, from the environment, is the address that the site will have, for the picture that links to it show.

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { installPackages, root, run, targetDir } from "./environment.mjs";
import { headersFile } from "./headers.mjs";
import { minifyPage } from "./minify.mjs";

const out = resolve(process.argv[2] ?? join(root, "site"));
const docs = join(out, "docs");

// The tools of the documentation are locked in docs/, so that nothing else has to install them.
installPackages(join(root, "docs"));

rmSync(out, { recursive: true, force: true });
await copyPage();
run("node", ["scripts/build-package.mjs"]); // the guides state its scripts' hashes
await makeGuides();
makeReferences();
console.log(`Built ${out}.`);

/** The page itself, minified, with the link to the documentation shown, and the same as one file. */
async function copyPage() {
  const isSource = (path) => /README\.md|tsconfig.*\.json|\.single\.js|\.d\.ts$/.test(basename(path));
  cpSync(join(root, "www"), out, { recursive: true, filter: (path) => !isSource(path) });
  const html = readFileSync(join(out, "index.html"), "utf8");
  const link = '<a class="link" href="docs/" hidden';
  if (!html.includes(link)) throw new Error(`index.html has no ${link}`);
  const preview = 'content="preview.jpg"';
  if (!html.includes(preview)) throw new Error(`index.html has no ${preview}`);
  const address = process.env.SITE_URL ? new URL("preview.jpg", process.env.SITE_URL) : "preview.jpg";
  writeFileSync(
    join(out, "index.html"),
    html.replace(link, link.replace(" hidden", "")).replace(preview, `content="${address}"`),
  );
  await minifyPage(out);
  run("node", ["scripts/build-single.mjs", join(out, "countenance.html")]);
  writeFileSync(join(out, "_headers"), headersFile());
}

/** The guides, by VitePress (docs/.vitepress). */
async function makeGuides() {
  const vitepress = createRequire(join(root, "docs/package.json")).resolve("vitepress");
  const { build } = await import(pathToFileURL(vitepress));
  // The model cards lie outside of docs/. While it builds, VitePress links its Vue for them into this folder's node_modules.
  process.chdir(root);
  await build(join(root, "docs"), { outDir: docs });
}

/** The API reference, from the sources: TypeDoc for JavaScript, rustdoc for Rust. */
function makeReferences() {
  run("node", [
    join(root, "docs/node_modules/typedoc/bin/typedoc"),
    ...["--options", "docs/.vitepress/typedoc.json", "--out", join(docs, "api/js")],
  ]);
  run("cargo", ["doc", "--quiet", "--no-deps", "--package", "countenance"], { RUSTDOCFLAGS: "--deny warnings" });
  cpSync(join(targetDir, "doc"), join(docs, "api/rust"), { recursive: true });
}
