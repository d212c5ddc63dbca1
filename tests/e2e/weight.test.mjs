// What the page weighs on its way to a visitor, without the module.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { root } from "../../scripts/environment.mjs";
import { startBrowser, statusMatching } from "./page.mjs";

const MAX_BYTES = 60_000;

const { open, requests } = await startBrowser();

test("scripts and styles stay under 60 kB compressed", async () => {
  await statusMatching(await open(), /Ready/);
  const files = [...new Set(requests.map(({ path }) => path))].filter((path) => /\.(js|css)$/.test(path));
  assert.ok(files.length > 20, "the page's scripts were asked for one by one");
  const weights = files.map((path) => brotliCompressSync(readFileSync(join(root, "www", path))).length);
  const sum = weights.reduce((total, weight) => total + weight);
  assert.ok(sum < MAX_BYTES, `${sum} bytes`);
});
