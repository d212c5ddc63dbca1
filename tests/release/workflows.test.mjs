// The forge's workflows call nothing but this repository's commands, with pinned actions and few permissions.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { root } from "../../scripts/environment.mjs";

const folder = join(root, ".github/workflows");
const workflows = readdirSync(folder).map((name) => [name, parse(readFileSync(join(folder, name), "utf8"))]);
const jobs = workflows.flatMap(([file, { jobs: named }]) =>
  Object.entries(named).map(([name, job]) => ({ ...job, place: `${file}, ${name}` })),
);
const steps = jobs.flatMap(({ place, steps: each }) => each.map((step) => ({ place, ...step })));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

test("every command is one of this repository", () => {
  const commands = steps.filter(({ run }) => run !== undefined);
  assert.ok(commands.length > 0);
  for (const { place, run } of commands) {
    const [, script] = /^npm (?:run )?([\w:]+)$/.exec(run) ?? assert.fail(`${place}: ${run}`);
    assert.ok(Object.hasOwn(scripts, script), `${place}: ${script}`);
  }
});

test("every action is pinned to a commit", () => {
  const actions = steps.filter(({ uses }) => uses !== undefined);
  assert.ok(actions.length > 0);
  for (const { place, uses } of actions) assert.match(uses, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/, place);
});

test("every job may do only what its work needs", () => {
  const MAY_WRITE = {
    "release.yml, site": ["id-token", "pages"],
    "release.yml, npm": ["id-token"],
    "release.yml, crate": ["id-token"],
    "release.yml, pypi": ["id-token"],
    "release.yml, forge": ["contents"],
  };
  for (const [name, { permissions }] of workflows) {
    assert.ok(
      Object.values(permissions).every((access) => access === "read"),
      name,
    );
  }
  for (const { place, permissions = {} } of jobs) {
    const written = Object.keys(permissions).filter((scope) => permissions[scope] !== "read");
    assert.deepEqual(written.sort(), MAY_WRITE[place] ?? [], place);
  }
});

test("only a tag makes a release, and it is published only once it is checked", () => {
  const { on, jobs: named } = Object.fromEntries(workflows)["release.yml"];
  assert.deepEqual(on, { push: { tags: ["v*"] } });
  for (const [name, { needs }] of Object.entries(named)) {
    if (name !== "build") assert.ok([needs].flat().includes("build") || [needs].flat().includes("npm"), name);
  }
  assert.ok(named.build.steps.some(({ run }) => run === "npm run release"));
});

test("the compiler is the oldest that the crate supports", () => {
  const [, oldest] = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^rust-version = "(.+)"$/m);
  const [, channel] = readFileSync(join(root, "rust-toolchain.toml"), "utf8").match(/^channel = "(.+)"$/m);
  assert.equal(channel, `${oldest}.0`);
  const toolchains = steps.filter(({ uses }) => uses?.includes("rust-toolchain"));
  assert.ok(toolchains.length > 0);
  for (const { place, with: options } of toolchains) assert.equal(options.toolchain, channel, place);
});
