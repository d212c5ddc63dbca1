import { cpSync } from "node:fs";
import { build } from "esbuild";

await build({
  entryPoints: ["main.js", "service-worker.js"],
  bundle: true,
  format: "esm",
  outdir: "dist",
  loader: { ".wasm": "file" },
});
cpSync("public", "dist", { recursive: true });
