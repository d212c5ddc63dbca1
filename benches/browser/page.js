// What run.mjs drives: starts engines, checks that they agree, and runs one task of one engine so many times.

import { DETECTOR_STRIDES, engines } from "./engines.js";

const CHIP_SIDE = 48;
/** How many crops of the picture's face are classified, each a little larger and more to the side. */
const CROPS = 16;
/** The inputs of the model's golden answers are classified too. */
const GOLDEN = "/dist/bench/golden.json";
const DETECT_SIZE = { width: 320, height: 256 };
const FRAME_SIZE = { width: 640, height: 480 };
/** Long sides at which faces are looked for in a frame, for the curve of time against pixels. */
const LONG_SIDES = [160, 240, 320, 480, 640];
/** The face drifts over this many frames and back again, a pixel a frame. */
const STREAM_FRAMES = 8;
const FRAME_INTERVAL_MS = 1000 / 30;
/** No face is that certain, so that the detector's row holds no classification. */
const NO_FACE_CONFIDENCE = 0.99;

/** Fetched files and started engines, by engine id. */
const fetched = {};
const sessions = {};
/** What can be timed: tasks[name][engine id](call number). */
const tasks = { nothing: { page: () => {} }, classify: {}, detect: {}, frame: {}, stream: {} };
let inputs;

/** Loads an engine's code and data, so that only its start is left. */
async function load(id) {
  const { modules, scripts, data } = engines[id];
  for (const url of modules) await import(url);
  for (const url of scripts) await loadScript(url);
  const entries = Object.entries(data).map(async ([name, url]) => [name, await (await get(url)).arrayBuffer()]);
  fetched[id] = Object.fromEntries(await Promise.all(entries));
}

/** Starts an engine and classifies one face; gives the milliseconds on the clock. */
async function start(id) {
  const began = performance.now();
  sessions[id] = await engines[id].start(fetched[id]);
  await sessions[id].classify(inputs.chips[0]);
  return performance.now() - began;
}

/** Starts our module and analyses one picture; gives the milliseconds on the clock. */
async function startWithPicture(id) {
  const { width, height, data } = inputs.frames[0];
  const began = performance.now();
  sessions[id] = await engines[id].start(fetched[id]);
  const faces = sessions[id].pipeline.analyzeImage(data, width, height);
  const time = performance.now() - began;
  if (faces.length !== 1) throw new Error(`${faces.length} faces in a picture of one`);
  return time;
}

/** Reads the picture and cuts every input out of it. `face` is the square around its one face. */
async function makeInputs({ url, face }) {
  const picture = await createImageBitmap(await (await get(url)).blob());
  const draw = ({ width, height }, ...place) => {
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#777";
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, ...place);
    return context.getImageData(0, 0, width, height);
  };
  const chip = (x, y, side) => {
    const { data } = draw({ width: CHIP_SIDE, height: CHIP_SIDE }, x, y, side, side, 0, 0, CHIP_SIDE, CHIP_SIDE);
    return Uint8Array.from({ length: CHIP_SIDE ** 2 }, (_, i) => Math.round((data[4 * i] + data[4 * i + 1]) / 2));
  };
  const crops = Array.from({ length: CROPS }, (_, i) => {
    const shift = (face.side * (i - CROPS / 2)) / (3 * CROPS);
    return chip(face.x + shift, face.y - shift / 2, face.side - 2 * shift);
  });
  const frame = (size, shift = 0) => {
    const scale = size.height / picture.height;
    return draw(size, shift, 0, picture.width * scale, size.height);
  };
  const drift = (i) => Math.min(i, STREAM_FRAMES - i);
  const frames = Array.from({ length: STREAM_FRAMES }, (_, i) => frame(FRAME_SIZE, drift(i)));
  const { cases } = await (await get(GOLDEN)).json();
  const chips = [
    ...crops,
    ...cases.map(({ grey }) => Uint8Array.from(grey.match(/../g), (hex) => Number.parseInt(hex, 16))),
  ];
  inputs = { chips, frames, small: frame(DETECT_SIZE) };
}

/** Starts the engines and makes the tasks they can do. */
async function prepare(ids) {
  for (const id of ids) {
    await load(id);
    await start(id);
    tasks.classify[id] = (call) => sessions[id].classify(inputs.chips[call % inputs.chips.length]);
  }
  if (sessions.countenance) prepareOurs(sessions.countenance);
  if (sessions["onnxruntime-web"]) await prepareOrt(sessions["onnxruntime-web"]);
}

function prepareOurs({ module }) {
  const { small, frames } = inputs;
  const options = { pictureSize: DETECT_SIZE.width, liveSize: DETECT_SIZE.width };
  const detecting = new module.EmotionPipeline({ ...options, minConfidence: NO_FACE_CONFIDENCE });
  const fresh = new module.EmotionPipeline(options);
  const tracking = new module.EmotionPipeline(options);
  const analyzed = (faces) => {
    if (faces.length !== 1) throw new Error(`${faces.length} faces in a frame of one`);
    return faces;
  };
  const frameOf = (call) => frames[call % STREAM_FRAMES];
  let now = 0;
  tasks.detect.countenance = () => detecting.analyzeImage(small.data, small.width, small.height);
  for (const liveSize of LONG_SIDES) {
    const pipeline = new module.EmotionPipeline({ liveSize, minConfidence: NO_FACE_CONFIDENCE });
    const countenance = (call) => {
      const { data, width, height } = frameOf(call);
      pipeline.reset();
      return pipeline.analyzeFrame(data, width, height, 0);
    };
    tasks[`detect-${liveSize}`] = { countenance };
  }
  tasks.frame.countenance = (call) => {
    const { data, width, height } = frameOf(call);
    fresh.reset();
    return analyzed(fresh.analyzeFrame(data, width, height, 0));
  };
  tasks.stream.countenance = (call) => {
    const { data, width, height } = frameOf(call);
    now += FRAME_INTERVAL_MS;
    return analyzed(tracking.analyzeFrame(data, width, height, now));
  };
}

async function prepareOrt({ library }) {
  const session = await library.InferenceSession.create(new Uint8Array(fetched["onnxruntime-web"].detector));
  const { width, height, data } = inputs.small;
  const image = new Float32Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (const channel of [0, 1, 2]) image[channel * width * height + pixel] = data[4 * pixel + 2 - channel];
  }
  const feeds = { image: new library.Tensor("float32", image, [1, 3, height, width]) };
  tasks.detect["onnxruntime-web"] = () => session.run(feeds);
}

/**
 * How far the engines' answers lie from those of the same weights in onnxruntime-web, by the released file or, for a peer,
 * without the correction for how a face looks; and our detector's from onnxruntime-web's.
 */
async function disagreements(sha256) {
  const reference = "onnxruntime-web";
  const ids = Object.keys(tasks.classify);
  if (!sessions[reference]) {
    await load(reference);
    await start(reference);
  }
  const answersOf = async (classify) => {
    const answers = [];
    for (const chip of inputs.chips) answers.push(...(await classify(chip)));
    return answers;
  };
  const corrected = await answersOf(sessions[reference].correct);
  const plain = await answersOf(sessions[reference].classify);
  const spread = Math.max(...corrected) - Math.min(...corrected);
  if (!(spread > 0.5)) throw new Error("the answers hardly differ between inputs, so their agreement proves nothing");
  const classify = {};
  for (const id of ids.filter((id) => id !== reference)) {
    const { model, classify: answer } = sessions[id];
    if (model && model.sha256 !== sha256) throw new Error(`${id} was built with other weights: ${model.id}`);
    const expected = model ? corrected : plain;
    const answers = await answersOf(answer);
    classify[id] = Math.max(...answers.map((value, i) => Math.abs(value - expected[i])));
  }
  if (!sessions.countenance || !tasks.detect[reference]) return { reference, classify };

  const pipeline = new sessions.countenance.module.EmotionPipeline({ pictureSize: DETECT_SIZE.width });
  const [ours] = pipeline.analyzeImage(inputs.small.data, inputs.small.width, inputs.small.height);
  const theirs = bestFace(await tasks.detect["onnxruntime-web"]());
  const box = Math.max(...Object.keys(theirs.box).map((side) => Math.abs(ours.box[side] - theirs.box[side])));
  return { reference, classify, detect: { boxPixels: box, confidence: Math.abs(ours.confidence - theirs.confidence) } };
}

/** The most confident face in the detector's raw output. */
function bestFace(outputs) {
  let best = { confidence: 0 };
  for (const stride of DETECTOR_STRIDES) {
    const [cls, obj, bbox] = ["cls", "obj", "bbox"].map((head) => outputs[`${head}_${stride}`].data);
    const columns = DETECT_SIZE.width / stride;
    for (let cell = 0; cell < cls.length; cell++) {
      const confidence = Math.sqrt(cls[cell] * obj[cell]);
      if (confidence <= best.confidence) continue;
      const [dx, dy, w, h] = bbox.subarray(4 * cell);
      const [width, height] = [Math.exp(w) * stride, Math.exp(h) * stride];
      const x = ((cell % columns) + dx) * stride - width / 2;
      const y = (Math.floor(cell / columns) + dy) * stride - height / 2;
      best = { confidence, box: { x, y, width, height } };
    }
  }
  return best;
}

/** Runs one engine's task `calls` times; gives the milliseconds on the clock. */
async function run(task, id, calls) {
  const call = tasks[task][id];
  const began = performance.now();
  for (let i = 0; i < calls; i++) await call(i);
  return performance.now() - began;
}

/** Which engines can do which task. */
function available() {
  return Object.fromEntries(Object.entries(tasks).map(([task, byEngine]) => [task, Object.keys(byEngine)]));
}

async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response;
}

function loadScript(src) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src, onload: resolve });
    script.onerror = () => reject(new Error(`${src} could not be loaded`));
    document.head.append(script);
  });
}

window.bench = { makeInputs, load, start, startWithPicture, prepare, disagreements, run, available };
