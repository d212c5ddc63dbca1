// Counts the WebAssembly instructions of each stage and holds them against benches/instructions.json: a guard that a busy
// machine cannot disturb. tests/wasm does the same.
//
//   npm run bench:instructions -- [--update]

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";
import { fail, root, run } from "../scripts/environment.mjs";
import { COUNTER, instrument } from "./wasm-counter.mjs";

/** Compilers differ a little; a lost optimisation costs more. */
const TOLERANCE_PERCENT = 3;
const FRAME = { width: 640, height: 480 };
const FRAME_INTERVAL_MS = 1000 / 30;
/** Two seconds of video, so that the frames on which the detector looks everywhere come round. */
const STREAM_FRAMES = 60;
/** No face is that certain, so that detecting alone is counted. */
const NO_FACE_CONFIDENCE = 0.99;

const expectedPath = join(root, "benches", "instructions.json");

/**
 * Instructions a call of every stage, of the module built in a folder.
 * @param {string} folder
 * @returns {Promise<Record<string, number>>}
 */
export async function countInstructions(folder) {
  const { default: start, EmotionPipeline } = await import(pathToFileURL(join(folder, "countenance.js")).href);
  const exports = await start({ module_or_path: instrument(readFileSync(join(folder, "countenance_bg.wasm"))) });
  const counted = {};
  const count = (stage, call, calls = 1) => {
    const before = exports[COUNTER].value;
    for (let i = 0; i < calls; i++) call();
    counted[stage] = Math.round(Number(exports[COUNTER].value - before) / calls);
  };

  const frame = cameraFrame();
  const { width, height } = FRAME;
  let pipeline;
  count("start", () => {
    pipeline = new EmotionPipeline();
  });
  // What is allocated once is no part of a frame.
  const live = () => {
    pipeline.reset();
    const faces = pipeline.analyzeFrame(frame, width, height, 0);
    if (faces.length !== 1) fail(`${faces.length} faces in a frame of one.`);
  };
  live();
  count("frame", live);
  let now = 0;
  const next = () => {
    now += FRAME_INTERVAL_MS;
    if (pipeline.analyzeFrame(frame, width, height, now).length !== 1) fail("The face was lost.");
  };
  count("stream", next, STREAM_FRAMES);
  const grey = Uint8Array.from({ length: 48 * 48 }, (_, i) => (i * 7) % 251);
  count("classify", () => pipeline.classifyFace(grey));
  const detecting = new EmotionPipeline({ minConfidence: NO_FACE_CONFIDENCE });
  detecting.analyzeFrame(frame, width, height, 0);
  detecting.reset();
  count("detect", () => detecting.analyzeFrame(frame, width, height, 0));
  return counted;
}

/**
 * How the counts lie to the expected ones, a line a stage, and whether one is too high.
 * @param {Record<string, number>} counted
 */
export function compare(counted) {
  const expected = JSON.parse(readFileSync(expectedPath, "utf8"));
  let worse = Object.keys(expected).some((stage) => !(stage in counted));
  const lines = Object.entries(counted).map(([stage, count]) => {
    const change = 100 * (count / expected[stage] - 1);
    worse ||= !(change <= TOLERANCE_PERCENT);
    const millions = (count / 1e6).toFixed(2).padStart(8);
    return `${stage.padEnd(9)}${millions} million instructions a call, ${change.toFixed(1)}% from the expected`;
  });
  return { lines, worse };
}

/** The portrait's top left corner as a camera's frame; the rest of the frame is black. */
function cameraFrame() {
  const picture = decodePng(readFileSync(join(root, "tests/fixtures/astronaut.png")));
  const frame = new Uint8Array(FRAME.width * FRAME.height * 4).map((_, index) => (index % 4 === 3 ? 255 : 0));
  for (let y = 0; y < Math.min(picture.height, FRAME.height); y++) {
    for (let x = 0; x < Math.min(picture.width, FRAME.width); x++) {
      const from = (y * picture.width + x) * picture.channels;
      frame.set([...picture.samples.subarray(from, from + 3), 255], (y * FRAME.width + x) * 4);
    }
  }
  return frame;
}

/** The samples of a PNG of eight bits a channel, not interlaced, as the fixtures are. */
export function decodePng(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = [];
  for (let at = 8; at < bytes.length; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === 0x49444154) data.push(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const [width, height, channels] = [view.getUint32(16), view.getUint32(20), { 2: 3, 6: 4 }[bytes[25]]];
  if (bytes[24] !== 8 || !channels || bytes[28] !== 0) throw new Error("a PNG of a kind that is not read here");
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  const samples = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : samples[y * stride + x - channels];
      const above = y === 0 ? 0 : samples[(y - 1) * stride + x];
      const corner = x < channels || y === 0 ? 0 : samples[(y - 1) * stride + x - channels];
      const predicted = [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter];
      samples[y * stride + x] = raw[y * (stride + 1) + 1 + x] + predicted;
    }
  }
  return { width, height, channels, samples };
}

function paeth(left, above, corner) {
  const guess = left + above - corner;
  const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value));
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  run("node", ["scripts/build.mjs"]);
  const counted = await countInstructions(join(root, "www/pkg"));
  const { lines, worse } = compare(counted);
  console.log(lines.join("\n"));
  if (process.argv.includes("--update")) writeFileSync(expectedPath, `${JSON.stringify(counted, null, 2)}\n`);
  else if (worse) fail("A stage takes too many more instructions. If that is meant: -- --update");
}
