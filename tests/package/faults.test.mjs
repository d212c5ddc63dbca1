// The installed package when things go wrong around it: each is an error of a named code, and then everything works.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { closeContexts, launchBrowser } from "../e2e/page.mjs";
import { install } from "./project.mjs";

const folder = install("static");
const server = await serve({ root: folder });
after(() => server.close());
const address = `http://localhost:${server.address().port}/blank.html`;
const pkg = join(folder, "node_modules/countenance/www/pkg");
const wasm = readFileSync(join(pkg, "countenance_bg.wasm"));

/** Opens a page that has the package as `EmotionAnalyzer` and the picture of one face as `picture`. */
async function openPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(180_000);
  await page.goto(address);
  await page.evaluate(async () => {
    Object.assign(globalThis, await import("countenance"));
    globalThis.picture = await (await fetch("public/astronaut.png")).blob();
    /** What a call came to: the number of faces, or the code of its error. */
    globalThis.outcome = (call) =>
      call.then(
        (faces) => faces?.length,
        (error) => (error instanceof EmotionError ? error.code : `not a named error: ${error}`),
      );
    /** The same for a new analyzer's first picture. */
    globalThis.firstPicture = async (options) => {
      try {
        const analyzer = await EmotionAnalyzer.create(options);
        const result = await outcome(analyzer.analyzeImage(picture));
        analyzer.close();
        return result;
      } catch (error) {
        return outcome(Promise.reject(error));
      }
    };
  });
  return page;
}

/** Tests with a browser of these flags; each gets a fresh context. */
function inBrowser(name, flags, tests) {
  describe(name, () => {
    let browser;
    before(async () => {
      browser = await launchBrowser(flags);
    });
    afterEach(() => closeContexts(browser));
    after(() => browser.close());
    tests(() => browser.newContext());
  });
}

inBrowser("the package in a browser", ["--js-flags=--expose-gc"], (newContext) => {
  for (const [name, answer, code] of [
    ["truncated", { body: wasm.subarray(0, wasm.length >> 1) }, "model-load"],
    ["empty", { body: "" }, "model-load"],
    ["missing", { status: 404, body: "Not found" }, "model-load"],
    ["a page in its place", { body: "<!doctype html>", contentType: "text/html" }, "model-load"],
    ["foreign", { body: Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]) }, "model-load"],
    ["changed in its weights", { body: changedWeights() }, "model-load"],
    ["cut off by the network", undefined, "model-load"],
  ]) {
    test(`a wasm file that is ${name}, and the right one after it`, async () => {
      const context = await newContext();
      const page = await openPage(context);
      const fault = (route) =>
        answer ? route.fulfill({ contentType: "application/wasm", ...answer }) : route.abort("connectionreset");
      await context.route(/\.wasm$/, fault);
      assert.equal(await page.evaluate(() => firstPicture()), code);
      await context.unroute(/\.wasm$/, fault);
      assert.equal(await page.evaluate(() => firstPicture()), 1);
    });
  }

  test("a wasm file with a wrong MIME type is loaded all the same", async () => {
    const context = await newContext();
    const page = await openPage(context);
    for (const contentType of ["text/plain", "application/octet-stream", ""]) {
      await context.route(/\.wasm$/, (route) =>
        route.fulfill({ body: wasm, headers: { "Content-Type": contentType } }),
      );
      assert.equal(await page.evaluate(() => firstPicture()), 1, contentType);
    }
  });

  test("a wasm file with one byte changed but still valid: its integrity fails, and checking it keeps streaming", async () => {
    const { "countenance_bg.wasm": integrity } = JSON.parse(readFileSync(join(pkg, "integrity.json"), "utf8"));
    const context = await newContext();
    const page = await openPage(context);
    const load = () =>
      page.evaluate(async (integrity) => {
        const failed = ({ code, message }) => [code, message];
        const analyzer = await EmotionAnalyzer.create({ integrity }).catch(failed);
        if (!(analyzer instanceof EmotionAnalyzer)) return analyzer;
        const faces = await outcome(analyzer.analyzeImage(picture));
        analyzer.close();
        return faces;
      }, integrity);
    const changed = changedCode();
    const fault = (route) => route.fulfill({ contentType: "application/wasm", body: changed });
    await context.route(/\.wasm$/, fault);
    const [code, message] = await load();
    assert.equal(code, "model-load");
    assert.ok(message.startsWith(`The module expected is ${integrity}, not sha384-`), message);
    await context.unroute(/\.wasm$/, fault);
    assert.equal(await load(), 1);

    const compiled = await page.evaluate(async (integrity) => {
      const { EmotionPipeline } = await import("countenance/pipeline");
      const calls = [];
      for (const name of ["compile", "compileStreaming"]) {
        const compile = WebAssembly[name];
        WebAssembly[name] = (source) => {
          calls.push(name);
          return compile(source);
        };
      }
      (await EmotionPipeline.create({ integrity })).close();
      return calls;
    }, integrity);
    assert.deepEqual(compiled, ["compileStreaming"]);
  });

  test("a worker that is killed in mid-call", async () => {
    const page = await openPage(await newContext());
    const result = await page.evaluate(async () => {
      let isDoomed = true;
      /** A worker that is terminated as soon as it has got a picture; nobody is notified. */
      const worker = () => {
        const made = new Worker("node_modules/countenance/www/lib/worker.js", { type: "module" });
        const post = made.postMessage.bind(made);
        made.postMessage = (message, transfer) => {
          post(message, transfer);
          if (isDoomed && message.method === "analyzeImage") made.terminate();
        };
        return made;
      };
      const crashes = [];
      const analyzer = await EmotionAnalyzer.create({ worker, onCrash: ({ code }) => crashes.push(code) });
      const killed = await outcome(analyzer.analyzeImage(picture));
      isDoomed = false;
      const next = await outcome(analyzer.analyzeImage(picture));
      analyzer.close();
      return { killed, next, crashes, closed: await outcome(analyzer.analyzeImage(picture)) };
    });
    assert.deepEqual(result, { killed: "worker-crashed", next: 1, crashes: ["worker-crashed"], closed: "closed" });
  });

  test("a worker that is killed while it loads the module", async () => {
    const page = await openPage(await newContext());
    const result = await page.evaluate(async () => {
      /** A worker that ends at its first word, long before the module is there. */
      const worker = () => {
        const made = new Worker("node_modules/countenance/www/lib/worker.js", { type: "module" });
        made.addEventListener("message", () => made.terminate(), { once: true });
        return made;
      };
      return outcome(EmotionAnalyzer.create({ worker }));
    });
    assert.equal(result, "worker-crashed");
  });

  test("a worker whose script is missing", async () => {
    const page = await openPage(await newContext());
    const worker = () => new Worker("nowhere.js", { type: "module" });
    assert.equal(await page.evaluate(`firstPicture({ worker: ${worker} })`), "worker-crashed");
    const refused = () => {
      throw new DOMException("not here", "SecurityError");
    };
    assert.equal(await page.evaluate(`firstPicture({ worker: ${refused} })`), "worker-unavailable");
    assert.equal(await page.evaluate(() => firstPicture()), 1);
  });

  test("two tabs at once, and one goes away in mid-call", async () => {
    const context = await newContext();
    const pages = [await openPage(context), await openPage(context)];
    for (const page of pages) {
      await page.evaluate(async () => {
        globalThis.analyzer = await EmotionAnalyzer.create();
      });
    }
    const analyze = (page) => page.evaluate(() => outcome(analyzer.analyzeImage(picture)));
    assert.deepEqual(await Promise.all([...pages, ...pages].map(analyze)), [1, 1, 1, 1]);
    const [leaving, staying] = pages;
    const abandoned = analyze(leaving).catch(() => "gone");
    await leaving.close();
    assert.equal(await analyze(staying), 1);
    await abandoned;
    assert.equal(await analyze(staying), 1);
  });

  test("hundreds of analyzers made and closed leave nothing behind", async () => {
    const page = await openPage(await newContext());
    const left = await page.evaluate(async () => {
      const module = await WebAssembly.compileStreaming(fetch("node_modules/countenance/www/pkg/countenance_bg.wasm"));
      const made = [];
      const grey = new Uint8Array(48 * 48);
      // A worker holds its lock for as long as it lives.
      const held = async () => {
        const { held, pending } = await navigator.locks.query();
        return held.length + pending.length;
      };
      let mostHeld = 0;
      const cycle = async () => {
        const analyzer = await EmotionAnalyzer.create({ module });
        await analyzer.classifyFace(grey);
        mostHeld = Math.max(mostHeld, await held());
        analyzer.close();
        made.push(new WeakRef(analyzer));
      };
      for (let count = 0; count < 200; count += 1) await cycle();
      // Garbage is let go of in its own time, and so are locks.
      const alive = () => made.filter((reference) => reference.deref()).length;
      for (let round = 0; round < 3000 && (alive() > 0 || (await held()) > 0); round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        gc();
      }
      return { alive: alive(), held: await held(), made: made.length, wasHeld: mostHeld > 0 };
    });
    assert.deepEqual(left, { alive: 0, held: 0, made: 200, wasHeld: true });
    assert.equal(await page.evaluate(() => firstPicture()), 1);
  });

  test("every kind of picture is read, and anything else is refused with a code", async () => {
    const page = await openPage(await newContext());
    const results = await page.evaluate(async () => {
      const analyzer = await EmotionAnalyzer.create();
      const bytes = new Uint8Array(await picture.arrayBuffer());
      // The one way to shared memory that a page has without special headers.
      const memory = new WebAssembly.Memory({ initial: 16, maximum: 16, shared: true });
      const shared = new Uint8Array(memory.buffer, 0, bytes.length);
      shared.set(bytes);
      const bitmap = await createImageBitmap(picture);
      const { width, height } = bitmap;
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      const context = canvas.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      const offscreen = new OffscreenCanvas(width, height);
      offscreen.getContext("2d").drawImage(bitmap, 0, 0);
      const image = Object.assign(new Image(), { src: "public/astronaut.png" });
      await image.decode();
      const video = Object.assign(document.createElement("video"), { muted: true, srcObject: canvas.captureStream() });
      const playing = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      video.play();
      // The stream carries what is drawn from the moment on at which it is listened to.
      const drawing = setInterval(() => context.drawImage(bitmap, 0, 0), 20);
      await playing;
      clearInterval(drawing);
      const sources = {
        blob: picture,
        bytes,
        buffer: bytes.slice().buffer,
        shared,
        bitmap,
        imageData: context.getImageData(0, 0, width, height),
        canvas,
        offscreen,
        image,
        video,
        videoFrame: new VideoFrame(bitmap, { timestamp: 0 }),
      };
      const read = {};
      for (const [name, source] of Object.entries(sources)) read[name] = await outcome(analyzer.analyzeImage(source));
      const closed = await createImageBitmap(picture);
      closed.close();
      const wrong = {
        nothing: undefined,
        text: "picture.png",
        number: 7,
        object: {},
        closed,
        unloaded: document.createElement("video"),
        detached: detached(),
        empty: new Uint8Array(),
        garbage: new Uint8Array(900),
      };
      function detached() {
        const gone = new Uint8Array(8);
        structuredClone(gone, { transfer: [gone.buffer] });
        return gone;
      }
      const refused = {};
      for (const [name, source] of Object.entries(wrong)) refused[name] = await outcome(analyzer.analyzeImage(source));
      const calls = {
        aFunction: await outcome(analyzer.configure({ minConfidence: () => 1 })),
        noOptions: await outcome(analyzer.configure(7)),
        noFrames: await outcome(analyzer.fitCalibration({})),
        noExpression: await outcome(analyzer.recordCalibration("bored")),
        noFace: await outcome(analyzer.classifyFace("grey")),
        noBox: await outcome(analyzer.explainFace(picture, undefined)),
        uncopiedBox: await outcome(analyzer.explainFace(picture, { x: 0, y: 0, width: () => 9, height: 9 })),
        outerBox: await outcome(analyzer.explainFace(picture, { x: 1e6, y: 0, width: 9, height: 9 })),
        noTime: await outcome(analyzer.analyzeFrame(picture)),
      };
      const last = await outcome(analyzer.analyzeImage(picture));
      analyzer.close();
      return { read, refused, calls, last };
    });
    for (const [name, faces] of Object.entries(results.read)) assert.equal(faces, 1, name);
    const { empty, garbage, ...frames } = results.refused;
    assert.deepEqual([empty, garbage], ["invalid-image", "invalid-image"]);
    for (const [name, code] of Object.entries(frames)) assert.equal(code, "invalid-frame", name);
    assert.deepEqual(results.calls, {
      aFunction: "invalid-options",
      noOptions: "invalid-options",
      noFrames: "invalid-calibration",
      noExpression: "invalid-calibration",
      noFace: "invalid-frame",
      noBox: "invalid-box",
      uncopiedBox: "invalid-box",
      outerBox: "invalid-box",
      noTime: "invalid-timestamp",
    });
    assert.equal(results.last, 1);
  });

  test("a signal ends the loading and a call, and `using` closes", async () => {
    const page = await openPage(await newContext());
    const result = await page.evaluate(async () => {
      const reason = (promise) =>
        promise.then(
          () => "no error",
          (error) => error,
        );
      const stopped = new Error("stopped");
      const loading = new AbortController();
      const created = reason(EmotionAnalyzer.create({ signal: loading.signal }));
      loading.abort(stopped);
      const analyzer = await EmotionAnalyzer.create();
      const call = new AbortController();
      const answer = reason(analyzer.analyzeImage(picture, { signal: call.signal }));
      call.abort(stopped);
      const early = await reason(analyzer.analyzeImage(picture, { signal: AbortSignal.abort(stopped) }));
      const results = [(await created) === stopped, (await answer) === stopped, early === stopped];
      results.push(await outcome(analyzer.analyzeImage(picture)));
      analyzer[Symbol.dispose]();
      results.push(await outcome(analyzer.analyzeImage(picture)));
      return results;
    });
    assert.deepEqual(result, [true, true, true, 1, "closed"]);
  });
});

inBrowser("a processor or browser without SIMD", ["--js-flags=--no-enable-sse4-1 --no-enable-sse3"], (newContext) => {
  test("is a named error", async () => {
    const page = await openPage(await newContext());
    assert.equal(await page.evaluate(() => firstPicture()), "simd-unavailable");
  });
});

/** 640 pages of 64 KiB: enough for the module and a photograph, too little for what follows. */
inBrowser("a browser with 40 MB left for the module", ["--js-flags=--wasm-max-mem-pages=640"], (newContext) => {
  test("a picture there is no memory for, and a smaller one after it", async () => {
    const page = await openPage(await newContext());
    const results = await page.evaluate(async () => {
      const { EmotionPipeline } = await import("countenance/pipeline");
      const pipeline = await EmotionPipeline.create();
      const pixels = (side) => ({ data: new Uint8ClampedArray(side * side * 4), width: side, height: side });
      const code = (call) => {
        try {
          return call().length;
        } catch (error) {
          return error.code;
        }
      };
      const small = await new Response(picture).arrayBuffer();
      const canvas = new OffscreenCanvas(6000, 6000);
      canvas.getContext("2d").fillRect(0, 0, 6000, 6000);
      const large = await (await canvas.convertToBlob()).arrayBuffer();
      const results = [code(() => pipeline.analyzeImage(pixels(6000))), code(() => pipeline.analyzeImage(small))];
      results.push(
        code(() => pipeline.analyzeImage(large)),
        code(() => pipeline.analyzeImage(small)),
      );
      // Sizes between: what fits and what doesn't may be found out anywhere on the way.
      const between = [];
      for (let side = 1200; side < 3600; side += 100) {
        between.push(code(() => pipeline.analyzeImage(pixels(side))));
        between.push(code(() => pipeline.analyzeImage(small)));
      }
      return { results, between };
    });
    assert.deepEqual(results.results, ["out-of-memory", 1, "out-of-memory", 1]);
    for (const [at, outcome] of results.between.entries()) {
      if (at % 2) assert.equal(outcome, 1, `after ${results.between[at - 1]}`);
      else assert.ok([0, "out-of-memory", "module-crashed"].includes(outcome), outcome);
    }
  });
});

function changedWeights() {
  const changed = Uint8Array.from(wasm);
  // The weights are the data section, which fills the second half.
  for (let at = wasm.length >> 1; at < wasm.length; at += 10_007) changed[at] ^= 0x55;
  return Buffer.from(changed);
}

/** The module with one bit of its code changed, such that only its hash shows it. */
function changedCode() {
  const changed = Uint8Array.from(wasm);
  const { start, end } = codeSection();
  for (let at = (start + end) >> 1; at < end; at += 1) {
    changed[at] ^= 1;
    if (WebAssembly.validate(changed)) return Buffer.from(changed);
    changed[at] ^= 1;
  }
  throw new Error("No byte of the code can be changed");
}

/** Where the code lies: sections follow one another, each with its id and its size (LEB128) before it. */
function codeSection() {
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at++];
    let size = 0;
    for (let shift = 0, byte = 128; byte & 128; shift += 7) {
      byte = wasm[at++];
      size |= (byte & 127) << shift;
    }
    if (id === 10) return { start: at, end: at + size };
    at += size;
  }
  throw new Error("The module has no code");
}
