// Another language, written from right to left: every word is there, and the layout follows.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { explainFailure } from "../../www/app/failures.js";
import { languages } from "../../www/app/strings.js";
import { EmotionError } from "../../www/lib/protocol.js";
import { choose, fixture, isListening, openAdjust, shownFaces, startBrowser, statusMatching } from "./page.mjs";

const { open } = await startBrowser();

function placeholders(phrase) {
  const longest = typeof phrase === "string" ? phrase : phrase.other;
  return [...longest.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
}

const english = await languages.en.load();

for (const [tag, { load }] of Object.entries(languages)) {
  const phrases = await load();

  test(`${tag}: has every phrase, with the same values to fill in`, () => {
    assert.deepEqual(Object.keys(phrases).sort(), Object.keys(english).sort());
    for (const [key, phrase] of Object.entries(phrases)) {
      assert.deepEqual(placeholders(phrase), placeholders(english[key]), key);
    }
  });

  test(`${tag}: has every phrase the document asks for`, async () => {
    const page = await open();
    const keys = await page.evaluate(() =>
      [...document.querySelectorAll("[data-text], [data-label], [data-help]")].flatMap(({ dataset }) =>
        [dataset.text, dataset.label, dataset.help].filter(Boolean),
      ),
    );
    assert.ok(keys.length > 20);
    for (const key of keys) assert.ok(key in phrases, key);
  });
}

/** Failures that only a mistake in the page can cause; their words ask the visitor to report them. */
const MISTAKES = [
  ...["invalid-options", "invalid-box", "invalid-calibration", "invalid-timestamp", "inference", "closed"],
  "unsupported-environment",
];

test("every error of the library has words", async () => {
  const protocol = readFileSync(join(root, "www/lib/protocol.js"), "utf8");
  const [list] = protocol.match(/@typedef \{'invalid-frame'.*?\} EmotionErrorCode/s);
  const codes = [...list.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code);
  assert.ok(codes.length > 10);
  for (const code of codes) {
    const { title, hint } = await explainFailure(new EmotionError(code, ""));
    assert.ok(title in english && hint in english, code);
    assert.equal(title === "failure.other", MISTAKES.includes(code), code);
  }
});

test("a visitor who reads Arabic gets Arabic, from right to left, and the picture stays as it is", async () => {
  const page = await open({ locale: "ar-EG", viewport: { width: 390, height: 844 } });
  assert.equal(await page.evaluate(() => document.documentElement.dir), "rtl");
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /وجه واحد: سعيد/);
  const [{ emotion, box }] = await shownFaces(page);
  assert.equal(emotion, "happy", "the hooks are the same in every language");
  const picture = await page.locator(".still").boundingBox();
  const drawn = await page.locator(".box").boundingBox();
  assert.ok(Math.abs(drawn.x - picture.x - (box[0] * picture.width) / 512) < 2, "the box lies on the face");
  const [name, value] = await Promise.all(
    [".bars .name", ".bars .value"].map((selector) => page.locator(selector).first().boundingBox()),
  );
  assert.ok(name.x > value.x, "names stand on the right");
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
});

test("the language can be chosen, and the choice is remembered", async () => {
  const page = await open();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await openAdjust(page);
  await page.getByLabel("Language").selectOption("ar");
  await page.getByRole("button", { name: "اختر صورة" }).waitFor();
  await page.reload();
  await isListening(page);
  await page.getByRole("button", { name: "اختر صورة" }).waitFor();
  await openAdjust(page);
  await page.getByLabel("اللغة").selectOption("en");
  await page.getByRole("button", { name: "Choose a picture" }).waitFor();
});
