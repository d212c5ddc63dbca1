// The documentation as built: every link leads somewhere, search works without a network, and the pages are accessible.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { HEADERS } from "../../scripts/headers.mjs";
import { shipped } from "../../scripts/models.mjs";
import { serve } from "../../scripts/serve.mjs";
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
  const page = await open({ prepare: noteViolations });
  await statusMatching(page, /Ready/);
  await page.getByRole("button", { name: "About and proofs" }).click();
  await page.getByRole("link", { name: "Documentation" }).click();
  const results = page.getByRole("option");
  const search = await openSearch(page);
  await search.fill("camera");
  await results.filter({ hasText: "The camera" }).first().waitFor();
  await page.context().setOffline(true);
  await search.fill("thresh");
  await results.filter({ hasText: "Choosing a threshold" }).first().waitFor();
  await search.fill("zzzzqqqq");
  await page.getByText("No results for").waitFor();
  assert.equal(await results.count(), 0);
  await page.context().setOffline(false);
  await search.fill("on a server");
  await results.filter({ hasText: "On a server" }).first().waitFor();
  await search.press("Enter");
  await page.waitForURL(/server\.html/);
  await page.getByRole("heading", { level: 1, name: "On a server" }).waitFor();
  assert.deepEqual([...strangers, ...page.problems], []);
});

test("search finds every page by a word of its text", async () => {
  const texts = names.map((name) => [name, textOf(readFileSync(join(docs, name), "utf8"))]);
  const page = await open({ address: `${url}docs/`, prepare: noteViolations, isReady: () => {} });
  const search = await openSearch(page);
  for (const [name, words] of texts) {
    const others = texts.filter(([other]) => other !== name).flatMap(([, other]) => [...other]);
    const own = [...words].find((word) => !others.some((other) => other.startsWith(word)));
    assert.ok(own, `${name} has no word of its own`);
    await search.fill(own);
    await page
      .locator(`[role=option] a[href*="/docs/${name.replace(/^index\.html$/, "")}"]`)
      .first()
      .waitFor();
  }
  assert.deepEqual([...strangers, ...page.problems], []);
});

test("on a phone, the navigation opens and leads to every page by its chapter", async () => {
  const page = await open({
    address: `${url}docs/camera.html`,
    prepare: noteViolations,
    isReady: () => {},
    viewport: { width: 390, height: 844 },
  });
  const contents = page.getByRole("navigation", { name: "Sidebar Navigation" });
  const isShown = (shown) =>
    page.waitForFunction((expected) => {
      const { left, width } = document.querySelector("#VPSidebarNav").getBoundingClientRect();
      return (left >= 0 && left + width <= innerWidth) === expected;
    }, shown);
  await isShown(false);
  await page.getByRole("button", { name: "Menu" }).click();
  await isShown(true);
  const chapters = await contents.getByRole("heading").allTextContents();
  assert.deepEqual(chapters, ["Guides", "Reference", "Background"]);
  const addresses = await contents
    .getByRole("link")
    .evaluateAll((links) => links.map(({ href }) => new URL(href).pathname.slice("/docs/".length)));
  assert.deepEqual(addresses.map((address) => address || "index.html").sort(), [...names].sort());
  await contents.getByRole("link", { name: "Pictures" }).click();
  await page.getByRole("heading", { level: 1, name: "Pictures" }).waitFor();
  assert.deepEqual([...strangers, ...page.problems], []);
});

test("the documentation works in whatever folder a host keeps the site", async () => {
  const folder = mkdtempSync(join(tmpdir(), "countenance-site-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(docs, join(folder, "some/where/docs"), { recursive: true });
  const elsewhere = await serve({ root: folder });
  after(() => elsewhere.close());
  const place = `http://localhost:${elsewhere.address().port}/some/where/docs/`;
  const page = await open({ address: `${place}benchmarks.html`, prepare: noteViolations, isReady: () => {} });
  const search = await openSearch(page);
  await search.fill("on a server");
  await page.getByRole("option").filter({ hasText: "On a server" }).first().waitFor();
  await search.press("Enter");
  await page.waitForURL(`${place}server.html*`);
  await page.getByRole("heading", { level: 1, name: "On a server" }).waitFor();
  await page.getByRole("link", { name: "How fast it is" }).click();
  await page.waitForFunction(() => document.querySelector("main img")?.naturalWidth > 0);
  assert.deepEqual(page.problems, []);
});

test("the element's guide shows the element at work, under the policy of the documentation", async () => {
  const page = await open({ address: `${url}docs/element.html`, prepare: noteViolations, isReady: () => {} });
  await page.getByRole("button", { name: "Show a picture" }).click();
  const element = page.locator("face-expression[state=ready]");
  await element.waitFor();
  assert.deepEqual(await element.evaluate(({ faces }) => faces.map(({ emotion }) => emotion)), ["happy"]);
  assert.deepEqual(page.problems, []);
});

/** Counts what the page's own policy forbids among its problems. */
function noteViolations(page) {
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) page.problems.push(message.text());
  });
}

/** Opens the search, once the page listens. */
async function openSearch(page) {
  const search = page.getByRole("searchbox");
  await page.locator(".VPNavBarSearch button").click();
  await search.waitFor();
  return search;
}

/** The words that a page shows, in lower case. */
function textOf(html) {
  const [, main] = html.match(/<main[^>]*>(.*)<\/main>/s);
  return new Set(
    main
      .replace(/<[^>]*>/g, " ")
      .toLowerCase()
      .match(/(?<![\p{L}\p{N}&])\p{L}{5,}(?![\p{L}\p{N}])/gu),
  );
}

for (const colorScheme of ["light", "dark"]) {
  test(`pages of the documentation, ${colorScheme}: no violation of WCAG 2.2 AA, nothing cut off on a phone`, async () => {
    for (const name of ["index.html", "server.html", `${shipped.emotion}.html`]) {
      const page = await open({
        address: `${url}docs/${name}`,
        colorScheme,
        bypassCSP: true,
        isReady: () => {},
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
