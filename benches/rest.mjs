// Latency and throughput of `countenance serve`, of the server in docs/server.md, and of the package fer for Python behind
// a server of its own: node benches/rest.mjs [program] [python]
//
// The program is `countenance`, built with `cargo build --release --package countenance-cli`; the Python is one that can
// import fer, and without it that row is left out. Writes the table in docs/rest.md. All run on this machine.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, targetDir } from "../scripts/environment.mjs";

const CLIENTS = [1, 8, 64];
const SECONDS = 10;
const picture = readFileSync(join(root, "tests/fixtures/grace_hopper.png"));
const [program = join(targetDir, "release/countenance"), python] = process.argv.slice(2);

const folder = mkdtempSync(join(tmpdir(), "countenance-rest-"));
const [, recipe] = /^```js server\.mjs\n(.*?)^```$/ms.exec(readFileSync(join(root, "docs/server.md"), "utf8"));
const library = pathToFileURL(join(root, "www/lib/pipeline.js")).href;
writeFileSync(join(folder, "server.mjs"), recipe.replace('"countenance/pipeline"', JSON.stringify(library)));

const PYTHON = `
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import json, threading
import cv2, numpy
from fer.fer import FER

detector, lock = FER(), threading.Lock()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        image = cv2.imdecode(numpy.frombuffer(body, numpy.uint8), cv2.IMREAD_COLOR)
        with lock:
            faces = detector.detect_emotions(image)
        answer = json.dumps(faces, default=lambda value: value.tolist()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    request_queue_size = 128

server = Server(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
`;

const servers = [
  ["`countenance serve`", program, ["serve", "--port", "0", "--quiet"], "/v1/analyze"],
  ["the Node server", process.execPath, [join(folder, "server.mjs")], "/"],
  ...(python ? [["fer", python, ["-c", PYTHON], "/"]] : []),
];

const rows = [];
for (const [name, command, args, path] of servers) {
  const server = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, PORT: "0" } });
  try {
    const address = new URL(path, await addressOf(server));
    await load(address, 1, 1); // warm
    for (const clients of CLIENTS) {
      const started = performance.now();
      const times = await load(address, clients, SECONDS);
      const rate = (1000 * times.length) / (performance.now() - started);
      const cells = [name, clients, quantile(times, 0.5), quantile(times, 0.99), rate.toFixed(1)];
      rows.push(`| ${cells.join(" | ")} |`);
      console.log(rows.at(-1));
    }
  } finally {
    server.kill("SIGKILL");
  }
}
rmSync(folder, { recursive: true });

const [{ model }] = cpus();
const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
const table = [
  "| server | clients | p50, ms | p99, ms | pictures a second |",
  "|---|---|---|---|---|",
  ...rows,
  "",
  `Measured at ${commit} on ${cpus().length} cores (${model.trim()}), which the clients share; ${SECONDS} s a row.`,
];
const page = join(root, "docs/rest.md");
const text = readFileSync(page, "utf8");
writeFileSync(page, text.replace(/(?<=<!-- rest -->\n).*(?=<!-- \/rest -->)/s, `${table.join("\n")}\n`));

/** The address that a server prints when it listens. */
async function addressOf(server) {
  let printed = "";
  for await (const chunk of server.stdout) {
    printed += chunk;
    const [address] = /http:\S+(?=\n)/.exec(printed) ?? [];
    if (address) return address;
  }
  throw new Error(`The server ended: ${printed}`);
}

/** Milliseconds of each answer to so many clients, each of which asks again as soon as it is answered. */
async function load(address, clients, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const end = performance.now() + 1000 * seconds;
  const times = [];
  const client = async () => {
    while (performance.now() < end) {
      const started = performance.now();
      await ask(address, agent);
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return times;
}

function ask(address, agent) {
  return new Promise((resolve, reject) => {
    const headers = { "Content-Type": "image/png", "Content-Length": picture.length };
    const asked = request(address, { method: "POST", agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${response.statusCode} of ${address}`));
      response.resume().on("end", resolve);
    });
    asked.on("error", reject).end(picture);
  });
}

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1);
}
