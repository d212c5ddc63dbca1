// Opens a project's page in a browser, and checks that it finds the face in its picture.

import assert from "node:assert/strict";
import { after } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { launchBrowser } from "../e2e/page.mjs";

export const browser = await launchBrowser();
after(() => browser.close());

/** Serves the folder, under a policy where one is given, and gives its address. */
export async function served(folder, policy) {
  const server = await serve({ root: folder, headers: { "/*": policy && { "Content-Security-Policy": policy } } });
  after(() => server.close());
  return `http://localhost:${server.address().port}/`;
}

/** Opens the page and waits for the faces it writes into `data-faces`. */
export async function assertFindsTheFace(address, act = () => {}, context = browser) {
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // The browser asks for an icon whatever the page says.
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) problems.push(message.text());
  });
  await page.goto(address);
  await act(page);
  const faces = page.locator("[data-faces]");
  const failure = new Promise((_, reject) => page.on("pageerror", reject));
  await Promise.race([faces.waitFor({ state: "attached", timeout: 180_000 }), failure]);
  assertAstronaut(JSON.parse(await faces.getAttribute("data-faces")));
  assert.deepEqual(problems, []);
  return page;
}

export function assertAstronaut(faces) {
  assert.equal(faces.length, 1);
  const [{ emotion, box }] = faces;
  assert.equal(emotion, "happy");
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  assert.ok(x > 180 && x < 270 && y > 80 && y < 170, `the face is at ${x}, ${y}`);
}
