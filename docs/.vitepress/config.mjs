// What VitePress makes the documentation from; scripts/build-site.mjs runs it.

import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/environment.mjs";
import { shipped } from "../../scripts/models.mjs";
import { addressOf, files, markdown } from "./markdown.mjs";

/** The pages by chapter: Markdown files, by their path in the repository without ending. */
const CHAPTERS = {
  "": ["docs/index"],
  Guides: [
    "docs/camera",
    "docs/pictures",
    "docs/video",
    "docs/element",
    "docs/cdn",
    "docs/frameworks",
    "docs/migrate",
    "docs/exports",
    "docs/threshold",
    "docs/server",
    "docs/python",
    "docs/scale",
    "docs/cli",
    "docs/rest",
    "docs/testing",
    "docs/csp",
    "docs/offline",
    "docs/hosting",
    "docs/onnx",
    "docs/training",
  ],
  Reference: [
    "docs/api",
    "docs/troubleshooting",
    "docs/benchmarks",
    ...Object.values(shipped).map((id) => `models/${id}/MODEL_CARD`),
  ],
  Background: ["docs/design", "docs/compare", "docs/ethics"],
};

/** Where VitePress thinks that the site is. The pages find out where they are, since it may be any folder. */
const BASE = "/docs/";

export default {
  title: "Countenance",
  titleTemplate: ":title · Countenance",
  description: "Reads the expression a face displays, wholly in the browser",
  base: BASE,
  srcDir: "..",
  srcExclude: ["*.md", "!(docs|models)/**", "models/*.md", "models/*/!(MODEL_CARD).md"],
  rewrites: { "docs/:page.md": ":page.md", "models/:id/MODEL_CARD.md": ":id.md" },
  head: [
    ["meta", { name: "referrer", content: "no-referrer" }],
    ["link", { rel: "icon", href: "../icon.svg", type: "image/svg+xml" }],
  ],
  metaChunk: true, // or the pages' hashes would be a script in each page, which no policy could name
  router: { prefetchLinks: false },
  markdown: {
    ...markdown,
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    languageAlias: { caddy: "nginx" },
  },
  themeConfig: {
    logo: { src: "/../icon.svg", alt: "" },
    search: { provider: "local" },
    nav: [
      ...Object.entries(CHAPTERS)
        .filter(([text]) => text)
        .map(([text, [first]]) => ({ text, link: addressOf(`${first}.md`) })),
      { text: "Open the page", link: "../", target: "_self" },
    ],
    sidebar: Object.entries(CHAPTERS).map(([text, sources]) => ({
      text,
      items: sources.map((source) => ({ text: titleOf(source), link: addressOf(`${source}.md`) })),
    })),
    outline: "deep",
    footer: { message: "Nothing on this site sends anything anywhere." },
  },
  vue: { template: { compilerOptions: { isCustomElement: (tag) => tag === "face-expression" } } },
  vite: {
    define: { "import.meta.env.BASE_URL": "globalThis.docsBase" }, // set by theme/index.js
    build: { assetsInlineLimit: 0 },
    experimental: { renderBuiltUrl: (_, { ssr }) => (ssr ? undefined : { relative: true }) },
    plugins: [
      {
        name: "search wherever the site is",
        transform: (script, id) =>
          id.startsWith("/@localSearchIndex") && script.startsWith('export default "')
            ? `${script}.replaceAll('"${BASE}', '"' + globalThis.docsBase)`
            : undefined,
      },
    ],
  },
  transformHtml(html) {
    const scripts = [...html.matchAll(/<script id="[^>]*>(.*?)<\/script>/gs)];
    const hashes = scripts.map(([, text]) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
    const policy = [
      "default-src 'none'",
      `script-src 'self' 'wasm-unsafe-eval' ${hashes.join(" ")}`,
      "worker-src 'self'", // the live example
      "style-src 'self' 'unsafe-inline'", // the colours of code
      "img-src 'self' data:",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
    ].join("; ");
    return html
      .replace("<head>", `<head>\n    <meta http-equiv="Content-Security-Policy" content="${policy}">`)
      .replaceAll(`="${BASE}`, '="./');
  },
  buildEnd({ outDir }) {
    for (const file of files) cpSync(join(root, file), join(outDir, "files", file));
    rmSync(join(outDir, "404.html")); // hosts show the one at their root
  },
};

function titleOf(source) {
  const [, title] = readFileSync(join(root, `${source}.md`), "utf8").match(/^# (.+)$/m);
  return title.replace("Model card: ", "");
}
