// Counts the instructions of each stage under valgrind and holds them against benches/instructions.json: a guard that
// a busy machine cannot disturb.
//
//   npm run bench:instructions -- [--update]
//
// The kernels choose their vectors by what the processor offers, and valgrind offers the same one everywhere (with AVX2,
// never AVX-512), so the counts are those of any x86-64 machine with AVX2.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, isInstalled, root, run, targetDir } from "../scripts/environment.mjs";

/** Compilers and C libraries differ a little; a lost optimisation costs more. */
const TOLERANCE_PERCENT = 3;
const expectedPath = join(root, "benches", "instructions.json");
const program = join(targetDir, "module", "examples", "stages");
const profile = join(targetDir, "module", "stages.callgrind");

if (process.arch !== "x64") fail("The counts are of x86-64 instructions; this machine has others.");
if (!isInstalled("valgrind")) fail("valgrind was not found. On Debian: apt-get install valgrind");
run("cargo", ["build", "--quiet", "--profile", "module", "--example", "stages"]);

const calls = output("valgrind", ["--quiet", "--tool=callgrind", `--callgrind-out-file=${profile}`, program]);
const costs = output("callgrind_annotate", ["--inclusive=yes", "--threshold=100", profile]);
rmSync(profile);

const expected = JSON.parse(readFileSync(expectedPath, "utf8"));
const counted = {};
let worse = false;
for (const line of calls.trim().split("\n")) {
  const [stage, times] = line.split(" ");
  const cost = new RegExp(`^ *([\\d,]+) .*\\bstages::${stage}\\b`, "m").exec(costs);
  if (!cost) fail(`callgrind names no function stages::${stage}.`);
  counted[stage] = Math.round(Number(cost[1].replaceAll(",", "")) / times);
  const change = 100 * (counted[stage] / expected[stage] - 1);
  worse ||= !(change <= TOLERANCE_PERCENT);
  const millions = (counted[stage] / 1e6).toFixed(2).padStart(8);
  console.log(`${stage.padEnd(9)}${millions} million instructions a call, ${change.toFixed(1)}% from the expected`);
}
if (process.argv.includes("--update")) writeFileSync(expectedPath, `${JSON.stringify(counted, null, 2)}\n`);
else if (worse) fail(`A stage takes over ${TOLERANCE_PERCENT}% more instructions. If that is meant: -- --update`);

/** What the program prints. */
function output(name, args) {
  const { status, stdout, stderr } = spawnSync(name, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) fail(`${name} ${args.join(" ")} failed:\n${stderr}`);
  return stdout;
}
