// What a camera's stream can do besides streaming, and what the page then says: of every state in the same words on the
// picture, in the cards and in the status.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { withFeed } from "./feed.mjs";
import { choose, fixture, openAdjust, setHidden, shownFaces, startBrowser, statusMatching } from "./page.mjs";

const { open: openPlain } = await startBrowser([
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
]);

const open = (options) => openPlain({ prepare: withFeed, ...options });
const notes = { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") };

/** A page whose camera runs and sees a happy face; `wait` for the first answer. */
async function openRunning(options) {
  const page = await open(options);
  await page.getByTestId("camera-start").click();
  await page.locator("body[data-feed=running]").waitFor();
  await page.locator("[data-testid=face][data-emotion=happy]").waitFor();
  return page;
}

/** Leaves the browser's question for the camera open until `feed.allow` is called. */
function withholdAnswers(page) {
  return page.evaluate(() => {
    const { feed } = globalThis;
    const { answer } = feed;
    feed.answer = () =>
      new Promise((resolve) => {
        feed.allow = () => resolve(answer());
      });
  });
}

/** Whether the picture and the cards are shown without their colours. */
async function isGreyed(page) {
  const filters = await page
    .locator(":is(.picture, .face, .detail)")
    .evaluateAll((elements) => elements.map((element) => getComputedStyle(element).filter));
  assert.equal(new Set(filters).size, 1, "picture and cards alike");
  return filters[0] === "grayscale(1)";
}

/** Counts how often what a screen reader hears changes to words that match. */
async function hear(page, words) {
  await page.evaluate((source) => {
    const spoken = document.querySelector(".spoken");
    globalThis.heard = 0;
    let last = "";
    new MutationObserver(() => {
      const text = spoken.textContent;
      if (text !== last && new RegExp(source).test(text)) globalThis.heard += 1;
      last = text;
    }).observe(spoken, { subtree: true, childList: true, characterData: true });
  }, words);
  return () => page.evaluate(() => globalThis.heard);
}

/** Does something in the page and gives how long it then took, in milliseconds, until the status matched. */
function timeUntil(page, action, pattern) {
  return page.evaluate(
    ([code, source]) =>
      new Promise((resolve) => {
        // biome-ignore lint/security/noGlobalEval: the test's own code, in the page
        // biome-ignore lint/complexity/noCommaOperator: an indirect eval sees the page's globals
        (0, eval)(code);
        const since = performance.now();
        const timer = setInterval(() => {
          if (!new RegExp(source).test(document.querySelector("[data-testid=status]").textContent)) return;
          clearInterval(timer);
          resolve(performance.now() - since);
        }, 10);
      }),
    [action, pattern.source],
  );
}

test("a camera that stops sending pictures is reported, its answer greyed, until pictures return", async () => {
  const page = await openRunning({ bypassCSP: true });
  assert.equal(await isGreyed(page), false);
  const heard = await hear(page, "stopped sending");
  const stalled = await timeUntil(page, "feed.picture = undefined", /stopped sending pictures\..* continues by itself/);
  assert.ok(stalled > 1700, `after ${stalled} ms`);
  assert.equal(await isGreyed(page), true);
  assert.equal(await page.locator(".note").textContent(), "No new picture");
  assert.equal(await page.locator(".timing").isVisible(), false);
  assert.equal((await shownFaces(page)).length, 1, "the last answer stays");
  assert.ok(await page.getByRole("button", { name: "Start the camera again" }).isVisible());
  await page.waitForTimeout(1500);
  assert.equal(await heard(), 1, "it is read aloud once");

  const back = await timeUntil(page, "feed.picture = 1", /^1 face: Neutral\./);
  assert.ok(back < 3000, `back after ${back} ms`);
  assert.equal(await isGreyed(page), false);
  assert.equal(await page.locator(".note").isVisible(), false);
  assert.equal((await shownFaces(page))[0].emotion, "neutral");
  assert.deepEqual(page.problems, []);
});

test("a muted camera is reported as stopped at once, and continues when it is unmuted", async () => {
  const page = await openRunning({ bypassCSP: true });
  for (let round = 0; round < 3; round += 1) {
    const stalled = await timeUntil(page, "feed.mute(true)", /stopped sending pictures/);
    assert.ok(stalled < 1000, `after ${stalled} ms, although black pictures still come`);
    assert.equal(await isGreyed(page), true);
    await timeUntil(page, "feed.mute(false)", /^1 face: Happy\./);
    assert.equal(await isGreyed(page), false);
  }
});

test("a stalled camera can be started again", async () => {
  const page = await openRunning();
  await page.evaluate(() => {
    globalThis.feed.picture = undefined;
  });
  await statusMatching(page, /stopped sending/);
  await page.evaluate(() => {
    globalThis.feed.picture = 1;
    Object.defineProperty(globalThis.feed.track, "muted", { value: true });
  });
  await page.getByRole("button", { name: "Start the camera again" }).click();
  await statusMatching(page, /^1 face: Neutral\./);
  assert.equal(await page.getByRole("button", { name: "Start the camera again" }).isVisible(), false);
});

test("a camera that never sends a picture is reported, and begins when one comes", async () => {
  const page = await open({ viewport: { width: 360, height: 640 }, bypassCSP: true });
  await page.evaluate(() => {
    globalThis.feed.picture = undefined;
  });
  const asked = Date.now();
  await page.getByTestId("camera-start").click();
  await statusMatching(page, /Starting the camera/);
  assert.match(await statusMatching(page, /sends no picture/), /Another program .* begins by itself/);
  const waited = Date.now() - asked;
  assert.ok(waited > 9000 && waited < 20_000, `after ${waited} ms`);
  assert.equal(await page.getByTestId("status").getAttribute("data-kind"), "failure");
  assert.ok(await page.getByRole("button", { name: "Start the camera again" }).isVisible());
  const begun = await timeUntil(page, "feed.picture = 0", /^1 face: Happy\./);
  assert.ok(begun < 3000, `begun after ${begun} ms`);
});

test("the page points to a permission question that nobody answers, and takes the answer whenever it comes", async () => {
  const page = await open();
  await withholdAnswers(page);
  await page.getByTestId("camera-start").click();
  await statusMatching(page, /Starting the camera/);
  assert.match(await statusMatching(page, /not given the camera/), /asking for your permission/);
  await page.evaluate(() => globalThis.feed.allow());
  await statusMatching(page, /^1 face: Happy\./);
});

test("a camera that ends by itself leaves its last picture, greyed, and can be started again", async () => {
  const page = await openRunning();
  await page.evaluate(() => globalThis.feed.track.dispatchEvent(new Event("ended")));
  assert.match(await statusMatching(page, /disconnected, another program took it/), /press Use the camera/);
  assert.equal(await isGreyed(page), true);
  assert.equal(await page.locator(".note").textContent(), "Last picture");
  assert.equal((await shownFaces(page))[0].emotion, "happy");
  const shade = await page.locator("canvas.still").evaluate((still) => {
    const { data } = still.getContext("2d").getImageData(320, 240, 1, 1);
    return data[0] - data[2];
  });
  assert.ok(shade > 20, "skin is redder than blue: the picture is there");
  assert.equal(await page.evaluate(() => globalThis.feed.track.readyState), "ended", "the device is let go");

  await page.evaluate(() => navigator.mediaDevices.dispatchEvent(new Event("devicechange")));
  await statusMatching(page, /disconnected.* A camera is connected now\. Press Use the camera/);
  await page.getByTestId("camera-start").click();
  await statusMatching(page, /^1 face: Happy\./);
  assert.equal(await isGreyed(page), false);
});

test("a track that ends without a word is noticed", async () => {
  const page = await openRunning();
  await page.evaluate(() => globalThis.feed.track.stop()); // which fires no event
  await statusMatching(page, /disconnected, another program took it/);
  assert.equal(await isGreyed(page), true);
});

test("a page that is hidden while its camera stalls restarts it when it is shown", async () => {
  const page = await openRunning();
  await page.evaluate(() => {
    globalThis.feed.picture = undefined;
  });
  await statusMatching(page, /stopped sending/);
  await setHidden(page, true);
  await statusMatching(page, /rests while this page is hidden/);
  assert.equal(await isGreyed(page), true);
  await page.evaluate(() => {
    globalThis.feed.picture = 1;
  });
  await setHidden(page, false);
  await statusMatching(page, /^1 face: Neutral\./);
  assert.equal(await isGreyed(page), false);
});

test("a page that is hidden when the camera is granted switches it off until it is shown", async () => {
  const page = await open();
  await withholdAnswers(page);
  await page.getByTestId("camera-start").click();
  await statusMatching(page, /Starting the camera/);
  await setHidden(page, true);
  await page.evaluate(() => globalThis.feed.allow());
  await statusMatching(page, /rests while this page is hidden/);
  assert.equal(await page.evaluate(() => globalThis.feed.track.readyState), "ended");
  await setHidden(page, false);
  await statusMatching(page, /Starting the camera/);
  await page.evaluate(() => globalThis.feed.allow());
  await statusMatching(page, /^1 face: Happy\./);
});

for (const colorScheme of ["light", "dark"]) {
  test(`a stalled camera and a paused one, ${colorScheme}: no violation of WCAG 2.2 AA`, async () => {
    const page = await openRunning({ colorScheme, bypassCSP: true, viewport: { width: 390, height: 844 } });
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core/axe.min.js") });
    const violations = () =>
      page.evaluate(async () => {
        const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
        const { violations } = await globalThis.axe.run({ runOnly });
        return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
      });
    await page.getByRole("button", { name: "Why?" }).click();
    await page.locator(".explanation .halted").waitFor();
    assert.deepEqual(await violations(), []);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator("body[data-feed=running]").waitFor();
    await page.evaluate(() => {
      globalThis.feed.picture = undefined;
    });
    await statusMatching(page, /stopped sending/);
    assert.deepEqual(await violations(), []);
  });
}

/** What the page shows, noted at every change of it: label, card, bars and status. */
function observe(page) {
  return page.evaluate(() => {
    globalThis.observed = [];
    const text = (selector, within = document) => within.querySelector(selector)?.textContent.trim() ?? "";
    new MutationObserver(() => {
      const cards = [...document.querySelectorAll("[data-testid=face]")].map((card) => ({
        emotion: card.dataset.emotion,
        probability: Number(card.dataset.probability),
        other: Number(card.dataset.other),
        answer: text(".answer strong"),
        beside: text(".answer .probability"),
        leading: text(".leading .name"),
        leadingValue: text(".leading .value"),
        bars: [...document.querySelectorAll(".bars li")].map((row) => Number(row.style.getPropertyValue("--share"))),
      }));
      const labels = [...document.querySelectorAll(".box .label span")].map((label) => label.textContent);
      const { feed } = document.body.dataset;
      globalThis.observed.push({ cards, labels, status: text("[data-testid=status]"), feed });
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  });
}

/** Of the single-precision numbers that the page's answers are. */
const ROUNDING = 1e-6;

function assertAgrees({ cards, labels, status, feed }) {
  const said = JSON.stringify({ cards, labels, status, feed });
  assert.equal(labels.length, cards.length, said);
  for (const [index, { emotion, probability, other, answer, beside, leading, leadingValue, bars }] of cards.entries()) {
    const top = Math.max(...bars);
    assert.equal(probability, top, said);
    assert.equal(leadingValue, `${Math.round(top * 100)}%`, said);
    // The threshold of 0.5 counts what the face shows at all; a held answer stays for 0.1 beyond it.
    const shown = top * (1 - other);
    if (emotion === "uncertain") {
      assert.ok(shown < 0.6 + ROUNDING, said);
      assert.equal(labels[index], "Not sure", said);
      assert.equal(beside, `most likely ${leading}, ${leadingValue}`, said);
      assert.equal(answer, "Not sure", said);
    } else {
      assert.ok(shown >= 0.5 - ROUNDING, said);
      assert.equal(answer, leading, said);
      assert.equal(beside, leadingValue, said);
      assert.equal(labels[index], `${answer} ${beside}`, said);
    }
  }
  if (feed !== "running") return;
  if (cards.length === 0) assert.match(status, /^(No face in view\.|1 face: )/, said);
  else if (cards.length === 1) assert.equal(status, `1 face: ${cards[0].answer}.`, said);
}

test("label, card, bars and status agree in every frame, through every change", async () => {
  const page = await openRunning();
  await observe(page);
  await page.evaluate(async () => {
    const { feed } = globalThis;
    for (const step of [0.1, 0.01, 0.5]) {
      for (const direction of [1, -1]) {
        const [from, to] = direction > 0 ? [0, 1] : [1, 0];
        for (let at = from; direction > 0 ? at < to : at > to; at += step * direction) {
          feed.picture = at;
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
        feed.picture = to;
        await new Promise((resolve) => setTimeout(resolve, 900));
      }
    }
  });
  const observed = await page.evaluate(() => globalThis.observed);
  assert.ok(observed.length > 200, `${observed.length} frames`);
  for (const frame of observed) assertAgrees(frame);
  const answers = new Set(observed.flatMap(({ cards }) => cards.map(({ emotion }) => emotion)));
  for (const emotion of ["happy", "neutral", "uncertain"]) assert.ok(answers.has(emotion), [...answers].join());
  assert.deepEqual(page.problems, []);
});

test("a pause is shown for as long as it lasts, with the paused picture's own answer", async () => {
  const page = await openRunning();
  await page.evaluate(() => {
    globalThis.feed.picture = 1;
  });
  await page.locator("[data-testid=face][data-emotion=neutral]").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  assert.match(await statusMatching(page, /Paused/), /^Paused at \d+:\d\d:\d\d [AP]M\.$/);
  assert.equal(await page.locator(".note").textContent(), "Paused");
  assert.equal(await page.locator("[data-action=pause]").getAttribute("aria-pressed"), "true");
  await page.evaluate(() => {
    globalThis.feed.picture = 0;
  });
  await page.waitForTimeout(3000);
  assert.match(await page.getByTestId("status").textContent(), /^Paused/, "neither stalled nor another answer");
  assert.equal((await shownFaces(page))[0].emotion, "neutral");
  await observe(page);
  await page.getByRole("button", { name: "Pause" }).click();
  await statusMatching(page, /^1 face: Happy\./);
  const observed = await page.evaluate(() => globalThis.observed);
  for (const frame of observed.filter(({ feed }) => feed === "running")) assertAgrees(frame);
  assert.equal(await page.locator("[data-action=pause]").getAttribute("aria-pressed"), "false");
});

test("“Why?” pauses the live view at the moment it explains, and continuing closes it", async () => {
  const page = await openRunning();
  const why = page.getByRole("button", { name: "Why?" });
  for (const [picture, name] of [
    [0, "Happy"],
    [1, "Neutral"],
  ]) {
    await page.evaluate((value) => {
      globalThis.feed.picture = value;
    }, picture);
    await statusMatching(page, new RegExp(`^1 face: ${name}`));
    await why.click();
    assert.match(
      await page.locator(".explanation").textContent(),
      new RegExp(`spoke for ${name}.* paused at the moment`),
    );
    await statusMatching(page, /^Paused at/);
    await page.evaluate((value) => {
      globalThis.feed.picture = value;
    }, 1 - picture);
    await page.waitForTimeout(1000);
    assert.equal((await shownFaces(page))[0].emotion, name.toLowerCase(), "the card is of the same moment");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator(".explanation").waitFor({ state: "detached" });
    assert.equal(await why.getAttribute("aria-expanded"), "false");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Why?", "the focus is not lost");
    await statusMatching(page, /^1 face: /);
  }
  assert.deepEqual(page.problems, []);
});

test("“Why?” pauses a video's playback, and playing on closes it", async () => {
  const page = await open({ prepare: () => {} });
  await choose(page, fixture("faces.webm"));
  await statusMatching(page, /frames read/);
  const isPaused = () => page.locator("video").evaluate(({ paused }) => paused);
  await page.locator("video").evaluate((video) => {
    video.loop = true;
    video.currentTime = 0.5;
    return video.play();
  });
  await page.getByRole("button", { name: "Why?" }).first().click();
  await page.locator(".explanation .halted").waitFor();
  assert.equal(await isPaused(), true);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.locator(".explanation").waitFor({ state: "detached" });
  assert.equal(await isPaused(), false);
  assert.deepEqual(page.problems, []);
});

test("stopping keeps the last picture with its answer, which is explained and read again", async () => {
  const page = await openRunning();
  await page.getByTestId("camera-stop").click();
  await statusMatching(page, /^The camera is off\./);
  assert.equal(await isGreyed(page), false);
  assert.equal(await page.locator(".note").textContent(), "Last picture");
  const [{ emotion, box }] = await shownFaces(page);
  assert.equal(emotion, "happy");
  assert.ok(Math.abs(box[0] + box[2] / 2 - 320) < 15, `the face stays in the middle: ${box}`);
  assert.match(await page.locator("canvas.still").evaluate((still) => getComputedStyle(still).transform), /-1/);
  const shade = await page.locator("canvas.still").evaluate((still) => {
    const { data } = still.getContext("2d").getImageData(320, 240, 1, 1);
    return data[0] - data[2];
  });
  assert.ok(shade > 20, "skin is redder than blue: the picture is there");
  await page.getByRole("button", { name: "Why?" }).click();
  assert.match(await page.locator(".explanation").textContent(), /spoke for Happy/);
  assert.equal(await page.getByRole("button", { name: "Continue" }).count(), 0);

  await openAdjust(page);
  await page.getByLabel("Say “not sure” below").fill("0.3");
  assert.match(await statusMatching(page, /1 face/), /^1 face: Happy \d+%\.$/);
  await page.getByTestId("camera-start").click();
  await page.locator("body[data-feed=running]").waitFor();
  assert.deepEqual(page.problems, []);
});

test("a file that can't be read and a camera that won't start leave what was shown", async () => {
  const page = await open({ prepare: () => {} });
  await choose(page, fixture("astronaut.png"));
  await statusMatching(page, /1 face/);
  const before = await shownFaces(page);
  const stays = async () => {
    assert.deepEqual(await shownFaces(page), before);
    assert.ok(await page.locator(".still").isVisible());
    assert.equal(await isGreyed(page), false);
  };
  await choose(page, notes);
  await statusMatching(page, /can't be read/);
  await stays();
  await choose(page, { name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.from("no film") });
  await statusMatching(page, /no part of it can be played/);
  await stays();
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await page.getByTestId("camera-start").click();
  await statusMatching(page, /camera is blocked/);
  await stays();
  await page.getByRole("button", { name: "Why?" }).click();
  await page.locator(".explanation").waitFor();
});

test("a file that can't be read, with nothing before it, leaves the page as it was", async () => {
  const page = await open();
  await choose(page, notes);
  await statusMatching(page, /can't be read/);
  assert.ok(await page.locator(".invitation").isVisible());
  assert.equal(await page.locator(".picture").isVisible(), false);
});

for (const height of [640, 844]) {
  test(`on a screen ${height} pixels high a failure comes into view`, async () => {
    const page = await open({ viewport: { width: 360, height }, prepare: () => {} });
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    });
    await page.getByTestId("camera-start").click();
    await statusMatching(page, /camera is blocked/);
    await page.waitForFunction(() => {
      const { top, bottom } = document.querySelector("[data-testid=status]").getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight;
    });
  });
}
