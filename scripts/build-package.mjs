// Makes what only the npm package needs: dist/inline.js, the entry `countenance/inline` with worker and wasm inside, and
// the declarations of types in dist/types/.
//
//   node scripts/build-package.mjs      (after scripts/build.mjs)

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle, bundleInlinedWorker, inlinedModule } from "./bundle.mjs";
import { root, run } from "./environment.mjs";

const script = await bundle("lib/inline.js", "esm", {
  inPlaceOf: { "worker-file.js": "lib/worker-file.inline.js", "module-file.js": "lib/module-file.inline.js" },
  define: {
    "globalThis.INLINED_WORKER": JSON.stringify(await bundleInlinedWorker()),
    "globalThis.INLINED_MODULE": JSON.stringify(inlinedModule()),
  },
});
mkdirSync(join(root, "dist"), { recursive: true });
writeFileSync(join(root, "dist/inline.js"), script);
console.log(`Built dist/inline.js: ${(Buffer.byteLength(script) / 1e6).toFixed(2)} MB.`);

rmSync(join(root, "dist/types"), { recursive: true, force: true });
run("npx", ["tsc", "--project", "www/tsconfig.types.json"]);
mkdirSync(join(root, "dist/types/pkg"));
copyFileSync(join(root, "www/pkg/countenance.d.ts"), join(root, "dist/types/pkg/countenance.d.ts"));
