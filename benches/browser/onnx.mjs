// Writes the two networks as ONNX files. Only the protocol-buffer fields that these graphs need are encoded; the field
// numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).

import { DETECTOR_STRIDES } from "./engines.js";

const OPSET = 13;
const IR_VERSION = 7;
const FLOAT = 1;
const BATCH_NORM_EPSILON = 1e-3;
const LEAKY_SLOPE = 0.1;

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
  return [...shape.map((size) => integer(1, size)), integer(2, FLOAT), string(8, name), bytes(9, raw)];
}

function valueInfo(name, shape) {
  const dimensions = shape.map((size) => message(1, [integer(1, size)]));
  return [string(1, name), message(2, [message(1, [integer(1, FLOAT), message(2, dimensions)])])];
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

  dense(input, name) {
    const parameters = [this.weight(`${name}.weight`), this.weight(`${name}.bias`)];
    return this.node("Gemm", [input, ...parameters], { transB: 1 });
  }

  output(name, shape) {
    this.#outputs.push(message(12, valueInfo(name, shape)));
  }

  model(input, inputShape) {
    const name = string(2, "countenance");
    const graph = [...this.#nodes, name, ...this.#tensors, message(11, valueInfo(input, inputShape)), ...this.#outputs];
    const opset = message(8, [string(1, ""), integer(2, OPSET)]);
    return Buffer.concat([integer(1, IR_VERSION), string(2, "countenance"), message(7, graph), opset]);
  }
}

/**
 * The classifier as an ONNX file: `face` [1, 1, 48, 48] grey 0..1 to `probabilities` [1, 4].
 * @param {{ metadata: Record<string, string>, tensors: object }} weights as `readWeights` gives them
 */
export function classifierOnnx({ metadata, tensors }) {
  const graph = new Graph(tensors);
  let value = "face";
  for (let block = 1; block <= 5; block++) {
    value = graph.node("Relu", [graph.convolution(value, `conv${block}`)]);
    if (block > 1) value = graph.node("LeakyRelu", [graph.batchNorm(value, `bn${block}`)], { alpha: LEAKY_SLOPE });
    value = graph.maxPool(value);
  }
  value = graph.node("Flatten", [value]);
  for (const layer of [1, 2]) {
    value = graph.batchNorm(graph.node("Relu", [graph.dense(value, `dense${layer}`)]), `dense_bn${layer}`);
  }
  const logits = graph.dense(value, "dense3");
  const temperature = graph.constant("temperature", [], Float32Array.of(Number(metadata.temperature ?? 1)));
  const scaled = graph.node("Div", [logits, temperature]);
  graph.output(graph.node("Softmax", [scaled], { axis: 1 }, "probabilities"), [1, 4]);
  return graph.model("face", [1, 1, 48, 48]);
}

/** What each of the detector's heads gives a cell. */
const DETECTOR_HEADS = { cls: 1, obj: 1, bbox: 4, kps: 10 };

/**
 * The detector's forward pass as an ONNX file: `image` [1, 3, height, width] BGR 0..255 to `cls_8` .. `kps_32`. Decoding
 * and non-maximum suppression are not in it.
 */
export function detectorOnnx({ tensors }, width, height) {
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
    const stride = DETECTOR_STRIDES[level];
    for (const [head, channels] of Object.entries(DETECTOR_HEADS)) {
      const raw = separable(features, `head.${level}.${head}`);
      const name = `${head}_${stride}`;
      graph.node(channels === 1 ? "Sigmoid" : "Identity", [raw], {}, name);
      graph.output(name, [1, channels, height / stride, width / stride]);
    }
  });
  return graph.model("image", [1, 3, height, width]);
}
