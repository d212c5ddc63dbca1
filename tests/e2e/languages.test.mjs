// The page's languages: every word is there, in each one's forms, and has its room on a phone.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { explainFailure } from "../../www/app/failures.js";
import { languages } from "../../www/app/strings.js";
import { EmotionError } from "../../www/lib/protocol.js";
import { choose, fixture, isListening, openAdjust, shownFaces, startBrowser, statusMatching } from "./page.mjs";

const { open, requests, url } = await startBrowser();

const PHONE = { width: 360, height: 740 };

function placeholders(text) {
  return [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
}

/** The forms of a phrase, by the number that asks for them; a phrase without forms has one. */
function forms(phrase) {
  return typeof phrase === "string" ? { other: phrase } : phrase;
}

const english = await languages.en.load();

for (const [tag, { direction, load }] of Object.entries(languages)) {
  const phrases = await load();

  test(`${tag}: has every phrase, with the same values to fill in`, () => {
    assert.deepEqual(Object.keys(phrases).sort(), Object.keys(english).sort());
    for (const [key, phrase] of Object.entries(phrases)) {
      const expected = placeholders(forms(english[key]).other);
      const { other, ...rest } = forms(phrase);
      assert.deepEqual(placeholders(other), expected, key);
      // "One face" needs no number.
      for (const form of Object.values(rest)) {
        const left = placeholders(form).filter((name) => !expected.includes(name));
        assert.deepEqual(left, [], key);
      }
    }
  });

  test(`${tag}: has a form for each number that the language tells apart`, () => {
    const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, phrase] of Object.entries(phrases)) {
      if (typeof english[key] === "string") assert.equal(typeof phrase, "string", key);
      // Most phrases of Arabic need fewer than its six forms.
      else if (tag === "ar") assert.ok("other" in phrase, key);
      else assert.deepEqual(Object.keys(phrase).sort(), categories.toSorted(), key);
    }
  });

  test(`${tag}: speaks to whoever asks for it, and fits a phone`, async () => {
    requests.length = 0;
    const page = await open({ locale: tag, viewport: PHONE, serviceWorkers: "block" });
    await page.locator("[data-testid=status][data-kind=ready]").waitFor();
    assert.deepEqual(await languageOf(page), { lang: tag, dir: direction });
    assert.equal(await page.locator(".invitation h2").textContent(), phrases["invitation.title"]);
    assert.deepEqual(await withoutRoom(page), []);
    await page.getByTestId("sample").last().click();
    await page.locator("[data-testid=status][data-kind=result]").waitFor();
    await openAdjust(page);
    assert.deepEqual(await withoutRoom(page), []);
    const loaded = requests.map(({ path }) => path).filter((path) => /strings\.\w+\.js/.test(path));
    assert.equal(loaded.length, tag === "en" ? 0 : 1, `it loads ${loaded}`);
  });
}

/** What the document says of its language. */
function languageOf(page) {
  return page.evaluate(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir }));
}

/** The elements whose words reach out of them, or out of the window. */
function withoutRoom(page) {
  return page.evaluate(() => {
    const isOutside = (element) => {
      const { left, right } = element.getBoundingClientRect();
      return !element.closest(".faces, .overlay") && (left < 0 || right > innerWidth);
    };
    const isTight = (element) =>
      element.matches(".button, label, h2, p") && element.scrollWidth > element.clientWidth + 1;
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest("svg, .spoken"))
      .filter((element) => isOutside(element) || isTight(element))
      .map((element) => element.outerHTML.slice(0, 200));
  });
}

test("the document asks for no phrase that is not there", async () => {
  const page = await open();
  const keys = await page.evaluate(() =>
    [...document.querySelectorAll("[data-text], [data-label], [data-help]")].flatMap(({ dataset }) =>
      [dataset.text, dataset.label, dataset.help].filter(Boolean),
    ),
  );
  assert.ok(keys.length > 20);
  for (const key of keys) assert.ok(key in english, key);
});

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

test("every language can be chosen from the menu, on a phone, and English again", async () => {
  const page = await open({ viewport: PHONE });
  await openAdjust(page);
  const menu = page.locator("#language");
  assert.deepEqual(
    await menu.locator("option").allTextContents(),
    Object.values(languages).map(({ name }) => name),
  );
  for (const tag of [...Object.keys(languages).slice(1), "en"]) {
    await menu.selectOption(tag);
    const title = (await languages[tag].load())["invitation.title"];
    await page.locator(".invitation h2").getByText(title, { exact: true }).waitFor();
    assert.deepEqual(await languageOf(page), { lang: tag, dir: languages[tag].direction });
  }
});

test("a variant gets its language, and a language that the page does not speak gets English", async () => {
  const expected = { "en-GB": "en", "de-CH": "de", "es-MX": "es", "pt-PT": "pt-BR", "zh-CN": "zh-Hans", "sv-SE": "en" };
  for (const [locale, tag] of Object.entries(expected)) {
    assert.equal((await languageOf(await open({ locale }))).lang, tag, locale);
  }
});

test("the document has the first screen's words, the same as strings.js, before any script is there", async () => {
  const page = await open({ javaScriptEnabled: false, isReady: () => {} });
  const words = await page
    .locator("[data-text]:visible")
    .evaluateAll((elements) => elements.map(({ dataset, textContent }) => [dataset.text, textContent]));
  assert.ok(words.length > 10);
  assert.deepEqual(
    words,
    words.map(([key]) => [key, english[key]]),
  );
});

test("until the words are there, English is shown to those who get English, and nothing to others", async () => {
  for (const [locale, isShown] of Object.entries({ "en-US": true, "fr-FR": false })) {
    let letThrough;
    const held = new Promise((resolve) => {
      letThrough = resolve;
    });
    const page = await open({ locale, address: "about:blank", isReady: () => {} });
    await page.route(/main\.js$/, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(url, { waitUntil: "commit" });
    // Its first screen is parsed, and styled.
    await page.waitForFunction(() => {
      return document.querySelector(".toolbar") && getComputedStyle(document.body).display === "grid";
    });
    const title = page.locator(".invitation h2");
    assert.equal(await title.isVisible(), isShown, locale);
    letThrough();
    await isListening(page);
    assert.ok(await title.isVisible(), locale);
  }
});
