// Many pictures at once: every file gets its row, a bad one never stops the rest, and the table is the visitor's.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { layOut } from "../../www/app/sheet.js";
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
  await page.locator(".batch .tile").nth(2).waitFor();
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

test("a sheet has two columns on a phone, more where there is room, and only the tiles in sight and near", () => {
  assert.equal(layOut({ count: 9, width: 250, height: 500, top: 0 }).columns, 2);
  const { columns, tileWidth, rowHeight, total, first, end } = layOut({
    count: 5000,
    width: 860,
    height: 600,
    top: 100_000,
  });
  assert.equal(columns, 5);
  assert.equal(columns * tileWidth + (columns - 1) * 10, 860);
  assert.equal(total, 1000 * rowHeight - 10);
  assert.ok(first % columns === 0 && end % columns === 0, "whole rows");
  const [top, bottom] = [(first / columns) * rowHeight, (end / columns) * rowHeight];
  assert.ok(top <= 100_000 - rowHeight && bottom >= 100_600 + rowHeight, "a row to spare above and below");
  assert.ok(bottom - top <= 600 + 6 * rowHeight);
  const { first: none, end: last } = layOut({ count: 3, width: 860, height: 600, top: 0 });
  assert.deepEqual([none, last], [0, 3]);
});

test("a whole folder is read: pictures with faces, without any, and a file that can't be read", async () => {
  const page = await open();
  const rows = await readFolder(page);
  assert.equal(await rows.count(), 3);
  assert.match(await rows.filter({ hasText: "quoted" }).textContent(), /pngHappy \d+%$/);
  assert.match(await rows.filter({ hasText: "a.png" }).textContent(), /^a\.pngNo face$/);
  const failed = page.locator(".batch .failed");
  assert.equal(await failed.locator("summary").textContent(), "1 could not be read");
  assert.equal(await failed.locator("li").isVisible(), false);
  await failed.locator("summary").click();
  assert.equal(await failed.locator("li").textContent(), `Not a picture, or damaged${basename(folder)}/broken.jpg`);
  assert.equal(
    await page.locator(".left-out summary").textContent(),
    `1 file was left out: ${basename(folder)}/notes.txt`,
  );
  assert.deepEqual(page.problems, []);
});

test("the sheet is sorted and filtered, and shows the picture that is chosen", async () => {
  const page = await open({ viewport: { width: 390, height: 844 } });
  const rows = await readFolder(page);
  const names = () => page.locator(".tile .name").allTextContents();
  const order = page.getByLabel("Sort by");
  assert.deepEqual(await names(), ["a.png", 'c, "quoted".png', "b.png"]);
  await order.selectOption("name");
  await page.waitForFunction(() => document.querySelectorAll(".tile .name")[1].textContent === 'c, "quoted".png');
  await order.selectOption("sure");
  await page.waitForFunction(() => document.querySelector(".tile .name").textContent === 'c, "quoted".png');
  assert.deepEqual(await names(), ['c, "quoted".png', "b.png", "a.png"]);
  assert.deepEqual(
    await page.locator(".tile").evaluateAll((tiles) => tiles.map((tile) => [tile.ariaPosInSet, tile.ariaSetSize])),
    ["1", "2", "3"].map((place) => [place, "3"]),
  );

  const filter = (name) => page.locator(".filters").getByRole("button", { name });
  assert.deepEqual(await page.locator(".filters button").allTextContents(), [
    "All 3",
    "No face 1",
    "Happy 1",
    "Neutral 1",
  ]);
  await filter("Happy").click();
  await rows.nth(1).waitFor({ state: "detached" });
  assert.deepEqual(await names(), ['c, "quoted".png']);
  assert.equal(await filter("Happy").getAttribute("aria-pressed"), "true");
  await filter("All").click();
  await rows.nth(2).waitFor();

  await page.locator(".batch .columns").scrollIntoViewIfNeeded();
  await rows.filter({ hasText: "b.png" }).locator(".tally").click(); // anywhere in the tile
  await statusMatching(page, /1 face/);
  const [{ box }] = await shownFaces(page);
  assert.ok(box[2] > 140, `Grace Hopper's large face, not ${box}`);
  const stage = await page.locator(".picture").boundingBox();
  assert.ok(stage.y > -1 && stage.y + stage.height <= 844, `the picture is in sight, not at ${stage.y}`);
  assert.match(await page.locator(".tile [aria-current]").textContent(), /b\.png/);
  assert.deepEqual(page.problems, []);
});

test("a phone shows whole tiles, side by side", async () => {
  const page = await open({ viewport: { width: 360, height: 640 } });
  await readFolder(page);
  const sheet = page.locator(".sheet");
  assert.ok(await sheet.evaluate((element) => element.scrollWidth <= element.clientWidth), "nothing is cut off");
  const [first, second] = await page.locator(".tile").evaluateAll((tiles) =>
    tiles.map((tile) => {
      const { left, right, top } = tile.getBoundingClientRect();
      return { left, right, top };
    }),
  );
  assert.equal(first.top, second.top);
  assert.ok(first.right < second.left && second.right <= 360);
});

test("a group is summed up truly, with a ring around each face", async () => {
  const names = ["astronaut.png", "grace_hopper.png", "astronaut.png"];
  const buffer = await drawSideBySide(browser, names, { width: 1200, height: 400, type: "image/png" });
  const page = await open();
  const file = { name: "three.png", mimeType: "image/png", buffer };
  await page.getByTestId("file-input").setInputFiles([file, { ...file, name: "again.png" }]);
  await countIs(page, "2 pictures read.");
  const tile = page.locator(".tile").first();
  assert.equal(await tile.locator(".tally").textContent(), "3 faces: 2 happy, 1 neutral");
  const rings = await tile
    .locator("g")
    .evaluateAll((groups) =>
      groups.map((group) => [
        group.dataset.emotion,
        getComputedStyle(group.querySelector(".ring")).stroke,
        group.querySelector("use").getAttribute("href"),
      ]),
    );
  assert.deepEqual(
    rings.sort(([a], [b]) => a.localeCompare(b)).map(([emotion, , glyph]) => [emotion, glyph]),
    [
      ["happy", "#glyph-happy"],
      ["happy", "#glyph-happy"],
      ["neutral", "#glyph-neutral"],
    ],
  );
  assert.equal(new Set(rings.map(([, colour]) => colour)).size, 2);
});

/** Fills the sheet with made-up pictures, and counts the object URLs that are held. */
function fillSheet(page, count) {
  return page.evaluate(async (pictures) => {
    const [{ Applied }, { Batch }] = await Promise.all(["applied", "batch"].map((name) => import(`/app/${name}.js`)));
    globalThis.urls = new Set();
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      const url = createObjectURL.call(URL, blob);
      globalThis.urls.add(url);
      globalThis.largest = Math.max(globalThis.largest ?? 0, blob.size);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      globalThis.urls.delete(url);
      revokeObjectURL.call(URL, url);
    };
    const applied = new Applied();
    applied.accept({ most_faces: 9 });
    const nothing = async () => {};
    const batch = new Batch(applied, { onShow: nothing, onCancel: nothing, onResume: nothing, onExport: nothing });
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [640, 480];
    canvas.getContext("2d").fillRect(0, 0, 320, 240);
    const face = { id: 1, emotion: "uncertain", likeliest: "a", probabilities: { a: 0.4, b: 0.6 } };
    const box = { x: 100, y: 100, width: 90, height: 120 };
    // Every tenth has a thumbnail: to encode them is what takes the time.
    let asked = 0;
    const preview = async () => {
      asked += 1;
      if (asked % 10 > 0) throw new Error("no thumbnail");
      return { bitmap: await createImageBitmap(canvas), width: 640, height: 480 };
    };
    const file = new File([], "made.png");
    batch.begin({ picked: Array.from({ length: pictures }, (_, index) => ({ file, path: `${index}` })), leftOut: [] });
    await batch.run(async () => [{ ...face, box }], preview, new AbortController().signal);
  }, count);
}

test("5,000 pictures scroll smoothly: few tiles and few thumbnails are held at a time", async () => {
  const page = await open();
  await fillSheet(page, 5000);
  await countIs(page, "5,000 pictures read.");
  const held = () =>
    page.evaluate(() => [document.querySelectorAll(".tile").length, globalThis.urls.size, globalThis.largest]);
  const sheet = page.locator(".sheet");
  for (const part of [0, 0.3, 0.7, 1]) {
    await sheet.evaluate((element, share) => element.scrollTo(0, share * element.scrollHeight), part);
    await page.waitForFunction((share) => {
      const places = [...document.querySelectorAll(".tile")].map((tile) => Number(tile.ariaPosInSet));
      return places.some((place) => Math.abs(place - share * 5000) < 80);
    }, part);
    const [tiles, urls, bytes] = await held();
    assert.ok(tiles >= 12 && tiles <= 80, `${tiles} tiles`);
    assert.ok(urls >= tiles / 10 - 1 && urls <= tiles / 10 + 1, `${urls} object URLs of ${tiles} tiles`);
    assert.ok(bytes < 20_000, `a thumbnail of ${bytes} bytes`);
  }
  const slowest = await sheet.evaluate(async (element) => {
    let longest = 0;
    for (let frame = 0; frame < 40; frame += 1) {
      const begun = performance.now();
      element.scrollTop -= 150;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      longest = Math.max(longest, performance.now() - begun);
    }
    return longest;
  });
  console.log(`The slowest of 40 steps of a scroll took ${slowest.toFixed(0)} ms.`);
  assert.equal(await page.locator(".tile button[tabindex='0']").count(), 1, "one stop for the Tab key");
  await page.locator(".tile button").first().focus();
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.activeElement.parentElement.ariaPosInSet === "1");
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement.parentElement.ariaPosInSet === "5000");
  await page.keyboard.press("ArrowUp");
  await page.waitForFunction(() => Number(document.activeElement.parentElement.ariaPosInSet) < 5000);
  assert.deepEqual(page.problems, []);
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
    }).observe(document.querySelector(".batch .tiles"), { childList: true });
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
  assert.equal(await page.locator(".batch .failed summary").textContent(), "2 could not be read");
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
  const [first] = await page.locator(".tile .tally").allTextContents();
  assert.match(first, /^over 2 faces: (2 happy|1 \w+, 1 \w+)$/);
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
    }).observe(document.querySelector(".batch .tiles"), { childList: true });
  });
  await page.getByTestId("file-input").setInputFiles(Array(40).fill(fixture("astronaut.png")));
  const said = await page.locator(".batch .count").filter({ hasText: "Cancelled" }).textContent();
  const [, done] = said.match(/^Cancelled after (\d+) of 40\.$/);
  assert.ok(Number(done) >= 1 && Number(done) < 40);
  const filesIn = async () => JSON.parse(await downloaded(page, "batch-json")).rows.map(({ file }) => file);
  assert.equal((await filesIn()).length, Number(done));

  await page.getByRole("button", { name: "Continue" }).click();
  await page
    .locator(".batch .count")
    .filter({ hasText: /^\d+ of 40 done, about 0:\d\d left …$/ })
    .waitFor();
  await countIs(page, "40 pictures read.");
  assert.deepEqual(await filesIn(), Array(40).fill("astronaut.png"));
  assert.equal(await page.getByRole("button", { name: "Continue" }).isVisible(), false);
  assert.deepEqual(page.problems, []);
});

test("a worker that dies during a run costs no row", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  await page.getByTestId("file-input").setInputFiles(Array(60).fill(fixture("astronaut.png")));
  const done = () => Number.parseInt(document.querySelector(".batch .count").textContent, 10) || 0;
  for (const _ of [1, 2]) {
    // Until it has answered twice, so that it is not killed before it has started.
    const before = await page.evaluate(done);
    await page.waitForFunction(
      (before) => Number.parseInt(document.querySelector(".batch .count").textContent, 10) >= before + 2,
      before,
    );
    const replaced = page.waitForEvent("worker");
    await page
      .workers()
      .at(-1)
      .evaluate(() => self.close());
    await replaced;
  }
  await countIs(page, "60 pictures read.");
  const { rows } = JSON.parse(await downloaded(page, "batch-json"));
  assert.deepEqual(
    rows.map(({ emotion }) => emotion),
    Array(60).fill("happy"),
  );
});

test("files that could not be read are tried again, in their places", async () => {
  let isBroken = true;
  const page = await open({
    prepare: (unopened) =>
      unopened
        .context()
        .route(/countenance_bg\.wasm$/, (route) =>
          isBroken ? route.fulfill({ status: 503, body: "down" }) : route.continue(),
        ),
  });
  await page.getByTestId("file-input").setInputFiles(["astronaut.png", "grace_hopper.png"].map(fixture));
  await countIs(page, "0 pictures read.");
  isBroken = false;
  await page.locator(".batch .failed summary").click();
  await page.getByRole("button", { name: "Try again" }).click();
  await countIs(page, "2 pictures read.");
  assert.equal(await page.locator(".batch .failed").isVisible(), false);
  const { rows } = JSON.parse(await downloaded(page, "batch-json"));
  assert.deepEqual(
    rows.map(({ file, error }) => [file, error]),
    [
      ["astronaut.png", ""],
      ["grace_hopper.png", ""],
    ],
  );
});
