// Many pictures at once: in Node on threads, in a page on workers, and the pool itself with readers of its own.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { inOrder, readersFor } from "../../www/lib/pool.js";
import { launchBrowser } from "../e2e/page.mjs";
import { install, runIn } from "./project.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function codeOf(call) {
  try {
    await call();
    return "no error";
  } catch ({ name, code }) {
    return [name, code];
  }
}

/** Readers that take as long as each source says, and what the pool does with them. */
function pool(sources, concurrency, { signal } = {}) {
  const seen = { running: 0, most: 0, taken: 0, closed: 0 };
  const readers = readersFor(concurrency, async () => ({
    close: () => {
      seen.closed += 1;
    },
  }));
  function* counted() {
    for (const source of sources) {
      seen.taken += 1;
      yield source;
    }
  }
  const answers = inOrder(counted(), readers, signal, async (_, source) => {
    seen.running += 1;
    seen.most = Math.max(seen.most, seen.running);
    await pause(source);
    seen.running -= 1;
    if (source === 13) throw new Error("unlucky");
    return [{ id: source }];
  });
  return { answers, seen };
}

test("answers come in order, by as many readers as asked for, and a failure stops none of the others", async () => {
  const sources = [60, 1, 13, 2, 30, 3, 1, 1, 1, 1];
  const { answers, seen } = pool(sources, 3);
  const all = [];
  for await (const { index, source, faces, error } of answers)
    all.push([index, source, faces?.[0].id ?? error.message]);
  assert.deepEqual(
    all,
    sources.map((source, index) => [index, source, source === 13 ? "unlucky" : source]),
  );
  assert.deepEqual([seen.most, seen.closed], [3, 3]);
});

test("few sources are taken before they are needed", async () => {
  const { answers, seen } = pool(Array(1000).fill(1), 2);
  await answers.next();
  await pause(100);
  assert.ok(seen.taken <= 6, `${seen.taken} taken`);
  await answers.return();
  assert.equal(seen.closed, 2);
});

test("an answer does not wait for a source that comes later", async () => {
  async function* slow() {
    yield 1;
    await new Promise(() => {});
  }
  const readers = readersFor(1, async () => ({ close: () => {} }));
  const answers = inOrder(slow(), readers, undefined, async () => []);
  assert.deepEqual((await answers.next()).value, { index: 0, source: 1, faces: [] });
});

test("a signal ends the loop, and a source that fails is the loop's failure", async () => {
  const controller = new AbortController();
  const { answers, seen } = pool([1, 1, 60_000], 1, { signal: controller.signal });
  let count = 0;
  for await (const _ of answers) {
    count += 1;
    if (count === 2) controller.abort();
  }
  assert.deepEqual([count, seen.closed], [2, 1]);
  function* broken() {
    yield 1;
    throw new Error("the disk is gone");
  }
  const readers = readersFor(2, async () => ({ close: () => {} }));
  const drain = async () => {
    for await (const _ of inOrder(broken(), readers, undefined, async () => []));
  };
  await assert.rejects(drain(), /the disk is gone/);
});

test("what is no number of readers, or no pictures, is refused", async () => {
  for (const concurrency of [0, -1, 1.5, Number.NaN, 65, "2"]) {
    assert.deepEqual(await codeOf(() => readersFor(concurrency, () => {})), ["EmotionError", "invalid-options"]);
  }
  for (const sources of ["face.png", undefined, 7]) {
    const first = () => inOrder(sources, [], undefined, async () => []).next();
    assert.deepEqual(await codeOf(first), ["EmotionError", "invalid-options"]);
  }
});

test("Node, Deno and Bun: paths, addresses, bytes and pixels, on threads", () => {
  const folder = install("node");
  const outputOf = ([program, ...args]) => JSON.parse(runIn(folder, program, [...args, "images.mjs"]));
  const runtimes = [
    ["node"],
    ["node_modules/.bin/deno", "run", "--allow-read", "--allow-sys"],
    ["node_modules/.bin/bun"],
  ];
  for (const runtime of runtimes) {
    assert.deepEqual(outputOf(runtime), {
      answers: [
        [0, "happy"],
        [1, "unreadable-file"],
        [2, "happy"],
        [3, "happy"],
        [4, "invalid-image"],
        [5, ""],
        [6, "invalid-frame"],
        [7, "happy"],
      ],
      refused: "invalid-options",
    });
  }
});

test("a page: files and elements, on workers, and few of them", async () => {
  const server = await serve({ root: install("static") });
  const browser = await launchBrowser();
  after(() => {
    server.close();
    return browser.close();
  });
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/blank.html`);
  const seen = await page.evaluate(async () => {
    const { analyzeImages } = await import("countenance");
    const picture = await (await fetch("public/astronaut.png")).blob();
    const made = [];
    const Native = Worker;
    globalThis.Worker = class extends Native {
      constructor(...args) {
        super(...args);
        made.push(this);
      }
    };
    const answers = [];
    const sources = [picture, new Blob(["no picture"]), await createImageBitmap(picture), picture];
    for await (const { index, faces, error } of analyzeImages(sources, { concurrency: 2, expressions: 8 })) {
      answers.push([index, faces?.[0].eight.emotion ?? error.code]);
    }
    return { answers, workers: made.length };
  });
  assert.deepEqual(seen, {
    answers: [
      [0, "happy"],
      [1, "invalid-image"],
      [2, "happy"],
      [3, "happy"],
    ],
    workers: 2,
  });
});
