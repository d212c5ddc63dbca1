// Builds the Python package's wheel for this machine in dist/wheels/, and tries it: npm run build:wheel
//
// On Linux it is linked by Zig against an old C library, so that it runs on every distribution since 2014.

import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { outputOf, requireRust, root, run } from "./environment.mjs";
import { models } from "./models.mjs";
import { buildWheel, ensurePython, installWheel } from "./python.mjs";

/** Reads the picture of a happy face. */
const TRIAL = `
import countenance
[face] = countenance.analyze("tests/fixtures/astronaut.png")
assert face.emotion == "happy", face
print(face)
`;

/** What may be passed on only with its licence. The name says whose it is. */
const LICENCES = {
  "LICENSE-APACHE": "LICENSE-APACHE",
  "LICENSE-MIT": "LICENSE-MIT",
  ...Object.fromEntries(models.map((id) => [`models/${id}/LICENSE`, `LICENSE-${id}`])),
};

requireRust();
const program = ensurePython("requirements-wheel.txt");
if (process.platform === "linux") {
  const zig = "import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))";
  process.env.CARGO_ZIGBUILD_ZIG_PATH = outputOf(program("python"), ["-c", zig]).trim();
}
const licences = join(root, "python/countenance/licenses");
rmSync(licences, { recursive: true, force: true });
mkdirSync(licences);
for (const [from, to] of Object.entries(LICENCES)) {
  if (existsSync(join(root, from))) cpSync(join(root, from), join(licences, to));
}
const portable = process.platform === "linux" ? ["--zig", "--compatibility", "manylinux2014"] : [];
const wheel = buildWheel(program, join(root, "dist/wheels"), ["--release", "--strip", ...portable]);
installWheel(program, wheel);
run(program("python"), ["-c", TRIAL]);
console.log(`Built ${wheel}`);
