// Many pictures at once: every file gets its row, a bad one never stops the rest, and the table is the visitor's.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { downloaded, fixture, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { rampPng } from "./pictures.mjs";

const { open } = await startBrowser();

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, "inner"));
cpSync(fixture("astronaut.png"), join(folder, 'c, "quoted".png'));
cpSync(fixture("grace_hopper.png"), join(folder, "inner", "b.png"));
writeFileSync(join(folder, "a.png"), rampPng(320, 240));
writeFileSync(join(folder, "broken.jpg"), "no picture");
writeFileSync(join(folder, "notes.txt"), "not meant");

async function readFolder(page) {
  await page.getByTestId("folder-input").setInputFiles(folder);
  await page.locator(".batch .count").filter({ hasText: "4 pictures read." }).waitFor();
  return page.getByTestId("batch-row");
}

test("a folder is read wholly: faces, none, and a file that can't be read", async () => {
  const page = await open();
  const rows = await readFolder(page);
  assert.equal(await rows.count(), 4, "notes.txt is no picture");
  assert.match(await rows.filter({ hasText: "quoted" }).textContent(), /1Happy\d+%/);
  assert.match(await rows.filter({ hasText: "a.png" }).textContent(), /0No face/);
  assert.match(await rows.filter({ hasText: "broken.jpg" }).textContent(), /can't be read as a picture/);
  assert.deepEqual(page.problems, []);
});

test("the table sorts, and shows the picture of a row", async () => {
  const page = await open();
  const rows = await readFolder(page);
  await page.getByRole("button", { name: "Probability" }).click();
  await page.getByRole("button", { name: "Probability" }).click();
  assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), "descending");
  assert.match(await rows.first().textContent(), /Happy/);
  await page.getByRole("button", { name: /b\.png/ }).click();
  await statusMatching(page, /1 face/);
  const [{ box }] = await shownFaces(page);
  assert.ok(box[2] > 140, `Grace Hopper's large face, not ${box}`);
  await page.getByRole("button", { name: /broken\.jpg/ }).click();
  await statusMatching(page, /can't be read/);
  assert.deepEqual(await shownFaces(page), []);
});

test("the table is exported as CSV and JSON, with model and settings", async () => {
  const page = await open();
  await readFolder(page);
  const { model, detector, uncertain_below, rows } = JSON.parse(await downloaded(page, "batch-json"));
  assert.equal(typeof model, "string");
  assert.equal(detector, "face-detect-1");
  assert.equal(uncertain_below, 0.5);
  assert.equal(rows.length, 4);
  const happy = rows.find(({ file }) => file.includes("quoted"));
  assert.equal(happy.emotion, "happy");
  assert.equal(happy.faces, 1);
  assert.ok(rows.find(({ file }) => file.endsWith("broken.jpg")).failure.length > 0);

  const csv = String(await downloaded(page, "batch-csv"));
  assert.match(csv, /^file,faces,failure,face,emotion,happy,/);
  assert.match(csv, /c, ""quoted""\.png",1,,1,happy,/);
  assert.equal(csv.trim().split("\r\n").length, 5);
});

test("a long run can be cancelled, and what was read stays", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  await page.evaluate(() => {
    // Pressed from inside the page, so that a slow test can't come after the last picture.
    new MutationObserver((_, observer) => {
      observer.disconnect();
      document.querySelector("[data-action=batch-cancel]").click();
    }).observe(document.querySelector(".batch tbody"), { childList: true });
  });
  await page.getByTestId("file-input").setInputFiles(Array(40).fill(fixture("astronaut.png")));
  const said = await page.locator(".batch .count").filter({ hasText: "Cancelled" }).textContent();
  const [, done] = said.match(/^Cancelled after (\d+) of 40\.$/);
  assert.ok(Number(done) >= 1 && Number(done) < 40);
  assert.equal(await page.getByTestId("batch-row").count(), Number(done));
});
