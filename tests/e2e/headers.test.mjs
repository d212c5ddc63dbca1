// What the page's own policy can't forbid, the headers of its host do; and what the server compresses.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { serve } from "../../scripts/serve.mjs";
import { startBrowser } from "./page.mjs";

const { open, strangers, url } = await startBrowser();

test("no other page shows this one in a frame", async () => {
  const folder = mkdtempSync(join(tmpdir(), "countenance-"));
  writeFileSync(join(folder, "index.html"), `<!doctype html><iframe src="${url}"></iframe>`);
  const server = await serve({ root: folder });
  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let refused;
  await open({
    address: `http://localhost:${server.address().port}/`,
    prepare: (page) => {
      refused = page.waitForEvent("requestfailed", (request) => request.url() === url);
    },
    isReady: () => {},
  });
  assert.equal((await refused).failure().errorText, "net::ERR_BLOCKED_BY_RESPONSE");
});

test("the service worker reaches its own host alone", async () => {
  const page = await open();
  const context = page.context();
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
  const fetched = (address) =>
    worker.evaluate((from) => fetch(from, { mode: "no-cors" }).then(() => "sent", String), address);
  assert.equal(await fetched(url), "sent");
  strangers.length = 0;
  assert.match(await fetched("http://collector.test/"), /TypeError/);
  assert.deepEqual(strangers, []);
});

test("text arrives compressed where it is accepted, and the module with its length", async () => {
  const source = readFileSync(join(root, "www/app/words.js"), "utf8");
  for (const [accepted, encoding] of Object.entries({ "gzip, deflate": "gzip", identity: null })) {
    const answer = await fetch(`${url}app/words.js`, { headers: { "Accept-Encoding": accepted } });
    assert.equal(answer.headers.get("Content-Encoding"), encoding);
    assert.equal(await answer.text(), source);
  }
  const { headers } = await fetch(`${url}pkg/countenance_bg.wasm`, { method: "HEAD" });
  assert.equal(headers.get("Content-Encoding"), null);
  assert.equal(Number(headers.get("Content-Length")), statSync(join(root, "www/pkg/countenance_bg.wasm")).size);
});
