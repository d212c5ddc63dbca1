// Our module beside Burn's CPU backends, onnxruntime-web and TensorFlow.js: same network, same weights, one thread, one
// Chromium, interleaved.
//
//   npm run bench -- [--only countenance,onnxruntime-web] [--rounds 15] [--no-build] [--json]
//
// Figures are CPU time of the renderer's thread. With --json the table goes to standard error and the figures, as JSON,
// to standard output (`npm run --silent bench -- --json > bench.json`).

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { sha256 } from "../../scripts/checksums.mjs";
import { fail, installPackages, root } from "../../scripts/environment.mjs";
import { shipped } from "../../scripts/models.mjs";
import { classifierOnnx, detectorOnnx } from "../../scripts/onnx.mjs";
import { readWeights } from "../../scripts/weights.mjs";
import { engines } from "./engines.js";
import { measure } from "./measure.mjs";
import { table } from "./report.mjs";

const folder = join(root, "benches", "browser");
const generated = join(root, "dist", "bench");
const BUILDS = { countenance: "www/pkg", "burn-flex": "dist/burn-flex", "burn-ndarray": "dist/burn-ndarray" };
/** Pictures, height, width. */
const DETECTOR_INPUT = [1, 256, 320];

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(engines).join(",") },
    rounds: { type: "string", default: "15" },
    "no-build": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const ids = options.only.split(",");
for (const id of ids) if (!engines[id]) fail(`There is no engine ${id}; there are ${Object.keys(engines).join(", ")}.`);
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) fail("--rounds takes a whole number above 0.");

// The peers are locked in a folder of their own, so that nothing else has to install them.
installPackages(folder);
if (!options["no-build"]) for (const id of ids) if (BUILDS[id]) build(id);
const model = await writePeerModels();
const figures = await measure({ ids, rounds, sha256: model.sha256, log: console.error });
const versions = peerVersions();
const result = {
  machine: { processor: cpus()[0].model, browser: figures.browser },
  model: { emotion: model.id, sha256: model.sha256 },
  engines: Object.fromEntries(ids.map((id) => [id, { name: engines[id].name, version: versions[id] }])),
  ...figures,
};
(options.json ? console.error : console.log)(table(result));
if (options.json) console.log(JSON.stringify(result, null, 2));

/** Runs a program with all its output on standard error, where it cannot mix with the JSON. */
function run(program, args, cwd = root) {
  const { status } = spawnSync(program, args, { cwd, stdio: ["ignore", 2, 2] });
  if (status !== 0) fail(`${program} ${args.join(" ")} failed.`);
}

function build(id) {
  const features = id === "countenance" ? [] : ["--features", id];
  run("node", ["scripts/build.mjs", "--out", BUILDS[id], ...features]);
}

/** Writes the compiled-in weights as the ONNX and TensorFlow.js models the peers load, and the golden inputs beside. */
async function writePeerModels() {
  // Imported here, since the peers' packages may just have been installed.
  const { classifierTfjs } = await import("./tfjs.mjs");
  const emotionPath = resolve(root, process.env.COUNTENANCE_MODEL ?? `models/${shipped.emotion}/weights.cnw`);
  const bytes = readFileSync(emotionPath);
  const emotion = readWeights(bytes);
  const detector = readWeights(readFileSync(join(root, "models", shipped.detector, "weights.cnw")));
  const { weightData, ...topology } = await classifierTfjs(emotion);
  mkdirSync(generated, { recursive: true });
  copyFileSync(join(root, "models", shipped.emotion, "golden.json"), join(generated, "golden.json"));
  run("node", ["scripts/build-onnx.mjs", "--weights", emotionPath, "--out", generated]);
  writeFileSync(join(generated, "classifier.onnx"), classifierOnnx(emotion));
  writeFileSync(join(generated, "detector.onnx"), detectorOnnx(detector, DETECTOR_INPUT));
  writeFileSync(join(generated, "classifier.tfjs.json"), JSON.stringify(topology));
  writeFileSync(join(generated, "classifier.tfjs.bin"), weightData);
  return { id: emotion.metadata.id, sha256: sha256(emotionPath) };
}

/** The version of what each engine runs on. */
function peerVersions() {
  const { devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const ours = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
  const burn = /^burn = .*version = "=?([^"]+)"/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))?.[1];
  return {
    countenance: ours,
    "burn-flex": burn,
    "burn-ndarray": burn,
    "onnxruntime-web": devDependencies["onnxruntime-web"],
    "tfjs-wasm": devDependencies["@tensorflow/tfjs-backend-wasm"],
  };
}
