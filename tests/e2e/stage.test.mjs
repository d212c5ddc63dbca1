// The picture as the interface: markers that leave faces to be seen, a strip linked with them, and zoom.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { choose, fixture, shownFaces, startBrowser, statusMatching } from "./page.mjs";
import { drawGroup } from "./pictures.mjs";

const { browser, open } = await startBrowser();

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 640 };
const sample = readFileSync(join(root, "www/samples/group.webp"));
const groups = new Map([
  [6, { name: "group.webp", mimeType: "image/webp", buffer: sample }],
  [29, await drawGroup(browser, 29, { columns: 10, width: 2000, height: 900 })],
  [60, await drawGroup(browser, 60, { columns: 10, width: 2400, height: 1500 })],
  [100, await drawGroup(browser, 100, { columns: 12, width: 3000, height: 2200 })],
]);

async function openGroup(count, options) {
  const page = await open(options);
  await choose(page, groups.get(count));
  await statusMatching(page, new RegExp(`^${count} faces: `));
  await page.locator(".label[data-form]").first().waitFor();
  return page;
}

/** Where the frames and the markers are on the screen, by the faces' numbers. */
function drawn(page) {
  return page.locator(".box").evaluateAll((boxes) =>
    boxes.map((box) => {
      const place = (element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return { x, y, width, height };
      };
      const label = box.querySelector(".label");
      const { form } = label.dataset;
      return { number: Number(box.querySelector(".badge").textContent), box: place(box), marker: place(label), form };
    }),
  );
}

for (const [count, viewport, forms] of [
  [6, DESKTOP, ["words"]],
  [6, PHONE, ["number", "words"]],
  [29, DESKTOP, ["number", "words"]],
  [60, DESKTOP, ["number", "words"]],
  [60, PHONE, ["glyph", "number", "words"]],
  [100, PHONE, ["glyph", "number", "words"]],
]) {
  test(`${count} faces, ${viewport.width} pixels wide: numbered in rows, and no marker covers another face's middle`, async () => {
    const page = await openGroup(count, { viewport });
    const faces = await drawn(page);
    assert.equal(faces.length, count);
    for (const { number, marker, form } of faces) {
      assert.ok(forms.includes(form), form);
      for (const other of faces) {
        if (other.number === number) continue;
        const [x, y] = [other.box.x + other.box.width / 2, other.box.y + other.box.height / 2];
        const covers = x > marker.x && x < marker.x + marker.width && y > marker.y && y < marker.y + marker.height;
        assert.ok(!covers, `the marker of ${number} covers the middle of ${other.number}`);
      }
    }
    for (const [index, { number, box }] of faces.entries()) {
      assert.equal(number, index + 1);
      const next = faces[index + 1];
      if (!next) continue;
      const isBelow = next.box.y > box.y + box.height / 2;
      assert.ok(isBelow || next.box.x > box.x, `${next.number} comes after ${number}`);
    }
    assert.deepEqual(page.problems, []);
  });
}

test("29 faces and all that is said of them fit into a screen and a half", async () => {
  const page = await openGroup(29, { viewport: DESKTOP });
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(height <= 1.5 * DESKTOP.height, `${height} pixels`);
  const [first, last] = await Promise.all([0, 28].map((index) => page.getByTestId("face").nth(index).boundingBox()));
  assert.ok(last.y + last.height < DESKTOP.height && last.y > first.y, "the strip is in sight");
  const said = await page.getByTestId("verdict").textContent();
  assert.match(said, /^29 faces: \d+ \w+, \d+ \w+/);
  const counted = [...said.matchAll(/(\d+) (?!faces)/g)].reduce((sum, [, number]) => sum + Number(number), 0);
  assert.equal(counted, 29);
});

test("a hundred faces on a phone: the strip scrolls sideways, and the page does not", async () => {
  const page = await openGroup(100, { viewport: PHONE });
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  assert.ok(height < 2 * PHONE.height, `${height} pixels`);
  const chip = page.getByTestId("face").nth(99);
  await page.locator(".box").nth(99).dispatchEvent("click");
  const { x, width } = await chip.boundingBox();
  assert.ok(x >= 0 && x + width <= PHONE.width, "the chosen face's chip has come into view");
  assert.equal(await page.locator(".detail .badge").textContent(), "100");
});

test("choosing a chip marks the face in the picture, and the other way round, by keyboard too", async () => {
  const page = await openGroup(29, { viewport: DESKTOP });
  const chosen = () =>
    page.evaluate(() => [
      document.querySelector(".box[aria-current] .badge").textContent,
      document.querySelector(".chip[aria-current] .badge").textContent,
      document.querySelector(".detail .badge").textContent,
      document.querySelector(".detail").dataset.emotion,
    ]);
  const faces = await shownFaces(page);
  const isChosen = async (number) =>
    assert.deepEqual(await chosen(), [...Array(3).fill(String(number)), faces[number - 1].emotion]);
  await isChosen(1);
  await page.locator(".chip").nth(11).click();
  await isChosen(12);
  await page.locator(".box").nth(20).click();
  await isChosen(21);
  await page.locator(".chip[tabindex='0']").focus();
  await page.keyboard.press("ArrowRight");
  await isChosen(22);
  await page.keyboard.press("End");
  await isChosen(29);
  assert.equal(await page.evaluate(() => document.activeElement.className), "chip");
  await page.locator(".box[tabindex='0']").focus();
  await page.keyboard.press("Home");
  await isChosen(1);
  assert.equal(await page.evaluate(() => document.activeElement.className), "box");
  assert.equal(await page.locator(":is(.box, .chip)[tabindex='0']").count(), 2, "one stop each for the Tab key");
});

test("a marker without words shows them where one points", async () => {
  const page = await openGroup(60, { viewport: DESKTOP });
  const box = page.locator(".box").nth(24);
  const words = box.locator(".label span");
  assert.equal(await words.isVisible(), false);
  await box.hover();
  await words.waitFor();
  assert.match(await words.textContent(), /^(Happy|Neutral|Sad|Surprise) \d+%$|^Not sure$|^Looks /);
});

test("wheel, keys and buttons look closer: markers keep their size, and 0 shows the whole", async () => {
  const page = await openGroup(29, { viewport: DESKTOP });
  const width = async () => (await page.locator(".still").boundingBox()).width;
  const markerHeight = async () => (await drawn(page))[4].marker.height;
  const [whole, marker] = [await width(), await markerHeight()];
  const { x, y } = (await drawn(page))[14].box;
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -400);
  await page.waitForFunction((before) => document.querySelector(".still").clientWidth > 2 * before, whole);
  const after = (await drawn(page))[14];
  assert.ok(Math.hypot(after.box.x - x, after.box.y - y) < 12, "what is under the pointer stays there");
  assert.equal(await markerHeight(), marker);
  assert.equal((await drawn(page))[14].form, "words", "closer up, there is room for words");
  await page.locator(".picture").focus();
  const left = async () => (await page.locator(".still").boundingBox()).x;
  const before = await left();
  await page.keyboard.press("ArrowRight");
  assert.ok((await left()) < before);
  await page.keyboard.press("0");
  assert.equal(await width(), whole);
  await page.keyboard.press("+");
  assert.ok(Math.abs((await width()) - 1.5 * whole) < 2);
  await page.keyboard.press("-");
  await page.getByRole("button", { name: "Zoom in" }).click();
  assert.ok(Math.abs((await width()) - 1.5 * whole) < 2);
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  const [stage, picture] = await Promise.all([".stage", ".picture"].map((name) => page.locator(name).boundingBox()));
  assert.deepEqual(picture, stage, "the next picture is shown whole, and fills the stage");
});

test("closer up, a large picture is shown at its full size", async () => {
  const page = await openGroup(100, { viewport: DESKTOP });
  assert.equal(await page.locator("canvas.still").evaluate(({ width }) => width), 2048);
  assert.equal(await page.locator(".whole").count(), 0);
  await page.getByRole("button", { name: "Zoom in" }).click();
  const whole = page.locator(".whole");
  await whole.waitFor();
  assert.equal(await whole.evaluate(({ naturalWidth }) => naturalWidth), 3000);
  assert.deepEqual(await whole.boundingBox(), await page.locator(".still").boundingBox());
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assert.equal(await whole.count(), 0);
  assert.deepEqual(page.problems, []);
});

test("two fingers look closer", async () => {
  const page = await openGroup(29, { viewport: PHONE, hasTouch: true });
  const whole = (await page.locator(".still").boundingBox()).width;
  const session = await page.context().newCDPSession(page);
  const touch = (type, ...xs) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x, y: 120, id })) });
  await touch("touchStart", 150, 200);
  await touch("touchMove", 120, 230);
  await touch("touchMove", 90, 260);
  await touch("touchEnd");
  const wide = (await page.locator(".still").boundingBox()).width;
  assert.ok(wide > 2 * whole, `${wide} pixels`);
});

test("where nothing has changed, nothing is drawn again", async () => {
  const page = await openGroup(29, { viewport: DESKTOP });
  const changes = await page.evaluate(async () => {
    const { Overlay } = await import("/app/overlay.js");
    const overlay = new Overlay(() => {});
    overlay.setSize({ width: 640, height: 480 });
    const face = (id, x) => {
      const probabilities = { happy: 0.9, neutral: 0.1, sad: 0, surprise: 0 };
      return { id, box: { x, y: 100, width: 80, height: 100 }, emotion: "happy", likeliest: "happy", probabilities };
    };
    await new Promise(requestAnimationFrame); // its size is known from the next frame on
    await new Promise(requestAnimationFrame);
    overlay.show([face(101, 50), face(102, 300)]);
    const seen = [];
    const observer = new MutationObserver((records) => seen.push(...records));
    observer.observe(document.querySelector(".overlay"), {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
    const count = async (faces) => {
      seen.length = 0;
      overlay.show(faces);
      await new Promise(requestAnimationFrame);
      return seen.length;
    };
    return [await count([face(101, 50), face(102, 300)]), await count([face(101, 51), face(102, 300)])];
  });
  assert.equal(changes[0], 0);
  assert.ok(changes[1] > 0, "the check can fail");
});
