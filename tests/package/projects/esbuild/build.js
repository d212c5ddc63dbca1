import { cpSync } from "node:fs";
import { build } from "esbuild";

// esbuild follows no `new URL(...)`: the worker is an entry of its own, and the wasm file is copied by its import.
await build({
  entryPoints: { main: "main.js", worker: "countenance/worker" },
  bundle: true,
  format: "esm",
  minify: true,
  outdir: "dist",
  loader: { ".wasm": "file" },
});
cpSync("public", "dist", { recursive: true });
