// What the shipped module may weigh, may call and may be built from.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { root } from "../../scripts/environment.mjs";
import { builds, moduleBytes } from "./module.mjs";

/** Module and weights as a server sends them. */
const MAX_BROTLI_BYTES = 1_200_000;
const MAX_BYTES = 2_150_000;

/**
 * Every function of the browser that the module may call, by the name its bindings carry: making and reading plain
 * objects, drawing a bitmap on a canvas that is on no page and reading its pixels, reporting a panic to the console.
 * Nothing here reaches a network, a store, the page or its user.
 */
const ALLOWED_IMPORTS = new Set([
  // Plain values, objects, arrays and errors.
  ...["new", "of", "push", "get", "get_unchecked", "set", "set_name", "keys", "length", "prototypesetcall", "stack"],
  "isArray",
  // Typed arrays: the chip and the map of an explanation.
  "new_from_slice",
  // The canvas that bitmaps are read by.
  ...["getContext", "drawImage", "getImageData", "fillRect", "setTransform", "resetTransform"],
  // What was read, for the page to show.
  ...["transferToImageBitmap", "new_with_u8_clamped_array_and_sh"],
  ...["width", "height", "set_width", "set_height"],
  // console.error
  "error",
]);
/** What the bindings need to run at all: tests of a value's type, conversions, throwing, the table of references. */
const RUNTIME_IMPORT = /^__wbindgen_|^__wbg___wbindgen_/;
/** The names by which JavaScript sends something away or runs other code. */
const REACHING_OUT =
  /\b(XMLHttpRequest|WebSocket|WebTransport|EventSource|RTCPeerConnection|sendBeacon|importScripts|Worker|eval|Function|indexedDB|localStorage|document|window)\b/g;

test("the module keeps its size budget", () => {
  const bytes = moduleBytes();
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const compressed = brotliCompressSync(bytes, { params }).length;
  assert.ok(bytes.length <= MAX_BYTES, `${bytes.length} bytes`);
  assert.ok(compressed <= MAX_BROTLI_BYTES, `${compressed} bytes under Brotli`);
});

test("the module calls nothing that could reach a network", () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(moduleBytes())).map(({ name }) => name);
  assert.ok(imports.length > 0);
  // Bindings are named __wbg_<name>_<hash>; plain constants carry a number instead.
  const name = (binding) => /^__wbg_(.+)_[0-9a-f]{16}$/.exec(binding)?.[1];
  const foreign = imports.filter((binding) => !RUNTIME_IMPORT.test(binding) && !ALLOWED_IMPORTS.has(name(binding)));
  assert.deepEqual(foreign, []);
});

test("the bindings fetch nothing but the module itself", () => {
  const bindings = readFileSync(join(builds.default, "countenance.js"), "utf8");
  assert.deepEqual(bindings.match(REACHING_OUT) ?? [], []);
  const fetches = bindings.match(/.*\bfetch\(.*/g) ?? [];
  assert.deepEqual(
    fetches.map((line) => line.trim()),
    ["module_or_path = fetch(module_or_path);"],
  );
});

test("the default module is built without Burn and without training code", () => {
  const args = ["tree", "--package", "countenance", "--target", "wasm32-unknown-unknown", "--edges", "normal"];
  const { stdout, status } = spawnSync("cargo", [...args, "--prefix", "none"], { cwd: root, encoding: "utf8" });
  assert.equal(status, 0);
  const crates = stdout.split("\n").map((line) => line.split(" ")[0]);
  assert.ok(crates.includes("countenance") && crates.includes("wasm-bindgen"));
  const heavy = crates.filter((crate) =>
    /^(burn|cubecl|ndarray|tch$|candle|rand$)|autodiff|dataset|optim|^serde/.test(crate),
  );
  assert.deepEqual(heavy, []);
});
