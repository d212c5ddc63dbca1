// The package in the projects people use it in, each built as its tools do and opened in a browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../scripts/environment.mjs";
import { fixture, launchProfile } from "../e2e/page.mjs";
import { assertAstronaut, assertFindsTheFace, served } from "./opened.mjs";
import { install, runIn, startIn, tarball } from "./project.mjs";

/** The policy that extensions' pages have where they name none (Manifest V3), and nothing from elsewhere. */
const EXTENSION_POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'self'";

test("static files, and no build at all", async () => {
  const folder = install("static");
  await assertFindsTheFace(await served(folder));
  await assertFindsTheFace(`${await served(folder, EXTENSION_POLICY)}strict.html`);
});

test("Vite, in development and built", async () => {
  const folder = install("vite");
  const address = await startIn(folder, "node", ["node_modules/vite/bin/vite.js", "--port", "0"], /Local:\s+(\S+)/);
  await assertFindsTheFace(address);
  runIn(folder, "npm", ["run", "build"]);
  await assertFindsTheFace(await served(join(folder, "dist")));
});

test("webpack", async () => {
  const folder = install("webpack");
  runIn(folder, "npm", ["run", "build"]);
  await assertFindsTheFace(await served(join(folder, "dist")));
});

test("esbuild", async () => {
  const folder = install("esbuild");
  runIn(folder, "npm", ["run", "build"]);
  await assertFindsTheFace(await served(join(folder, "dist")));
});

test("Next.js: a page that is rendered on the server first, and a route handler on the server", async () => {
  const folder = install("next");
  runIn(folder, "npm", ["run", "build"]);
  const address = await startIn(
    folder,
    "node",
    ["node_modules/next/dist/bin/next", "start", "--port", "0"],
    /Local:\s+(\S+)/,
  );
  assert.match(await (await fetch(address)).text(), /Rendered on the server/);
  await assertFindsTheFace(address);
  const answer = await fetch(new URL("/faces", address), {
    method: "POST",
    body: readFileSync(fixture("astronaut.png")),
  });
  assertAstronaut(await answer.json());
});

test("one file from the disk, with a policy under which nothing loads", async () => {
  const folder = install("inline");
  runIn(folder, "npm", ["run", "build"]);
  const address = pathToFileURL(join(folder, "dist/index.html")).href;
  const page = await assertFindsTheFace(address, (opened) =>
    opened.locator("input").setInputFiles(fixture("astronaut.png")),
  );
  assertAstronaut(JSON.parse(await page.locator("body").getAttribute("data-pipeline")));
});

test("a service worker, under the policy of an extension", async () => {
  const folder = install("service-worker");
  runIn(folder, "npm", ["run", "build"]);
  await assertFindsTheFace(await served(join(folder, "dist"), EXTENSION_POLICY));
});

test("a browser extension: its page's worker and its background", async () => {
  const folder = install("extension");
  const context = await launchProfile([`--disable-extensions-except=${folder}`, `--load-extension=${folder}`]);
  context.setDefaultTimeout(180_000);
  try {
    const background = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
    const page = await assertFindsTheFace(new URL("page.html", background.url()).href, undefined, context);
    assertAstronaut(JSON.parse(await page.locator("body").getAttribute("data-background")));
  } finally {
    await context.close();
  }
});

test("Node, Deno and Bun, as ES module and from CommonJS", () => {
  const folder = install("node");
  for (const runtime of [["node"], ["node_modules/.bin/deno", "run", "--allow-read"], ["node_modules/.bin/bun"]]) {
    const outputOf = (script) => JSON.parse(runIn(folder, runtime[0], [...runtime.slice(1), script]));
    for (const script of ["esm.mjs", "commonjs.cjs", "inline.mjs"]) assertAstronaut(outputOf(script));
    for (const { name, code, message } of outputOf("server-side.mjs")) {
      assert.deepEqual([name, code], ["EmotionError", "worker-unavailable"]);
      assert.match(message, /use EmotionPipeline of countenance\/pipeline$/);
    }
  }
});

test("TypeScript 5 and 7, resolving as bundlers, as Node and as old tools do", () => {
  const folder = install("types");
  const strict = ["--noEmit", "--strict", "--target", "es2022"];
  const dom = ["--lib", "es2023,dom,dom.iterable,dom.asynciterable,esnext.disposable"];
  const node = ["--lib", "es2023,esnext.disposable"];
  for (const tsc of [join(root, "node_modules/.bin/tsc"), "node_modules/.bin/tsc"]) {
    for (const [module, resolution] of [
      ["esnext", "bundler"],
      ["nodenext", "nodenext"],
    ]) {
      const resolved = [...strict, "--module", module, "--moduleResolution", resolution];
      runIn(folder, tsc, [...resolved, ...dom, "consumer.ts"]);
      runIn(folder, tsc, [...resolved, ...node, "server.ts"]);
    }
  }
  const node10 = [...strict, "--module", "es2022", "--moduleResolution", "node10"]; // TypeScript 7 has it no more
  runIn(folder, "node_modules/.bin/tsc", [...node10, ...dom, "consumer.ts"]);
  runIn(folder, "node_modules/.bin/tsc", [...node10, ...node, "server.ts"]);
});

test("the package as linters of packages see it", () => {
  const folder = install("types");
  // The test above tries node10, which has no other ES modules than these; from CommonJS they are imported, not required.
  assert.match(runIn(folder, "node_modules/.bin/attw", [tarball, "--profile", "esm-only"]), /"countenance\/testing"/);
  assert.match(runIn(folder, "node_modules/.bin/publint", [tarball, "--strict"]), /All good!/);
});
