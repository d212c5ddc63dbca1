// What the page's own policy can't forbid, the headers of its host do.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
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
