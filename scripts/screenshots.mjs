// Takes the README's screenshots: npm run screenshots   (writes docs/*.jpg)

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "./chromium.mjs";
import { importPackage, root } from "./environment.mjs";
import { serve } from "./serve.mjs";

const { chromium } = await importPackage("playwright-core");

const SHOTS = [
  { name: "page-light", colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { name: "page-dark", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 } },
];

const out = join(root, "docs");
mkdirSync(out, { recursive: true });
const server = await serve({ root: join(root, "www") });
const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const { name, ...options } of SHOTS) {
    const page = await browser.newPage(options);
    await page.goto(`http://localhost:${server.address().port}/`);
    // Its listeners come right after its words.
    await page.locator("html[dir]").waitFor({ state: "attached" });
    // Twice: while it reads the first picture, the browser still optimises the module.
    for (const picture of ["grace_hopper.png", "astronaut.png"]) {
      await page.getByTestId("file-input").setInputFiles(join(root, "tests/fixtures", picture));
      await page.getByTestId("status").filter({ hasText: "1 face" }).waitFor();
    }
    const path = join(out, `${name}.jpg`);
    await page.screenshot({ path, type: "jpeg", quality: 80, animations: "disabled" });
    console.log(path, await page.locator(".timing").textContent());
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
