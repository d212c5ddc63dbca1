// The page without a server: as one file opened by double-click, and as an installed page after the first visit.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { root } from "../../scripts/environment.mjs";
import { languages } from "../../www/app/strings.js";
import { choose, fixture, isListening, openAdjust, shownFaces, startBrowser, statusMatching } from "./page.mjs";

const { open, requests, strangers } = await startBrowser([
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
]);

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const single = join(folder, "countenance.html");
const built = spawnSync("node", [join(root, "scripts/build-single.mjs"), single], { encoding: "utf8" });
assert.equal(built.status, 0, built.stderr);

async function assertReads(page) {
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assert.equal((await shownFaces(page))[0].emotion, "happy");
}

test("one file, opened from the disk, reads pictures and the camera, and asks for nothing", async () => {
  const page = await open({ address: pathToFileURL(single).href });
  await assertReads(page);
  await page.getByRole("button", { name: "Use the camera" }).click();
  await statusMatching(page, /No face in view/);
  assert.deepEqual([...requests, ...strangers, ...page.problems], []);
});

test("the one file speaks the visitor's language", async () => {
  const page = await open({ address: pathToFileURL(single).href, locale: "de-AT" });
  assert.equal(await page.locator(".invitation h2").textContent(), "Was zeigt dieses Gesicht?");
  assert.deepEqual([...requests, ...strangers, ...page.problems], []);
});

test("the one file's policy forbids every connection, in the page and in its worker", async () => {
  const page = await open({ address: pathToFileURL(single).href });
  await statusMatching(page, /Ready/);
  assert.match(await page.locator("meta[http-equiv]").getAttribute("content"), /connect-src 'none'/);
  strangers.length = 0;
  const attempt = () => fetch("http://collector.test/beacon", { mode: "no-cors" }).then(() => "sent", String);
  assert.match(await page.evaluate(attempt), /TypeError/);
  assert.match(await page.workers()[0].evaluate(attempt), /TypeError/);
  assert.deepEqual(strangers, []);
});

test("after the first visit the served page opens and works without a network", async () => {
  const page = await open();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(
    async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated",
  );
  await page.context().setOffline(true);
  requests.length = 0;
  await page.reload();
  await isListening(page);
  await assertReads(page);
  await openAdjust(page);
  for (const tag of Object.keys(languages)) {
    await page.locator("#language").selectOption(tag);
    await page.locator(`html[lang=${tag}]`).waitFor();
  }
  // The browser alone looks for a newer service worker, past the offline switch of this test.
  assert.deepEqual(
    requests.filter(({ path }) => path !== "/service-worker.js"),
    [],
  );
});

test("all of the page's files are stored for offline use", async () => {
  const page = await open();
  await page.evaluate(() => navigator.serviceWorker.ready);
  const kept = await page.evaluate(async () => {
    const cache = await caches.open("countenance");
    return (await cache.keys()).map(({ url }) => new URL(url).pathname.slice(1));
  });
  const notShown =
    /\.d\.ts$|README|tsconfig|\.(single|inline|retry|script)\.js$|^(service-worker\.js|preview\.jpg)$|(sbom\.cdx|integrity)\.json$/;
  const packageOnly =
    /^lib\/(draw|element|events|expressions|feed|geometry|images|index|inline|node|node-thread|pool|retry|script|testing|video|watch)\.js$/;
  const files = readdirSync(join(root, "www"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "www/").length))
    .filter((path) => !notShown.test(path) && !packageOnly.test(path))
    .map((path) => (path === "index.html" ? "" : path));
  assert.deepEqual(kept.sort(), files.sort());
});

test("the page can be installed: its manifest names icons that are there, and a button asks", async () => {
  const page = await open();
  const manifest = JSON.parse(readFileSync(join(root, "www/manifest.webmanifest"), "utf8"));
  for (const { src, sizes, type } of manifest.icons.filter(({ type }) => type === "image/png")) {
    const png = readFileSync(join(root, "www", src));
    assert.equal(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, `${src}, ${type}`);
  }
  assert.deepEqual(manifest.icons.map(({ purpose }) => purpose).sort(), ["any", "any", "any", "maskable"]);
  const install = page.locator("[data-action=install]");
  assert.equal(await install.isVisible(), false);
  await page.evaluate(() => {
    const event = new Event("beforeinstallprompt", { cancelable: true });
    event.prompt = async () => {
      globalThis.isAsked = true;
    };
    dispatchEvent(event);
  });
  await install.click();
  assert.equal(await page.evaluate(() => globalThis.isAsked), true);
  assert.equal(await install.isVisible(), false);
});
