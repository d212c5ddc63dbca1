// Builds the static site: the page, its one-file copy, the documentation beside it, and the headers for its host.
//
//   node scripts/build-site.mjs [folder]      (after scripts/build.mjs; `site` by default)

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, posix, relative, resolve } from "node:path";
import { importPackage, installPackages, root, run, targetDir } from "./environment.mjs";
import { headersFile } from "./headers.mjs";
import { models } from "./models.mjs";

const out = resolve(process.argv[2] ?? join(root, "site"));
const docs = join(out, "docs");

/** The pages by chapter: Markdown files, by their path in the repository without ending. */
const CHAPTERS = {
  "": ["docs/index"],
  Guides: [
    "docs/camera",
    "docs/pictures",
    "docs/frameworks",
    "docs/exports",
    "docs/threshold",
    "docs/server",
    "docs/csp",
    "docs/offline",
    "docs/hosting",
    "docs/training",
  ],
  Reference: ["docs/api", "docs/benchmarks", ...modelCards()],
  Background: ["docs/design", "docs/compare", "docs/ethics"],
};

const { build } = await importPackage("esbuild");
// The tools of the documentation are locked in docs/, so that nothing else has to install them.
installPackages(join(root, "docs"));
const require = createRequire(join(root, "docs/package.json"));
const markdownIt = require("markdown-it");
const { default: anchors } = await import(require.resolve("markdown-it-anchor"));
const hljs = require("highlight.js");
const { default: MiniSearch } = await import(require.resolve("minisearch"));

/** What the search looks in and what it gives back; the page loads the index with the same. */
const SEARCH = { fields: ["title", "heading", "text"], storeFields: ["href", "title", "heading", "excerpt"] };
const LANGUAGES = {
  jsx: "javascript",
  mjs: "javascript",
  vue: "xml",
  svelte: "xml",
  html: "xml",
  sh: "bash",
  toml: "ini",
};

rmSync(out, { recursive: true, force: true });
copyPage();
makeReferences();

const pages = Object.values(CHAPTERS).flat().map(readPage);
const sections = [];
for (const page of pages) writePage(page);
await writeSearch();
console.log(`Built ${out}: ${pages.length} pages, ${sections.length} sections to search.`);

/** The page itself, with the link to the documentation shown, and the same as one file. */
function copyPage() {
  const isSource = (path) => /README\.md|tsconfig.*\.json|\.single\.js|\.d\.ts$/.test(basename(path));
  cpSync(join(root, "www"), out, { recursive: true, filter: (path) => !isSource(path) });
  const html = readFileSync(join(out, "index.html"), "utf8");
  const link = '<a class="link" href="docs/" hidden';
  if (!html.includes(link)) throw new Error(`index.html has no ${link}`);
  writeFileSync(join(out, "index.html"), html.replace(link, link.replace(" hidden", "")));
  run("node", ["scripts/build-single.mjs", join(out, "countenance.html")]);
  writeFileSync(join(out, "_headers"), headersFile());
  mkdirSync(docs);
  cpSync(join(root, "docs/site/docs.css"), join(docs, "docs.css"));
}

/** The API reference, from the sources: TypeDoc for JavaScript, rustdoc for Rust. */
function makeReferences() {
  run("node", [
    join(root, "docs/node_modules/typedoc/bin/typedoc"),
    ...["--options", "docs/site/typedoc.json", "--out", join(docs, "api/js")],
  ]);
  run("cargo", ["doc", "--quiet", "--no-deps", "--package", "countenance"], { RUSTDOCFLAGS: "--deny warnings" });
  cpSync(join(targetDir, "doc"), join(docs, "api/rust"), { recursive: true });
}

function modelCards() {
  return models.map((id) => `models/${id}/MODEL_CARD`);
}

/** @param {string} source */
function readPage(source) {
  const text = readFileSync(join(root, `${source}.md`), "utf8");
  const name = source.startsWith("models/") ? source.split("/")[1] : basename(source);
  return { source, text, href: `${name}.html`, title: text.match(/^# (.+)$/m)[1] };
}

/** The page's HTML. A line `<!-- include FILE#Heading -->` stands for that section of another file. */
function render({ source, text }) {
  const parts = text.split(/^<!-- include (.+?)#(.+?) -->$/m);
  let html = renderPart(parts[0], source);
  for (let at = 1; at < parts.length; at += 3) {
    const [file, heading, rest] = parts.slice(at, at + 3);
    html += renderPart(sectionOf(readFileSync(join(root, file), "utf8"), heading), file) + renderPart(rest, source);
  }
  return html;
}

/** What stands under a heading of the second level, without the heading. */
function sectionOf(text, heading) {
  const from = text.indexOf(`\n## ${heading}\n`);
  if (from < 0) throw new Error(`There is no section "${heading}"`);
  const section = text.slice(from + heading.length + 5);
  const to = section.search(/^## /m);
  return to < 0 ? section : section.slice(0, to);
}

/** @param {string} source the file the part comes from, which its links are relative to */
function renderPart(text, source) {
  const md = markdownIt({
    html: true,
    highlight: (code, language) => {
      const name = LANGUAGES[language] ?? language;
      return hljs.getLanguage(name) ? hljs.highlight(code, { language: name }).value : "";
    },
  }).use(anchors);
  const { rules } = md.renderer;
  // Code may be wider than the page: who has no mouse scrolls it with the keyboard.
  for (const kind of ["fence", "code_block"]) {
    const code = rules[kind];
    rules[kind] = (tokens, at, ...rest) => {
      const [, file] = tokens[at].info.split(" ");
      const name = file ? `<p class="file">${file}</p>` : "";
      return name + code(tokens, at, ...rest).replace("<pre>", '<pre tabindex="0">');
    };
  }
  rules.table_open = () => '<div class="scroller" tabindex="0" role="group" aria-label="Table"><table>';
  rules.table_close = () => "</table></div>";
  const tokens = md.parse(text, {});
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    for (const name of ["href", "src"]) {
      const target = token.attrGet?.(name);
      if (target && !/^(\w+:|#)/.test(target)) token.attrSet(name, resolveLink(target, source));
    }
  }
  return md.renderer.render(tokens, md.options, {}).replaceAll("<th></th>", "<td></td>"); // a header must say something
}

/** Where a link of a file leads in the site: to another page, or to a file that is copied beside it. */
function resolveLink(target, source) {
  if (/^(api\/|\.\.\/($|countenance\.html$))/.test(target)) return target; // made by this script
  const [path, hash] = target.split("#");
  const file = posix.normalize(posix.join(posix.dirname(source), path));
  const page = Object.values(CHAPTERS)
    .flat()
    .find((each) => file === `${each}.md`);
  if (page) return readPage(page).href + (hash ? `#${hash}` : "");
  const copy = posix.join("files", relative(root, join(root, file)));
  mkdirSync(join(docs, dirname(copy)), { recursive: true });
  cpSync(join(root, file), join(docs, copy));
  return copy;
}

function writePage(page) {
  const { title, href } = page;
  const html = render(page);
  const path = href === "index.html" ? "" : href;
  for (const part of html.split(/(?=<h[12] id=)/)) {
    const [, level, id, heading] = part.match(/^<h([12]) id="([^"]*)"[^>]*>(.*?)<\/h/s);
    const text = plain(part.replace(/^.*?<\/h[12]>/s, ""));
    const place = level === "1" ? path : `${path}#${id}`;
    sections.push({
      id: sections.length,
      href: place,
      title,
      heading: plain(heading),
      text,
      excerpt: text.slice(0, 110),
    });
  }
  const chapters = Object.entries(CHAPTERS).map(([chapter, sources]) => {
    const links = sources.map(readPage).map((each) => {
      const isHere = each.href === href ? ' aria-current="page"' : "";
      const name = each.title.replace("Model card: ", "");
      return `<li><a href="${each.href === "index.html" ? "./" : each.href}"${isHere}>${name}</a></li>`;
    });
    return `${chapter && `<h2>${chapter}</h2>`}<ul>${links.join("")}</ul>`;
  });
  const template = readFileSync(join(root, "docs/site/page.html"), "utf8");
  const filled = {
    title: title === "Countenance" ? title : `${title} · Countenance`,
    nav: chapters.join(""),
    main: html,
  };
  writeFileSync(
    join(docs, href),
    template.replace(/\{(title|nav|main)\}/g, (_, name) => filled[name]),
  );
}

function plain(html) {
  const entities = { lt: "<", gt: ">", quot: '"', amp: "&" };
  return html
    .replace(/<[^>]*>/g, " ")
    .replace(/&(lt|gt|quot|amp);/g, (_, name) => entities[name])
    .replace(/\s+/g, " ")
    .trim();
}

/** The search: its code, the library and the index in one script. */
async function writeSearch() {
  const search = new MiniSearch(SEARCH);
  search.addAll(sections);
  const contents = `export const index = ${JSON.stringify(search)}; export const options = ${JSON.stringify(SEARCH)};`;
  await build({
    entryPoints: [join(root, "docs/site/search.js")],
    outfile: join(docs, "search.js"),
    bundle: true,
    minify: true,
    logLevel: "error",
    plugins: [
      {
        name: "search index",
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^search-index$/ }, ({ path }) => ({ path, namespace: "index" }));
          onLoad({ filter: /./, namespace: "index" }, () => ({ contents }));
        },
      },
    ],
  });
}
