// Drives Chromium: a page for each product, which take turns.

import { findChromium, QUIET_FLAGS } from "../../scripts/chromium.mjs";
import { importPackage, root } from "../../scripts/environment.mjs";
import { serve } from "../../scripts/serve.mjs";
import { match } from "./match.mjs";
import { products } from "./products.mjs";

const { chromium } = await importPackage("playwright-core");

/** Where run.mjs puts the bundles and the pictures. */
export const GENERATED = "dist/peers";
/** MediaPipe computes with WebGL, so SwiftShader has to stand in for a graphics card; no canvas of the others uses it. */
const FLAGS = [
  ...QUIET_FLAGS.filter((flag) => flag !== "--disable-gpu"),
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--disable-accelerated-2d-canvas",
];
/** Frames follow each other for so long before they are timed, until the optimising compiler is done. */
const WARM_UP_MS = 1500;
/** A turn of one product at one task: long beside the clock of a process, short beside the run. */
const TURN_MS = 300;
/** Looked at by every page before anything is timed, since the first calls compile. */
const WARM_UP_PICTURE = "/tests/fixtures/astronaut.png";
/** The width of live frames in page.js. */
const LIVE_WIDTH = 640;
/** How many times slower the processor is made. */
const THROTTLING = [4, 6];
/** The picture of the first answer and of the frames on a slower processor. */
const ONE_FACE = "1280x960-1-280";

/** What can be measured: each part makes its pages itself, so that a run may take one alone. */
const PARTS = {
  /** Large pictures of small faces, by every product, with options for them too; once, since there are many alike. */
  small: ({ ids, scenes, ...rest }) =>
    takeTurns({
      ...rest,
      ids,
      tasks: pictures(
        scenes.filter(({ group }) => !group),
        true,
      ),
      rounds: 1,
    }),
  /** Pictures of a few people and of many. */
  whole: ({ ids, scenes, ...rest }) =>
    takeTurns({ ...rest, ids: ids.filter(isDefault), tasks: pictures(scenes.filter(({ group }) => group)) }),
  /** The same, smaller, as the frames of a video. */
  live: ({ ids, scenes, ...rest }) =>
    takeTurns({ ...rest, ids: ids.filter(isDefault), tasks: frames(scenes.filter(({ group }) => group)) }),
  /** The frames with one face, on a processor made slower. */
  async throttled({ ids, scenes, ...rest }) {
    const tasks = frames(scenes.filter(({ name }) => name === ONE_FACE));
    const slower = {};
    for (const rate of THROTTLING) {
      slower[rate] = await takeTurns({ ...rest, ids: ids.filter(isDefault), tasks, rate });
    }
    return slower;
  },
  /** From an empty page to the first answer, and the files that were fetched for it. */
  starts: ({ ids, ...rest }) => coldStarts({ ...rest, ids: ids.filter(isDefault) }),
};

export const parts = Object.keys(PARTS);

const isDefault = (id) => !products[id].smallFacesOnly;

/**
 * The figures of some parts.
 * @param {{ parts: string[], ids: string[], scenes: Scene[], rounds: number, log: (line: string) => void }} options
 * @typedef {{ name: string, group: boolean, faces: import("./match.mjs").Box[], width: number, height: number }} Scene
 */
export async function measure({ parts, ids, scenes, rounds, log }) {
  const requests = [];
  const server = await serve({ root, headers: {}, onRequest: ({ path }) => requests.push(path) });
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
  try {
    const clock = await cpuClock(browser);
    const figures = {};
    for (const part of parts) {
      figures[part] = await PARTS[part]({ browser, origin, requests, clock, ids, scenes, rounds, log });
    }
    return { browser: `Chromium ${browser.version()}`, figures };
  } finally {
    await browser.close();
    server.close();
  }
}

/** What `start` in the page takes. */
function bundle(id) {
  return [`/${GENERATED}/${products[id].bundle}.js`, products[id].options];
}

/** A blank page in a renderer process of its own. */
async function openPage(browser, origin) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`${origin}/benches/peers/index.html`);
  await page.waitForFunction("window.bench");
  return { page, devtools: await context.newCDPSession(page), close: () => context.close() };
}

/** A reader of the CPU milliseconds that all renderers and the graphics process have used so far. */
async function cpuClock(browser) {
  const devtools = await browser.newBrowserCDPSession();
  return async () => {
    const { processInfo } = await devtools.send("SystemInfo.getProcessInfo");
    const total = (type) =>
      1000 * processInfo.reduce((sum, process) => sum + (process.type === type ? process.cpuTime : 0), 0);
    return { renderer: total("renderer"), graphics: total("GPU") };
  };
}

const url = ({ name }) => `/${GENERATED}/scenes/${name}.png`;

/**
 * What the pages do with each picture: `open` it, `settle` how many calls a turn takes, and `run` so many.
 * @param {boolean} once pictures large enough that one call is a turn
 */
function pictures(scenes, once = false) {
  return scenes.map((scene) => {
    const run = (page, calls) => page.evaluate((args) => window.bench.analyze(...args), [url(scene), calls]);
    return {
      scene,
      open: (page) => page.evaluate((args) => window.bench.open(...args), [url(scene), false]),
      settle: async (page) => (once ? 1 : turnOf(await run(page, 1))),
      run,
    };
  });
}

function frames(scenes) {
  return scenes.map((scene) => {
    const run = (page, calls) =>
      page.evaluate((args) => window.bench.follow(...args), [url(scene), calls, scene.faces.length]);
    return {
      scene: { ...scene, faces: scene.faces.map((face) => scaled(face, LIVE_WIDTH / scene.width)) },
      open: (page) => page.evaluate((args) => window.bench.open(...args), [url(scene), true]),
      async settle(page) {
        const { ms } = await run(page, 1);
        await run(page, Math.ceil(WARM_UP_MS / ms));
        return turnOf(await run(page, 1));
      },
      run,
    };
  });
}

const turnOf = ({ ms }) => Math.max(1, Math.ceil(TURN_MS / ms));

const scaled = (box, factor) => Object.fromEntries(Object.entries(box).map(([key, value]) => [key, value * factor]));

/**
 * Every task by every product in turns, each in a page of its own: by picture and product, what was found, and CPU and
 * clock milliseconds a call.
 */
async function takeTurns({ browser, origin, clock, ids, tasks, rounds, log, rate = 1 }) {
  const pages = [];
  for (const id of ids) {
    log(`starting ${id}`);
    const { page, devtools, close } = await openPage(browser, origin);
    await page.evaluate((args) => window.bench.start(...args), bundle(id));
    await page.evaluate((args) => window.bench.open(...args), [WARM_UP_PICTURE, false]);
    await page.evaluate((args) => window.bench.analyze(...args), [WARM_UP_PICTURE, 2]);
    await devtools.send("Emulation.setCPUThrottlingRate", { rate });
    pages.push({ id, page, close });
  }
  const result = {};
  for (const { scene, open, settle, run } of tasks) {
    const turns = [];
    for (const { id, page } of pages) {
      log(`${scene.name}, ${id}`);
      await open(page);
      turns.push({ id, page, calls: await settle(page), samples: [] });
    }
    for (let round = 0; round < rounds; round += 1) {
      log(`${scene.name}, round ${round + 1} of ${rounds}`);
      // Another product goes first each time, so that none always follows the same one.
      for (let i = 0; i < turns.length; i += 1) {
        const turn = turns[(i + round) % turns.length];
        const before = await clock();
        turn.answer = await run(turn.page, turn.calls);
        const after = await clock();
        turn.samples.push({ ...used(before, after, turn.calls), clock: turn.answer.ms / turn.calls });
      }
    }
    const figures = turns.map(({ id, answer, samples }) => [
      id,
      { ...outcome(answer, scene.faces), ...medians(samples) },
    ]);
    result[scene.name] = Object.fromEntries(figures);
  }
  for (const { close } of pages) await close();
  return result;
}

/** CPU milliseconds between two readings, a call; `graphics` is the graphics process's part of them. */
function used(before, after, calls) {
  const graphics = after.graphics - before.graphics;
  return { cpu: (after.renderer - before.renderer + graphics) / calls, graphics: graphics / calls };
}

/** What was found, and what was said of it. */
function outcome({ faces, shift }, truth) {
  const boxes = faces.map(({ box }) => ({ ...box, x: box.x - shift }));
  return { ...match(boxes, truth), answers: answers(faces) };
}

/** How often each expression was the answer. */
function answers(faces) {
  const counts = {};
  for (const { emotion } of faces) if (emotion) counts[emotion] = (counts[emotion] ?? 0) + 1;
  return counts;
}

/** From an empty page to the first answer, each time in a new process; and the files that were fetched for it. */
async function coldStarts({ browser, origin, requests, clock, ids, scenes, rounds, log }) {
  const picture = url(scenes.find(({ name }) => name === ONE_FACE));
  const starts = {};
  for (let round = 0; round < rounds; round += 1) {
    log(`first answers, round ${round + 1} of ${rounds}`);
    for (const id of ids) {
      const { page, close } = await openPage(browser, origin);
      await page.evaluate((picture) => window.bench.open(picture, false), picture);
      requests.length = 0;
      const before = await clock();
      const ms = await page.evaluate((args) => window.bench.startWithPicture(...args), [...bundle(id), picture]);
      const after = await clock();
      starts[id] ??= { files: [...new Set(requests)], samples: [] };
      starts[id].samples.push({ ...used(before, after, 1), clock: ms });
      await close();
    }
  }
  return Object.fromEntries(
    Object.entries(starts).map(([id, { files, samples }]) => [id, { files, ...medians(samples) }]),
  );
}

/** The median of each figure, to a hundredth of a millisecond. */
function medians(samples) {
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const entries = Object.keys(samples[0]).map((key) => [key, median(samples.map((sample) => sample[key]))]);
  return Object.fromEntries(entries.map(([key, value]) => [key, Number(value.toFixed(2))]));
}
