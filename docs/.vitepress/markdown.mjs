// What the Markdown of this repository means beyond what VitePress knows: links as the forge follows them,
// `<!-- include FILE#Heading -->`, which stands for that section of another file, and `<!-- integrity -->`, which stands
// for the hashes of the package's scripts.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { root } from "../../scripts/environment.mjs";

/** Files that are linked to and are no pages. They are copied beside the pages. */
export const files = new Set();

export const markdown = {
  anchor: { slugify },
  config(md) {
    md.core.ruler.after("block", "include", includeSections);
    md.core.ruler.push("links", resolveLinks);
    md.core.ruler.push("headers", freeEmptyHeaders);
    const { fence } = md.renderer.rules;
    md.renderer.rules.fence = (tokens, at, ...rest) => {
      const [, file] = tokens[at].info.split(" ");
      const html = fence(tokens, at, ...rest);
      return file ? html.replace(/(<span class="lang">).*?</, `$1${file}<`) : html;
    };
  },
};

/** A page's address in the site, by its file's path in the repository; undefined where the file is no page. */
export function addressOf(file) {
  const [, page, model] = /^(?:docs\/([^/]+)|models\/([^/]+)\/MODEL_CARD)\.md$/.exec(file) ?? [];
  const name = page ?? model;
  return name && `/${name === "index" ? "" : `${name}.html`}`;
}

/** A heading's anchor, as GitHub makes it. */
function slugify(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

/** What stands under a heading of the second level, without the heading. */
function sectionOf(file, heading) {
  const [, ...sections] = readFileSync(join(root, file), "utf8").split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`));
  if (!section) throw new Error(`${file} has no section "${heading}"`);
  return section.slice(heading.length);
}

function includeSections(state) {
  state.tokens = state.tokens.flatMap((token) => {
    const [, source, heading] = /^<!-- include (.+?)#(.+?) -->/.exec(token.content) ?? [];
    const isIntegrity = token.content.startsWith("<!-- integrity -->");
    if (token.type !== "html_block" || !(source || isIntegrity)) return token;
    const section = [];
    const text = isIntegrity ? integrityTable() : sectionOf(source, heading);
    state.md.block.parse(text, state.md, state.env, section);
    for (const part of section) part.meta = { source };
    return section;
  });
}

/** The hashes of the package's scripts, as Subresource Integrity takes them (scripts/build-package.mjs makes them). */
function integrityTable() {
  const rows = ["countenance.iife.js", "countenance.wasm.js"].map((name) => {
    const hash = createHash("sha384")
      .update(readFileSync(join(root, "dist", name)))
      .digest("base64");
    return `| \`dist/${name}\` | \`sha384-${hash}\` |`;
  });
  return `| script | \`integrity\` |\n|---|---|\n${rows.join("\n")}\n`;
}

/** A table's header must say something: an empty one is a cell. */
function freeEmptyHeaders({ tokens }) {
  for (const [at, token] of tokens.entries()) {
    if (token.type === "th_open" && tokens[at + 1].content === "") token.tag = tokens[at + 2].tag = "td";
  }
}

function resolveLinks({ tokens, env }) {
  const page = relative(root, env.realPath ?? env.path);
  for (const { meta, children } of tokens) {
    for (const token of children ?? []) {
      const name = { link_open: "href", image: "src" }[token.type];
      const target = name && token.attrGet(name);
      if (!target || /^(\w+:|#)/.test(target)) continue;
      // Made by scripts/build-site.mjs.
      if (/^(api\/|\.\.\/($|countenance\.html$))/.test(target)) {
        token.attrSet("target", "_self");
        continue;
      }
      const [path, hash] = target.split("#");
      const file = posix.join(posix.dirname(meta?.source ?? page), path);
      if (!existsSync(join(root, file)))
        throw new Error(`${meta?.source ?? page} links to ${target}, which is not there`);
      if (name === "src") {
        token.attrSet(name, relative(dirname(page), file));
        continue;
      }
      const address = addressOf(file);
      if (address) {
        token.attrSet(name, hash ? `${address}#${hash}` : address);
      } else {
        files.add(file);
        token.attrSet(name, `files/${file}`);
        token.attrSet("target", "_self");
      }
    }
  }
}
