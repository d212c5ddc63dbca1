// Makes what only the npm package needs, in dist/: the entry `countenance/inline` with worker and wasm inside, the scripts
// for a `<script>` element with their source maps and hashes, and the declarations of types.
//
//   node scripts/build-package.mjs      (after scripts/build.mjs)

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bundle, bundleInlinedWorker, inlinedModule } from "./bundle.mjs";
import { root, run } from "./environment.mjs";

const dist = join(root, "dist");
mkdirSync(dist, { recursive: true });

/** The module as a script: the inlined entry imports it, and so may any page that can fetch nothing. */
write("countenance.wasm.js", `globalThis.COUNTENANCE_MODULE="${inlinedModule()}";\n`);

await build("inline.js", "lib/inline.js", "esm", {
  inPlaceOf: { "worker-file.js": "lib/worker-file.inline.js", "module-file.js": "lib/module-file.inline.js" },
  define: { "globalThis.COUNTENANCE_WORKER": JSON.stringify(await bundleInlinedWorker()) },
  banner: 'import"./countenance.wasm.js";',
});

const { script: worker } = await bundle("lib/worker.js", "iife", {
  inPlaceOf: { "module-file.js": "lib/module-file.script.js" },
});
await build("countenance.iife.js", "lib/script.js", "iife", {
  inPlaceOf: { "worker-file.js": "lib/worker-file.script.js", "module-file.js": "lib/module-file.script.js" },
  define: { "globalThis.COUNTENANCE_WORKER": JSON.stringify(worker) },
  globalName: "countenance",
});

await build("testing.js", "lib/testing.js", "esm", {
  define: { "globalThis.COUNTENANCE_MODEL": JSON.stringify(JSON.stringify(await modelInfo())) },
});

writeTypes(join(dist, "types"));

/** The declarations of every entry in package.json, and of what they need; the rest is internal. */
function writeTypes(folder) {
  rmSync(folder, { recursive: true, force: true });
  run("npx", ["tsc", "--project", "www/tsconfig.types.json"]);
  writeFileSync(join(folder, "lib/worker.d.ts"), "export {};\n");
  // The classes of the module are internal; what they give is not.
  const bindings = readFileSync(join(root, "www/pkg/countenance.d.ts"), "utf8");
  mkdirSync(join(folder, "pkg"));
  const [values] = bindings.split(/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\nexport class/, 1);
  writeFileSync(join(folder, "pkg/countenance.d.ts"), values);

  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const needed = new Set(Object.values(exports).flatMap(({ types }) => (types ? [join(root, types)] : [])));
  for (const file of needed) {
    const text = readFileSync(file, "utf8");
    for (const [, path] of text.matchAll(/(?:from |import\(|path=)["'](\.[^"']+?)(?:\.d\.ts|\.js)["']/g)) {
      needed.add(join(dirname(file), `${path}.d.ts`));
    }
  }
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !needed.has(file)) rmSync(file);
  }
}

/** The models of the built module. */
async function modelInfo() {
  const bindings = await import("../www/pkg/countenance.js");
  await bindings.default({ module_or_path: readFileSync(join(root, "www/pkg/countenance_bg.wasm")) });
  return bindings.modelInfo();
}

/** Bundles an entry into dist/, with its source map beside it. */
async function build(name, entry, format, options) {
  const { script, map } = await bundle(entry, format, { ...options, outfile: join(dist, name) });
  write(name, script);
  write(`${name}.map`, map);
}

function write(name, text) {
  writeFileSync(join(dist, name), text);
  console.log(`Built dist/${name}: ${(Buffer.byteLength(text) / 1e3).toFixed(0)} kB.`);
}
