// One HTML file that may load nothing at all.
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const { outputFiles } = await build({ entryPoints: ["main.js"], bundle: true, format: "esm", write: false });
const script = outputFiles[0].text.replaceAll("</script", "<\\/script");
const hash = createHash("sha256").update(script).digest("base64");
const policy = [
  "default-src 'none'",
  `script-src 'sha256-${hash}' 'wasm-unsafe-eval'`,
  "worker-src blob:",
  "require-trusted-types-for 'script'",
  "trusted-types countenance",
].join("; ");
const html = `<!doctype html>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>One file</title>
<input type="file">
<script type="module">${script}</script>
`;
mkdirSync("dist", { recursive: true });
writeFileSync("dist/index.html", html);
