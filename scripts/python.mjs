// Python for the scripts: an environment in the cache with locked packages, and the wheel built and installed in it.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, installFromDebian, isInstalled, root, run, targetDir } from "./environment.mjs";

const PROGRAMS = process.platform === "win32" ? "Scripts" : "bin";

/** Whether a Python is new enough for the locked packages, and can make environments. */
const IS_FIT = ["-c", "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"];

/**
 * An environment with the packages of a file of requirements, made once and again when the file changes.
 *
 * @param {string} requirements name of a file in python/
 * @returns {(program: string) => string} the path of a program in it
 */
export function ensurePython(requirements) {
  const python = findPython();
  const folder = join(targetDir, "python", requirements.replace(".txt", ""));
  const program = (name) => join(folder, PROGRAMS, name);
  const wanted = requirementsOf(requirements);
  const stamp = join(folder, "countenance-requirements");
  if (isInstalled(program("python")) && read(stamp) === wanted) return program;
  rmSync(folder, { recursive: true, force: true });
  run(python, ["-m", "venv", folder]);
  const quiet = ["--quiet", "--disable-pip-version-check"];
  run(program("python"), ["-m", "pip", "install", ...quiet, "--requirement", join(root, "python", requirements)]);
  writeFileSync(stamp, wanted);
  return program;
}

/**
 * Builds the wheel into an empty folder and gives its path.
 *
 * @param {(program: string) => string} program of an environment
 * @param {string} folder
 * @param {string[]} options of `maturin build`
 */
export function buildWheel(program, folder, options) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = ["--manifest-path", join(root, "python/Cargo.toml"), "--locked"];
  run(program("maturin"), ["build", ...manifest, "--interpreter", program("python"), "--out", folder, ...options]);
  const [wheel] = readdirSync(folder);
  return join(folder, wheel);
}

/** Installs a wheel in place of an earlier one, even of the same version. */
export function installWheel(program, wheel) {
  const options = ["--quiet", "--disable-pip-version-check", "--force-reinstall", "--no-deps"];
  run(program("python"), ["-m", "pip", "install", ...options, wheel]);
}

function findPython() {
  const python = process.env.PYTHON ?? (process.platform === "win32" ? "python" : "python3");
  const packages = ["python3", "python3-venv"];
  if (
    isInstalled(python, IS_FIT) ||
    (!process.env.PYTHON && installFromDebian(packages) && isInstalled(python, IS_FIT))
  )
    return python;
  return fail(`Python 3.11 or newer with its module venv is missing. On Debian and Ubuntu:
  sudo apt-get install ${packages.join(" ")}
Elsewhere, or for another Python than "${python}", give its path as PYTHON.`);
}

/** The text of a file of requirements and of those that it includes. */
function requirementsOf(name) {
  const text = readFileSync(join(root, "python", name), "utf8");
  return text.replaceAll(/^-r (.+)$/gm, (_, other) => requirementsOf(other));
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
