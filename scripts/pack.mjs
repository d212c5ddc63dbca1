// Makes the npm package, dist/countenance-VERSION.tgz, of a built module, and prints what is in it.
//
//   node scripts/pack.mjs      (after scripts/build.mjs)

import { outputOf, run } from "./environment.mjs";

run("node", ["scripts/build-package.mjs"]);
const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", "dist"];
const [{ filename, size, unpackedSize, integrity, files }] = Object.values(JSON.parse(outputOf("npm", args)));
for (const { path, size: bytes } of files) console.log(`${String(bytes).padStart(9)}  ${path}`);
console.log(`Packed dist/${filename}: ${size} bytes, ${unpackedSize} unpacked, ${files.length} files, ${integrity}`);
