// Takes the README's screenshots: npm run screenshots   (writes docs/*.jpg)

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "./chromium.mjs";
import { importPackage, root } from "./environment.mjs";
import { serve } from "./serve.mjs";

const { chromium } = await importPackage("playwright-core");

const SHOTS = [
  { name: "page-light", sample: 4, colorScheme: "light", viewport: { width: 1280, height: 720 } },
  { name: "page-dark", sample: 2, why: true, colorScheme: "dark", viewport: { width: 1280, height: 720 } },
  { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 }, hasTouch: true },
];

const out = join(root, "docs");
mkdirSync(out, { recursive: true });
const server = await serve({ root: join(root, "www") });
const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const { name, sample, why, ...options } of SHOTS) {
    const page = await browser.newPage(options);
    await page.goto(`http://localhost:${server.address().port}/`);
    await page.getByTestId("status").filter({ hasText: "Ready" }).waitFor();
    if (sample !== undefined) {
      // Pointing at it reads it once: meanwhile the browser still optimises the module.
      await page.getByTestId("sample").nth(sample).hover();
      await page.locator("body[data-mood]").waitFor();
      await page.getByTestId("sample").nth(sample).click();
      await page.getByTestId("face").first().waitFor();
    }
    if (why) await page.locator("[data-action=why]").click();
    if (why) await page.locator(".explanation").waitFor();
    await page.mouse.move(0, 0);
    const path = join(out, `${name}.jpg`);
    await page.screenshot({ path, type: "jpeg", quality: 80, animations: "disabled" });
    console.log(path, await page.locator(".timing").textContent());
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
}
