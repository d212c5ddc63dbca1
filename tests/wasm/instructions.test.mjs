// No stage may take noticeably more instructions than it did: a speed test without a clock.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, countInstructions } from "../../benches/instructions.mjs";
import { COUNTER, instrument } from "../../benches/wasm-counter.mjs";
import { builds } from "./module.mjs";

test("the counter counts what runs, no more and no less", () => {
  // (func (export "f") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  const module = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 5, 1, 0x60, 1, 0x7f, 0],
    ...[3, 2, 1, 0],
    ...[6, 6, 1, 0x7f, 0, 0x41, 0, 0x0b],
    ...[7, 5, 1, 1, 0x66, 0, 0],
    ...[10, 16, 1, 14, 0, 0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b],
  ];
  const bytes = instrument(Uint8Array.from(module));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  for (const turns of [1, 2, 70]) {
    const before = exports[COUNTER].value;
    exports.f(turns);
    // The loop's start and both ends, and five instructions a turn.
    assert.equal(exports[COUNTER].value - before, BigInt(3 + 5 * turns));
  }
});

test("no stage takes more instructions than before", async () => {
  const { lines, worse } = compare(await countInstructions(builds.default));
  assert.ok(!worse, `${lines.join("\n")}\nIf that is intended: npm run bench:instructions -- --update`);
});
