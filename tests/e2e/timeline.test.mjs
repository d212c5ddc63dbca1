// The timeline: its arithmetic, and what a visitor reads from it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Bins, GAP_MS, MOST_BINS, spanFor, ticksBetween } from "../../www/app/bins.js";
import { withFeed } from "./feed.mjs";
import { choose, downloaded, fixture, startBrowser, statusMatching } from "./page.mjs";

const { open } = await startBrowser(["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]);
const clip = { name: "clip.webm", mimeType: "video/webm", buffer: readFileSync(fixture("faces.webm")) };

test("a bin holds the mean of its moments", () => {
  const bins = new Bins(100, 10, 2);
  bins.add(0, [[7, [1, 0]]]);
  bins.add(50, [[7, [0, 0.5]]]);
  assert.deepEqual(bins.get(7, 0), [0.5, 0.25]);
  assert.equal(bins.get(7, 1), undefined);
  assert.equal(bins.get(8, 0), undefined);
});

test("what a face shows holds until the next moment, and changes no earlier bin", () => {
  const bins = new Bins(100, 10, 1);
  assert.equal(bins.add(50, [[1, [1]]]), 0);
  assert.equal(bins.add(350, [[1, [0]]]), 0, "the first bin that may have changed");
  assert.deepEqual(
    [0, 1, 2, 3].map((bin) => bins.get(1, bin)),
    [[1], [1], [1], [0]],
  );
});

test("a face that was away, and a pause, leave gaps", () => {
  const bins = new Bins(100, 50, 1);
  bins.add(0, [[1, [1]]]);
  bins.add(200, []);
  bins.add(400, [[1, [1]]]);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((bin) => Boolean(bins.get(1, bin))),
    [true, false, false, false, true],
  );
  const late = 400 + GAP_MS + 1;
  assert.equal(bins.add(late, [[1, [1]]]), Math.floor(late / 100));
  assert.equal(bins.get(1, 5), undefined);
});

test("an hour takes no more bins than ten seconds", () => {
  const bins = new Bins(10, 5000, 3);
  assert.equal(bins.count, MOST_BINS);
  for (let timeMs = 0; timeMs <= 3_600_000; timeMs += 500) bins.add(timeMs, [[timeMs % 1000, [0.5, 0.25, 0.25]]]);
  assert.deepEqual(bins.get(0, 360_000), [0.5, 0.25, 0.25]);
  assert.equal(bins.get(0, 360_000 - MOST_BINS), undefined, "the bin that was in its place");
  bins.forgetBefore(360_000);
  assert.deepEqual(bins.ids, [0]);
});

test("ticks are round, in order, inside, and no more than there is room for", () => {
  assert.deepEqual(ticksBetween(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(ticksBetween(3590, 3600, 2), [3590, 3595, 3600]);
  assert.deepEqual(ticksBetween(7.3, 67.3, 6), [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(ticksBetween(0, 3600, 6), [0, 600, 1200, 1800, 2400, 3000, 3600]);
  assert.deepEqual(ticksBetween(0.2, 0.8, 5), []);
});

test("a session that goes on is shown in a span that changes seldom, up to an hour", () => {
  assert.deepEqual([0, 10, 10.1, 61, 3600, 9999].map(spanFor), [10, 10, 30, 120, 3600, 3600]);
});

/** Records made-up faces in a timeline of the page's own making; `record` in the page adds a moment. */
async function openRecording() {
  const page = await open();
  await page.evaluate(async () => {
    const { Timeline } = await import("/app/timeline.js");
    const timeline = new Timeline(
      () => ({}),
      () => {},
      () => {},
    );
    const session = timeline.begin("camera");
    globalThis.record = (timeMs, ids) =>
      timeline.add({
        timeMs,
        faces: ids.map((id) => ({
          id,
          emotion: "uncertain",
          likeliest: "a",
          probabilities: { a: 0.4, b: 0.3, c: 0.3 },
        })),
      });
    globalThis.fill = (timeMs) => session.add({ timeMs, faces: [], settings: {} });
  });
  return page;
}

test("every face has a strip, at every zoom, with as many pixels for an hour as for ten seconds", async () => {
  const page = await openRecording();
  await page.evaluate(() => {
    for (let second = 0; second < 3600; second += 1) {
      if (second % 60 < 50) globalThis.fill(second * 1000);
      else globalThis.record(second * 1000, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });
  const zoom = page.getByLabel("How much of the past to show");
  for (const span of ["10", "60", "600", "3600", "0"]) {
    await zoom.selectOption(span);
    assert.deepEqual(await page.locator(".strip .badge").allTextContents(), [..."123456789"], span);
    const widths = await page.locator(".strip canvas").evaluateAll((all) => all.map(({ width }) => width));
    for (const width of widths) assert.ok(width > 100 && width <= MOST_BINS, `${width} pixels`);
    const ticks = await page.locator(".axis span").allTextContents();
    assert.ok(ticks.length >= 3 && ticks.length <= 20, `${ticks}`);
    assert.equal(new Set(ticks).size, ticks.length);
  }
  assert.deepEqual((await page.locator(".axis span").allTextContents()).slice(0, 3), ["0:00", "5:00", "10:00"]);
  await page
    .locator(".strip canvas")
    .nth(2)
    .hover({ position: { x: 3, y: 10 } });
  await page
    .locator(".timeline .moment")
    .filter({ hasText: /no face|1: Not sure/ })
    .waitFor();
  assert.deepEqual(page.problems, []);
});

test("of a crowd, a hundred faces have strips, in the order of their numbers", async () => {
  const page = await openRecording();
  await page.evaluate(() => {
    globalThis.record(
      0,
      Array.from({ length: 150 }, (_, index) => 150 - index),
    );
    globalThis.record(100, [200]);
  });
  const shown = (await page.locator(".strip .badge").allTextContents()).map(Number);
  assert.deepEqual(
    shown,
    Array.from({ length: 100 }, (_, index) => 51 + index),
  );
  assert.match(await page.locator(".timeline .summary").textContent(), /151 faces/);
});

test("a window that follows the live view leaves gone faces behind, and stays where a moment is chosen", async () => {
  const page = await openRecording();
  const fill = (from, to, ids) =>
    page.evaluate(
      ([begin, end, faces]) => {
        for (let timeMs = begin; timeMs < end; timeMs += 100) globalThis.record(timeMs, faces);
      },
      [from, to, ids],
    );
  const shown = () => page.locator(".strip .badge").allTextContents();
  await fill(0, 5000, [1, 2]);
  await page.getByLabel("How much of the past to show").selectOption("10");
  await fill(5000, 16_000, [2]);
  assert.deepEqual(await shown(), ["2"]);
  assert.equal((await page.locator(".axis span").allTextContents())[0], "0:06");
  await page.getByRole("slider", { name: "Moment" }).press("Home");
  assert.deepEqual(await shown(), ["1", "2"]);
  assert.equal((await page.locator(".axis span").allTextContents())[0], "0:00");
  await fill(16_000, 20_000, [2, 3]);
  assert.deepEqual(await shown(), ["1", "2"]);
  await page.getByRole("slider", { name: "Moment" }).press("End");
  await fill(20_000, 20_200, [3]);
  assert.deepEqual(await shown(), ["2", "3"]);
});

test("a moment of the live view draws its columns, not the strips", async () => {
  const page = await openRecording();
  const drawn = await page.evaluate(() => {
    globalThis.record(0, [1, 2]);
    let columns = 0;
    const { prototype } = CanvasRenderingContext2D;
    const { fillRect } = prototype;
    prototype.fillRect = function (...rectangle) {
      columns += 1;
      return fillRect.apply(this, rectangle);
    };
    const counts = [];
    for (let timeMs = 33; timeMs < 9900; timeMs += 33) {
      columns = 0;
      globalThis.record(timeMs, [1, 2]);
      counts.push(columns);
    }
    return counts;
  });
  assert.ok(
    drawn.every((count) => count > 0 && count < 20),
    `${Math.max(...drawn)} columns at once`,
  );
});

test("faces that are not sure fill an area of their own, which the legend names", async () => {
  const page = await openRecording();
  await page.evaluate(() => {
    for (let timeMs = 0; timeMs < 9000; timeMs += 100) globalThis.record(timeMs, [1]);
  });
  const legend = await page.locator(".legend li").allTextContents();
  assert.deepEqual(legend, ["a", "b", "c", "None of the four", "Not sure"]);
  const alike = await page.evaluate(() => {
    const pixels = (canvas, x, y, width, height) => canvas.getContext("2d").getImageData(x, y, width, height).data;
    const colours = (data) => new Set(data.filter((_, index) => index % 4 === 0));
    const strip = colours(pixels(document.querySelector(".strip canvas"), 24, 12, 48, 24));
    return [...document.querySelectorAll(".swatch")].map((swatch) => {
      const own = colours(pixels(swatch, 0, 0, 24, 16));
      return [...strip].every((value) => own.has(value));
    });
  });
  assert.deepEqual(alike.slice(3), [false, true]);
});

test("a video's timeline reads the moment pointed at, and goes to the one that is clicked or keyed", async () => {
  const page = await open();
  await choose(page, clip);
  await statusMatching(page, /frames read/);
  const strip = page.locator(".strip canvas").first();
  const { width } = await strip.boundingBox();
  const seconds = () => page.locator("video").evaluate(({ currentTime }) => currentTime);
  const reading = page.locator(".timeline .moment");
  await strip.hover({ position: { x: width * 0.9, y: 20 } });
  await reading.filter({ hasText: /^0:02\.[12] · Neutral \d+%$/ }).waitFor();
  const before = await seconds();
  await strip.click({ position: { x: width * 0.1, y: 20 } });
  assert.notEqual(await seconds(), before);
  assert.ok(Math.abs((await seconds()) - 0.24) < 0.02, `${await seconds()} of 2.4`);
  await reading.filter({ hasText: /^0:00\.2 · Happy \d+%$/ }).waitFor();
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();

  const slider = page.getByRole("slider", { name: "Moment" });
  await slider.press("End");
  await page.locator("[data-testid=face][data-emotion=neutral]").waitFor();
  assert.ok((await seconds()) > 2.3);
  await slider.press("Home");
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
  assert.match(await slider.getAttribute("aria-valuetext"), /^0:00\.0 · Happy \d+%$/);
  await slider.press("ArrowRight");
  assert.ok((await seconds()) > 0);

  await page.locator("video").evaluate((video) => {
    video.currentTime = 2;
  });
  await reading.filter({ hasText: /^0:02\.0 · Neutral/ }).waitFor();
  assert.deepEqual(page.problems, []);
});

test("two sessions are compared by what they showed in all", async () => {
  const page = await open({ prepare: withFeed });
  await page.getByTestId("camera-start").click();
  await page.locator(".strip").waitFor();
  assert.equal(await page.locator(".comparison").isVisible(), false);
  await page.evaluate(() => {
    globalThis.feed.picture = 1;
  });
  await page.locator("[data-testid=face][data-emotion=neutral]").waitFor();
  await page.getByRole("button", { name: "New session" }).click();
  await page.getByText("Compare two sessions").click();
  const row = page.locator(".comparison tr[data-emotion=neutral]");
  await row.filter({ hasText: /100%$/ }).waitFor();
  await page.getByTestId("camera-stop").click();
  const { sessions } = JSON.parse(await downloaded(page, "timeline-json"));
  assert.equal(sessions.length, 2);
  const shown = await row.locator("td").allTextContents();
  assert.equal(shown[1], "100%");
  assert.ok(Number.parseInt(shown[0], 10) < 100);
  await page.getByLabel("First session").selectOption({ index: 1 });
  assert.deepEqual(await row.locator("td").allTextContents(), ["100%", "100%"]);
  await page.locator("[data-action=timeline-clear]").click();
  assert.equal(await page.locator(".timeline").isVisible(), false);
});
