// What can go wrong around the page: each failure is explained in plain words, and pictures work where they can.

import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, fixture, shownFaces, startBrowser, statusMatching } from "./page.mjs";

const INSECURE_HOST = "page.test";

const { open } = await startBrowser(["--use-fake-ui-for-media-stream"]);
const denying = await startBrowser(["--deny-permission-prompts", "--use-fake-device-for-media-stream"]);

async function assertPicturesWork(page) {
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assert.equal((await shownFaces(page))[0].emotion, "happy");
}

/** Serves one of the page's files with its text changed. */
function rewriting(path, change) {
  return (page) =>
    page.context().route(
      (address) => address.pathname === path,
      async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: change(await response.text()) });
      },
    );
}

test("no camera", async () => {
  const page = await open();
  await page.getByTestId("camera-start").click();
  assert.match(await statusMatching(page, /camera was found/), /choose a picture/);
  await assertPicturesWork(page);
});

test("camera denied", async () => {
  const page = await denying.open();
  await page.getByTestId("camera-start").click();
  assert.match(await statusMatching(page, /blocked/), /Allow it/);
  await assertPicturesWork(page);
});

test("camera in use by another program", async () => {
  const page = await open({
    prepare: (unopened) =>
      unopened.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("busy", "NotReadableError"));
      }),
  });
  await page.getByTestId("camera-start").click();
  await statusMatching(page, /in use by another program/);
  await assertPicturesWork(page);
});

test("an address that browsers don't trust with a camera", async () => {
  const insecure = await startBrowser([`--host-resolver-rules=MAP ${INSECURE_HOST} 127.0.0.1`]);
  const page = await insecure.open({ address: insecure.url.replace("localhost", INSECURE_HOST) });
  await page.getByTestId("camera-start").click();
  await statusMatching(page, /https:\/\/ or localhost/);
  await assertPicturesWork(page);
});

test("a policy that blocks WebAssembly", async () => {
  const prepare = rewriting("/", (html) => html.replace("'wasm-unsafe-eval'", ""));
  const page = await open({ prepare });
  await statusMatching(page, /security policy stops WebAssembly/);
});

test("a browser without SIMD", async () => {
  const prepare = rewriting("/lib/module.js", (code) => `WebAssembly.validate = () => false;\n${code}`);
  const page = await open({ prepare });
  assert.match(await statusMatching(page, /too old/), /Safari 16\.4/);
});

test("a browser without WebAssembly", async () => {
  const prepare = rewriting("/lib/module.js", (code) => code.replace("typeof WebAssembly", "typeof undefined"));
  const page = await open({ prepare });
  await statusMatching(page, /WebAssembly is switched off/);
});

test("a module that can't be fetched is reported, and loaded by the next picture once it can", async () => {
  let isBroken = true;
  const page = await open({
    prepare: (unopened) =>
      unopened
        .context()
        .route(/countenance_bg\.wasm$/, (route) =>
          isBroken ? route.fulfill({ status: 503, body: "down" }) : route.continue(),
        ),
  });
  await statusMatching(page, /could not be loaded/);
  isBroken = false;
  await assertPicturesWork(page);
});

test("a worker killed while idle is replaced for the next picture", async () => {
  const page = await open();
  await assertPicturesWork(page);
  await page.workers()[0].evaluate(() => self.close());
  await statusMatching(page, /worker stopped unexpectedly/);
  await assertPicturesWork(page);
  assert.deepEqual(page.problems, []);
});

test("a module that traps is reported after a second try, and the page still works", async () => {
  const trap = "analyzeBitmap() { throw new WebAssembly.RuntimeError('unreachable'); } analyzeBitmapUnused(";
  let isBroken = true;
  const page = await open({
    prepare: (unopened) =>
      unopened.context().route(/\/pkg\/countenance\.js$/, async (route) => {
        if (!isBroken) return route.continue();
        const response = await route.fetch();
        const code = await response.text();
        assert.ok(code.includes("analyzeBitmap("));
        return route.fulfill({ response, body: code.replace("analyzeBitmap(", trap) });
      }),
  });
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /stopped again after a restart/);
  isBroken = false;
  await assertPicturesWork(page);
});
