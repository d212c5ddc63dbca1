// Draws the page's icons from www/icon.svg, and the picture that links to it show: node scripts/icons.mjs

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "./chromium.mjs";
import { importPackage, root } from "./environment.mjs";
import { serve } from "./serve.mjs";

const { chromium } = await importPackage("playwright-core");

const www = join(root, "www");
const icon = readFileSync(join(www, "icon.svg"), "utf8");
/** Without rounded corners, since the system cuts its own shape; the drawing stays within the middle 80 percent. */
const fullIcon = icon
  .replace(/ rx="\d+"/, "")
  .replace('<g fill="none"', '<g transform="translate(16 16) scale(.8) translate(-16 -16)" fill="none"');

const ICONS = [
  { name: "icon-192.png", side: 192, svg: icon },
  { name: "icon-512.png", side: 512, svg: icon },
  { name: "icon-maskable.png", side: 512, svg: fullIcon },
  { name: "apple-touch-icon.png", side: 180, svg: fullIcon },
];

const server = await serve({ root: www });
const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const { name, side, svg } of ICONS) {
    const page = await browser.newPage({ viewport: { width: side, height: side } });
    await page.setContent(`<style>body { margin: 0 } svg { display: block; width: 100vw }</style>${svg}`);
    writeFileSync(join(www, name), await page.screenshot({ omitBackground: true }));
    await page.close();
  }
  // The size that sites which show links recommend.
  const page = await browser.newPage({ viewport: { width: 1200, height: 630 } });
  await page.goto(`http://localhost:${server.address().port}/`);
  await page.locator("html[dir]").waitFor({ state: "attached" });
  await page.getByTestId("sample").last().click();
  await page.getByTestId("verdict").filter({ hasText: "6 faces" }).waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: join(www, "preview.jpg"), type: "jpeg", quality: 82, animations: "disabled" });
} finally {
  await browser.close();
  server.close();
}
