// Counts the instructions of each stage under valgrind and holds them against benches/instructions.json: a guard that
// a busy machine cannot disturb.
//
//   npm run bench:instructions -- [--update]
//
// The kernels choose their vectors by what the processor offers, and valgrind offers the same one everywhere (with AVX2,
// never AVX-512), so the counts are those of any x86-64 machine with AVX2. What a stage costs beside its calls (start,
// decoding the picture) falls out by running it twice with different numbers of calls.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, isInstalled, root, run, targetDir } from "../scripts/environment.mjs";

/** How often each is called; a stream takes enough frames for its dearer ones to come round. */
const STAGES = { start: 3, detect: 6, crop: 50, classify: 11, frame: 6, stream: 61 };
/** Compilers and C libraries differ a little; a lost optimisation costs more. */
const TOLERANCE_PERCENT = 3;
const expectedPath = join(root, "benches", "instructions.json");
const program = join(targetDir, "release", "examples", "stage");

if (process.arch !== "x64") fail("The counts are of x86-64 instructions; this machine has others.");
if (!isInstalled("valgrind")) fail("valgrind was not found. On Debian: apt-get install valgrind");
run("cargo", ["build", "--quiet", "--release", "--example", "stage"]);

const expected = JSON.parse(readFileSync(expectedPath, "utf8"));
const counted = {};
let worse = false;
for (const [stage, calls] of Object.entries(STAGES)) {
  counted[stage] = Math.round((instructions(stage, calls) - instructions(stage, 1)) / (calls - 1));
  const change = 100 * (counted[stage] / expected[stage] - 1);
  worse ||= !(change <= TOLERANCE_PERCENT);
  const millions = (counted[stage] / 1e6).toFixed(2).padStart(8);
  console.log(`${stage.padEnd(9)}${millions} million instructions a call, ${change.toFixed(1)}% from the expected`);
}
if (process.argv.includes("--update")) writeFileSync(expectedPath, `${JSON.stringify(counted, null, 2)}\n`);
else if (worse) fail(`A stage takes over ${TOLERANCE_PERCENT}% more instructions. If that is meant: -- --update`);

/** All instructions of a run of the stage. */
function instructions(stage, calls) {
  const args = ["--tool=callgrind", "--callgrind-out-file=/dev/null", program, stage, String(calls)];
  const { status, stderr } = spawnSync("valgrind", args, { cwd: root, encoding: "utf8" });
  const collected = /Collected : (\d+)/.exec(stderr);
  if (status !== 0 || !collected) fail(`valgrind ${args.join(" ")} failed:\n${stderr}`);
  return Number(collected[1]);
}
