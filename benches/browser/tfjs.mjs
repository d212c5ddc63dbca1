// Writes the classifier as a TensorFlow.js layers model, by the library's own layers API.

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";

const BATCH_NORM_EPSILON = 1e-3;
const LEAKY_SLOPE = 0.1;

/**
 * The classifier's topology and weights: input [1, 48, 48, 1] grey 0..1, output the four probabilities.
 * @param {{ metadata: Record<string, string>, tensors: object }} weights as `readWeights` gives them
 * @returns {Promise<{ modelTopology: object, weightSpecs: object[], weightData: Buffer }>}
 */
export async function classifierTfjs({ metadata, tensors }) {
  const model = sequential();
  const weights = [];
  const get = (name) => tf.tensor(tensors[name].values, tensors[name].shape);

  const batchNorm = (name) => {
    model.add(layers.batchNormalization({ epsilon: BATCH_NORM_EPSILON }));
    weights.push(...["weight", "bias", "mean", "var"].map((part) => get(`${name}.${part}`)));
  };
  const dense = (name, activation, scale = 1) => {
    model.add(layers.dense({ units: tensors[`${name}.bias`].shape[0], activation }));
    weights.push(tf.mul(tf.transpose(get(`${name}.weight`)), scale), tf.mul(get(`${name}.bias`), scale));
  };

  model.add(layers.inputLayer({ inputShape: [48, 48, 1] }));
  for (let block = 1; block <= 5; block++) {
    const filters = tensors[`conv${block}.bias`].shape[0];
    model.add(layers.conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu" }));
    weights.push(tf.transpose(get(`conv${block}.weight`), [2, 3, 1, 0]), get(`conv${block}.bias`));
    if (block > 1) {
      batchNorm(`bn${block}`);
      model.add(layers.leakyReLU({ alpha: LEAKY_SLOPE }));
    }
    model.add(layers.maxPooling2d({ poolSize: 2 }));
  }
  model.add(layers.flatten());
  for (const layer of [1, 2]) {
    dense(`dense${layer}`, "relu");
    batchNorm(`dense_bn${layer}`);
  }
  dense("dense3", "softmax", 1 / Number(metadata.temperature ?? 1));
  setWeights(model, weights);

  let saved;
  await model.save({
    async save({ modelTopology, weightSpecs, weightData }) {
      saved = { modelTopology, weightSpecs, weightData: Buffer.from(weightData) };
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
    },
  });
  return saved;
}

/** `model.setWeights` wants every trainable weight before the first running statistic; here they go layer by layer. */
function setWeights(model, weights) {
  let next = 0;
  for (const layer of model.layers) {
    const count = layer.getWeights().length;
    layer.setWeights(weights.slice(next, next + count));
    next += count;
  }
}
