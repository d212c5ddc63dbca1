import { chromium } from "playwright-core";
import { serve } from "./scripts/serve.mjs";
const server = await serve({ root: "/work/main/www" });
const url = typeof server === "string" ? server : server.url ?? server.origin ?? `http://localhost:${server.address?.().port ?? server.port}/`;
console.log(url);
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const jobs = JSON.parse(process.argv[2]);
for (const [name, w, h, scheme] of jobs) {
  const p = await b.newPage({ viewport: { width: w, height: h }, colorScheme: scheme });
  await p.goto(url);
  await p.waitForFunction(() => document.querySelector("[data-testid=status]").dataset.kind === "ready", null, { timeout: 60000 });
  if (name !== "first") {
    await p.setInputFiles("[data-testid=file-input]", `/tmp/shot/${name}.png`);
    await p.waitForFunction(() => document.querySelector("[data-testid=status]").dataset.kind === "result", null, { timeout: 90000 });
    await p.waitForTimeout(600);
  }
  await p.screenshot({ path: `/tmp/shot/o-${name}-${w}-${scheme}.png` });
  await p.close();
}
await b.close(); process.exit(0);
