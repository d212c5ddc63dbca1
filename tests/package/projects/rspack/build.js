import { cpSync } from "node:fs";
import { rspack } from "@rspack/core";

rspack({ mode: "production", entry: "./main.js", output: { clean: true } }, (error, stats) => {
  console.log(error ?? stats.toString());
  process.exitCode = error || stats.hasErrors() ? 1 : 0;
  cpSync("public", "dist", { recursive: true });
});
