// The page as a visitor of any browser finds it.

import { join } from "node:path";
import { root } from "../../scripts/environment.mjs";
import { serve } from "../../scripts/serve.mjs";

export const STATUS = "[data-testid=status]";
export const FILES = "[data-testid=file-input]";

/** Opens the page on an origin where nobody has been yet, and gives its address and the log of what is asked for. */
export async function visit(browser, t) {
  const requests = [];
  const server = await serve({ root: join(root, "www"), onRequest: (request) => requests.push(request) });
  const goOffline = () => {
    server.close();
    server.closeAllConnections();
  };
  t.after(goOffline);
  const url = `http://localhost:${server.address().port}/`;
  await browser.open(url);
  await browser.waitForText(STATUS, /Ready/);
  return { url, requests, goOffline };
}

/** What the page shows of each face, from left to right. */
export async function shownFaces(browser) {
  const cards = await browser.evaluate(() =>
    Array.from(document.querySelectorAll("[data-testid=face]"), ({ dataset }) => ({ ...dataset })),
  );
  return cards
    .map(({ emotion, probability, box }) => ({
      emotion,
      probability: Number(probability),
      box: box.split(",").map(Number),
    }))
    .sort((a, b) => a.box[0] - b.box[0]);
}
