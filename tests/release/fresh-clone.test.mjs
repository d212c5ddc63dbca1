// Every script of package.json in a fresh clone, without npm's packages and without a built module: it sets up what it
// needs, or says in one sentence what to do first.
//
// Cargo, npm's downloads, Python and Chromium are stood in for by what this repository has built and installed already. All else
// runs as it is.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root } from "../../scripts/environment.mjs";
import { shipped } from "../../scripts/models.mjs";

const SET_UP = ["node_modules", "www/pkg", "dist", "site", "docs/node_modules", "benches/browser/node_modules"];

/** What the stand-in for Chromium says: a script that gets this far has all that it needs. */
const BROWSER = /stand-in for Chromium: started/;
/** What the stand-in for npm says of a folder other than the root, whose packages are installed by then. */
const MORE_PACKAGES = (folder) => new RegExp(`stand-in for npm: ci in ${folder}`);

/**
 * By script: its arguments, what it has to say, and its exit status (null where it is ended, since it would go on).
 * @type {Record<string, { args?: string[], says: RegExp, status: number | null, writes?: string }>}
 */
const SCRIPTS = {
  start: { says: /Countenance is at http/, status: null },
  build: { says: /Built .*countenance_bg\.wasm/, status: 0, writes: "www/pkg/integrity.json" },
  "build:onnx": {
    says: /Built .*dist\/onnx/,
    status: 0,
    writes: `dist/onnx/${shipped.emotion}/${shipped.emotion}.onnx`,
  },
  "build:single": { says: /Built .*countenance\.html/, status: 0, writes: "dist/countenance.html" },
  "build:site": { says: MORE_PACKAGES("docs"), status: 1 },
  "build:wheel": { says: /stand-in for Python: -m venv/, status: 1 },
  screenshots: { says: BROWSER, status: 1 },
  precisions: { says: /npm run precisions -- models\/\S+ --run/, status: 1 },
  test: { args: ["--", "types"], says: /types: passed/, status: 0 },
  check: { says: /lint: passed[\s\S]*stand-in for cargo: test/, status: 1 },
  endurance: { says: BROWSER, status: 1 },
  bench: { says: MORE_PACKAGES("benches/browser"), status: 1 },
  "bench:single": { says: BROWSER, status: 1, writes: "dist/countenance.html" },
  "bench:live": { says: BROWSER, status: 1 },
  // Its browsers are real ones, so it gets no further than to its arguments.
  "bench:browsers": { args: ["--", "--rounds", "0"], says: /--rounds takes a whole number/, status: 1 },
  "bench:publish": { args: ["--", "--check"], says: /publish\.mjs --check/, status: 0 },
  "bench:instructions": { says: /frame +[\d.]+ million instructions a call/, status: 0 },
  lint: { says: /lint: passed/, status: 0 },
  deny: { says: /stand-in for cargo-deny: check .*licenses/, status: 0 },
  advisories: { says: /npm audit signatures in \.: nothing found[\s\S]*stand-in for npm: ci in docs/, status: 1 },
  release: { says: /Some changes are not committed/, status: 1 },
  "publish:npm": { says: /Make it first: npm run release/, status: 1 },
  "publish:crate": { says: /Make it first: npm run release/, status: 1 },
  "publish:pypi": { says: /Make it first: npm run release/, status: 1 },
  "publish:forge": { says: /Make it first: npm run release/, status: 1 },
  format: { says: /Checked \d+ files/, status: 0 },
  prepack: { says: /Built dist\/inline\.js/, status: 0, writes: "dist/types/lib/index.d.ts" },
};

const place = mkdtempSync(join(tmpdir(), "countenance-clone-"));
after(() => rmSync(place, { recursive: true, force: true }));
const clone = join(place, "countenance");
const programs = join(place, "programs");
const env = makeStandIns();
copyFiles();

test("every script of package.json is tried", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(SCRIPTS).sort(), Object.keys(scripts).sort());
});

for (const [script, { args = [], says, status, writes }] of Object.entries(SCRIPTS)) {
  test(`npm run ${script}`, async () => {
    forgetSetUp();
    const ended = await runNpm(["run", script, ...args], status === null ? says : undefined);
    assert.match(ended.said, says);
    assert.equal(ended.status, status, ended.said);
    assert.doesNotMatch(ended.said, /ERR_MODULE_NOT_FOUND|ENOENT|command not found/);
    if (writes) assert.ok(existsSync(join(clone, writes)), writes);
  });
}

test("npm pack --dry-run lists scripts, module, types and the inlined entry", async () => {
  forgetSetUp();
  const { said, status } = await runNpm(["pack", "--dry-run"]);
  assert.equal(status, 0, said);
  for (const file of ["www/lib/index.js", "www/pkg/countenance_bg.wasm", "dist/types/lib/index.d.ts", "dist/inline.js"])
    assert.ok(said.includes(file), `${file} is not packed:\n${said}`);
});

/** Makes the clone fresh again. */
function forgetSetUp() {
  for (const folder of SET_UP) rmSync(join(clone, folder), { recursive: true, force: true });
}

/** The files of the repository as they are in the work tree, not committed, so that no release begins. */
function copyFiles() {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const files = execFileSync("git", list, { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  for (const file of files) {
    if (existsSync(join(root, file))) cpSync(join(root, file), join(clone, file));
  }
  const git = (...args) => execFileSync("git", args, { cwd: clone });
  git("init", "--quiet");
  git(
    "-c",
    "user.name=Test",
    "-c",
    "user.email=test@localhost",
    "commit",
    "--quiet",
    "--allow-empty",
    "--message=None",
  );
}

/** Puts stand-ins before the programs on the path, and gives the environment in which they are found. */
function makeStandIns() {
  mkdirSync(programs);
  const realPath = process.env.PATH;
  const real = (program) => execFileSync("which", [program], { encoding: "utf8" }).trim();
  const standIn = (name, script) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}`);
    chmodSync(join(programs, name), 0o755);
  };
  // Formatting and asking for the crates' names is quick; all else would compile.
  standIn(
    "cargo",
    `case "$1" in
       --version | fmt | metadata | tree) exec "${real("cargo")}" "$@" ;;
       build)
         mkdir -p "$CARGO_TARGET_DIR/wasm32-unknown-unknown/module"
         cp "${root}/www/pkg/countenance_bg.wasm" "$CARGO_TARGET_DIR/wasm32-unknown-unknown/module/countenance.wasm" ;;
       run) for out; do :; done; cp "${root}"/www/pkg/countenance* "$out" ;;
       install)
         for folder; do :; done
         mkdir -p "$folder/bin"
         printf '#!/bin/sh\\necho "stand-in for cargo-deny: $*"\\n' > "$folder/bin/cargo-deny"
         chmod +x "$folder/bin/cargo-deny" ;;
       clippy | doc) ;;
       *) echo "stand-in for cargo: $*"; exit 1 ;;
     esac\n`,
  );
  standIn(
    "npm",
    `case "$1 $2" in
       "ci "*)
         [ "$npm_config_dry_run" = true ] && case "$*" in *--dry-run=false*) ;; *) exit 0 ;; esac
         echo "stand-in for npm: ci in \${PWD#"${clone}/"}"
         [ "$PWD" = "${clone}" ] || exit 1
         mkdir node_modules
         ln -s "${root}"/node_modules/* "${root}/node_modules/.bin" node_modules/ ;;
       "audit signatures") [ -d node_modules ] && echo '{ "invalid": [], "missing": [] }' ;;
       "audit "*) echo '{ "vulnerabilities": {} }' ;;
       *) exec "${real("npm")}" "$@" ;;
     esac\n`,
  );
  standIn("python3", 'case "$1" in -c) ;; *) echo "stand-in for Python: $*"; exit 1 ;; esac\n');
  standIn("chromium", 'echo "stand-in for Chromium: started" >&2; exit 1\n');
  // A test within a test would be skipped.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  return {
    ...inherited,
    PATH: `${programs}:${realPath}`,
    CHROMIUM: join(programs, "chromium"),
    CARGO_TARGET_DIR: join(place, "target"),
    PORT: "0",
    NO_COLOR: "1",
  };
}

/** Runs npm in the clone to its end, or until it has said so much. */
async function runNpm(args, until) {
  // A group of its own ends as one: npm, its shell, and what that has started.
  const child = spawn("npm", args, { cwd: clone, env, detached: true });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => {
      said += data;
      if (until?.test(said)) process.kill(-child.pid);
    });
  }
  const [status] = await once(child, "close");
  return { said, status };
}
