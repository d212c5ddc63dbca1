// Writes the shipped models as ONNX files, each in a folder with its card that a model hub takes as it is: dist/onnx/<id>/.
//
//   node scripts/build-onnx.mjs [--weights FILE] [--out FOLDER]
//
// --weights takes other weights for the expression network, a container or a safetensors file, and then writes it alone.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sha256 } from "./checksums.mjs";
import { root } from "./environment.mjs";
import { shipped } from "./models.mjs";
import { detectorOnnx, expressionOnnx } from "./onnx.mjs";
import { readWeights } from "./weights.mjs";

const LICENCE = "MIT OR Apache-2.0";

const { values: options } = parseArgs({
  options: { weights: { type: "string" }, out: { type: "string", default: join(root, "dist/onnx") } },
});

if (options.weights) {
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, "model.onnx"), expressions(options.weights));
} else {
  const { emotion, detector } = shipped;
  const metrics = JSON.parse(readFileSync(join(root, "models", emotion, "metrics.json"), "utf8"));
  const evaluation = {
    task: { type: "image-classification" },
    dataset: { name: "FER2013, four expressions", type: "fer2013", split: "validation" },
    metrics: ["accuracy", "loss"].map((type) => ({ type, value: metrics[type] })),
  };
  const frontMatter = {
    license: ["mit", "apache-2.0"],
    library_name: "onnx",
    pipeline_tag: "image-classification",
    tags: ["facial-expression-recognition", "emotion-recognition", "onnxruntime"],
    "model-index": [{ name: emotion, results: [evaluation] }],
  };
  writeFolder(emotion, expressions(weightsOf(emotion)), frontMatter, ["LICENSE-MIT", "LICENSE-APACHE"]);
  writeFolder(detector, faces(weightsOf(detector), join(root, "models", detector, "LICENSE")), {
    license: "bsd-3-clause",
    library_name: "onnx",
    pipeline_tag: "object-detection",
    tags: ["face-detection", "yunet", "onnxruntime"],
  });
}

console.log(`Built ${options.out}.`);

function weightsOf(id) {
  return join(root, "models", id, "weights.cnw");
}

function expressions(path) {
  return expressionOnnx(readWeights(readFileSync(path)), namesOfHeads(), {
    licence: LICENCE,
    weights_sha256: sha256(path),
    preprocessing:
      "uint8 grey, 0.299 red + 0.587 green + 0.114 blue, of the square of 0.95 times the box's longer side",
  });
}

function faces(path, licence) {
  return detectorOnnx(readWeights(readFileSync(path)), ["N", "height", "width"], {
    licence_text: readFileSync(licence, "utf8"),
    weights_sha256: sha256(path),
    preprocessing: "float32 blue, green, red, 0..255, padded with zeros at the right and below to multiples of 32",
  });
}

/** The order of each head's answers, from the one place where it is defined. */
function namesOfHeads() {
  const source = readFileSync(join(root, "src/emotion.rs"), "utf8");
  const namesOf = (set) => {
    const [, list] = source.match(new RegExp(`^    ${set}, \\d:\n(.+?)^}`, "ms"));
    return [...list.matchAll(/^ {4}\w+ = "(\w+)",$/gm)].map(([, name]) => name);
  };
  return { classes: namesOf("Emotion"), classes_eight: namesOf("Emotion8") };
}

/** Writes a model's folder: the file, its licences, the card with its front matter, and what the card shows and links to. */
function writeFolder(id, file, frontMatter, licences = []) {
  const [from, to] = [join(root, "models", id), join(resolve(options.out), id)];
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, `${id}.onnx`), file);
  const card = readFileSync(join(from, "MODEL_CARD.md"), "utf8");
  // JSON is YAML.
  const head = Object.entries(frontMatter).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  writeFileSync(join(to, "README.md"), `---\n${head.join("")}---\n\n${card}`);
  for (const [, name] of card.matchAll(/\]\(([\w.]+)\)/g)) copyFileSync(join(from, name), join(to, name));
  for (const name of licences) copyFileSync(join(root, name), join(to, name));
}
