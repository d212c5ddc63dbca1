// Writes the compiled-in classifier as an ONNX file: node benches/browser/write-onnx.mjs FILE

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { root } from "../../scripts/environment.mjs";
import { shipped } from "../../scripts/models.mjs";
import { classifierOnnx } from "../../scripts/onnx.mjs";
import { readWeights } from "../../scripts/weights.mjs";

const path = resolve(process.argv[2]);
const weights = readFileSync(resolve(root, process.env.COUNTENANCE_MODEL ?? `models/${shipped.emotion}/weights.cnw`));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, classifierOnnx(readWeights(weights)));
