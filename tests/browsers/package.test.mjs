// The packed package in every engine, on a bare page that has nothing but an import map.

import assert from "node:assert/strict";
import { after } from "node:test";
import { serve } from "../../scripts/serve.mjs";
import { install } from "../package/project.mjs";
import { inEachBrowser } from "./suite.mjs";

/** The same picture comes to the same answer whichever way it is handed over, but for how pixels are rounded. */
const TOLERANCE = 0.01;

const server = await serve({ root: install("static") });
after(() => server.close());
const url = `http://localhost:${server.address().port}/blank.html`;

/**
 * Opens the page, with the package as `countenance`, the picture of one face as `picture`, and in `codeOf` the code of
 * the error that a call ends in.
 */
async function openBarePage(browser) {
  await browser.open(url);
  // By a script of the page, since a driver's own may not import.
  await browser.evaluate(() => {
    const script = document.createElement("script");
    script.type = "module";
    script.textContent = `
      import * as countenance from "countenance";
      import { EmotionPipeline } from "countenance/pipeline";
      const picture = await (await fetch("public/astronaut.png")).blob();
      const { EmotionError } = countenance;
      const codeOf = (call) =>
        call.then(() => "no error", (error) => (error instanceof EmotionError ? error.code : String(error)));
      Object.assign(window, { countenance, EmotionPipeline, picture, codeOf });`;
    document.head.append(script);
  });
  await browser.waitFor(() => Boolean(window.picture));
}

inEachBrowser((test) => {
  test("package: every kind of picture, in a worker", async (browser) => {
    await openBarePage(browser);
    const answers = await browser.evaluate(async () => {
      const { picture } = window;
      const analyzer = await window.countenance.EmotionAnalyzer.create();
      const bytes = new Uint8Array(await picture.arrayBuffer());
      const bitmap = await createImageBitmap(picture);
      const canvas = document.createElement("canvas");
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      const context = canvas.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      const image = new Image();
      image.src = URL.createObjectURL(picture);
      await image.decode();
      const video = document.createElement("video");
      video.muted = true;
      video.srcObject = canvas.captureStream();
      const shown = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
      video.play();
      // The stream carries what is drawn from the moment on at which somebody listens to it.
      const drawing = setInterval(() => context.drawImage(bitmap, 0, 0), 20);
      await shown;
      clearInterval(drawing);
      const imageData = context.getImageData(0, 0, canvas.width, canvas.height);
      const frame = document.createElement("iframe");
      document.body.append(frame);
      const foreign = new frame.contentWindow.Uint8Array(bytes).buffer; // of a class of its own
      const sources = { blob: picture, bytes, foreign, imageData, canvas, image, video, bitmap };
      const answers = [];
      for (const [name, source] of Object.entries(sources)) {
        const faces = await analyzer.analyzeImage(source);
        answers.push(...faces.map(({ emotion, probabilities, box }) => ({ name, emotion, probabilities, box })));
      }
      analyzer.close();
      return answers;
    });
    assert.deepEqual(
      answers.map(({ name, emotion }) => [name, emotion]),
      ["blob", "bytes", "foreign", "imageData", "canvas", "image", "video", "bitmap"].map((name) => [name, "happy"]),
    );
    for (const { name, probabilities, box } of answers) {
      assert.ok(Math.abs(probabilities.happy - 0.973) < TOLERANCE, `${name}: ${probabilities.happy}`);
      for (const side of ["x", "y", "width", "height"])
        assert.ok(Math.abs(box[side] - answers[0].box[side]) < 1, `${name}: ${JSON.stringify(box)}`);
    }
  });

  test("package: live frames and explanations", async (browser) => {
    await openBarePage(browser);
    const { ids, factor, chip } = await browser.evaluate(async () => {
      const analyzer = await window.countenance.EmotionAnalyzer.create();
      const bitmap = await createImageBitmap(window.picture);
      const ids = [];
      for (let frame = 0; frame < 5; frame += 1) {
        const faces = await analyzer.analyzeFrame(bitmap, { timestampMs: frame * 40 });
        ids.push(...faces.map(({ id }) => id));
      }
      const [{ box }] = await analyzer.analyzeImage(bitmap);
      const { strength, chip } = await analyzer.explainFace(bitmap, box);
      analyzer.close();
      return { ids, factor: Math.exp(strength), chip: chip.length };
    });
    assert.equal(new Set(ids).size, 1);
    assert.ok(ids.length >= 4, `${ids}`);
    assert.ok(factor > 1, `${factor}`);
    assert.equal(chip, 48 * 48);
  });

  test("package: error codes", async (browser) => {
    await openBarePage(browser);
    const codes = await browser.evaluate(async () => {
      const { codeOf, countenance, picture } = window;
      const analyzer = await countenance.EmotionAnalyzer.create();
      const calls = {
        nothing: () => analyzer.analyzeImage(undefined),
        emptyVideo: () => analyzer.analyzeImage(document.createElement("video")),
        garbage: () => analyzer.analyzeImage(new Uint8Array(900)),
        text: () => analyzer.analyzeImage(new Blob(["no picture"])),
        option: () => analyzer.configure({ minConfidence: 2 }),
        time: () => analyzer.analyzeFrame(picture, { timestampMs: Number.NaN }),
        module: () => countenance.EmotionAnalyzer.create({ module: new Uint8Array(8) }),
        integrity: () => countenance.EmotionAnalyzer.create({ integrity: `sha256-${"A".repeat(43)}=` }),
      };
      const codes = {};
      for (const [name, call] of Object.entries(calls)) codes[name] = await codeOf(call());
      analyzer.close();
      codes.closed = await codeOf(analyzer.analyzeImage(picture));
      return codes;
    });
    assert.deepEqual(codes, {
      nothing: "invalid-frame",
      emptyVideo: "invalid-frame",
      garbage: "invalid-image",
      text: "invalid-image",
      option: "invalid-options",
      time: "invalid-timestamp",
      module: "model-load",
      integrity: "model-load",
      closed: "closed",
    });
  });

  test("package: pipeline without a worker", async (browser) => {
    await openBarePage(browser);
    const answer = await browser.evaluate(async () => {
      const pipeline = await window.EmotionPipeline.create();
      const faces = pipeline.analyzeImage(new Uint8Array(await window.picture.arrayBuffer()));
      pipeline.close();
      return faces.map(({ emotion }) => emotion);
    });
    assert.deepEqual(answer, ["happy"]);
  });
});
