// The self-check in a real browser: the golden answers hold there too, and a wrong one is noticed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../scripts/checksums.mjs";
import { root } from "../../scripts/environment.mjs";
import { startBrowser } from "./page.mjs";

const { open } = await startBrowser();

async function runCheck(page) {
  await page.getByRole("button", { name: "About and proofs" }).click();
  await page.getByRole("button", { name: "Self-check" }).click();
  const verdict = page.getByTestId("check-verdict");
  await verdict.filter({ hasText: /match|differ|could not/ }).waitFor();
  return verdict.textContent();
}

test("the golden answers hold in this browser, and the report says by how much", async () => {
  const page = await open();
  assert.match(await runCheck(page), /^All ([89]|\d\d) reference answers match\.$/);
  const report = await page.getByTestId("check-report").textContent();
  assert.match(report, /emotion model\s+\S+\s+sha256 [0-9a-f]{64}/);
  const module = sha256(join(root, "www/pkg/countenance_bg.wasm"));
  assert.ok(report.includes(module), `${report}\nThe module's hash is ${module}.`);
  assert.match(report, /face detector\s+face-detect-1\s+sha256 [0-9a-f]{64}/);
  const differences = [...report.matchAll(/^ {2}(\d\S+e[+-]\d+) {2}/gm)].map(([, value]) => Number(value));
  assert.ok(differences.length >= 8 && Math.max(...differences) <= 1e-4, report);
});

test("a wrong golden answer is noticed: the check can fail", async () => {
  const page = await open({
    prepare: (unopened) =>
      unopened.context().route(/golden\.json$/, async (route) => {
        const response = await route.fetch();
        const golden = await response.json();
        golden.cases[0].probabilities.happy += 0.01;
        await route.fulfill({ response, json: golden });
      }),
  });
  assert.match(await runCheck(page), /^1 of \d+ reference answers differ/);
});

test("the page says how often the model errs, with the figures in the model's folder", async () => {
  const page = await open();
  await page.getByRole("button", { name: "About and proofs" }).click();
  await page.getByRole("button", { name: "How often it errs" }).click();
  await page.locator(".confusion td").first().waitFor();
  const [id] = (await page.locator(".models").textContent()).match(/emotion-\d+/);
  const metrics = JSON.parse(readFileSync(join(root, "models", id, "metrics.json"), "utf8"));
  const summary = page.locator(".accuracy .summary");
  await summary.filter({ hasText: `${Math.round(metrics.accuracy * 100)}%` }).waitFor();
  const cells = await page.locator(".confusion td").allTextContents();
  const shares = metrics.confusion_matrix.flatMap((row) => {
    const total = row.reduce((sum, count) => sum + count);
    return row.map((count) => `${Math.round((count / total) * 100)}%`);
  });
  assert.deepEqual(cells, shares);
  const robustness = await page.locator(".accuracy .robustness").textContent();
  for (const { accuracy } of metrics.robustness.worst) {
    assert.ok(robustness.includes(` ${Math.round(accuracy * 100)}%`), robustness);
  }
  assert.doesNotMatch(robustness, /worse\./, "every worsening has its words");
});

test("the report can be copied", async () => {
  const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  await runCheck(page);
  await page.getByRole("button", { name: "Copy the report" }).click();
  await page.getByTestId("check-verdict").filter({ hasText: "Copied." }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, await page.getByTestId("check-report").textContent());
});
