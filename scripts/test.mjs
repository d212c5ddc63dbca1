// Runs every check, or those named: node scripts/test.mjs [lint] [rust] [cli] [python] [training] [wasm] [types] [package] [page]
// [browsers] [site] [release]. `npm run check` names lint, unit, golden and types; `ecosystem`, `rest` and `scale` run
// only where they are named.

import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureEngines } from "../tests/browsers/engines.mjs";
import { findChromium } from "./chromium.mjs";
import {
  ensureWasmTarget,
  fail,
  installPackages,
  requireRust,
  root,
  run,
  targetDir,
  WASM_TARGET,
} from "./environment.mjs";
import { buildWheel, ensurePython, installWheel } from "./python.mjs";

/** The variants that the wasm tests compare the module with. Built together: linking each keeps one core busy. */
const BURN_VARIANTS = ["burn-flex", "burn-ndarray"];

/** What is checked without Burn. */
const library = ["--package", "countenance", "--package", "countenance-fuzz", "--features", "countenance/serde"];

/** The Python package's native module. */
const nativeModule = ["--package", "countenance-python"];

/** The command line, `serve` included. */
const commandLine = ["--package", "countenance-cli"];

const stages = {
  lint() {
    run("cargo", ["fmt", "--all", "--check"]);
    run("cargo", ["clippy", "--quiet", "--all-targets", ...library, "--", "--deny", "warnings"]);
    run("cargo", ["doc", "--quiet", "--no-deps", "--package", "countenance", "--features", "serde"], {
      RUSTDOCFLAGS: "--deny warnings",
    });
    // The boundary to JavaScript is compiled for the module alone.
    ensureWasmTarget();
    const module = ["--quiet", "--package", "countenance", "--lib", "--target", WASM_TARGET];
    run("cargo", ["clippy", ...module, "--", "--deny", "warnings"]);
    run("cargo", ["doc", "--no-deps", ...module], { RUSTDOCFLAGS: "--deny warnings" });
    run("npx", ["biome", "check", "."]);
    run("node", ["scripts/check-rules.mjs"]);
    run("node", ["benches/browser/publish.mjs", "--check"]);
    run("node", ["benches/peers/publish.mjs", "--check"]);
  },
  rust() {
    run("cargo", ["test", "--quiet", ...library]);
  },
  cli() {
    run("cargo", ["clippy", "--quiet", "--all-targets", ...commandLine, "--", "--deny", "warnings"]);
    run("cargo", ["test", "--quiet", ...commandLine]);
  },
  python() {
    run("cargo", ["clippy", "--quiet", ...nativeModule, "--", "--deny", "warnings"]);
    const program = ensurePython("requirements.txt");
    // As the command line's tests are built: what counts is how soon it is there.
    installWheel(program, buildWheel(program, join(targetDir, "python/wheel"), ["--profile", "dev", "--strip"]));
    const config = ["--config-file", "python/pyproject.toml"];
    for (const check of [["check"], ["format", "--check"]]) run(program("ruff"), [...check, "--quiet", "python"]);
    run(program("mypy"), [...config, "python/countenance", "python/tests"]);
    run(program("pytest"), ["--quiet", "-p", "no:cacheprovider", ...config, "python/tests"]);
  },
  training() {
    const everything = ["--package", "countenance", "--package", "countenance-training", "--features", "burn-flex"];
    // Training is too slow without Burn's kernels optimised, and `evaluate` wants the same build.
    run("cargo", ["clippy", "--quiet", "--release", "--all-targets", ...everything, "--", "--deny", "warnings"]);
    run("cargo", ["test", "--quiet", "--release", ...everything]);
  },
  async wasm() {
    run("node", ["scripts/build.mjs"]);
    await Promise.all(BURN_VARIANTS.map(build));
    run("node", ["--test", ...testFiles("tests/wasm")]);
  },
  types() {
    ensureBuilt();
    for (const project of ["www/tsconfig.json", "www/lib/tsconfig.worker.json"])
      run("npx", ["tsc", "--project", project]);
  },
  package() {
    ensureBuilt();
    ensurePacked();
    run("node", ["--test", "--test-concurrency=1", ...testFiles("tests/package")], { CHROMIUM: findChromium() });
  },
  page() {
    ensureBuilt();
    run("node", ["--test", "--test-concurrency=1", ...testFiles("tests/e2e")], { CHROMIUM: findChromium() });
  },
  browsers() {
    ensureBuilt();
    ensurePacked();
    ensureEngines();
    run("node", ["--test", "--test-concurrency=1", ...testFiles("tests/browsers")]);
  },
  site() {
    ensureBuilt();
    run("node", ["scripts/build-site.mjs"]);
    run("node", ["--test", "--test-concurrency=1", ...testFiles("tests/site")], { CHROMIUM: findChromium() });
  },
  release() {
    ensureBuilt();
    ensurePacked();
    // The stage before has made it, unless this one is run alone.
    if (!existsSync(join(root, "site/_headers"))) run("node", ["scripts/build-site.mjs"]);
    run("node", ["scripts/artefacts.mjs"]);
    run("node", ["--test", ...testFiles("tests/release")]);
  },
};

/** Parts of the checks above that `npm run check` runs alone, and what is checked before a release alone. */
const parts = {
  scale() {
    const program = ensurePython("requirements-scale.txt");
    installWheel(program, buildWheel(program, join(targetDir, "python/wheel"), ["--profile", "dev", "--strip"]));
    run(program("pytest"), [
      "--quiet",
      "-p",
      "no:cacheprovider",
      "--config-file",
      "python/pyproject.toml",
      "python/scale",
    ]);
  },
  ecosystem() {
    ensureBuilt();
    ensurePacked();
    run("node", ["--test", "--test-concurrency=1", ...testFiles("tests/ecosystem")], { CHROMIUM: findChromium() });
  },
  rest() {
    run("cargo", ["build", "--quiet", ...commandLine]);
    run("node", ["tests/rest/conformance.mjs"]);
  },
  unit() {
    run("cargo", ["test", "--quiet", "--package", "countenance", "--lib"]);
  },
  golden() {
    run("node", ["scripts/build.mjs"]);
    run("node", ["--test", "tests/wasm/golden.test.mjs"], { BUILDS: "default" });
  },
};

const checks = { ...stages, ...parts };
let isPacked = false;
requireRust();
installPackages();
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(stages)) {
  if (!Object.hasOwn(checks, name)) fail(`There is no check "${name}"; there are ${Object.keys(checks).join(", ")}.`);
  console.log(`\n=== ${name}`);
  const started = Date.now();
  await checks[name]();
  console.log(`=== ${name}: passed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

/** Builds a variant into dist/, and shows the output when it has ended, as others are built beside it. */
async function build(variant) {
  const build = ["scripts/build.mjs", "--out", `dist/${variant}`, "--features", variant];
  const building = promisify(execFile)("node", build, { cwd: root, maxBuffer: Number.POSITIVE_INFINITY });
  const { stdout, stderr } = await building.catch((error) => fail(`${error.stderr}${error.stdout}${error.message}`));
  console.log(stderr + stdout);
}

/** Builds the module where no earlier check did. */
function ensureBuilt() {
  if (!existsSync(join(root, "www/pkg/countenance_bg.wasm"))) run("node", ["scripts/build.mjs"]);
}

/** Makes the npm package, unless an earlier check has. */
function ensurePacked() {
  if (!isPacked) run("node", ["scripts/pack.mjs"]);
  isPacked = true;
}

/** The test files of a folder, in order. */
function testFiles(folder) {
  const files = readdirSync(join(root, folder)).filter((name) => name.endsWith(".test.mjs"));
  if (files.length === 0) fail(`No tests in ${folder}.`);
  return files.sort().map((name) => join(folder, name));
}
