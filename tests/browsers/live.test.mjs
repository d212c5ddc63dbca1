// `watch` and `drawFaces` of the packed package, in every engine: a camera, a stream, a video and a canvas.

import assert from "node:assert/strict";
import { after } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { install } from "../package/project.mjs";
import { defineMovingPicture } from "./moving-picture.mjs";
import { inEachBrowser } from "./suite.mjs";

const server = await serve({ root: install("static") });
after(() => server.close());
const url = `http://localhost:${server.address().port}/blank.html`;

/** Opens a page with the package as `countenance` and a camera that shows one face, in `canvas`. */
async function openWithCamera(browser) {
  await browser.open(url);
  await defineMovingPicture(browser);
  await browser.evaluate(() => {
    const script = document.createElement("script");
    script.type = "module";
    script.textContent = `
      import * as countenance from "countenance";
      const picture = await createImageBitmap(await (await fetch("public/astronaut.png")).blob());
      const canvas = window.movingPicture(picture);
      const asked = [];
      const streams = [];
      const devices = navigator.mediaDevices ?? (globalThis.MediaDevices = class {}, {});
      const getUserMedia = async (constraints) => {
        asked.push(constraints);
        streams.push(canvas.captureStream(25));
        return streams.at(-1);
      };
      Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: { getUserMedia } });
      const isOff = () => streams.every((stream) => stream.getTracks().every(({ readyState }) => readyState === "ended"));
      const setHidden = (hidden) => {
        Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
        document.dispatchEvent(new Event("visibilitychange"));
      };
      const codeOf = (call) => call.then(() => "no error", (error) => error.code ?? String(error));
      Object.assign(window, { countenance, canvas, asked, streams, isOff, setHidden, codeOf });`;
    document.head.append(script);
  });
  await browser.waitFor(() => Boolean(window.countenance));
}

inEachBrowser((test) => {
  test("watch: a camera, until the loop ends", async (browser) => {
    await openWithCamera(browser);
    const seen = await browser.evaluate(async () => {
      const { countenance, asked, isOff } = window;
      const video = document.body.appendChild(document.createElement("video"));
      const answers = [];
      const types = [];
      for await (const answer of countenance.watch("camera", { video })) {
        types.push(...answer.events.map(({ type }) => type));
        answers.push(answer);
        if (answers.length === 5) break;
      }
      const times = answers.map(({ timestampMs }) => timestampMs);
      return {
        asked: asked.map((constraints) => constraints.video.facingMode),
        frames: answers.map(({ frame }) => `${frame.width}x${frame.height}`),
        emotions: answers.flatMap(({ faces }) => faces.map(({ emotion }) => emotion)),
        ids: new Set(answers.flatMap(({ faces }) => faces.map(({ id }) => id))).size,
        inOrder: times.every((time, index) => index === 0 || time > times[index - 1]),
        timing: answers.every(({ timing }) => timing.latencyMs > 0 && timing.fps >= 1),
        isTooDark: answers.some(({ isTooDark }) => isTooDark),
        isOff: isOff(),
        srcObject: video.srcObject,
        types,
      };
    });
    const { emotions, ...rest } = seen;
    assert.deepEqual(rest, {
      asked: ["user"],
      frames: Array(5).fill("640x480"),
      ids: 1,
      inOrder: true,
      timing: true,
      isTooDark: false,
      isOff: true,
      srcObject: null,
      types: ["faceEnter", "expressionStart"],
    });
    assert.ok(emotions.length >= 4 && emotions.at(-1) === "happy", `${emotions}`);
  });

  test("watch: a stream, a video and a canvas, with one analyzer", async (browser) => {
    await openWithCamera(browser);
    const found = await browser.evaluate(async () => {
      const { countenance, canvas } = window;
      const analyzer = await countenance.EmotionAnalyzer.create();
      const stream = canvas.captureStream(25);
      const video = document.body.appendChild(document.createElement("video"));
      Object.assign(video, { muted: true, playsInline: true, srcObject: canvas.captureStream(25) });
      video.play();
      const found = {};
      for (const [name, source] of Object.entries({ stream, video, canvas })) {
        for await (const { faces } of countenance.watch(source, { analyzer })) {
          found[name] = faces.map(({ emotion }) => emotion).join();
          if (faces.length > 0) break;
        }
      }
      found.streamIsOn = stream.getTracks()[0].readyState;
      found.analyzerIsOpen = (await analyzer.analyzeImage(canvas)).length;
      analyzer.close();
      return found;
    });
    assert.deepEqual(found, {
      stream: "happy",
      video: "happy",
      canvas: "happy",
      streamIsOn: "live",
      analyzerIsOpen: 1,
    });
  });

  test("watch: ends with its signal and with its stream, and keeps its pace", async (browser) => {
    await openWithCamera(browser);
    const seen = await browser.evaluate(async () => {
      const { countenance, canvas, isOff } = window;
      const analyzer = await countenance.EmotionAnalyzer.create();
      const controller = new AbortController();
      let calls = 0;
      const options = { analyzer, signal: controller.signal };
      await countenance.watch({ facingMode: "environment" }, options, () => {
        calls += 1;
        if (calls === 3) controller.abort();
      });
      const offAtOnce = isOff();
      const stream = canvas.captureStream(25);
      let ofStream = 0;
      for await (const answer of countenance.watch(stream, { analyzer })) {
        ofStream += answer.frame.width === 640;
        if (ofStream === 2) for (const track of stream.getTracks()) track.stop();
      }
      const times = [];
      for await (const { timestampMs } of countenance.watch(canvas, { analyzer, fps: 5 })) {
        times.push(timestampMs);
        if (times.length === 4) break;
      }
      const steps = times.slice(1).map((time, index) => time - times[index]);
      let early = 0;
      for await (const _ of countenance.watch("camera", { signal: AbortSignal.abort() })) early += 1;
      analyzer.close();
      return { calls, offAtOnce, ofStream, shortest: Math.min(...steps), early, asked: window.asked };
    });
    const { shortest, asked, ...rest } = seen;
    assert.deepEqual(rest, { calls: 3, offAtOnce: true, ofStream: 2, early: 0 });
    assert.ok(shortest > 190, `${shortest} ms`);
    assert.deepEqual(
      asked.map(({ video }) => video.facingMode),
      ["environment"],
    );
  });

  test("watch: the camera rests while the page is hidden", async (browser) => {
    await openWithCamera(browser);
    const seen = await browser.evaluate(async () => {
      const { countenance, isOff, setHidden, streams } = window;
      const states = [];
      const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      let count = 0;
      const controller = new AbortController();
      const seen = {};
      const answered = (least) =>
        new Promise((resolve) => {
          const check = setInterval(() => {
            if (count < least) return;
            clearInterval(check);
            resolve();
          }, 10);
        });
      const options = { signal: controller.signal, onState: (state) => states.push(state) };
      const ended = countenance.watch("camera", options, () => {
        count += 1;
      });
      await answered(2);
      setHidden(true);
      await pause(600);
      const atRest = count;
      seen.isOff = isOff();
      await pause(400);
      seen.rested = count - atRest;
      setHidden(false);
      await answered(atRest + 2);
      seen.streams = streams.length;
      controller.abort();
      await ended;
      return { ...seen, states: states.filter((state, index) => state !== states[index - 1]), isOffAtLast: isOff() };
    });
    assert.deepEqual(seen, {
      isOff: true,
      rested: 0,
      streams: 2,
      states: ["starting", "running", "hidden", "starting", "running"],
      isOffAtLast: true,
    });
  });

  test("watch: what goes wrong has a code", async (browser) => {
    await openWithCamera(browser);
    const codes = await browser.evaluate(async () => {
      const { countenance, codeOf } = window;
      const first = (source, options) => codeOf(countenance.watch(source, options).next());
      const codes = {};
      const refuse = (name) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", name));
      };
      for (const name of ["NotAllowedError", "NotFoundError", "OverconstrainedError", "NotReadableError"]) {
        refuse(name);
        codes[name] = await first("camera");
      }
      Object.defineProperty(navigator, "mediaDevices", { configurable: true, value: undefined });
      codes.insecure = await first("camera");
      codes.selector = await first("video");
      codes.nothing = await first(null);
      codes.image = await first(new Image());
      codes.pace = await first(window.canvas, { fps: 0 });
      codes.video = await first(window.canvas.captureStream(), { video: window.canvas });
      codes.options = await first(window.canvas, 7);
      codes.pipeline = await first(window.canvas, { minConfidence: 2 });
      return codes;
    });
    assert.deepEqual(codes, {
      NotAllowedError: "camera-denied",
      NotFoundError: "camera-missing",
      OverconstrainedError: "camera-missing",
      NotReadableError: "camera-busy",
      insecure: "camera-insecure",
      selector: "invalid-options",
      nothing: "invalid-options",
      image: "invalid-options",
      pace: "invalid-options",
      video: "invalid-options",
      options: "invalid-options",
      pipeline: "invalid-options",
    });
  });

  test("watch: a camera that is lost", async (browser) => {
    await openWithCamera(browser);
    const code = await browser.evaluate(() => {
      const { countenance, codeOf, streams } = window;
      return codeOf(countenance.watch("camera", {}, () => streams[0].getTracks()[0].stop()));
    });
    assert.equal(code, "camera-lost");
  });

  test("drawFaces: boxes lie on the faces, at any size and mirrored", async (browser) => {
    await openWithCamera(browser);
    const drawn = await browser.evaluate(() => {
      const { countenance } = window;
      const face = { id: 1, box: { x: 64, y: 96, width: 128, height: 96 }, emotion: "happy", landmarks: [] };
      const frame = { width: 640, height: 480 };
      const overlay = document.body.appendChild(document.createElement("canvas"));
      overlay.style.cssText = "display: block; width: 320px; height: 320px";
      /** Where the drawing begins and ends, in CSS pixels. */
      const extent = () => {
        const { data, width } = overlay.getContext("2d").getImageData(0, 0, overlay.width, overlay.height);
        const ratio = overlay.width / 320;
        const xs = [];
        const ys = [];
        for (let at = 3; at < data.length; at += 4) {
          if (data[at] < 200) continue;
          xs.push(((at - 3) / 4) % width);
          ys.push(Math.floor((at - 3) / 4 / width));
        }
        const of = (values) => [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
        return [...of(xs), ...of(ys)].map((value) => Math.round(value / ratio));
      };
      const draw = (options) => {
        countenance.drawFaces(overlay, [face], { frame, labels: false, lineWidth: 2, ...options });
        return extent();
      };
      const drawn = { contain: draw({}), mirrored: draw({ mirror: true }), fill: draw({ fit: "fill" }) };
      Object.defineProperty(window, "devicePixelRatio", { configurable: true, value: 2 });
      drawn.sharp = draw({});
      drawn.pixels = [overlay.width, overlay.height];
      countenance.drawFaces(overlay, []);
      drawn.cleared = overlay
        .getContext("2d")
        .getImageData(0, 0, 640, 640)
        .data.every((value) => value === 0);
      const unstyled = document.body.appendChild(document.createElement("canvas"));
      for (let call = 0; call < 3; call += 1) countenance.drawFaces(unstyled, [face], { frame });
      drawn.unstyled = [unstyled.clientWidth, unstyled.width];
      const offscreen = new OffscreenCanvas(64, 48);
      countenance.drawFaces(offscreen, [face], { frame, colors: { happy: "#ff0000" }, landmarks: true });
      drawn.red = [...offscreen.getContext("2d").getImageData(6, 16, 1, 1).data];
      drawn.codes = [
        () => countenance.drawFaces("canvas", []),
        () => countenance.drawFaces(overlay, undefined),
        () => countenance.drawFaces(overlay, [{}], { frame }),
        () => countenance.drawFaces(overlay, [], { fit: "stretch" }),
      ].map((call) => {
        try {
          return call();
        } catch (error) {
          return error.code;
        }
      });
      return drawn;
    });
    assert.deepEqual(drawn.contain, [31, 96, 40 + 47, 40 + 96]);
    assert.deepEqual(drawn.mirrored, [223, 288, 87, 136]);
    assert.deepEqual(drawn.fill, [31, 96, 63, 128]);
    assert.deepEqual(drawn.pixels, [640, 640]);
    for (const [at, value] of drawn.sharp.entries())
      assert.ok(Math.abs(value - drawn.contain[at]) <= 1, `${drawn.sharp}`);
    assert.equal(drawn.cleared, true);
    assert.deepEqual(drawn.unstyled, [300, 600]);
    assert.deepEqual(drawn.red, [255, 0, 0, 255]);
    assert.deepEqual(drawn.codes, ["invalid-options", "invalid-options", "invalid-box", "invalid-options"]);
  });
});
