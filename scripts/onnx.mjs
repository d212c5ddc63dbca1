// Writes the networks as ONNX files. Only the protocol-buffer fields that these graphs need are encoded; the field numbers
// are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

import { version } from "./environment.mjs";

const OPSET = 13;
const IR_VERSION = 7;
const BATCH_NORM_EPSILON = 1e-3;
const LEAKY_SLOPE = 0.1;
/** Types of values, by their codes. */
const FLOAT = 1;
const UINT8 = 2;
const INT64 = 7;

// --- Protocol buffers: a message is a list of fields, a field its bytes.

const varint = (value) => {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
};
const integer = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const float = (field, value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
};
const bytes = (field, value) => Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
const string = (field, value) => bytes(field, Buffer.from(value));
const message = (field, fields) => bytes(field, Buffer.concat(fields));

// --- ONNX: nodes, tensors and the model around them.

function attribute(name, value) {
  if (Array.isArray(value)) return [string(1, name), ...value.map((item) => integer(8, item)), integer(20, 7)];
  if (typeof value === "string") return [string(1, name), string(4, value), integer(20, 3)];
  if (Number.isInteger(value)) return [string(1, name), integer(3, value), integer(20, 2)];
  return [string(1, name), float(2, value), integer(20, 1)];
}

function tensor(name, shape, data) {
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const type = data instanceof BigInt64Array ? INT64 : FLOAT;
  return [...shape.map((size) => integer(1, size)), integer(2, type), string(8, name), bytes(9, raw)];
}

/** A size may be a name, for what the caller chooses. */
function valueInfo(name, shape, type = FLOAT, about = "") {
  const dimension = (size) => message(1, [typeof size === "string" ? string(2, size) : integer(1, size)]);
  const tensorType = message(1, [integer(1, type), message(2, shape.map(dimension))]);
  return [string(1, name), message(2, [tensorType]), string(3, about)];
}

/** Collects a graph's nodes; every method returns the name of the value it adds. */
class Graph {
  #nodes = [];
  #tensors = [];
  #outputs = [];
  #added = new Set();

  constructor(tensors) {
    this.weights = tensors;
  }

  constant(name, shape, values) {
    if (!this.#added.has(name)) this.#tensors.push(message(5, tensor(name, shape, values)));
    this.#added.add(name);
    return name;
  }

  weight(name) {
    const found = this.weights[name];
    if (!found) throw new Error(`the weights have no tensor ${name}`);
    return this.constant(name, found.shape, found.values);
  }

  node(operator, inputs, attributes = {}, output = `${operator}_${this.#nodes.length}`) {
    const fields = Object.entries(attributes).map(([name, value]) => message(5, attribute(name, value)));
    const values = [...inputs.map((input) => string(1, input)), string(2, output)];
    this.#nodes.push(message(1, [...values, string(3, output), string(4, operator), ...fields]));
    return output;
  }

  /** A node without attributes, for values and numbers. */
  apply(operator, ...inputs) {
    const constant = (value) => this.constant(`number ${value}`, [], Float32Array.of(value));
    return this.node(
      operator,
      inputs.map((input) => (typeof input === "number" ? constant(input) : input)),
    );
  }

  square(input) {
    return this.apply("Mul", input, input);
  }

  /** The part of the value from `starts` to in front of `ends`, along its last axes. */
  slice(input, starts, ends, firstAxis) {
    const axes = starts.map((_, index) => firstAxis + index);
    const lists = [starts, ends, axes].map((list) =>
      this.constant(`integers ${list}`, [list.length], BigInt64Array.from(list.map(BigInt))),
    );
    return this.node("Slice", [input, ...lists]);
  }

  convolution(input, name, { group = 1, stride = 1 } = {}) {
    const kernel = this.weights[`${name}.weight`].shape.slice(2);
    const pads = [...kernel, ...kernel].map((size) => (size - 1) / 2);
    const attributes = { group, kernel_shape: kernel, pads, strides: [stride, stride] };
    return this.node("Conv", [input, this.weight(`${name}.weight`), this.weight(`${name}.bias`)], attributes);
  }

  maxPool(input) {
    return this.node("MaxPool", [input], { kernel_shape: [2, 2], strides: [2, 2] });
  }

  batchNorm(input, name) {
    const parameters = ["weight", "bias", "mean", "var"].map((part) => this.weight(`${name}.${part}`));
    return this.node("BatchNormalization", [input, ...parameters], { epsilon: BATCH_NORM_EPSILON });
  }

  dense(input, name, output) {
    const parameters = [this.weight(`${name}.weight`), this.weight(`${name}.bias`)];
    return this.node("Gemm", [input, ...parameters], { transB: 1 }, output);
  }

  output(name, shape, about) {
    this.#outputs.push(message(12, valueInfo(name, shape, FLOAT, about)));
  }

  /**
   * The file.
   * @param {Buffer[]} input `valueInfo` of what goes in
   * @param {Record<string, string>} [metadata]
   */
  model(input, metadata = {}) {
    const graph = [...this.#nodes, string(2, "countenance"), ...this.#tensors, message(11, input), ...this.#outputs];
    const opset = message(8, [string(1, ""), integer(2, OPSET)]);
    const entries = Object.entries(metadata).map(([key, value]) => message(14, [string(1, key), string(2, value)]));
    const producer = [string(2, "countenance"), string(3, version)];
    return Buffer.concat([integer(1, IR_VERSION), ...producer, message(7, graph), opset, ...entries]);
  }
}

// --- The expression network.

/** From grey 0..1 [N, 1, 48, 48] to the features in front of the heads. */
function embed(graph, face) {
  let value = face;
  for (let block = 1; block <= 5; block++) {
    value = graph.node("Relu", [graph.convolution(value, `conv${block}`)]);
    if (block > 1) value = graph.node("LeakyRelu", [graph.batchNorm(value, `bn${block}`)], { alpha: LEAKY_SLOPE });
    value = graph.maxPool(value);
  }
  value = graph.node("Flatten", [value]);
  for (const layer of [1, 2]) {
    value = graph.batchNorm(graph.node("Relu", [graph.dense(value, `dense${layer}`)]), `dense_bn${layer}`);
  }
  return value;
}

/**
 * The network and its main head alone, as the engines beside ours are measured with: `face` [1, 1, 48, 48] grey 0..1 to
 * `probabilities` [1, 4], not corrected for the face's appearance.
 * @param {{ metadata: Record<string, string>, tensors: object }} weights as `readWeights` gives them
 */
export function classifierOnnx({ metadata, tensors }) {
  const graph = new Graph(tensors);
  const logits = graph.dense(embed(graph, "face"), "dense3");
  const scaled = graph.apply("Div", logits, Number(metadata.temperature ?? 1));
  graph.output(graph.node("Softmax", [scaled], { axis: 1 }, "probabilities"), [1, 4]);
  return graph.model(valueInfo("face", [1, 1, 48, 48]));
}

/**
 * Everything between a face and its answers: `face` [N, 1, 48, 48] grey bytes to `four` [N, 4], `eight` [N, 8] and `other`
 * [N], which are what the library answers, and the two heads' logits.
 * @param {{ metadata: Record<string, string>, tensors: object }} weights as `readWeights` gives them
 * @param {Record<"classes" | "classes_eight", string[]>} names in the order of the heads' outputs
 * @param {Record<string, string>} about more metadata
 */
export function expressionOnnx({ metadata, tensors }, names, about) {
  const graph = new Graph(tensors);
  const pixels = graph.node("Cast", ["face"], { to: FLOAT });
  const features = embed(graph, graph.apply("Div", pixels, 255));
  const fourLogits = graph.dense(features, "dense3", "four_logits");
  const eightLogits = graph.dense(features, "eight", "eight_logits");

  const scaled = graph.apply("Div", fourLogits, number(metadata, "temperature"));
  const isCorrected = "appearance_weights" in metadata;
  const corrected = isCorrected ? correct(graph, scaled, appearance(graph, pixels), metadata) : scaled;
  const four = graph.node("Softmax", [corrected], { axis: 1 }, "four");
  const scaledEight = graph.apply("Div", eightLogits, number(metadata, "temperature_eight"));
  const eight = graph.node("Softmax", [scaledEight], { axis: 1 }, "eight");
  const other = otherOf(graph, eight, names, metadata);

  graph.output(four, ["N", 4], `Calibrated probabilities of ${names.classes.join(", ")}`);
  graph.output(eight, ["N", 8], `Calibrated probabilities of ${names.classes_eight.join(", ")}`);
  graph.output(other, ["N"], "Calibrated probability that the face shows none of the four");
  graph.output(fourLogits, ["N", 4], "The main head's logits, neither calibrated nor corrected");
  graph.output(eightLogits, ["N", 8], "The second head's logits, not calibrated");
  const lists = Object.fromEntries(Object.entries(names).map(([key, list]) => [key, list.join(",")]));
  const input = valueInfo("face", ["N", 1, 48, 48], UINT8, "Upright faces, cut out, grey, 0 is black and 255 white");
  return graph.model(input, { ...metadata, ...lists, ...about });
}

/** A number of the metadata; throws where there is none. */
function number(metadata, key) {
  const value = Number.parseFloat(metadata[key]);
  if (!Number.isFinite(value)) throw new Error(`the weights' metadata has no number ${key}`);
  return value;
}

/** How the faces look, [N, 6]: the measures of src/appearance.rs, in their order. */
function appearance(graph, pixels) {
  const meanOver = (keepdims, value) => graph.node("ReduceMean", [value], { axes: [2, 3], keepdims });
  const mean = (value) => meanOver(0, value);
  /** The mean squared difference of pixels of an area that are `down` and `right` of each other, for values 0..1. */
  const detail = ([top, bottom, left, right], [down, across]) => {
    const from = graph.slice(pixels, [top, left], [bottom - down, right - across], 2);
    const to = graph.slice(pixels, [top + down, left + across], [bottom, right], 2);
    return graph.apply("Div", mean(graph.square(graph.apply("Sub", from, to))), 255 ** 2);
  };
  const sharpnessAlong = ([down, across]) => {
    const [near, far] = [1, 2].map((distance) =>
      graph.apply("Add", detail([0, 48, 0, 48], [distance * down, distance * across]), 1e-6),
    );
    const share = graph.apply("Div", graph.apply("Sub", graph.apply("Div", near, far), 0.25), 0.75);
    return graph.apply("Clip", share, 0, 1);
  };
  const sharpness = [sharpnessAlong([0, 1]), sharpnessAlong([1, 0])];
  const logSharpness = (which) =>
    graph.apply("Log", graph.apply("Add", graph.node(which, sharpness), Math.fround(1 / 3)));
  const part = (area) => graph.apply("Add", graph.apply("Add", detail(area, [0, 1]), detail(area, [1, 0])), 1e-5);
  const [mouth, eyes] = [part([30, 44, 10, 38]), part([12, 24, 8, 40])];

  const variance = mean(graph.square(graph.apply("Sub", pixels, meanOver(1, pixels))));
  const contrast = graph.apply("Div", graph.apply("Sqrt", variance), 255);
  const glaring = graph.node("Cast", [graph.apply("Greater", pixels, 253.5)], { to: FLOAT });
  const measures = [
    graph.apply("Log", graph.apply("Add", contrast, 0.004)),
    graph.apply("Div", mean(pixels), 255),
    logSharpness("Min"),
    logSharpness("Max"),
    graph.apply("Clip", graph.apply("Log", graph.apply("Div", mouth, eyes)), -4, 4),
    mean(glaring),
  ];
  return graph.node("Concat", measures, { axis: 1 });
}

/** The logits [N, 4], corrected for how the faces look: `AppearanceCorrection` of src/appearance.rs. */
function correct(graph, logits, measures, metadata) {
  const list = (key) => Float32Array.from(metadata[`appearance_${key}`].split(","), Number);
  const row = (key) => graph.constant(`appearance_${key}`, [1, list(key).length], list(key));
  const deviation = graph.apply("Div", graph.apply("Sub", measures, row("centres")), row("spreads"));
  const clipped = graph.apply("Clip", deviation, -4, 4);
  const terms = graph.node("Concat", [clipped, graph.square(clipped)], { axis: 1 });
  // The first term is one; each term adds to the logits' factor and to each of them.
  const weights = list("weights");
  const parts = 5;
  const constant = graph.constant("appearance_constant", [parts], weights.subarray(0, parts));
  const slopes = graph.constant("appearance_slopes", [12, parts], weights.subarray(parts));
  const sums = graph.node("Gemm", [terms, slopes, constant]);
  const factor = graph.apply("Max", graph.slice(sums, [0], [1], 1), 0.2);
  return graph.apply("Add", graph.apply("Mul", factor, logits), graph.slice(sums, [1], [parts], 1));
}

/** How probable it is that the faces show none of the four, [N]: `OtherCalibration` of src/other.rs. */
function otherOf(graph, eight, { classes, classes_eight: all }, metadata) {
  const sides = Float32Array.from(all.flatMap((name) => (classes.includes(name) ? [0, 1] : [1, 0])));
  const sums = graph.node("MatMul", [eight, graph.constant("other_sides", [all.length, 2], sides)]);
  const logs = graph.apply("Log", graph.apply("Max", sums, 2 ** -126)); // the smallest normal number
  const scale = number(metadata, "other_scale");
  const scales = graph.constant("other_scales", [2, 1], Float32Array.of(scale, -scale));
  const offset = graph.constant("other_offset", [1], Float32Array.of(number(metadata, "other_offset")));
  const probability = graph.node("Sigmoid", [graph.node("Gemm", [logs, scales, offset])]);
  const axes = graph.constant("integers 1", [1], BigInt64Array.of(1n));
  return graph.node("Squeeze", [probability, axes], {}, "other");
}

// --- The detector.

/** What each of the detector's heads gives a cell. */
const DETECTOR_HEADS = { cls: 1, obj: 1, bbox: 4, kps: 10 };

/**
 * The detector's forward pass: `image` [N, 3, height, width] BGR 0..255 to `cls_8` .. `kps_32` [N, cells, values], the cells
 * row by row. Decoding and non-maximum suppression are not in it. OpenCV's `FaceDetectorYN` takes these names and shapes.
 * @param {[number | string, number | string, number | string]} size of the input, each a number, a multiple of 32 in the
 *   case of height and width, or a name for what the caller chooses
 * @param {Record<string, string>} [about] more metadata
 */
export function detectorOnnx({ metadata, tensors }, [count, height, width], about) {
  const graph = new Graph(tensors);
  const separable = (input, name) => {
    const channels = tensors[`${name}.dw.weight`].shape[0];
    return graph.convolution(graph.convolution(input, `${name}.pw`), `${name}.dw`, { group: channels });
  };
  const relu = (input) => graph.node("Relu", [input]);
  const scales = () => graph.constant("scales", [4], Float32Array.of(1, 1, 2, 2));
  const twice = (input) => {
    const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
    return graph.node("Resize", [input, "", scales()], attributes);
  };

  let value = relu(graph.convolution("image", "backbone.0.conv", { stride: 2 }));
  value = graph.maxPool(relu(separable(value, "backbone.0.dp")));
  const levels = [];
  for (let block = 1; block <= 5; block++) {
    for (const part of ["dp1", "dp2"]) value = relu(separable(value, `backbone.${block}.${part}`));
    if (block >= 3) levels.push(value);
    if (block >= 2 && block <= 4) value = graph.maxPool(value);
  }
  for (let level = 2; level >= 0; level--) {
    const above = levels[level + 1];
    const merged = above ? graph.node("Add", [levels[level], twice(above)]) : levels[level];
    levels[level] = relu(separable(merged, `neck.${level}`));
  }
  levels.forEach((features, level) => {
    const stride = 8 << level;
    for (const [head, values] of Object.entries(DETECTOR_HEADS)) {
      const name = `${head}_${stride}`;
      const raw = separable(features, `head.${level}.${head}`);
      const cells = graph.node("Transpose", [values === 1 ? graph.apply("Sigmoid", raw) : raw], { perm: [0, 2, 3, 1] });
      const shape = graph.constant(`cells of ${head}`, [3], BigInt64Array.of(0n, -1n, BigInt(values)));
      graph.output(graph.node("Reshape", [cells, shape], {}, name), [count, `cells_${stride}`, values]);
    }
  });
  const input = valueInfo("image", [count, 3, height, width], FLOAT, "Blue, green, red, 0..255; sides multiples of 32");
  return graph.model(input, { ...metadata, ...about });
}
