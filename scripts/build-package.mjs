// Makes what only the npm package needs: dist/inline.js, the entry `countenance/inline` with worker and wasm inside, and
// the declarations of types in dist/types/.
//
//   node scripts/build-package.mjs      (after scripts/build.mjs)

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root, run } from "./environment.mjs";

const lib = join(root, "www/lib");
const wasm = readFileSync(join(root, "www/pkg/countenance_bg.wasm"));

const worker = await bundle("worker.js", "iife");
const script = await bundle("inline.js", "esm", {
  define: {
    "globalThis.INLINED_WORKER": JSON.stringify(worker),
    "globalThis.INLINED_MODULE": JSON.stringify(gzipSync(wasm, { level: 9 }).toString("base64")),
  },
  plugins: [
    {
      name: "inlined files",
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/(worker|module)-file\.js$/ }, ({ path }) => ({
          path: join(lib, path.replace(/\.js$/, ".inline.js")),
        })),
    },
  ],
});
mkdirSync(join(root, "dist"), { recursive: true });
writeFileSync(join(root, "dist/inline.js"), script);
console.log(`Built dist/inline.js: ${(Buffer.byteLength(script) / 1e6).toFixed(2)} MB.`);

rmSync(join(root, "dist/types"), { recursive: true, force: true });
run("npx", ["tsc", "--project", "www/tsconfig.types.json"]);
mkdirSync(join(root, "dist/types/pkg"));
copyFileSync(join(root, "www/pkg/countenance.d.ts"), join(root, "dist/types/pkg/countenance.d.ts"));

/** A module with all it imports as one script. */
async function bundle(entry, format, options = {}) {
  const { outputFiles } = await build({
    entryPoints: [join(lib, entry)],
    bundle: true,
    format,
    minify: true,
    write: false,
    legalComments: "none",
    // The worker is always given the module; its own way of finding the file has no meaning here.
    logOverride: { "empty-import-meta": "silent" },
    ...options,
  });
  return outputFiles[0].text;
}
