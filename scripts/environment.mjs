// Where builds keep their files, and how the scripts run other programs.

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The version of the package and the crate. */
export const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Where scripts/artefacts.mjs puts what a release consists of. */
export const releaseDir = join(root, "dist/release");

/** What the module is built for. */
export const WASM_TARGET = "wasm32-unknown-unknown";

/** Build artefacts, outside the clone so that a fresh clone builds quickly the second time. */
export const targetDir = resolve(
  process.env.CARGO_TARGET_DIR ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "countenance", "target"),
);

/** Where cargo keeps the sources of crates. */
export const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");

/** Prints what is wrong and what to do about it, and ends the script. */
export function fail(message) {
  console.error(`\n${message}`);
  process.exit(1);
}

/** Whether the program is there to be run. */
export function isInstalled(program, args = ["--version"]) {
  return spawnSync(program, args, { stdio: "ignore" }).status === 0;
}

/** Ends the script where there is no Rust. */
export function requireRust() {
  if (isInstalled("cargo")) return;
  fail("Rust is missing: `cargo` was not found.\nInstall it from https://rustup.rs and run this command again.");
}

/** Adds the wasm target where rustup can, and says what is missing where it cannot. */
export function ensureWasmTarget() {
  const sysroot = spawnSync("rustc", ["--print", "sysroot"], { cwd: root, encoding: "utf8" }).stdout?.trim();
  const installed = sysroot && existsSync(join(sysroot, "lib", "rustlib", WASM_TARGET));
  if (installed) return;
  if (!isInstalled("rustup")) {
    fail(
      `Rust's ${WASM_TARGET} target is missing, and there is no rustup to add it.\nInstall it as your Rust was installed.`,
    );
  }
  console.log(`Adding Rust's ${WASM_TARGET} target ...`);
  run("rustup", ["target", "add", WASM_TARGET]);
}

/**
 * Installs a folder's locked npm packages, unless they are there already. What npm says goes to standard error, since
 * standard output may carry a script's figures.
 */
export function installPackages(folder = root) {
  const lock = join(folder, "package-lock.json");
  const installed = join(folder, "node_modules", ".countenance-lock");
  if (existsSync(installed) && readFileSync(installed).equals(readFileSync(lock))) return;
  console.error(`Installing the npm packages of ${lock} ...`);
  // `npm pack --dry-run`, or a setting that leaves out development's packages, must not reach this npm.
  const args = ["ci", "--include=dev", "--dry-run=false", "--ignore-scripts", "--no-fund", "--no-audit"];
  const env = { ...process.env, npm_config_cache: join(targetDir, "..", "npm") };
  const { status } = spawnSync("npm", args, { cwd: folder, stdio: ["ignore", 2, 2], env });
  if (status !== 0) fail(`The npm packages could not be installed. Try it by hand in ${folder}: npm ci`);
  copyFileSync(lock, installed);
}

/** One of the repository's npm packages, installed with the others where it is missing. */
export async function importPackage(name) {
  installPackages();
  return import(name);
}

/** What a program prints, run in the repository's root; ends the script when it fails. */
export function outputOf(program, args) {
  const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 };
  const { status, stdout } = spawnSync(program, args, options);
  if (status !== 0) fail(`${program} ${args.join(" ")} failed.`);
  return stdout;
}

/** Runs a program in the repository's root with its output shown; ends the script when it fails. */
export function run(program, args, env = {}) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, CARGO_TARGET_DIR: targetDir, ...env },
  });
  if (error) fail(`${program} could not be started: ${error.message}`);
  if (status !== 0) fail(`${program} ${args.join(" ")} failed (exit status ${status}).`);
}

/** Installs packages of Debian or Ubuntu where nobody has to be asked, and says whether that was done. */
export function installFromDebian(packages) {
  if (!isInstalled("apt-get")) return false;
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "--non-interactive"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const isDone = (...args) => {
    const [program, ...rest] = [...sudo, "apt-get", ...args];
    return spawnSync(program, rest, { stdio: "inherit", env }).status === 0;
  };
  console.log(`Installing ${packages.join(", ")} ...`);
  return isDone("update", "--quiet") && isDone("install", "--yes", "--no-install-recommends", ...packages);
}
