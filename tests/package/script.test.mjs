// The script for a `<script>` element under policies that lack something: each is an error of a named code that says what
// to allow. Where nothing may be fetched, the module comes from a second script.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { fixture, launchBrowser } from "../e2e/page.mjs";
import { install } from "./project.mjs";

const folder = mkdtempSync(join(tmpdir(), "countenance-script-"));
const browser = await launchBrowser();
cpSync(join(install("static"), "node_modules/countenance"), join(folder, "countenance"), { recursive: true });
cpSync(fixture("astronaut.png"), join(folder, "astronaut.png"));
cpSync(join(folder, "countenance/dist/countenance.iife.js"), join(folder, "alone.js"));
cpSync(join(folder, "countenance/www/pkg/countenance_bg.wasm"), join(folder, "alone.wasm"));
const server = await serve({ root: folder, headers: { "/*": {} } });
const address = `http://localhost:${server.address().port}/`;
// Another host, which lets nobody in.
const closed = await serve({ root: folder, headers: { "/*": {} } });
const elsewhere = `http://localhost:${closed.address().port}`;
after(async () => {
  await browser.close();
  server.close();
  closed.close();
  rmSync(folder, { recursive: true, force: true });
});

const SCRIPT = '<script src="countenance/dist/countenance.iife.js"></script>';
const ALLOWED = {
  "default-src": "'none'",
  "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval'",
  "worker-src": "blob:",
  "connect-src": "'self'",
  "img-src": "'self'",
};

/** What reading a picture comes to in a page of these scripts under this policy: the expression, or the error. */
async function outcome(scripts, policy = ALLOWED) {
  const content = Object.entries(policy).map((directive) => directive.join(" "));
  writeFileSync(
    join(folder, "page.html"),
    `<!doctype html><meta http-equiv="Content-Security-Policy" content="${content.join("; ")}">
     <title>A script</title><img src="astronaut.png" alt="">${scripts}`,
  );
  const page = await browser.newPage();
  try {
    await page.goto(`${address}page.html`);
    return await page.evaluate(async () => {
      const image = document.querySelector("img");
      await image.decode();
      try {
        const analyzer = await globalThis.countenance.EmotionAnalyzer.create();
        return [(await analyzer.analyzeImage(image))[0].emotion, ""];
      } catch ({ code, message }) {
        return [code, message];
      }
    });
  } finally {
    await page.close();
  }
}

for (const [name, scripts, policy, code, words] of [
  ["all is allowed", SCRIPT, ALLOWED, "happy", /^$/],
  [
    "blob: is missing in worker-src",
    SCRIPT,
    { ...ALLOWED, "worker-src": "'self'" },
    /^worker-(crashed|unavailable)$/,
    /worker-src/,
  ],
  [
    "connect-src is missing",
    SCRIPT,
    { ...ALLOWED, "connect-src": "'none'" },
    "model-load",
    /allow 'self' in connect-src/,
  ],
  [
    "'wasm-unsafe-eval' is missing",
    SCRIPT,
    { ...ALLOWED, "script-src": "'self' 'unsafe-inline'" },
    "wasm-blocked",
    /./,
  ],
  [
    "nothing may be fetched, and a script contains the module",
    `<script src="countenance/dist/countenance.wasm.js"></script>${SCRIPT}`,
    { ...ALLOWED, "connect-src": "'none'" },
    "happy",
    /^$/,
  ],
  ["a copy of the script alone", '<script src="alone.js"></script>', ALLOWED, "model-load", /answered 404/],
  ["a copy that names its module", '<script src="alone.js" data-module="alone.wasm"></script>', ALLOWED, "happy", /^$/],
  [
    "a host that lets nobody in",
    `<script src="${elsewhere}/countenance/dist/countenance.iife.js"></script>`,
    { ...ALLOWED, "script-src": `'unsafe-inline' 'wasm-unsafe-eval' ${elsewhere}`, "connect-src": elsewhere },
    "model-load",
    /Access-Control-Allow-Origin/,
  ],
]) {
  test(`a script tag where ${name}`, async () => {
    const [found, message] = await outcome(scripts, policy);
    assert.match(found, code instanceof RegExp ? code : new RegExp(`^${code}$`));
    assert.match(message, words);
  });
}
