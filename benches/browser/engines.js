// The engines measured: what a page downloads for each, and how it starts and calls it. Plain data and page code, so
// that run.mjs can read the file lists too.

const PEERS = "/benches/browser/node_modules";
/** What run.mjs writes there from the weights. */
const GENERATED = "/dist/bench";

/** The detector's levels, finest first: a cell every so many pixels. */
export const DETECTOR_STRIDES = [8, 16, 32];

/**
 * @typedef {object} Engine
 * @property {string} name
 * @property {string[]} modules ECMAScript modules imported before the clock starts
 * @property {string[]} scripts classic scripts run before the clock starts
 * @property {Record<string, string>} data files fetched before the clock starts and handed to `start`
 * @property {string[]} download the files that classifying a face takes
 * @property {(data: Record<string, ArrayBuffer>) => Promise<Session>} start
 *
 * @typedef {object} Session a started engine
 * @property {(grey: Uint8Array) => number[] | Promise<number[]>} classify 48x48 grey bytes to the four probabilities; the
 *   peers' are not corrected for how the face looks, as their networks end with the softmax
 * @property {(grey: Uint8Array) => Promise<number[]>} [correct] the same by the released ONNX file, which corrects them
 * @property {object} [library] onnxruntime-web, for its detector
 * @property {object} [module] our module, for its pipelines
 * @property {{ id: string, sha256: string }} [model] the classifier compiled into our module
 */

/** A build of our module; the Burn builds differ in what computes the classifier. */
function countenance(name, folder) {
  const modules = [`${folder}/countenance.js`];
  const data = { wasm: `${folder}/countenance_bg.wasm` };
  const start = async ({ wasm }) => {
    const module = await import(modules[0]);
    await module.default({ module_or_path: wasm });
    const pipeline = new module.EmotionPipeline();
    const classify = (grey) => Object.values(pipeline.classifyFace(grey).probabilities);
    return { module, pipeline, classify, model: module.modelInfo().emotion };
  };
  return { name, modules, scripts: [], data, download: [...modules, data.wasm], start };
}

const ort = {
  name: "onnxruntime-web",
  modules: [`${PEERS}/onnxruntime-web/dist/ort.wasm.bundle.min.mjs`],
  scripts: [],
  data: {
    wasm: `${PEERS}/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm`,
    classifier: `${GENERATED}/classifier.onnx`,
    released: `${GENERATED}/model.onnx`,
    detector: `${GENERATED}/detector.onnx`,
  },
  async start({ wasm, classifier, released }) {
    const library = await import(ort.modules[0]);
    library.env.wasm.numThreads = 1;
    library.env.wasm.wasmBinary = wasm;
    const session = await library.InferenceSession.create(new Uint8Array(classifier));
    const input = new Float32Array(48 * 48);
    const feeds = { face: new library.Tensor("float32", input, [1, 1, 48, 48]) };
    const classify = async (grey) => {
      for (let i = 0; i < grey.length; i++) input[i] = grey[i] / 255;
      const { probabilities } = await session.run(feeds);
      return [...probabilities.data];
    };
    let whole;
    const correct = async (grey) => {
      whole ??= await library.InferenceSession.create(new Uint8Array(released));
      const { four } = await whole.run({ face: new library.Tensor("uint8", grey, [1, 1, 48, 48]) });
      return [...four.data];
    };
    return { library, classify, correct };
  },
};
ort.download = [...ort.modules, ort.data.wasm, ort.data.classifier];

const TFJS = `${PEERS}/@tensorflow`;
const tfjs = {
  name: "TensorFlow.js wasm",
  modules: [],
  scripts: [
    `${TFJS}/tfjs-core/dist/tf-core.min.js`,
    `${TFJS}/tfjs-layers/dist/tf-layers.min.js`,
    `${TFJS}/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`,
  ],
  data: {
    wasm: `${TFJS}/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm`,
    topology: `${GENERATED}/classifier.tfjs.json`,
    weights: `${GENERATED}/classifier.tfjs.bin`,
  },
  async start({ wasm, topology, weights }) {
    const { tf } = globalThis;
    const url = URL.createObjectURL(new Blob([wasm], { type: "application/wasm" }));
    // It picks the SIMD build, and without cross-origin isolation the one without threads, but wants all three named.
    const builds = ["", "-simd", "-threaded-simd"].map((build) => [`tfjs-backend-wasm${build}.wasm`, url]);
    tf.wasm.setWasmPaths(Object.fromEntries(builds));
    await tf.setBackend("wasm");
    const artifacts = { ...JSON.parse(new TextDecoder().decode(topology)), weightData: weights };
    const model = await tf.loadLayersModel(tf.io.fromMemory(artifacts));
    const input = new Float32Array(48 * 48);
    const classify = (grey) => {
      for (let i = 0; i < grey.length; i++) input[i] = grey[i] / 255;
      return tf.tidy(() => [...model.predict(tf.tensor4d(input, [1, 48, 48, 1])).dataSync()]);
    };
    return { classify };
  },
};
tfjs.download = [...tfjs.scripts, ...Object.values(tfjs.data)];

/** Every engine by its id, ours first. @type {Record<string, Engine>} */
export const engines = {
  countenance: countenance("countenance", "/www/pkg"),
  "burn-flex": countenance("burn-flex", "/dist/burn-flex"),
  "burn-ndarray": countenance("burn-ndarray", "/dist/burn-ndarray"),
  "onnxruntime-web": ort,
  "tfjs-wasm": tfjs,
};
