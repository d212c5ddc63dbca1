// What a page downloads for a product.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/environment.mjs";
import { brotliLength } from "../brotli-length.mjs";

/** Replaces the files of each product by their bytes: as they are, and at Brotli's best, models too. */
export async function withDownloads(starts) {
  const sum = (lengths) => lengths.reduce((total, length) => total + length, 0);
  const sized = {};
  for (const [id, { files, ...times }] of Object.entries(starts)) {
    const contents = files.map((path) => readFileSync(join(root, path)));
    const bytes = sum(contents.map(({ length }) => length));
    sized[id] = { files: files.length, bytes, brotli: sum(await Promise.all(contents.map(brotliLength))), ...times };
  }
  return sized;
}
