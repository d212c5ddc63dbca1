// Many pictures at once: every file gets its row, a bad one never stops the rest, and the table is the visitor's.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { parseCsv } from "./csv.mjs";
import { downloaded, fixture, isListening, openAdjust, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { drawSideBySide, rampPng } from "./pictures.mjs";

const { browser, open } = await startBrowser();

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
  await countIs(page, "3 pictures read.");
  return page.getByTestId("batch-row");
}

function countIs(page, text) {
  return page.locator(".batch .count").filter({ hasText: text }).waitFor();
}

/** Drops files and folders of this machine onto the page, as a hand with a mouse does. */
async function drop(page, files) {
  const session = await page.context().newCDPSession(page);
  const { x, y, width, height } = await page.getByTestId("drop-zone").boundingBox();
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: x + width / 2, y: y + height / 2, data });
  }
}

test("a whole folder is read: pictures with faces, without any, and a file that can't be read", async () => {
  const page = await open();
  const rows = await readFolder(page);
  assert.equal(await rows.count(), 4);
  assert.match(await rows.filter({ hasText: "quoted" }).textContent(), /1Happy\d+%/);
  assert.match(await rows.filter({ hasText: "a.png" }).textContent(), /0No face/);
  assert.match(await rows.filter({ hasText: "broken.jpg" }).textContent(), /broken\.jpgNot a picture, or damaged$/);
  assert.equal(await page.locator(".batch .failed").textContent(), "1 file could not be read.");
  assert.equal(
    await page.locator(".left-out summary").textContent(),
    `1 file was left out: ${basename(folder)}/notes.txt`,
  );
  assert.deepEqual(page.problems, []);
});

test("the table sorts, and shows the picture of a row", async () => {
  const page = await open({ viewport: { width: 390, height: 844 } });
  const rows = await readFolder(page);
  await page.getByRole("button", { name: "Probability" }).click();
  await page.getByRole("button", { name: "Probability" }).click();
  assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), "descending");
  assert.match(await rows.first().textContent(), /Happy/);
  await page.locator(".batch .columns").scrollIntoViewIfNeeded();
  await rows.filter({ hasText: "b.png" }).locator(".emotion").click(); // anywhere in the row
  await statusMatching(page, /1 face/);
  const [{ box }] = await shownFaces(page);
  assert.ok(box[2] > 140, `Grace Hopper's large face, not ${box}`);
  const stage = await page.locator(".picture").boundingBox();
  assert.ok(stage.y > -1 && stage.y + stage.height <= 844, `the picture is in sight, not at ${stage.y}`);
  assert.match(await page.locator("tr[aria-current]").textContent(), /b\.png/);
  await page.getByRole("button", { name: /broken\.jpg/ }).click();
  await statusMatching(page, /can't be read/);
  assert.deepEqual(await shownFaces(page), []);
});

test("a phone shows every column of the table", async () => {
  const page = await open({ viewport: { width: 360, height: 640 } });
  await readFolder(page);
  const scroller = page.locator(".batch .scroller");
  assert.ok(await scroller.evaluate((element) => element.scrollWidth <= element.clientWidth), "nothing is cut off");
});

test("the table is exported as CSV and JSON, with model and settings", async () => {
  const page = await open();
  await readFolder(page);
  const { model, model_sha256, detector, settings, rows } = JSON.parse(await downloaded(page, "batch-json"));
  assert.match(model, /^emotion-\d+$/);
  assert.match(model_sha256, /^[0-9a-f]{64}$/);
  assert.equal(detector, "face-detect-1");
  assert.deepEqual(settings, [{ uncertain_below: 0.5, expressions: 4, most_faces: 256, calibration: "" }]);
  assert.equal(rows.length, 4);
  const top = basename(folder);
  assert.deepEqual(
    rows.map(({ file }) => file),
    [`${top}/a.png`, `${top}/broken.jpg`, `${top}/c, "quoted".png`, `${top}/inner/b.png`],
  );
  const [none, broken, happy] = rows;
  assert.deepEqual([none.faces, none.error, none.emotion], [0, "", ""]);
  assert.deepEqual([broken.faces, broken.error, broken.emotion], ["", "invalid-image", ""]);
  assert.deepEqual([happy.faces, happy.error, happy.emotion, happy.settings], [1, "", "happy", 0]);

  const csv = parseCsv(String(await downloaded(page, "batch-csv")));
  assert.deepEqual(Object.keys(csv[0]).slice(0, 6), ["file", "faces", "more_faces", "error", "face", "emotion"]);
  for (const [index, row] of csv.entries()) {
    const { settings: _, ...expected } = { ...rows[index], uncertain_below: 0.5, calibrated: false };
    assert.deepEqual(row, Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, String(value)])));
  }
  assert.match(csv[2].happy, /^0\.\d{1,4}$/);
});

test("settings changed during a run appear with the pictures that they applied to", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  await page.evaluate(() => {
    // Changed from inside the page, as soon as the first picture is in the table.
    new MutationObserver((_, observer) => {
      observer.disconnect();
      const threshold = document.querySelector("#threshold");
      threshold.value = "0.95";
      threshold.dispatchEvent(new Event("change"));
    }).observe(document.querySelector(".batch tbody"), { childList: true });
  });
  await page.getByTestId("file-input").setInputFiles(Array(12).fill(fixture("grace_hopper.png")));
  await countIs(page, "12 pictures read.");
  const { settings, rows } = JSON.parse(await downloaded(page, "batch-json"));
  assert.deepEqual(
    settings.map(({ uncertain_below }) => uncertain_below),
    [0.5, 0.95],
  );
  const [first] = rows;
  const sure = Math.max(first.happy, first.neutral, first.sad, first.surprise);
  assert.ok(sure > 0.5 && sure < 0.95, `${sure} lies between the two thresholds`);
  assert.equal(first.settings, 0);
  assert.equal(rows.at(-1).settings, 1);
  for (const row of rows) assert.equal(row.emotion === "uncertain", row.settings === 1);
});

test("a dropped folder keeps its paths, through nested folders, hundreds of files and odd names", async () => {
  const top = mkdtempSync(join(tmpdir(), "countenance-drop-"));
  after(() => rmSync(top, { recursive: true, force: true }));
  const face = readFileSync(fixture("astronaut_quarter.png"));
  const names = ["=1+1.png", "صورة.png", "😀.png", 'comma, "quote".png', "line\nbreak.png"];
  const put = (path, bytes) => {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), bytes);
  };
  for (const name of names) put(`one/deep/${name}`, face);
  for (const album of ["one", "two"]) put(`${album}/same.png`, face);
  for (let index = 0; index < 120; index += 1) put(`two/many/${index}.png`, rampPng(8, 8));
  for (const path of ["one/.hidden.png", "one/.DS_Store", "two/notes.txt", "two/clip.mp4"]) put(path, "not meant");

  const page = await open();
  await drop(page, [join(top, "one"), join(top, "two")]);
  await countIs(page, "127 pictures read.");
  const said = await page.locator(".left-out summary").textContent();
  assert.equal(said, "4 files were left out: one/.DS_Store, one/.hidden.png, two/clip.mp4, …");
  const expected = [
    ...["same.png", ...names.map((name) => `deep/${name}`)].map((path) => `one/${path}`),
    ...["same.png", ...Array.from({ length: 120 }, (_, index) => `many/${index}.png`)].map((path) => `two/${path}`),
  ].sort();
  const { rows } = JSON.parse(await downloaded(page, "batch-json"));
  assert.deepEqual(rows.map(({ file }) => file).sort(), expected);
  for (const { file, emotion } of rows) assert.equal(emotion, /many/.test(file) ? "" : "happy", file);
  const csv = parseCsv(String(await downloaded(page, "batch-csv")));
  assert.deepEqual(csv.map(({ file }) => file).sort(), expected, "paths begin with their folder: none is a formula");
  assert.deepEqual(page.problems, []);
});

test("files dropped alone keep their names, and names that are formulas become text in the table", async () => {
  const page = await open();
  const file = { mimeType: "image/png", buffer: readFileSync(fixture("astronaut_quarter.png")) };
  await page.getByTestId("file-input").setInputFiles(["=1+1.png", "@a.png"].map((name) => ({ ...file, name })));
  await countIs(page, "2 pictures read.");
  const csv = parseCsv(String(await downloaded(page, "batch-csv")));
  assert.deepEqual(
    csv.map(({ file: name }) => name),
    ["'=1+1.png", "'@a.png"],
  );
});

test("the first picture that can be read is shown; where none can, the page says why", async () => {
  const page = await open();
  const bad = ["1.png", "2.png"].map((name) => ({ name, mimeType: "image/png", buffer: Buffer.from("no picture") }));
  const good = { ...bad[0], name: "3.png", buffer: readFileSync(fixture("astronaut.png")) };
  await page.getByTestId("file-input").setInputFiles([...bad, good]);
  await countIs(page, "1 picture read.");
  await statusMatching(page, /1 face: Happy/);
  await page.getByTestId("file-input").setInputFiles(bad);
  await statusMatching(page, /“1\.png” can't be read/);
  assert.equal(await page.locator(".batch .failed").textContent(), "2 files could not be read.");
});

test("a folder without a picture says what it left out", async () => {
  const empty = mkdtempSync(join(tmpdir(), "countenance-none-"));
  after(() => rmSync(empty, { recursive: true, force: true }));
  writeFileSync(join(empty, "notes.txt"), "text");
  const page = await open();
  await drop(page, [empty]);
  const said = await statusMatching(page, /no picture in that folder/);
  assert.match(said, /Left out: countenance-none-\w+\/notes\.txt$/);
});

test("more faces than are read are reported, and the limit is the visitor's", async () => {
  const names = ["astronaut.png", "grace_hopper.png", "astronaut.png"];
  const buffer = await drawSideBySide(browser, names, { width: 1200, height: 400, type: "image/png" });
  const three = { name: "three.png", mimeType: "image/png", buffer };
  const one = { ...three, name: "one.png", buffer: readFileSync(fixture("astronaut.png")) };
  const page = await open();
  await page.getByTestId("file-input").setInputFiles(three);
  assert.match(await statusMatching(page, /3 faces/), /^3 faces: [^.]*\.$/);
  await openAdjust(page);
  const limit = page.getByLabel("Faces read at most");
  assert.equal(await limit.inputValue(), "256");
  await limit.fill("2");
  await limit.press("Enter");
  assert.match(await statusMatching(page, /2 faces/), /There are more\./);
  assert.equal((await shownFaces(page)).length, 2);
  await limit.fill("3");
  await limit.press("Enter");
  assert.doesNotMatch(await statusMatching(page, /3 faces/), /more/);
  await limit.fill("0");
  await limit.press("Enter");
  assert.equal(await limit.inputValue(), "256", "an invalid value gives way to the default");

  await limit.fill("2");
  await limit.press("Enter");
  await statusMatching(page, /2 faces/);
  await page.reload();
  await isListening(page);
  await page.getByTestId("file-input").setInputFiles([three, one]);
  await countIs(page, "2 pictures read.");
  assert.match(await page.locator(".batch .more-faces").textContent(), /^1 picture holds more faces than were read/);
  const [first] = await page.getByTestId("batch-row").allTextContents();
  assert.match(first, /^three\.pngover 22 Happy|^three\.pngover 21 \w+, 1 \w+/);
  const { rows, settings } = JSON.parse(await downloaded(page, "batch-json"));
  assert.equal(settings[0].most_faces, 2);
  assert.deepEqual(
    rows.map((row) => [row.file, row.faces, row.more_faces]),
    [
      ["three.png", 2, true],
      ["three.png", 2, true],
      ["one.png", 1, false],
    ],
  );
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
