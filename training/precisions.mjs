// Measures a model in every precision that its weights can be stored in, with the size of the module built with each, and
// puts the table into its card.
//
//   npm run precisions -- models/mine-1 --run runs/mine --data fer2013/validation

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { fail, root, run, targetDir } from "../scripts/environment.mjs";

const { values: options, positionals } = parseArgs({
  options: { run: { type: "string" }, data: { type: "string" } },
  allowPositionals: true,
});
if (positionals.length !== 1 || !options.run || !options.data) {
  fail("Name the model, its run and the pictures: npm run precisions -- models/mine-1 --run runs/mine --data faces");
}
const folder = resolve(positionals[0]);
const out = join(root, "dist", "precisions");

const training = ["run", "--quiet", "--release", "--package", "countenance-training", "--"];
const { status, stdout } = spawnSync(
  "cargo",
  [...training, "precisions", folder, "--run", resolve(options.run), "--data", resolve(options.data), "--out", out],
  {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, CARGO_TARGET_DIR: targetDir },
  },
);
if (status !== 0) fail("The weights could not be judged.");

const rows = JSON.parse(stdout).map(({ precision, weights_bytes, ...judged }) => {
  const module = join(out, precision);
  run("node", ["scripts/build.mjs", "--out", module], { COUNTENANCE_MODEL: join(out, `${precision}.cnw`) });
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const compressed = brotliCompressSync(readFileSync(join(module, "countenance_bg.wasm")), { params });
  return { precision, weights_bytes, module_brotli_bytes: compressed.length, ...judged };
});
writeFileSync(join(folder, "precisions.json"), `${JSON.stringify(rows, null, 2)}\n`);
run("cargo", [...training, "card", folder]);
