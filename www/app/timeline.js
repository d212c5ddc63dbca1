/**
 * The past of the live view or a video: for each face a strip of its expressions over time above one axis, and what they
 * showed at the moment pointed at.
 *
 * @module
 */

import { answerOf, sayBriefly } from "./answer.js";
import { spanFor } from "./bins.js";
import { Comparison } from "./comparison.js";
import { find } from "./html.js";
import { CAMERA, Recording } from "./recording.js";
import { Strips } from "./strips.js";
import { say, sayDuration, sayList, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./export.js').AppliedSettings} AppliedSettings */
/** @typedef {import('./export.js').Result} Result */
/** @typedef {import('./recording.js').Session} Session */

/** How many expressions are named, the most frequent. */
const MOST_SHARES = 4;

/** How often words and numbers are written again, in milliseconds; the strips follow every moment. */
const WRITE_MS = 150;

export class Timeline {
  #section = find(".timeline");
  #summary = find(".timeline .summary");
  #reading = find(".timeline .moment");
  #plot = find(".plot");
  #cursor = find(".plot .cursor");
  /** @type {HTMLInputElement} */ #scrubber = find(".scrubber");
  /** @type {HTMLSelectElement} */ #window = find(".timeline select");
  #strips = new Strips();
  #recording = new Recording();
  #comparison = new Comparison();
  #writtenAt = Number.NEGATIVE_INFINITY;
  #settings;
  #onSeek;
  /** @type {Session | undefined} */ #shown;
  /** The moment chosen, from the session's start; the latest as it comes where there is none. @type {number | undefined} */
  #chosenMs;
  /** The moment under the pointer. @type {number | undefined} */
  #pointedMs;

  /**
   * @param {() => AppliedSettings} settings of the current answers
   * @param {(format: 'csv' | 'json', results: Result[], sessions: object[]) => void} onExport
   * @param {(seconds: number) => void} onSeek called with the moment of a video that the visitor chose
   */
  constructor(settings, onExport, onSeek) {
    this.#settings = settings;
    this.#onSeek = onSeek;
    this.#window.addEventListener("change", () => this.refresh());
    for (const format of /** @type {const} */ (["csv", "json"])) {
      find(`[data-action=timeline-${format}]`).addEventListener("click", () =>
        onExport(format, this.#recording.results, this.#recording.summaries),
      );
    }
    find("[data-action=timeline-new]").addEventListener("click", () => this.begin(CAMERA));
    find("[data-action=timeline-clear]").addEventListener("click", () => {
      this.#recording.clear();
      this.#show(this.#recording.session);
    });
    this.#scrubber.addEventListener("input", () => {
      const value = Number(this.#scrubber.value);
      const { duration, seconds } = /** @type {Session} */ (this.#shown);
      this.#choose(duration === undefined && value >= seconds * 1000 ? undefined : value);
    });
    this.#plot.addEventListener("pointermove", (event) => this.#point(this.#timeAt(event)));
    this.#plot.addEventListener("pointerleave", () => this.#point(undefined));
    find(".strips").addEventListener("click", (event) => this.#choose(this.#timeAt(event)));
    new ResizeObserver(() => {
      if (this.#strips.isResized) this.refresh();
    }).observe(this.#plot);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.refresh());
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
    if (!session || session !== this.#shown) return;
    const isDrawn =
      session.frames > 1 &&
      this.#windowOf(session) === this.#strips.windowMs &&
      this.#strips.add(moment, this.#chosenMs !== undefined);
    if (!isDrawn) this.refresh();
    else if (moment.timeMs - this.#writtenAt >= WRITE_MS) this.#write(moment.timeMs);
  }

  /** Points at a moment of the video, which plays. @param {number} seconds */
  showTime(seconds) {
    this.#chosenMs = seconds * 1000;
    this.#moveTo(this.#chosenMs);
  }

  /** Draws and writes everything again. */
  refresh() {
    const session = this.#shown;
    this.#comparison.show(this.#recording.sessions);
    this.#section.hidden = !session?.frames;
    if (!session?.frames) return;
    this.#strips.show(session, this.#windowOf(session), this.#chosenMs);
    this.#write();
  }

  /** @param {Session | undefined} session */
  #show(session) {
    this.#shown = session;
    this.#chosenMs = undefined;
    this.#pointedMs = undefined;
    write(this.#summary, ""); // its values hold a whole session
    write(this.#reading, "");
    this.refresh();
  }

  /** How much is shown at once, in milliseconds. @param {Session} session */
  #windowOf({ seconds, duration }) {
    return 1000 * (Number(this.#window.value) || duration || spanFor(seconds));
  }

  /** @param {MouseEvent} event @returns {number} the moment there, from the session's start */
  #timeAt({ clientX }) {
    return Math.max(0, Math.min(this.#strips.timeAt(clientX), (this.#shown?.seconds ?? 0) * 1000));
  }

  /** @param {number | undefined} timeMs */
  #choose(timeMs) {
    this.#chosenMs = timeMs;
    this.#pointedMs = undefined;
    if (timeMs === undefined) return this.refresh();
    if (this.#shown?.duration !== undefined) this.#onSeek(timeMs / 1000);
    return this.#moveTo(timeMs);
  }

  /** Makes the window hold that moment. @param {number} timeMs */
  #moveTo(timeMs) {
    const place = this.#strips.placeOf(timeMs);
    if (place < 0 || place > 1) this.refresh();
    else this.#writeReading();
  }

  /** @param {number | undefined} timeMs */
  #point(timeMs) {
    this.#pointedMs = timeMs;
    if (this.#shown) this.#writeReading(); // the pointer leaves also when all of it goes
  }

  /** @param {number} [now] */
  #write(now = Number.NEGATIVE_INFINITY) {
    const session = /** @type {Session} */ (this.#shown);
    this.#writtenAt = now;
    this.#section.dataset.frames = String(session.frames);
    write(this.#summary, "timeline.summary", () => sayAll(session));
    const { shares } = session;
    this.#strips.write((id) => sayShares(shares.get(id) ?? []));
    this.#scrubber.max = String(Math.max(this.#strips.windowMs, session.seconds * 1000));
    this.#writeReading();
    if (this.#comparison.isOpen) this.#comparison.show(this.#recording.sessions);
  }

  /** Writes what each face showed at the moment pointed at or chosen. */
  #writeReading() {
    const session = /** @type {Session} */ (this.#shown);
    const timeMs = this.#pointedMs ?? this.#chosenMs;
    const place = timeMs === undefined ? -1 : this.#strips.placeOf(timeMs);
    this.#cursor.hidden = place < 0 || place > 1;
    this.#cursor.style.setProperty("--place", String(place));
    this.#scrubber.value = String(this.#chosenMs ?? session.seconds * 1000);
    if (timeMs === undefined) write(this.#reading, "timeline.point");
    else write(this.#reading, "timeline.reading", () => sayMoment(session, timeMs));
    this.#scrubber.setAttribute("aria-valuetext", this.#reading.textContent ?? "");
  }
}

/** A whole session in words. @param {Session} session */
function sayAll({ source, seconds, frames, shares, totals }) {
  return {
    source: source === CAMERA ? say("timeline.camera") : source,
    duration: sayDuration(seconds),
    frames,
    count: shares.size,
    list: sayShares(totals),
  };
}

/** @param {import('./recording.js').Shares} shares */
function sayShares(shares) {
  const said = shares.slice(0, MOST_SHARES).map(({ emotion, share }) => `${say(emotion)} ${sayPercent(share)}`);
  return sayList(shares.length > MOST_SHARES ? [...said, "…"] : said);
}

/** @param {Session} session @param {number} timeMs */
function sayMoment(session, timeMs) {
  const faces = session.facesAt(session.startMs + timeMs);
  const said = faces.map((face) => {
    const text = sayBriefly(answerOf(face));
    return session.shares.size > 1 ? `${face.id}: ${text}` : text;
  });
  const time = `${sayDuration(timeMs / 1000)}.${Math.floor((timeMs / 100) % 10)}`;
  return { time, list: said.length > 0 ? sayList(said) : say("timeline.nobody") };
}
