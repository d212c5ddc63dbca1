// How long a file is at Brotli's best.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import { root } from "../scripts/environment.mjs";

const folder = join(root, "dist", "bench");

/** The length of the compressed bytes, remembered by their hash: it takes a minute for the largest files. */
export async function brotliLength(bytes) {
  mkdirSync(folder, { recursive: true });
  const remembered = join(folder, `${createHash("sha256").update(bytes).digest("hex")}.brotli-length`);
  if (existsSync(remembered)) return Number(readFileSync(remembered, "utf8"));
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const { length } = await promisify(brotliCompress)(bytes, { params });
  writeFileSync(remembered, String(length));
  return length;
}
