/**
 * A video's frames, one after the other, at even steps of the video's own time.
 *
 * @module
 */

import { isCutOff } from "./container.js";
import { assertReadable } from "./file.js";
import { EmotionError } from "./protocol.js";

/** How many frames are read of each second by default: enough to see an expression come and go. */
export const FRAMES_PER_SECOND = 5;

/** How long a browser may take to show a moment of the video, in milliseconds. */
const PATIENCE_MS = 30_000;

/** How soon to look again for a picture that is not there yet, in milliseconds, and how often before seeking again. */
const LOOK_AGAIN_MS = 20;
const LOOKS = 50;

/** How long a browser may take to draw the frame after a seek, in milliseconds. */
const DRAWN_WITHIN_MS = 500;

/**
 * @typedef {object} Reading
 * @property {number} duration in seconds, as the file states it
 * @property {number | undefined} brokenAt where the file breaks off, in seconds; undefined where it was read to its end
 */

/**
 * Shows the video's frames in turn, and calls `onFrame` with each.
 *
 * @param {HTMLVideoElement} video
 * @param {Blob} file
 * @param {(picture: ImageBitmap, seconds: number, duration: number) => Promise<void>} onFrame
 * @param {AbortSignal} signal ends the reading and removes the file from the video
 * @param {number} [fps] how many frames are read of each second
 * @returns {Promise<Reading>}
 * @throws {EmotionError} if not even one frame can be read: `invalid-video`, `incomplete-video`, `unreadable-file`
 */
export async function readVideo(video, file, onFrame, signal, fps = FRAMES_PER_SECOND) {
  const url = URL.createObjectURL(file);
  signal.addEventListener("abort", () => {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
  });
  video.src = url;
  /** @type {Promise<boolean> | undefined} */
  let checking;
  const isCut = () => (checking ??= isCutOff(file).catch(() => true)); // no longer readable
  let frames = 0;
  try {
    await happening(video, "loadeddata", signal);
    if (!video.videoWidth) throw invalid(video); // sound alone
    // A browser's own recording has no duration until its end has been sought.
    const isStated = video.duration !== Number.POSITIVE_INFINITY;
    if (!isStated) await seek(video, 1e9, signal);
    const { duration } = video;
    for (let seconds = 0; seconds < duration; seconds = frames / fps) {
      const { picture, isDrawn } = await pictureAt(video, seconds, signal);
      try {
        // Past the cut, browsers go on showing the last picture. WebKitGTK draws nothing, and says nothing either.
        const mayBePast = isPastData(video) || !(isDrawn || document.hidden);
        if (mayBePast && (await isCut())) return { duration, brokenAt: seconds };
        await onFrame(picture, seconds, duration);
      } finally {
        picture.close();
      }
      frames += 1;
    }
    return { duration, brokenAt: !isStated && (await isCut()) ? duration : undefined };
  } catch (error) {
    const isUnshown = error instanceof EmotionError && error.code === "invalid-video";
    if (signal.aborted || !isUnshown) throw error;
    if (frames === 0) throw await explained(error, file, isCut);
    const { duration } = video;
    video.load(); // so that the part that was read can be played
    return { duration, brokenAt: frames / fps };
  }
}

/**
 * The reason why no frame could be read.
 *
 * @param {EmotionError} failure
 * @param {Blob} file
 * @param {() => Promise<boolean>} isCut
 */
async function explained(failure, file, isCut) {
  try {
    await assertReadable(file);
    return (await isCut())
      ? new EmotionError("incomplete-video", "The video's file ends before its first frame")
      : failure;
  } catch (error) {
    return error; // the file itself is not readable
  }
}

/**
 * Whether the video's data ends at the moment shown.
 *
 * @param {HTMLVideoElement} video
 */
function isPastData({ buffered, currentTime, ended }) {
  return ended || (buffered.length > 0 && buffered.end(buffered.length - 1) <= currentTime);
}

/**
 * The picture at that time. A browser may report a seek as done before it has drawn the frame. Firefox decodes only what
 * it shows: when a video that was out of sight is captured, it draws nothing until the next seek.
 *
 * @param {HTMLVideoElement} video
 * @param {number} seconds
 * @param {AbortSignal} signal
 * @returns {Promise<{ picture: ImageBitmap, isDrawn: boolean }>} and whether the browser has reported that it is drawn
 * @throws {EmotionError} `invalid-video` if none comes
 */
async function pictureAt(video, seconds, signal) {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; ) {
    const drawn = nextDrawn(video);
    await seek(video, seconds, signal);
    const isDrawn = await Promise.race([drawn, pause(DRAWN_WITHIN_MS)]);
    for (let look = 0; look < LOOKS; look += 1) {
      const picture = await capture(video);
      if (picture) return { picture, isDrawn };
      if (video.error) throw invalid(video);
      await pause(LOOK_AGAIN_MS);
      signal.throwIfAborted();
    }
  }
  throw invalid(video);
}

/**
 * The error for a video whose frames the browser can't show.
 *
 * @param {HTMLVideoElement} video
 */
function invalid({ error }) {
  const why = error?.message ? `: ${error.message}` : "";
  return new EmotionError("invalid-video", `The browser can't play this as a video${why}`);
}

/**
 * Resolves when the next picture has been drawn. Until then the one before may be captured, although the video already
 * states the new time.
 *
 * @param {HTMLVideoElement} video
 * @returns {Promise<true>} may never resolve: a hidden page draws nothing
 */
function nextDrawn(video) {
  return new Promise((resolve) => video.requestVideoFrameCallback?.(() => resolve(true)));
}

/** @param {number} ms @returns {Promise<false>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms));
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<ImageBitmap | undefined>} undefined where nothing is drawn yet
 */
async function capture(video) {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return undefined;
  try {
    const picture = await createImageBitmap(video);
    return picture.width > 0 ? picture : undefined; // Firefox gives empty ones
  } catch {
    return undefined;
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
      clearTimeout(timer);
      heard.abort();
      how();
    };
    const fail = settle(() => reject(invalid(video)));
    const timer = setTimeout(fail, PATIENCE_MS);
    const options = { signal: heard.signal };
    video.addEventListener(event, settle(resolve), options);
    video.addEventListener("error", fail, options);
    const abort = settle(() => reject(signal.reason));
    signal.addEventListener("abort", abort, options);
    if (signal.aborted) abort();
  });
}
