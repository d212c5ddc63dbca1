// Holds `countenance serve` to its own description with Schemathesis, which thinks up requests that fit it and requests
// that do not: node tests/rest/conformance.mjs [program]
//
// Installs Schemathesis from PyPI into the folder of build artefacts.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root, run, targetDir } from "../../scripts/environment.mjs";

const VERSION = "4.32.5";

const [program = join(targetDir, "debug/countenance")] = process.argv.slice(2);
const tools = join(targetDir, `schemathesis-${VERSION}`);
if (!existsSync(join(tools, "bin/schemathesis"))) {
  run("python3", ["-m", "venv", tools]);
  run(join(tools, "bin/pip"), ["install", "--quiet", `schemathesis==${VERSION}`]);
}

const server = spawn(program, ["serve", "--port", "0", "--quiet"], { stdio: ["ignore", "pipe", "inherit"] });
process.on("exit", () => server.kill()); // a failure below ends the script
const [line] = await once(createInterface(server.stdout), "line");
const config = ["--config-file", join(root, "tests/rest/schemathesis.toml")];
const budget = ["--max-examples", "50", "--seed", "1", "--generation-deterministic"];
const address = line.replace("Listening on ", "");
run(join(tools, "bin/schemathesis"), [...config, "run", `${address}/openapi.json`, ...budget]);
process.exit();
