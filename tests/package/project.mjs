// Projects that use the package as it is published: installed from its tarball into a folder outside the repository.

import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { root, targetDir, version } from "../../scripts/environment.mjs";

/** The package, made by scripts/pack.mjs. */
export const tarball = join(root, "dist", `countenance-${version}.tgz`);

/** A fresh copy of a folder of tests/package/projects with the package and its locked dependencies installed. */
export function install(name) {
  const folder = join(targetDir, "package-projects", name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(import.meta.dirname, "projects", name), folder, { recursive: true });
  mkdirSync(join(folder, "public"), { recursive: true });
  copyFileSync(join(root, "tests/fixtures/astronaut.png"), join(folder, "public/astronaut.png"));
  runIn(folder, "npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball]);
  return folder;
}

/** Runs a program to its end and gives what it printed. */
export function runIn(folder, program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: "utf8", env });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error ?? `${stdout}\n${stderr}`}`);
  return stdout;
}

/** Starts a program that ends with the test file, and waits for what `pattern` finds in its output. */
export function startIn(folder, program, args, pattern) {
  // A group of its own ends as one: npm, its shell, and what that has started.
  const child = spawn(program, args, { cwd: folder, env, detached: true });
  after(() => child.exitCode === null && process.kill(-child.pid));
  let said = "";
  return new Promise((resolve, reject) => {
    const hear = (data) => {
      said += data;
      const match = pattern.exec(said);
      if (match) resolve(match[1]);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`${program} ended with ${code}: ${said}`)));
    child.on("error", reject);
  });
}

const env = {
  ...process.env,
  npm_config_cache: join(targetDir, "..", "npm"),
  NEXT_TELEMETRY_DISABLED: "1",
  NO_COLOR: "1",
  PORT: "0", // any that is free
};
