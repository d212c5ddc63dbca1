// Drives Chromium: cold starts in pages of their own, then every engine's tasks interleaved in one page.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findChromium, QUIET_FLAGS } from "../../scripts/chromium.mjs";
import { importPackage, root } from "../../scripts/environment.mjs";
import { serve } from "../../scripts/serve.mjs";
import { brotliLength } from "../brotli-length.mjs";
import { engines } from "./engines.js";

const { chromium } = await importPackage("playwright-core");

/** A NASA portrait, and the square around its face. */
const PICTURE = { url: "/tests/fixtures/astronaut.png", face: { x: 170, y: 66, side: 107 } };
/** Same numbers, another order of adding them up. */
const PROBABILITY_TOLERANCE = 1e-3;
const BOX_TOLERANCE_PIXELS = 0.5;
const CONFIDENCE_TOLERANCE = 5e-3;
/** Long enough for the optimising compiler to have replaced the baseline code. */
const WARM_UP_MS = 1500;
/** Long beside the protocol's own cost in the same thread (which is measured and taken off), short beside the run. */
const BLOCK_MS = 120;
const COLD_STARTS = 7;

/** Median, quartiles and least of the samples. */
function summary(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const quantile = (part) => {
    const at = part * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
    return below + (above - below) * (at % 1);
  };
  return { median: quantile(0.5), quartiles: [quantile(0.25), quantile(0.75)], least: sorted[0] };
}

/** A fresh page in its own renderer process, with a reader of that process's CPU clocks. */
async function openPage(browser, origin) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`${origin}/benches/browser/index.html`);
  await page.waitForFunction("window.bench");
  await page.evaluate((picture) => window.bench.makeInputs(picture), PICTURE);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable");
  /** CPU milliseconds so far: of the page's thread, and of the whole process with its compiler threads. */
  const clocks = async () => {
    const { metrics } = await devtools.send("Performance.getMetrics");
    const value = (name) => 1000 * metrics.find((metric) => metric.name === name).value;
    return { thread: value("ThreadTime"), process: value("ProcessTime") };
  };
  return { page, clocks, close: () => context.close() };
}

/** CPU and clock time from bytes to the first answer, each time in a new process. */
async function coldStarts(browser, origin, ids, log) {
  const starts = { face: "start", picture: "startWithPicture" };
  const samples = mapValues(starts, () => ({}));
  const sample = async (name, id) => {
    const { page, clocks, close } = await openPage(browser, origin);
    await page.evaluate((id) => window.bench.load(id), id);
    const before = await clocks();
    const elapsed = await page.evaluate(([method, id]) => window.bench[method](id), [starts[name], id]);
    const after = await clocks();
    await close();
    samples[name][id] ??= { cpu: [], clock: [] };
    samples[name][id].cpu.push(after.process - before.process);
    samples[name][id].clock.push(elapsed);
  };
  for (let round = 0; round < COLD_STARTS; round++) {
    log(`cold starts, round ${round + 1} of ${COLD_STARTS}`);
    for (const id of ids) await sample("face", id);
    if (ids.includes("countenance")) await sample("picture", "countenance");
  }
  const summarise = ({ cpu, clock }) => ({ cpuMs: summary(cpu), clockMs: summary(clock) });
  return mapValues(samples, (byEngine) => mapValues(byEngine, summarise));
}

/** CPU milliseconds a call of every task, engines taking turns block by block. */
async function steadyState({ page, clocks }, rounds, log) {
  const block = async (task, id, calls) => {
    const before = await clocks();
    const clock = await page.evaluate((args) => window.bench.run(...args), [task, id, calls]);
    const after = await clocks();
    return { thread: after.thread - before.thread, process: after.process - before.process, clock };
  };
  const empty = [];
  for (let i = 0; i < 20; i++) empty.push((await block("nothing", "page", 0)).thread);
  const protocolMs = summary(empty).median;

  const { nothing, ...tasks } = await page.evaluate(() => window.bench.available());
  const entries = Object.entries(tasks).flatMap(([task, ids]) => ids.map((id) => ({ task, id, samples: [] })));
  for (const entry of entries) {
    log(`warming up: ${entry.task}, ${entry.id}`);
    let perCall = (await block(entry.task, entry.id, 2)).clock / 2;
    await block(entry.task, entry.id, Math.ceil(WARM_UP_MS / perCall));
    perCall = (await block(entry.task, entry.id, 10)).thread / 10;
    entry.calls = Math.max(2, Math.ceil(BLOCK_MS / perCall));
  }
  for (let round = 0; round < rounds; round++) {
    log(`round ${round + 1} of ${rounds}`);
    // Another engine goes first each time, so that none always follows the same one.
    for (let i = 0; i < entries.length; i++) {
      const { task, id, calls, samples } = entries[(i + round) % entries.length];
      const { thread, process } = await block(task, id, calls);
      samples.push({ thread: (thread - protocolMs) / calls, process: process / calls });
    }
  }
  const result = mapValues(tasks, () => ({}));
  for (const { task, id, calls, samples } of entries) {
    const cpuMs = summary(samples.map(({ thread }) => thread));
    const processMs = summary(samples.map(({ process }) => process)).median;
    result[task][id] = { cpuMs, processMs, calls: calls * rounds };
  }
  return result;
}

/** Bytes a page downloads to classify a face. */
async function downloads(ids) {
  const sizes = {};
  for (const id of ids) {
    const files = engines[id].download.map((path) => readFileSync(join(root, path)));
    const compressed = await Promise.all(files.map(brotliLength));
    const total = (lengths) => lengths.reduce((sum, length) => sum + length, 0);
    sizes[id] = { bytes: total(files.map(({ length }) => length)), brotli: total(compressed) };
  }
  return sizes;
}

function check(agreement) {
  const { reference, classify, detect } = agreement;
  for (const [id, difference] of Object.entries(classify)) {
    if (!(difference <= PROBABILITY_TOLERANCE)) {
      throw new Error(`${id} and ${reference} give different probabilities: ${difference} apart`);
    }
  }
  if (detect && !(detect.boxPixels <= BOX_TOLERANCE_PIXELS && detect.confidence <= CONFIDENCE_TOLERANCE)) {
    throw new Error(`our detector and onnxruntime-web's find different faces: ${JSON.stringify(detect)}`);
  }
  return agreement;
}

function mapValues(object, map) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}

/**
 * Every figure of the benchmark. Throws when engines that should agree do not.
 * @param {{ ids: string[], rounds: number, sha256: string, log: (line: string) => void }} options
 */
export async function measure({ ids, rounds, sha256, log }) {
  log("compressing the downloads");
  const download = await downloads(ids);
  const server = await serve({ root });
  const origin = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({ executablePath: findChromium(), args: QUIET_FLAGS });
  try {
    const opened = await openPage(browser, origin);
    await opened.page.evaluate((ids) => window.bench.prepare(ids), ids);
    const agreement = check(await opened.page.evaluate((sha256) => window.bench.disagreements(sha256), sha256));
    const tasks = await steadyState(opened, rounds, log);
    await opened.close();
    const coldStart = await coldStarts(browser, origin, ids, log);
    return { browser: `Chromium ${browser.version()}`, agreement, tasks, coldStart, download };
  } finally {
    await browser.close();
    server.close();
  }
}
