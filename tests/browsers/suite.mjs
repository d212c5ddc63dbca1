// Runs the same tests in each browser that is there.

import { after, before, describe, test } from "node:test";
import { Browser } from "./driver.mjs";
import { findEngines } from "./engines.mjs";

/**
 * @param {(test: (name: string, body: (browser: Browser, t: import('node:test').TestContext) => Promise<void>) => void)
 *   => void} define
 */
export function inEachBrowser(define) {
  const { present, missing } = findEngines();
  for (const engine of present) {
    describe(engine.name, () => {
      /** @type {Browser} */
      let browser;
      before(async () => {
        browser = await Browser.start(engine);
        console.log(`${browser.name} ${browser.version}`);
      });
      after(() => browser?.close());
      define((name, body) => test(name, (t) => body(browser, t)));
    });
  }
  for (const { name } of missing) test(name, { skip: "this browser is not here" }, () => {});
}
