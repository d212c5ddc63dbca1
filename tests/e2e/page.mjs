// Opens the page in a real Chromium, served by the project's own server, with everything the browser asks for logged.

import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, afterEach } from "node:test";
import { chromium } from "playwright-core";
import { QUIET_FLAGS } from "../../scripts/chromium.mjs";
import { root } from "../../scripts/environment.mjs";
import { serve } from "../../scripts/serve.mjs";

/** Long enough for the busiest machine; nothing here measures speed. */
const PATIENCE_MS = 180_000;

/** Hosts that Chromium itself looks up: in a fresh profile whatever it shows, and for any page with a text field. */
const BROWSERS_OWN_HOSTS = ["accounts.google.com", "update.googleapis.com", "content-autofill.googleapis.com"];

/** A file of tests/fixtures. */
export function fixture(name) {
  return join(root, "tests/fixtures", name);
}

/** A browser alone, which the caller closes. */
export function launchBrowser(flags = []) {
  return chromium.launch(launchOptions(flags));
}

/** The same as one context with a fresh profile, which extensions need. */
export function launchProfile(flags) {
  return chromium.launchPersistentContext("", launchOptions(flags));
}

function launchOptions(flags) {
  return {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [...QUIET_FLAGS, ...flags],
    timeout: PATIENCE_MS,
  };
}

/**
 * Starts a browser and a server for the tests of one file; both end with them.
 *
 * Every host but localhost leads to a listener that notes who came, so that a request to anywhere is seen.
 */
export async function startBrowser(flags = [], folder = join(root, "www")) {
  const requests = [];
  const server = await serve({ root: folder, onRequest: (request) => requests.push(request) });
  const strangers = [];
  const outside = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      strangers.push(data.toString("latin1").split("\r\n", 1)[0]);
      socket.end("HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\n\r\n");
    });
  });
  await new Promise((resolve) => outside.listen(0, "127.0.0.1", resolve));
  const hosts = [
    ...BROWSERS_OWN_HOSTS.map((host) => `MAP ${host} ~NOTFOUND`),
    `MAP * 127.0.0.1:${outside.address().port}`,
    "EXCLUDE localhost",
  ];
  const browser = await launchBrowser([`--host-resolver-rules=${hosts.join()}`, ...flags]);
  // A page left open would keep reading its camera during the next test.
  afterEach(() => closeContexts(browser));
  after(async () => {
    await browser.close();
    server.close();
    outside.close();
  });
  const url = `http://localhost:${server.address().port}/`;

  /** Opens the page in a context of its own; `prepare(page)` runs before the first request, `isReady` after the last. */
  async function open({ address = url, prepare = () => {}, isReady = isListening, ...contextOptions } = {}) {
    const context = await browser.newContext(contextOptions);
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    page.problems = [];
    page.on("pageerror", (error) => page.problems.push(error.message));
    await prepare(page);
    await page.goto(address);
    await isReady(page);
    return page;
  }
  return { browser, open, requests, strangers, url };
}

/** Ends all that a browser shows, and it stays for more. */
export async function closeContexts(browser) {
  for (const context of browser.contexts()) {
    // A route still being answered would fail the test file when its page is gone.
    await context.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  }
}

/** Hides the page, as another tab in front of it does, or shows it again. */
export function setHidden(page, hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, "hidden", { configurable: true, value });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

/** Waits until the status line says something that matches, and gives all it says. */
export async function statusMatching(page, pattern) {
  const status = page.getByTestId("status");
  const said = page.waitForFunction(
    ([source, flags]) => {
      const text = document.querySelector("[data-testid=status]").textContent.trim();
      return new RegExp(source, flags).test(text) && text;
    },
    [pattern.source, pattern.flags],
  );
  const instead = async (error) => {
    throw new Error(`The status says "${await status.textContent()}", not ${pattern}`, { cause: error });
  };
  return (await said.catch(instead)).jsonValue();
}

/** What the page shows of each face, read from its stable hooks. */
export function shownFaces(page) {
  return page.getByTestId("face").evaluateAll((cards) =>
    cards.map(({ dataset }) => ({
      emotion: dataset.emotion,
      probability: Number(dataset.probability),
      box: dataset.box.split(",").map(Number),
    })),
  );
}

/** Chooses a file, given by path or as `{ name, mimeType, buffer }`. */
export function choose(page, file) {
  return page.getByTestId("file-input").setInputFiles(file);
}

/** Opens the settings. */
export async function openAdjust(page) {
  await page.locator("[data-action=adjust][aria-expanded=false]").click();
}

/** What the page gives as a file when the button of that `data-action` is pressed. */
export async function downloaded(page, action) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(`[data-action=${action}]`).click(),
  ]);
  return readFileSync(await download.path());
}

/**
 * Waits until a page just loaded listens: its words come first, its listeners at once after them, and what is done
 * before is lost.
 */
export async function isListening(page) {
  await page.locator("html[dir]").waitFor({ state: "attached" });
}
