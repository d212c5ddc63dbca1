// The package from an address that is not the page's own: a script tag and an import, on another origin, and a page that
// is opened as a file.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { serve } from "../../scripts/serve.mjs";
import { fixture } from "../e2e/page.mjs";
import { install } from "../package/project.mjs";
import { inEachBrowser } from "./suite.mjs";

const installed = join(install("static"), "node_modules/countenance");
const folder = mkdtempSync(join(tmpdir(), "countenance-anywhere-"));
after(() => rmSync(folder, { recursive: true, force: true }));
cpSync(installed, join(folder, "countenance"), { recursive: true });
cpSync(fixture("astronaut.png"), join(folder, "astronaut.png"));

// A content delivery network lets every origin in.
const cdn = await serve({ root: installed, headers: { "/*": { "Access-Control-Allow-Origin": "*" } } });
const server = await serve({ root: folder, headers: { "/*": {} } });
for (const each of [cdn, server]) after(() => each.close());
const elsewhere = `http://localhost:${cdn.address().port}`;
const address = `http://localhost:${server.address().port}/`;

const READ = `
  const image = document.querySelector("img");
  await image.decode();
  const analyzer = await EmotionAnalyzer.create();
  const faces = await analyzer.analyzeImage(image);
  document.querySelector("output").textContent = faces.map(({ emotion }) => emotion).join();`;

const PAGES = {
  "script.html": `<script src="${elsewhere}/dist/countenance.iife.js"></script>
    <script>(async () => { const { EmotionAnalyzer } = countenance; ${READ} })();</script>`,
  "inline.html": `<script src="countenance/dist/countenance.wasm.js"></script>
    <script src="countenance/dist/countenance.iife.js"></script>
    <script>(async () => { const { EmotionAnalyzer } = countenance; ${READ} })();</script>`,
  "import.html": `<script type="module">import { EmotionAnalyzer } from "${elsewhere}/www/lib/index.js"; ${READ}</script>`,
  "strict.html": `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self';
      script-src 'unsafe-inline' 'wasm-unsafe-eval' ${elsewhere}; worker-src blob:; connect-src ${elsewhere};
      require-trusted-types-for 'script'; trusted-types countenance">
    <script src="${elsewhere}/dist/countenance.iife.js"></script>
    <script>(async () => { const { EmotionAnalyzer } = countenance; ${READ} })();</script>`,
  // A picture of the page's own may not be read in a page opened as a file; one that a person chose may.
  "file.html": `<input type="file"><script src="countenance/dist/countenance.iife.js"></script>
    <script>
      document.querySelector("input").addEventListener("change", async ({ target }) => {
        const analyzer = await countenance.EmotionAnalyzer.create();
        const faces = await analyzer.analyzeImage(target.files[0]);
        document.querySelector("output").textContent = faces.map(({ emotion }) => emotion).join();
      });
    </script>`,
};
for (const [name, html] of Object.entries(PAGES)) {
  writeFileSync(
    join(folder, name),
    `<!doctype html><meta charset="utf-8"><title>${name}</title><img src="astronaut.png" alt=""><output></output>${html}`,
  );
}

inEachBrowser((test) => {
  for (const name of ["script.html", "inline.html", "import.html", "strict.html"]) {
    test(`anywhere: ${name}`, async (browser) => {
      await browser.open(address + name);
      assert.equal(await browser.waitForText("output", /./), "happy");
      assert.deepEqual(await browser.problems(), []);
    });
  }

  test("anywhere: a page opened as a file", async (browser) => {
    await browser.open(pathToFileURL(join(folder, "file.html")).href);
    await browser.setFiles("input", fixture("astronaut.png"));
    assert.equal(await browser.waitForText("output", /./), "happy");
    assert.deepEqual(await browser.problems(), []);
  });
});
