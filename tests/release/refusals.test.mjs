// What is not fit to be released is refused before anything is built, and a database's silence is not taken for consent.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { root, version } from "../../scripts/environment.mjs";

const folder = mkdtempSync(join(tmpdir(), "countenance-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A repository of the release's scripts with a changelog. */
function repository(name, changelog) {
  const place = join(folder, name);
  cpSync(join(root, "scripts"), join(place, "scripts"), { recursive: true });
  cpSync(join(root, "package.json"), join(place, "package.json"));
  writeFileSync(join(place, "CHANGELOG.md"), changelog);
  git(place, "init", "--quiet");
  git(place, "add", ".");
  git(place, "-c", "user.name=Test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message", "All");
  return place;
}

function git(place, ...args) {
  const { status, stderr } = spawnSync("git", args, { cwd: place, encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

function refusal(place, script) {
  const { status, stdout, stderr } = spawnSync("node", [join(place, "scripts", script), "npm"], {
    cwd: place,
    encoding: "utf8",
  });
  assert.equal(status, 1, stdout);
  assert.equal(stdout, "");
  return stderr;
}

test("what is not committed, not in the changelog or tagged otherwise is not released", () => {
  const place = repository("unfit", `# Changelog\n\n## Unreleased\n\n- A line about ${version}.\n`);
  writeFileSync(join(place, "left-over"), "");
  git(place, "tag", "v999.0.0");
  const said = refusal(place, "release.mjs");
  assert.match(said, /not committed:\n\?\? left-over/);
  assert.ok(said.includes(`no entry "## ${version}"`));
  assert.match(said, /tagged v999\.0\.0/);
});

test("nothing is published that was not made, that changed, or that is not tagged", () => {
  const place = repository("unpublished", `# Changelog\n\n## ${version}\n\n- All.\n`);
  assert.match(refusal(place, "publish.mjs"), /npm run release/);
  const made = join(place, "dist/release");
  mkdirSync(made, { recursive: true });
  writeFileSync(join(made, "SHA256SUMS"), `${"0".repeat(64)}  file\n`);
  writeFileSync(join(made, "file"), "");
  assert.match(refusal(place, "publish.mjs"), /file does not match SHA256SUMS/);
  const ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  writeFileSync(join(made, "SHA256SUMS"), `${ofNothing}  file\n`);
  assert.ok(refusal(place, "publish.mjs").includes(`not tagged v${version}`));
});

test("a registry that does not answer, reports nothing, or reports something", async () => {
  const place = join(folder, "audited");
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), '{ "name": "audited", "version": "1.0.0" }');
  const dependency = { version: "1.0.0", resolved: "http://localhost/left-pad.tgz", integrity: "sha512-" };
  const packages = { "": { dependencies: { "left-pad": "1.0.0" } }, "node_modules/left-pad": dependency };
  writeFileSync(join(place, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
  const advisory = { id: 1, url: "", title: "Bad", severity: "high", vulnerable_versions: "*", cwe: [], cvss: {} };
  const published = { name: "left-pad", versions: { "1.0.0": { name: "left-pad", version: "1.0.0" } } };
  for (const [answer, status, said] of [
    [undefined, 0, "false"],
    [{}, 0, "true"],
    [{ "left-pad": [advisory] }, 1, ""],
  ]) {
    const server = createServer(({ method }, response) => {
      response.writeHead(answer ? 200 : 405, { "Content-Type": "application/json" });
      response.end(JSON.stringify(method === "POST" ? answer : published));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const question = `import { isAsked } from ${JSON.stringify(join(root, "scripts/dependencies.mjs"))};
      console.log(isAsked(["audit", "--package-lock-only"], ${JSON.stringify(place)}));`;
    const env = {
      ...process.env,
      npm_config_registry: `http://127.0.0.1:${server.address().port}/`,
      npm_config_cache: join(folder, "cache"),
      npm_config_fetch_retries: "0",
    };
    const child = spawn("node", ["--input-type=module", "--eval", question], { env });
    let output = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    const [code] = await once(child, "close");
    server.close();
    assert.equal(code, status, output);
    assert.equal(output.trim().split("\n").at(-1), said);
  }
});
