// Makes dist/countenance.html: page, styles, worker and wasm module in one file that opens without a server.
//
//   node scripts/build-single.mjs [file]      (after scripts/build.mjs)

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bundle, bundleInlinedWorker, inlinedModule } from "./bundle.mjs";
import { root } from "./environment.mjs";

const out = resolve(process.argv[2] ?? join(root, "dist/countenance.html"));
const www = join(root, "www");

const inPlaceOf = { "worker-source.js": "app/worker-source.single.js" };
const { script: page } = await bundle("app/main.js", "esm", { inPlaceOf });
const script = inElement(page);
const worker = inElement(await bundleInlinedWorker());
const language = readFileSync(join(www, "app/language.js"), "utf8");
const style = readFileSync(join(www, "style.css"), "utf8");
const modelFiles = ["golden.json", "metrics.json"].map(
  (name) =>
    `  <script type="application/json" data-file="${name}">${readFileSync(join(www, "pkg", name), "utf8")}</script>`,
);

// Nothing may be fetched at all: everything is here.
const policy = [
  "default-src 'none'",
  `script-src '${hashOf(language)}' '${hashOf(script)}' 'wasm-unsafe-eval'`,
  "worker-src blob:",
  "connect-src 'none'",
  "img-src blob: data:",
  "media-src blob:",
  `style-src '${hashOf(style)}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types countenance",
].join("; ");

const licences = readFileSync(join(www, "pkg/third-party-licenses.txt")).toString("base64");
const replacements = [
  [/(?<=<a )download href="[^"]*"/, `download="third-party-licenses.txt" href="data:text/plain;base64,${licences}"`],
  [/(?<=http-equiv="Content-Security-Policy" content=")[^"]*/, policy],
  [/ *<(link rel="(icon|apple-touch-icon|manifest)"|meta (property="og:|name="twitter:)).*\n/g, ""],
  [/(?<=<script) src="app\/language.js">/, `>${language}`],
  [/<link rel="stylesheet".*>/, `<style>${style}</style>`],
  [
    / *<script type="module".*\n/,
    [
      `  <script type="text/plain" id="worker-script">${worker}</script>`,
      `  <script type="text/plain" id="wasm-module">${inlinedModule()}</script>`,
      ...modelFiles,
      `  <script type="module">${script}</script>\n`,
    ].join("\n"),
  ],
];
let html = readFileSync(join(www, "index.html"), "utf8").replace(/(?<= src=")samples\/[^"]*/g, (path) => {
  return `data:image/webp;base64,${readFileSync(join(www, path)).toString("base64")}`;
});
for (const [pattern, replacement] of replacements) {
  if (html.search(pattern) < 0) throw new Error(`index.html has nothing that matches ${pattern}`);
  html = html.replace(pattern, () => replacement);
}

mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, html);
console.log(`Built ${out}: ${(Buffer.byteLength(html) / 1e6).toFixed(2)} MB.`);

/** The script, fit to stand inside a script element. */
function inElement(script) {
  return script.replaceAll("</script", "<\\/script");
}

/** The source's hash as a policy names it. */
function hashOf(source) {
  return `sha256-${createHash("sha256").update(source).digest("base64")}`;
}
