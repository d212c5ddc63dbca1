// A static file server for the page: right MIME types, compressed text, the headers of scripts/headers.mjs, nothing
// outside the folder.
//
//   node scripts/serve.mjs [folder]      PORT (default 8080) and HOST (default 127.0.0.1) from the environment
//
// `serve` is also what the end-to-end tests use. They read its log of requests and change its headers, and `npm start`
// installs no package: hence no server from npm.

import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { HEADERS } from "./headers.mjs";

const MIME_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".webmanifest": "application/manifest+json",
};

/** What is compressed. The module is not: the page shows how much of its length has arrived. */
const TEXT = /^text\/|json$|svg/;

/** The file a URL path names inside `root`; null where there is none, or where it would leave the folder. */
async function fileAt(root, pathname) {
  try {
    let path = join(root, decodeURIComponent(pathname));
    if ((await stat(path)).isDirectory()) path = join(path, "index.html");
    const real = await realpath(path);
    return real.startsWith(root + sep) && (await stat(real)).isFile() ? real : null;
  } catch {
    return null;
  }
}

/**
 * Serves `root` until the returned server is closed.
 * `onRequest({ method, path, status })` is called for every request once its status is known; `headers` are given by path.
 */
export async function serve({ root, port = 0, host = "127.0.0.1", headers: byPath = HEADERS, onRequest = () => {} }) {
  const folder = await realpath(root);
  const server = createServer(async (request, response) => {
    const path = request.url ?? "/";
    const [pathname] = path.split(/[?#]/, 1);
    const answer = (status, headers) => {
      onRequest({ method: request.method, path, status });
      response.writeHead(status, { ...byPath["/*"], ...byPath[pathname], ...headers });
    };
    if (request.method !== "GET" && request.method !== "HEAD") {
      answer(405, { Allow: "GET, HEAD" });
      return response.end();
    }
    const file = await fileAt(folder, pathname);
    if (!file) {
      answer(404, { "Content-Type": "text/plain; charset=utf-8" });
      return response.end("Not found\n");
    }
    const type = MIME_TYPES[extname(file)] ?? "application/octet-stream";
    const isCompressed = TEXT.test(type) && /\bgzip\b/.test(request.headers["accept-encoding"] ?? "");
    answer(200, {
      "Content-Type": type,
      Vary: "Accept-Encoding",
      ...(isCompressed ? { "Content-Encoding": "gzip" } : { "Content-Length": (await stat(file)).size }),
    });
    if (request.method === "HEAD") return response.end();
    const content = createReadStream(file);
    return (isCompressed ? content.pipe(createGzip()) : content).pipe(response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.argv[2] ?? fileURLToPath(new URL("../www", import.meta.url));
  const port = Number(process.env.PORT ?? 8080);
  try {
    const server = await serve({ root, port, host: process.env.HOST });
    console.log(`Countenance is at http://localhost:${server.address().port}/   (Ctrl+C stops it)`);
  } catch (error) {
    console.error(
      error.code === "EADDRINUSE" ? `Port ${port} is in use. Choose another: PORT=8081 npm start` : error.message,
    );
    process.exitCode = 1;
  }
}
