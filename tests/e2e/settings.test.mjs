// The settings: eight expressions instead of four, and a calibration to the visitor's face.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import {
  choose,
  downloaded,
  fixture,
  isListening,
  launchBrowser,
  openAdjust,
  shownFaces,
  statusMatching,
} from "./page.mjs";
import { drawSideBySide, startBrowserSeeing } from "./pictures.mjs";

const SIZE = { width: 640, height: 480 };
const FOUR = ["happy", "neutral", "sad", "surprise"];
const EIGHT = ["neutral", "happy", "surprise", "sad", "angry", "disgusted", "fearful", "contempt"];

const painter = await launchBrowser();
const scene = await drawSideBySide(painter, ["grace_hopper.png"], SIZE);
await painter.close();
const { open } = await startBrowserSeeing([scene], { ...SIZE, framesEach: 10 });

const shownExpressions = (page) =>
  page.locator(".bars li").evaluateAll((rows) => rows.map(({ dataset }) => dataset.emotion));
const stored = (page) => page.evaluate(() => localStorage.getItem("calibration"));
const reports = (page, text) => page.locator(".calibration [role=status]").filter({ hasText: text }).waitFor();

async function openSettings(page) {
  await choose(page, fixture("grace_hopper.png"));
  await statusMatching(page, /1 face/);
  await openAdjust(page);
  await page.getByText("Adjust to my face").click();
}

test("the visitor can choose eight expressions, and the choice is remembered", async () => {
  const page = await open();
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assert.deepEqual(await shownExpressions(page), FOUR);
  await openAdjust(page);
  await page.getByLabel("Tell apart").selectOption("8");
  await page.locator(".bars [data-emotion=contempt]").waitFor();
  assert.deepEqual(await shownExpressions(page), EIGHT);
  const [{ emotion }] = await shownFaces(page);
  assert.equal(emotion, "happy");

  await page.reload();
  await isListening(page);
  await page.getByTestId("camera-start").click();
  await page.getByTestId("face").waitFor();
  assert.deepEqual(await shownExpressions(page), EIGHT);
  await page.locator(".strip").waitFor();
  await openAdjust(page);
  const choice = page.getByLabel("Tell apart");
  for (const [count, expressions] of [
    ["4", FOUR],
    ["8", EIGHT],
  ]) {
    await choice.selectOption(count);
    await page.locator(`.bars li:nth-child(${count}):last-child`).waitFor();
    assert.deepEqual(await shownExpressions(page), expressions, "while a live view runs");
  }
  await page.getByTestId("camera-stop").click();
  const { rows } = JSON.parse(await downloaded(page, "timeline-json"));
  const sum = (row, names) => names.reduce((total, name) => total + row[name], 0);
  for (const row of rows.filter(({ eight_emotion }) => eight_emotion)) {
    const eight = EIGHT.map((name) => `eight_${name}`);
    assert.ok([...EIGHT, "uncertain"].includes(row.eight_emotion));
    for (const names of [FOUR, eight]) assert.ok(Math.abs(sum(row, names) - 1) < 1e-3);
  }
  const [header] = String(await downloaded(page, "timeline-csv")).split("\r\n", 1);
  assert.match(header, /,eight_emotion,eight_neutral,/);
});

test("each setting says by an example what it changes", async () => {
  const page = await open();
  await statusMatching(page, /Ready/);
  await openAdjust(page);
  const example = (name) => page.locator(`[data-example=${name}]`).textContent();
  assert.equal(await example("threshold"), "A face that is happy by 60% is then called: Happy.");
  await page.getByLabel("Say “not sure” below").fill("0.7");
  assert.equal(await example("threshold"), "A face that is happy by 60% is then called: Not sure.");
  assert.match(await example("expressions"), /None of the four/);
  await page.getByLabel("Tell apart").selectOption("8");
  assert.match(await example("expressions"), /Angry/);
  await page.locator("[data-action=adjust]").click();
  assert.equal(await page.locator(".adjust").isVisible(), false);
});

test("what is drawn over the picture is the visitor's choice, which is remembered", async () => {
  const page = await open();
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  const drawn = async () => {
    await page.mouse.move(0, 0);
    return page.evaluate(() =>
      [getComputedStyle(document.querySelector(".box"), "::after"), getComputedStyle(document.querySelector(".label"))]
        .map(({ opacity }) => Number(opacity))
        .map(Boolean),
    );
  };
  assert.deepEqual(await drawn(), [true, true]);
  await openAdjust(page);
  const choice = page.getByLabel("Draw on the picture");
  await choice.selectOption("markers");
  assert.deepEqual(await drawn(), [false, true]);
  await choice.selectOption("none");
  assert.deepEqual(await drawn(), [false, false]);
  await page.reload();
  await isListening(page);
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  assert.deepEqual(await drawn(), [false, false]);
  await page.locator(".box").hover();
  assert.equal(await page.locator(".label").evaluate((label) => getComputedStyle(label).opacity), "1");
});

/** The map of what mattered, and the answers that the explanation names. */
async function explained(page) {
  await page.getByRole("button", { name: "Why?" }).click();
  const said = await page.locator(".explanation p").textContent();
  const [, first, second] = said.match(/spoke for (\w+), .* second most likely is (\w+)\./);
  const map = await page.locator(".explanation .smooth").evaluate((canvas) => canvas.toDataURL());
  return { answers: [first, second], map };
}

const shownRanking = (page) =>
  page.locator(".bars li").evaluateAll((rows) => {
    const share = (row) => Number(row.style.getPropertyValue("--share"));
    return rows.sort((a, b) => share(b) - share(a)).map((row) => row.querySelector(".name").textContent);
  });

test("the answer explained is the one shown: over four expressions or eight, adjusted or not", async () => {
  const page = await open();
  await openSettings(page);
  const four = await explained(page);
  assert.deepEqual(four.answers, (await shownRanking(page)).slice(0, 2));

  await page.getByLabel("Tell apart").selectOption("8");
  await page.locator(".bars [data-emotion=contempt]").waitFor();
  const eight = await explained(page);
  assert.deepEqual(eight.answers, (await shownRanking(page)).slice(0, 2));
  assert.notEqual(eight.map, four.map);

  await page.getByLabel("Tell apart").selectOption("4");
  await page.locator(".bars:not(:has([data-emotion=contempt]))").waitFor();
  const [id] = (await page.locator(".models").textContent()).match(/emotion-\d+/);
  const text = `countenance-calibration/1 ${id} happy=-3 neutral=-3 sad=3 surprise=-3`;
  await page
    .getByTestId("calibration-input")
    .setInputFiles({ name: "mine.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
  await reports(page, "adjusted to your face");
  await choose(page, fixture("grace_hopper.png"));
  await page.locator("[data-testid=face][data-emotion=sad]").waitFor();
  const adjusted = await explained(page);
  assert.equal(adjusted.answers[0], "Sad");
  assert.deepEqual(adjusted.answers, (await shownRanking(page)).slice(0, 2));
  assert.deepEqual(page.problems, []);
});

test("a calibration is recorded, shown before and after, kept, exported, erased and imported", async () => {
  const page = await open();
  await openSettings(page);
  const [stock] = await shownFaces(page);
  const takes = page.locator(".takes");
  await takes.getByRole("button", { name: "Neutral" }).click();
  await reports(page, "Start the camera first");

  await page.getByRole("button", { name: "Use the camera" }).click();
  await statusMatching(page, /1 face: \w+\.$/); // as only the live view says it
  // One the model gives this face little of: what is learned then outweighs how the frames before and after differ.
  await takes.getByRole("button", { name: "Sad" }).click();
  const prompt = page.locator(".prompt");
  await prompt.filter({ hasText: "Recording" }).waitFor();
  await reports(page, "Done");
  assert.equal(await prompt.isVisible(), false);
  const result = await takes.locator("[data-emotion=sad] output").textContent();
  const [, before, after] = result.match(/^(\d+)% before, (\d+)% after$/).map(Number);
  assert.ok(after > before, result);
  const text = await stored(page);
  assert.match(text, /^countenance-calibration\/1 emotion-\d+ happy=/);
  assert.equal(String(await downloaded(page, "calibration-export")).trim(), text);
  const read = Number(await page.locator(".timeline").getAttribute("data-frames"));
  await page.waitForFunction((more) => Number(document.querySelector(".timeline").dataset.frames) >= more, read + 2);
  await page.getByTestId("camera-stop").click();
  const { settings, rows } = JSON.parse(await downloaded(page, "timeline-json"));
  assert.deepEqual([settings[0].calibration, settings.at(-1).calibration], ["", text]);
  assert.deepEqual([rows[0].settings, rows.at(-1).settings], [0, 1], "frames before it were read without it");

  const readAgain = async () => {
    await choose(page, fixture("grace_hopper.png"));
    await statusMatching(page, /1 face/);
    return (await shownFaces(page))[0].probability;
  };
  await page.reload();
  await isListening(page);
  const adjusted = await readAgain();
  assert.notEqual(adjusted, stock.probability, "it is in use from the start");
  await openAdjust(page);
  await page.getByText("Adjust to my face").click();
  await reports(page, "adjusted to your face");
  await page.getByRole("button", { name: "Erase" }).click();
  await reports(page, "Erased");
  assert.equal(await stored(page), null);
  assert.equal(await readAgain(), stock.probability, "the stock model, unchanged");

  const file = { name: "mine.txt", mimeType: "text/plain", buffer: Buffer.from(`${text}\n`) };
  await page.getByTestId("calibration-input").setInputFiles(file);
  await reports(page, "adjusted to your face");
  assert.equal(await readAgain(), adjusted);
  assert.deepEqual(page.problems, []);
});

test("a calibration's recording ends with the camera, and nothing is learned", async () => {
  const page = await open({ viewport: { width: 390, height: 844 } });
  await openSettings(page);
  await page.getByRole("button", { name: "Use the camera" }).click();
  await statusMatching(page, /1 face: \w+\.$/); // as only the live view says it
  await page.evaluate(() => {
    // Stopped from inside the page, so that a slow test can't come after the last frame.
    new MutationObserver((_, observer) => {
      if (!document.querySelector(".prompt").textContent.includes("Recording")) return;
      observer.disconnect();
      document.querySelector("[data-testid=camera-stop]").click();
    }).observe(document.querySelector(".prompt"), { subtree: true, childList: true, characterData: true });
  });
  await page.locator(".takes").getByRole("button", { name: "Neutral" }).click();
  assert.match(await statusMatching(page, /camera is off/), /under Timeline; save it or discard it/);
  assert.equal(await page.locator(".prompt").isVisible(), false);
  assert.equal(await page.locator(".calibration [role=status]").textContent(), "");
  assert.equal(await stored(page), null);
});

for (const [what, text] of [
  ["made for another model", "countenance-calibration/1 emotion-999 happy=0 neutral=1 sad=-1 surprise=0"],
  ["in another format", "no calibration"],
]) {
  test(`a calibration ${what} is refused in plain words, kept or imported`, async () => {
    const page = await open();
    await openSettings(page);
    const [stock] = await shownFaces(page);
    await page
      .getByTestId("calibration-input")
      .setInputFiles({ name: "theirs.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
    await reports(page, "can't be used");
    assert.equal(await stored(page), null);

    await page.evaluate((value) => localStorage.setItem("calibration", value), text);
    await page.reload();
    await isListening(page);
    await choose(page, fixture("grace_hopper.png"));
    await statusMatching(page, /1 face/);
    await reports(page, "can't be used");
    assert.equal((await shownFaces(page))[0].probability, stock.probability);
    assert.deepEqual(page.problems, []);
  });
}
