// What works in each browser, and how long a live frame takes there beside Chromium: the tests of tests/browsers, then
// the same frames in all browsers, taking turns.
//
//   npm run bench:browsers -- [--rounds 30] [--update]
//
// A frame's time runs from the call of `analyzeFrame` with a canvas to its answer: capture, the way to the worker, face
// detection, expression, and the way back. With --update the table goes into README.md.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { fail, root } from "../scripts/environment.mjs";
import { serve } from "../scripts/serve.mjs";
import { Browser } from "../tests/browsers/driver.mjs";
import { findEngines } from "../tests/browsers/engines.mjs";
import { paragraph, table } from "./markdown.mjs";

/** Of each turn: browsers have coarse clocks, so only many frames are timed. */
const FRAMES = 20;
/** Turns before any counts, so that the optimising compilers are done. */
const WARM_UP = 2;
const PLACE = /(?<=<!-- npm run bench:browsers -- --update -->\n)[\s\S]*?(?=\n<!-- end -->)/;

const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "30" }, update: { type: "boolean", default: false } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a whole number above 0.");

const outcomes = await testOutcomes();
const text = report(await measure(), outcomes);
console.log(text);
if (options.update) {
  const path = join(root, "README.md");
  const readme = readFileSync(path, "utf8");
  if (!PLACE.test(readme)) fail("README.md has no place for the table.");
  writeFileSync(
    path,
    readme.replace(PLACE, () => text),
  );
}

/** Runs the tests, and gives by browser which of them passed and which did not. */
async function testOutcomes() {
  const folder = join(root, "tests/browsers");
  const files = readdirSync(folder).filter((name) => name.endsWith(".test.mjs"));
  const outcomes = {};
  let finished = [];
  const hear = (passed, { name, nesting, details }) => {
    if (nesting > 0) {
      console.error(passed ? `passed  ${name}` : `failed  ${name}: ${details.error?.cause ?? details.error}`);
      finished.push({ name, passed });
      return;
    }
    // A browser comes after its tests.
    outcomes[name] = [...(outcomes[name] ?? []), ...finished];
    finished = [];
  };
  const tests = run({ files: files.map((name) => join(folder, name)), concurrency: 1 });
  tests.on("test:pass", (event) => hear(true, event));
  tests.on("test:fail", (event) => hear(false, event));
  for await (const _ of tests);
  return outcomes;
}

/** The name and version of each browser that is here, with the milliseconds of a frame in its median and best turn. */
async function measure() {
  const server = await serve({ root });
  const browsers = [];
  try {
    for (const engine of findEngines().present) {
      const browser = await Browser.start(engine);
      browsers.push({ browser, samples: [] });
      await prepare(browser, `http://localhost:${server.address().port}`);
    }
    for (let round = -WARM_UP; round < rounds; round += 1) {
      for (const { browser, samples } of browsers) {
        const ms = await browser.evaluate((count) => window.timeFrames(count), FRAMES);
        if (round >= 0) samples.push(ms);
      }
    }
    return browsers.map(({ browser: { name, version }, samples }) => {
      samples.sort((a, b) => a - b);
      return { name, version, median: samples[samples.length >> 1], best: samples[0] };
    });
  } finally {
    for (const { browser } of browsers) await browser.close();
    server.close();
  }
}

/** Opens a page that has the library, and can time frames of a face that drifts. */
async function prepare(browser, origin) {
  await browser.open(`${origin}/tests/package/projects/static/blank.html`);
  await browser.evaluate(() => {
    const script = document.createElement("script");
    script.type = "module";
    script.textContent = `
      import { EmotionAnalyzer } from "/www/lib/index.js";
      const picture = await createImageBitmap(await (await fetch("/tests/fixtures/astronaut.png")).blob());
      const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
      const context = canvas.getContext("2d");
      const analyzer = await EmotionAnalyzer.create();
      let frame = 0;
      window.timeFrames = async (count) => {
        let ms = 0;
        for (let done = 0; done < count; done += 1) {
          frame += 1;
          context.drawImage(picture, 80 + Math.abs((frame % 16) - 8), 0, 480, 480);
          const started = performance.now();
          const faces = await analyzer.analyzeFrame(canvas, { timestampMs: frame * 33 });
          ms += performance.now() - started;
          if (faces.length !== 1 && frame > 10) throw new Error(faces.length + " faces in a frame of one");
        }
        return ms / count;
      };`;
    document.head.append(script);
  });
  await browser.waitFor(() => Boolean(window.timeFrames));
}

/** The table and what it means, as Markdown. */
function report(browsers, outcomes) {
  const [chromium] = browsers;
  const time = (ms, reference) => `${ms.toFixed(1)} ms (${(ms / reference).toFixed(2)})`;
  const rows = browsers.map(({ name, version, median, best }) => {
    const failed = outcomes[name].filter(({ passed }) => !passed);
    const works = failed.length === 0 ? "everything" : `all but: ${failed.map((test) => test.name).join(", ")}`;
    return [name, version, works, time(median, chromium.median), time(best, chromium.best)];
  });
  const names = outcomes[chromium.name].map(({ name }) => name);
  return [
    table([["browser", "version", "what works", "a live frame, median", "at best"], ...rows]),
    "",
    paragraph(`Tried in each: ${names.join("; ")}.`),
    "",
    paragraph(
      `A live frame has 640x480 pixels, and its time runs from the call to the answer. The browsers took turns, ${rounds} of ` +
        `${FRAMES} frames each, on an ${cpus()[0].model}. "At best" is the quickest turn, which other work on the ` +
        "machine disturbs least. In brackets: divided by Chromium's time.",
    ),
  ].join("\n");
}
