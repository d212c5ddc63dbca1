/**
 * A video's frames, one after the other, read at a steady pace of the video's own time.
 *
 * @module
 */

import { PageFailure } from "./failures.js";

/** How many frames are read of each second: enough to see an expression come and go. */
const PER_SECOND = 5;

/**
 * Shows the video's frames in turn. Each is handed on before the next is sought.
 *
 * @param {HTMLVideoElement} video
 * @param {File} file
 * @param {(seconds: number, duration: number) => Promise<void>} onFrame
 * @param {AbortSignal} signal ends it, and takes the file from the video
 * @throws {PageFailure} where the browser can't play it
 */
export async function readVideo(video, file, onFrame, signal) {
  const url = URL.createObjectURL(file);
  signal.addEventListener("abort", () => {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
  });
  video.src = url;
  await happening(video, "loadeddata", signal);
  // A recording fresh from a browser states no duration until its end has been looked for.
  if (video.duration === Number.POSITIVE_INFINITY) await seek(video, 1e9, signal);
  const { duration, videoWidth } = video;
  if (!videoWidth) throw new PageFailure("not-a-video"); // sound alone
  for (let frame = 0; frame / PER_SECOND < duration; frame += 1) {
    await seek(video, frame / PER_SECOND, signal);
    await onFrame(frame / PER_SECOND, duration);
  }
}

/**
 * @param {HTMLVideoElement} video
 * @param {number} seconds
 * @param {AbortSignal} signal
 */
function seek(video, seconds, signal) {
  const sought = happening(video, "seeked", signal);
  video.currentTime = seconds;
  return sought;
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} event
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function happening(video, event, signal) {
  return new Promise((resolve, reject) => {
    const heard = new AbortController();
    const settle = (/** @type {() => void} */ how) => () => {
      heard.abort();
      how();
    };
    const options = { signal: heard.signal };
    video.addEventListener(event, settle(resolve), options);
    video.addEventListener(
      "error",
      settle(() => reject(new PageFailure("not-a-video"))),
      options,
    );
    signal.addEventListener(
      "abort",
      settle(() => reject(signal.reason)),
      options,
    );
    if (signal.aborted) reject(signal.reason);
  });
}
