/**
 * The live view's past: for each face a strip of its probabilities over time, stacked, and in words how often it showed
 * what.
 *
 * @module
 */

import { find, make } from "./html.js";
import { Recording, summarise } from "./recording.js";
import { colourOf } from "./stage.js";
import { say, sayList, sayPercent } from "./words.js";

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
  #strips = find(".strips");
  /** @type {HTMLSelectElement} */ #window = find(".timeline select");
  #recording = new Recording();
  #drawnAt = 0;

  /** @param {(format: 'csv' | 'json', rows: import('./export.js').Row[]) => void} onExport */
  constructor(onExport) {
    this.#window.addEventListener("change", () => this.#draw());
    for (const format of /** @type {const} */ (["csv", "json"])) {
      find(`[data-action=timeline-${format}]`).addEventListener("click", () =>
        onExport(format, this.#recording.rows()),
      );
    }
    find("[data-action=timeline-clear]").addEventListener("click", () => {
      this.#recording.clear();
      this.#section.hidden = true;
    });
  }

  /** @param {Moment} moment */
  add(moment) {
    if (this.#recording.isEmpty && moment.faces.length === 0) return;
    this.#recording.add(moment);
    if (moment.timeMs - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = moment.timeMs;
    this.#section.hidden = false;
    this.#draw();
  }

  #draw() {
    const moments = this.#recording.last(Number(this.#window.value) * 1000);
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
      const words = (shares.get(id) ?? []).map(({ emotion, share }) => `${say(emotion)} ${sayPercent(share)}`);
      find(".shares", strip).textContent = sayList(words);
      drawStrip(find("canvas", strip), points, Object.keys(face.probabilities));
    }
  }
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
      const share = /** @type {Record<string, number>} */ (face.probabilities)[emotion];
      context.fillStyle = colours[at];
      context.fillRect(timeMs - start, top, lasts + duration / canvas.width, share);
      top += share;
    }
  }
}
