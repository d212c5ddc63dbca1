/**
 * The past of the live view or a video: for each face a strip of its probabilities over time, stacked, and how often it
 * showed each expression, in words.
 *
 * @module
 */

import { answerOf } from "./answer.js";
import { find, make } from "./html.js";
import { CAMERA, Recording, summarise } from "./recording.js";
import { say, sayDuration, sayList, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./export.js').AppliedSettings} AppliedSettings */
/** @typedef {import('./export.js').Result} Result */
/** @typedef {import('./recording.js').Session} Session */

/** A face that is not seen for longer leaves a gap in its strip, in milliseconds. */
const GAP_MS = 1000;

/** How many strips there are, for the faces seen last. */
const MOST_STRIPS = 4;

/** How often the strips are redrawn, in milliseconds. */
const REDRAW_MS = 150;

export class Timeline {
  #section = find(".timeline");
  #summary = find(".timeline .summary");
  #strips = find(".strips");
  /** @type {HTMLSelectElement} */ #window = find(".timeline select");
  #recording = new Recording();
  #drawnAt = Number.NEGATIVE_INFINITY;

  #settings;
  /** @type {Session | undefined} */ #shown;

  /**
   * @param {() => AppliedSettings} settings of the current answers
   * @param {(format: 'csv' | 'json', results: Result[], sessions: object[]) => void} onExport
   */
  constructor(settings, onExport) {
    this.#settings = settings;
    this.#window.addEventListener("change", () => this.refresh());
    for (const format of /** @type {const} */ (["csv", "json"])) {
      find(`[data-action=timeline-${format}]`).addEventListener("click", () =>
        onExport(format, this.#recording.results, this.#recording.summaries),
      );
    }
    find("[data-action=timeline-clear]").addEventListener("click", () => {
      this.#recording.clear();
      this.#show(this.#recording.session);
    });
  }

  /** The source that is recorded, or was last. */
  get source() {
    return this.#recording.session?.source;
  }

  /** Whether there is nothing to look at or save. */
  get isEmpty() {
    return this.#section.hidden;
  }

  /** Begins a session. @param {string} source a file's name, or "camera" */
  begin(source) {
    this.#drawnAt = Number.NEGATIVE_INFINITY;
    const session = this.#recording.begin(source);
    this.#show(session);
    return session;
  }

  /** Hides a video's timeline, since the video is no longer shown; the camera's stays. */
  leaveVideo() {
    if (this.source !== CAMERA) this.#show(this.#recording.cameraSession);
  }

  /** @param {{ timeMs: number, faces: FaceEmotion[] }} moment that has just been read */
  add(moment) {
    // The camera's time begins with the first face; a video has a time of its own.
    const { session } = this.#recording;
    if (session?.source === CAMERA && session.frames === 0 && moment.faces.length === 0) return;
    this.#recording.add({ ...moment, settings: this.#settings() });
    if (moment.timeMs - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = moment.timeMs;
    this.refresh();
  }

  /** @param {Session | undefined} session */
  #show(session) {
    this.#shown = session;
    write(this.#summary, ""); // its values hold a whole session
    this.refresh();
  }

  /** Redraws the timeline. */
  refresh() {
    const session = this.#shown;
    this.#section.hidden = !session?.frames;
    if (!session?.frames) return;
    this.#section.dataset.frames = String(session.frames);
    write(this.#summary, "timeline.summary", () => sayAll(session));
    const moments = session.last(Number(this.#window.value) * 1000);
    const shares = summarise(moments);
    const ids = [...shares.keys()].sort((a, b) => a - b).slice(-MOST_STRIPS);
    while (this.#strips.childElementCount > ids.length) this.#strips.lastElementChild?.remove();
    while (this.#strips.childElementCount < ids.length) {
      this.#strips.append(make("li", "strip", make("b", "badge"), make("canvas", ""), make("span", "shares")));
    }
    for (const [index, id] of ids.entries()) {
      const strip = /** @type {HTMLElement} */ (this.#strips.children[index]);
      const points = moments.map(({ timeMs, faces }) => ({ timeMs, face: faces.find((face) => face.id === id) }));
      const face = /** @type {FaceEmotion} */ (points.findLast((point) => point.face)?.face);
      find(".badge", strip).textContent = String(id);
      find(".shares", strip).textContent = sayShares(shares.get(id) ?? []);
      drawStrip(find("canvas", strip), points, Object.keys(answerOf(face).probabilities));
    }
  }
}

/**
 * A whole session in words.
 *
 * @param {Session} session
 */
function sayAll({ source, seconds, frames, shares }) {
  const numbered = [...shares].slice(-MOST_STRIPS).map(([id, own]) => `${id}: ${sayShares(own)}`);
  return {
    source: source === CAMERA ? say("timeline.camera") : source,
    duration: sayDuration(seconds),
    frames,
    count: shares.size,
    list: shares.size === 1 ? sayShares([...shares.values()][0]) : sayList(numbered),
  };
}

/** @param {import('./recording.js').Shares} shares */
function sayShares(shares) {
  return sayList(shares.map(({ emotion, share }) => `${say(emotion)} ${sayPercent(share)}`));
}

/**
 * Stacks the probabilities: each expression takes its share of the height.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {{ timeMs: number, face: FaceEmotion | undefined }[]} points
 * @param {string[]} emotions
 */
function drawStrip(canvas, points, emotions) {
  canvas.width = canvas.clientWidth * devicePixelRatio;
  canvas.height = canvas.clientHeight * devicePixelRatio;
  const context = canvas.getContext("2d");
  if (!context) return;
  const start = points[0].timeMs;
  const duration = Math.max(1, points[points.length - 1].timeMs - start);
  context.scale(canvas.width / duration, canvas.height);
  const style = getComputedStyle(canvas);
  const colours = emotions.map((emotion) => style.getPropertyValue(`--${emotion}`));
  for (const [index, { timeMs, face }] of points.entries()) {
    if (!face) continue;
    // Each moment lasts until the next, and overlaps it a little so that no seam shows.
    const lasts = Math.min(GAP_MS, (points[index + 1]?.timeMs ?? timeMs + 1) - timeMs);
    let top = 0;
    for (const [at, emotion] of emotions.entries()) {
      const share = answerOf(face).probabilities[emotion] ?? 0;
      context.fillStyle = colours[at];
      context.fillRect(timeMs - start, top, lasts + duration / canvas.width, share);
      top += share;
    }
  }
}
