/**
 * The past of the live view or a video: for each face a strip of its probabilities over time, stacked, and in words how
 * often it showed what.
 *
 * @module
 */

import { answerOf } from "./answer.js";
import { find, make } from "./html.js";
import { Recording, summarise } from "./recording.js";
import { colourOf } from "./stage.js";
import { say, sayList, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./recording.js').Moment} Moment */

/** A face unseen for longer leaves a gap in its strip, in milliseconds. */
const GAP_MS = 1000;

/** Strips for the faces seen last. */
const MOST_STRIPS = 4;

/** How often the strips are drawn anew, in milliseconds. */
const REDRAW_MS = 150;

export class Timeline {
  #section = find(".timeline");
  #summary = find(".timeline .summary");
  #strips = find(".strips");
  /** @type {HTMLSelectElement} */ #window = find(".timeline select");
  #recording = new Recording();
  #drawnAt = Number.NEGATIVE_INFINITY;

  /** @param {(format: 'csv' | 'json', rows: import('./export.js').Row[], sessions: object[]) => void} onExport */
  constructor(onExport) {
    this.#window.addEventListener("change", () => this.refresh());
    for (const format of /** @type {const} */ (["csv", "json"])) {
      find(`[data-action=timeline-${format}]`).addEventListener("click", () =>
        onExport(format, this.#recording.rows, this.#recording.summaries),
      );
    }
    find("[data-action=timeline-clear]").addEventListener("click", () => {
      this.#recording.clear();
      write(this.#summary, ""); // what fills it in holds the whole session
      this.#section.hidden = true;
    });
  }

  /** What is being recorded, or was last. */
  get source() {
    return this.#recording.session?.source;
  }

  /** Whether nothing is there to be looked at or saved. */
  get isEmpty() {
    return this.#section.hidden;
  }

  /** Begins a strip of its own for what comes from now on. @param {string} source a file's name, or "camera" */
  begin(source) {
    this.#drawnAt = Number.NEGATIVE_INFINITY;
    return this.#recording.begin(source);
  }

  /** @param {Moment} moment */
  add(moment) {
    if (this.#recording.session?.frames === 0 && moment.faces.length === 0) return;
    this.#recording.add(moment);
    if (moment.timeMs - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = moment.timeMs;
    this.refresh();
  }

  /** Draws what has been recorded. */
  refresh() {
    const { session } = this.#recording;
    if (!session?.frames) return;
    this.#section.hidden = false;
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
      strip.dataset.colour = colourOf(face);
      find(".badge", strip).textContent = String(id);
      find(".shares", strip).textContent = sayShares(shares.get(id) ?? []);
      drawStrip(find("canvas", strip), points, Object.keys(answerOf(face).probabilities));
    }
  }
}

/**
 * A whole session in words.
 *
 * @param {import('./recording.js').Session} session
 */
function sayAll({ source, seconds, frames, shares }) {
  const numbered = [...shares].slice(-MOST_STRIPS).map(([id, own]) => `${id}: ${sayShares(own)}`);
  return {
    source: source === "camera" ? say("timeline.camera") : source,
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

/** @param {number} seconds */
function sayDuration(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/**
 * Stacks the probabilities: what is seen is each expression's share of the height.
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
    // Each moment lasts until the next, and overlaps it a little lest a seam be seen.
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
