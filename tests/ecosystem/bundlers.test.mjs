// The package in more tools than every run of the tests can wait for: npm test -- ecosystem

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { assertFindsTheFace, browser, served } from "../package/opened.mjs";
import { install, runIn, startIn } from "../package/project.mjs";

for (const [name, project] of [
  ["Rspack", "rspack"],
  ["Astro", "astro"],
]) {
  test(name, async () => {
    const folder = install(project);
    runIn(folder, "npm", ["run", "build"]);
    await assertFindsTheFace(await served(join(folder, "dist")));
  });
}

test("Parcel", async () => {
  const folder = install("parcel");
  runIn(folder, "npm", ["run", "build"]);
  runIn(folder, "cp", ["public/astronaut.png", "dist/"]);
  await assertFindsTheFace(await served(join(folder, "dist")));
});

test("Vite 7: built as it is, and in development an error that names the setting", async () => {
  const folder = install("vite7");
  runIn(folder, "npm", ["run", "build"]);
  await assertFindsTheFace(await served(join(folder, "dist")));

  const address = await startIn(folder, "node", ["node_modules/vite/bin/vite.js", "--port", "0"], /Local:\s+(\S+)/);
  const page = await browser.newPage();
  const failure = page.waitForEvent("pageerror");
  await page.goto(address);
  assert.match((await failure).message, /optimizeDeps: \{ exclude: \["countenance"\] \}/);
});
