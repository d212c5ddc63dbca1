// The documentation as built: every link leads somewhere, search works without a network, and the pages are accessible.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { HEADERS } from "../../scripts/headers.mjs";
import { shipped } from "../../scripts/models.mjs";
import { startBrowser, statusMatching } from "../e2e/page.mjs";

const site = join(root, "site");
const docs = join(site, "docs");
const names = readdirSync(docs).filter((name) => name.endsWith(".html"));
const { open, url, strangers } = await startBrowser([], site);
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

test("every link and picture of the documentation is there, its place in the page too", () => {
  assert.ok(names.length >= 16, `${names}`);
  for (const name of names) {
    const html = readFileSync(join(docs, name), "utf8");
    for (const [, target] of html.matchAll(/(?:href|src)="([^"]*)"/g)) {
      if (/^https:/.test(target)) continue;
      const [path, hash] = target.split("#");
      let file = path ? resolve(docs, path) : join(docs, name);
      assert.ok(existsSync(file), `${name}: ${target}`);
      if (statSync(file).isDirectory()) file = join(file, "index.html");
      if (hash)
        assert.ok(readFileSync(file, "utf8").includes(`id="${decodeURIComponent(hash)}"`), `${name}: ${target}`);
      assert.ok(dirname(file).startsWith(site), `${name}: ${target} leaves the site`);
    }
  }
});

test("the site comes with the headers that its tests are served with", () => {
  const sections = readFileSync(join(site, "_headers"), "utf8").trim().split("\n\n");
  const read = sections.map((section) => {
    const [path, ...lines] = section.split("\n");
    return [path, Object.fromEntries(lines.map((line) => line.match(/^ {2}([\w-]+): (.+)$/).slice(1)))];
  });
  assert.deepEqual(Object.fromEntries(read), HEADERS);
});

test("commands that the documentation names are there", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of names) {
    const html = readFileSync(join(docs, name), "utf8");
    for (const [, script] of html.matchAll(/npm run ([\w:-]+)/g)) assert.ok(script in scripts, `${name}: ${script}`);
  }
});

test("the page leads to the documentation, and search finds its places without a network", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  await page.getByRole("link", { name: "Documentation" }).click();
  const search = page.getByRole("searchbox");
  await search.waitFor();
  await page.context().setOffline(true);
  await search.fill("thresh");
  await page.locator(".found a").filter({ hasText: "Choosing a threshold" }).first().waitFor();
  await search.fill("zzzzqqqq");
  await page.getByText("0 places").waitFor();
  assert.equal(await page.locator(".found").isVisible(), false);
  await page.context().setOffline(false);
  await search.fill("server");
  await search.press("Enter");
  await page.waitForURL(/server\.html/);
  assert.deepEqual([...strangers, ...page.problems], []);
});

for (const colorScheme of ["light", "dark"]) {
  test(`pages of the documentation, ${colorScheme}: no violation of WCAG 2.2 AA, nothing cut off on a phone`, async () => {
    for (const name of ["index.html", "server.html", `${shipped.emotion}.html`]) {
      const page = await open({
        address: `${url}docs/${name}`,
        colorScheme,
        bypassCSP: true,
        viewport: { width: 390, height: 844 },
      });
      await page.addScriptTag({ path: axePath });
      const { violations } = await page.evaluate(() =>
        globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
      );
      assert.deepEqual(
        violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) })),
        [],
      );
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overhang <= 0, `${name}: ${overhang} pixels too wide`);
    }
  });
}

test("the references were made: for JavaScript and for Rust", () => {
  const js = readFileSync(join(docs, "api/js/index.html"), "utf8");
  assert.ok(js.includes("countenance"));
  const pages = readdirSync(join(docs, "api/js"), { recursive: true }).join("\n");
  assert.match(pages, /EmotionAnalyzer\.html/);
  assert.match(pages, /EmotionPipeline\.html/);
  assert.ok(existsSync(join(docs, "api/rust/countenance/pipeline/struct.EmotionPipeline.html")));
});
