// What may be given for a picture in Node: bytes in every form are read, and everything else gets a sentence that says
// what to pass. The code in the sentence is run, too.

import assert from "node:assert/strict";
import { Blob as NodeBlob } from "node:buffer";
import { createReadStream, openAsBlob, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { root } from "../../scripts/environment.mjs";
import { EmotionAnalyzer } from "../../www/lib/index.js";
import { EmotionPipeline } from "../../www/lib/pipeline.js";

const path = join(root, "tests/fixtures/astronaut_half.png");
const file = readFileSync(path);
const fileUrl = pathToFileURL(path);
const dataUrl = `data:image/png;base64,${file.toString("base64")}`;
const pipeline = await EmotionPipeline.create();
const expected = pipeline.analyzeImage(file);

/** The bytes in the middle of a larger buffer, as in Node's pool. */
function within(bytes) {
  const larger = new Uint8Array(bytes.length + 96).fill(0xff);
  larger.set(bytes, 32);
  return larger.buffer;
}

/** The error of a call, which must be one of this code. */
function errorOf(call, code = "invalid-frame") {
  try {
    call();
  } catch (error) {
    assert.deepEqual([error.name, error.code], ["EmotionError", code], error.message);
    return error.message;
  }
  return assert.fail("no error");
}

test("bytes are read in every form, and no byte outside them", () => {
  const exact = Uint8Array.from(file);
  const shared = new Uint8Array(new SharedArrayBuffer(file.length));
  shared.set(file);
  const padded = new Uint8Array(Math.ceil(file.length / 8) * 8); // what lies behind a picture's end is not read
  padded.set(file);
  const forms = {
    pooled: Buffer.from(within(file), 32, file.length),
    view: new Uint8Array(within(file), 32, file.length),
    dataView: new DataView(within(file), 32, file.length),
    clamped: new Uint8ClampedArray(exact),
    buffer: exact.buffer,
    shared,
    sharedBuffer: shared.buffer,
    words: new BigUint64Array(padded.buffer),
    foreign: runInNewContext("Uint8Array.from(bytes).buffer", { bytes: file }),
  };
  for (const [name, bytes] of Object.entries(forms)) assert.deepEqual(pipeline.analyzeImage(bytes), expected, name);
  assert.match(
    errorOf(() => pipeline.analyzeImage(Buffer.from(within(file), 0, file.length)), "invalid-image"),
    /./,
  );
});

test("for anything but a picture the error shows code that gets one, and that code works", async () => {
  const stream = () => createReadStream(path);
  const cases = [
    [path, "await readFile(path), of node:fs/promises", (value) => readFile(value)],
    ["portrait.jpg", "await readFile(path), of node:fs/promises"],
    ["", "await readFile(path), of node:fs/promises"],
    [fileUrl.href, "await readFile(new URL(url)), of node:fs/promises", (value) => readFile(new URL(value))],
    [fileUrl, "await readFile(url), of node:fs/promises", (value) => readFile(value)],
    [dataUrl, "await (await fetch(url)).arrayBuffer()", async (value) => (await fetch(value)).arrayBuffer()],
    ["https://example.com/face.jpg", "await (await fetch(url)).arrayBuffer()"],
    [new URL("https://example.com/face.jpg"), "await (await fetch(url)).arrayBuffer()"],
    [readFile(path), "await the promise first", (value) => value],
    [new Blob([file]), "await blob.arrayBuffer()", (value) => value.arrayBuffer()],
    [new NodeBlob([file]), "await blob.arrayBuffer()", (value) => value.arrayBuffer()],
    [await openAsBlob(path), "await blob.arrayBuffer()", (value) => value.arrayBuffer()],
    [new Response(file), "await blob.arrayBuffer()", (value) => value.arrayBuffer()],
    [stream(), "await new Response(stream).arrayBuffer()", (value) => new Response(value).arrayBuffer()],
    [
      new Blob([file]).stream(),
      "await new Response(stream).arrayBuffer()",
      (value) => new Response(value).arrayBuffer(),
    ],
  ];
  for (const [value, code, bytesOf] of cases) {
    const sentence = `Pass the bytes of the picture's file: ${code}`;
    assert.equal(
      errorOf(() => pipeline.analyzeImage(value)),
      sentence,
    );
    assert.equal(
      errorOf(() => pipeline.explainFace(value, expected[0].box)),
      sentence,
    );
    assert.equal(
      errorOf(() => pipeline.analyzeFrame(value, { timestampMs: 0 })),
      sentence,
    );
    if (bytesOf) assert.deepEqual(pipeline.analyzeImage(await bytesOf(value)), expected, code);
  }
});

test("for a value that never holds a picture the error says what does", () => {
  const wanted = "Pass the bytes of a picture's file, pixels as { data, width, height }, or an ImageBitmap";
  for (const [value, named] of [
    [undefined, "undefined"],
    [null, "null"],
    [7, "this number"],
    [true, "this boolean"],
    [10n, "this bigint"],
    [Symbol("picture"), "this symbol"],
    [() => file, "this function"],
    [{}, "this object"],
    [[...file.subarray(0, 8)], "this object"],
    [{ width: 4, height: 4 }, "this object"],
  ]) {
    assert.equal(
      errorOf(() => pipeline.analyzeImage(value)),
      `There is no picture in ${named}. ${wanted}`,
    );
  }
  for (const data of [null, [0, 0, 0, 255], new Uint16Array(4), new Float32Array(4), "pixels", new ArrayBuffer(4)]) {
    assert.match(
      errorOf(() => pipeline.analyzeImage({ data, width: 1, height: 1 })),
      /^The data of pixels is a Uint8Array or a Uint8ClampedArray/,
    );
  }
  for (const sides of [{}, { width: 1 }, { width: "1", height: "1" }]) {
    assert.match(
      errorOf(() => pipeline.analyzeImage({ data: file, ...sides })),
      /^Pixels need a width and a height; the bytes of a file are passed by themselves$/,
    );
  }
  assert.match(
    errorOf(() => pipeline.analyzeFrame(file, { timestampMs: 0 })),
    /not a file's bytes: decode them$/,
  );
  assert.equal(
    errorOf(() => pipeline.classifyFace("grey")),
    "Expected bytes, not string",
  );
  assert.deepEqual(pipeline.analyzeImage(file), expected, "the pipeline goes on");
});

test("`new` makes neither class, and the analyzer's error says what works in Node", async () => {
  assert.equal(
    errorOf(() => new EmotionPipeline(), "invalid-options"),
    "Make a pipeline with: await EmotionPipeline.create()",
  );
  assert.match(
    errorOf(() => new EmotionAnalyzer(), "invalid-options"),
    /await EmotionAnalyzer\.create\(\).*use EmotionPipeline of countenance\/pipeline$/,
  );
  await assert.rejects(EmotionAnalyzer.create(), (error) => {
    assert.deepEqual([error.name, error.code], ["EmotionError", "worker-unavailable"]);
    assert.match(error.message, /this is not a browser\. .*use EmotionPipeline of countenance\/pipeline$/);
    return true;
  });
});
