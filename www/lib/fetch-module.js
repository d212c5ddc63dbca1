/**
 * Fetches the wasm module.
 *
 * @module
 */

import { EmotionError } from "./protocol.js";

/** @import { Progress } from './protocol.js' */

/**
 * @param {URL} url
 * @param {(progress: Progress) => void} [onProgress] called as the bytes arrive
 * @returns {Promise<Response>}
 * @throws {EmotionError} `model-load`
 */
export async function fetchModule(url, onProgress) {
  const response = await fetch(url).catch((error) => {
    const isElsewhere = url.origin !== globalThis.location?.origin;
    const advice = isElsewhere
      ? `allow ${url.origin} in connect-src, and let that host send Access-Control-Allow-Origin`
      : "allow 'self' in connect-src";
    const message = `${url} could not be fetched (${error.message}). Where a policy is in force, ${advice}`;
    throw new EmotionError("model-load", message, { cause: error });
  });
  if (!response.ok) throw new EmotionError("model-load", `${url} answered ${response.status}`);
  // Counting a copy leaves the original untouched, so that the browser can cache the compiled code.
  if (onProgress) reportProgress(response.clone(), onProgress).catch(() => {});
  return response;
}

/**
 * @param {Response} response
 * @param {(progress: Progress) => void} onProgress
 */
async function reportProgress(response, onProgress) {
  // A compressed answer's length says nothing about the bytes that come out of it.
  const length = response.headers.has("Content-Encoding") ? null : response.headers.get("Content-Length");
  const total = length === null ? undefined : Number(length);
  const reader = response.body?.getReader();
  let loaded = 0;
  for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
    loaded += chunk.value.byteLength;
    onProgress({ loaded, total });
  }
}
