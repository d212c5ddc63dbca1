/**
 * The past of the live view or a video: for each face a strip of its expressions over time above one axis, and what they
 * showed at the moment pointed at.
 *
 * @module
 */

import { answerOf, isUnsure, sayBriefly } from "./answer.js";
import { Bins, MOST_BINS, spanFor, ticksBetween } from "./bins.js";
import { Comparison } from "./comparison.js";
import { find, make, makeGlyph } from "./html.js";
import { CAMERA, Recording } from "./recording.js";
import { drawColumns, drawSwatch, makeFillings, shift } from "./strip.js";
import { say, sayDuration, sayList, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./export.js').AppliedSettings} AppliedSettings */
/** @typedef {import('./export.js').Result} Result */
/** @typedef {import('./recording.js').Moment} Moment */
/** @typedef {import('./recording.js').Session} Session */

/** How many faces of a window have a strip, the first to come. With `MOST_BINS` that makes 6 MB of bins at most. */
const MOST_STRIPS = 100;

/** How many expressions are named, the most frequent. */
const MOST_SHARES = 4;

/** How often words and numbers are written again, in milliseconds; the strips follow every moment. */
const WRITE_MS = 150;

/** The room that a tick of the axis needs, in pixels. */
const TICK_WIDTH = 64;

export class Timeline {
  #section = find(".timeline");
  #summary = find(".timeline .summary");
  #legend = find(".legend");
  #reading = find(".timeline .moment");
  #plot = find(".plot");
  #list = find(".strips");
  #axis = find(".axis");
  #cursor = find(".plot .cursor");
  /** @type {HTMLInputElement} */ #scrubber = find(".scrubber");
  /** @type {HTMLSelectElement} */ #window = find(".timeline select");
  #recording = new Recording();
  #comparison = new Comparison();
  #writtenAt = Number.NEGATIVE_INFINITY;
  #settings;
  #onSeek;
  /** @type {Session | undefined} */ #shown;
  /** @type {Map<number, { row: HTMLElement, canvas: HTMLCanvasElement, shares: HTMLElement }>} */ #strips = new Map();

  #bins = new Bins(1, 1, 0);
  /** @type {string[]} */ #names = [];
  /** @type {CanvasPattern[]} */ #fillings = [];
  #width = 0;
  #windowMs = 0;
  /** The bin at the left edge. */
  #first = 0;
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
    this.#list.addEventListener("click", (event) => this.#choose(this.#timeAt(event)));
    new ResizeObserver(() => {
      if (this.#axis.clientWidth !== this.#width) this.refresh();
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
    if (session !== this.#shown) return;
    this.#draw(moment);
    if (moment.timeMs - this.#writtenAt >= WRITE_MS) this.#write(moment.timeMs);
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
    this.#names = namesOf(session.moments.findLast(({ faces }) => faces.length > 0)?.faces[0]);
    this.#width = this.#axis.clientWidth;
    this.#windowMs = this.#span(session) * 1000;
    const count = Math.min(MOST_BINS, Math.max(1, this.#width));
    this.#bins = new Bins(this.#windowMs / count, count, this.#names.length);
    const last = this.#bins.binAt(session.seconds * 1000);
    const middle = this.#chosenMs === undefined ? last : this.#bins.binAt(this.#chosenMs) + (count >> 1);
    this.#first = Math.max(0, Math.min(last, middle) - count + 1);
    const scale = devicePixelRatio > 1.5 ? 2 : 1;
    this.#fillings = makeFillings(this.#section, this.#names, scale);
    for (const moment of session.since(session.startMs + this.#first * this.#bins.binMs - 1)) {
      if (this.#bins.binAt(moment.timeMs - session.startMs) >= this.#first + count) break;
      this.#addToBins(session, moment);
    }
    this.#arrange();
    this.#list.tabIndex = this.#list.scrollHeight > this.#list.clientHeight ? 0 : -1; // to scroll it by keys
    for (const [id, { canvas }] of this.#strips) {
      canvas.width = this.#bins.count * scale;
      canvas.height = canvas.clientHeight * scale;
      this.#drawStrip(id, canvas, this.#first, last);
    }
    this.#writeLegend(scale);
    this.#writeAxis();
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

  /** How much is shown at once, in seconds. @param {Session} session */
  #span({ seconds, duration }) {
    return Number(this.#window.value) || duration || spanFor(seconds);
  }

  /**
   * Adds what is new to the strips: a column, after moving what is there where it needs room.
   *
   * @param {Pick<Moment, 'timeMs' | 'faces'>} moment
   */
  #draw(moment) {
    const session = /** @type {Session} */ (this.#shown);
    if (session.frames === 1 || this.#span(session) * 1000 !== this.#windowMs) return this.refresh();
    const last = this.#bins.binAt(moment.timeMs - session.startMs);
    const isOutside = last >= this.#first + this.#bins.count;
    if (isOutside && this.#chosenMs !== undefined) return undefined;
    const isWider = namesOf(moment.faces[0]).length > this.#names.length;
    if (isWider || moment.faces.some(({ id }) => this.#lacks(id))) return this.refresh();
    const changed = this.#addToBins(session, moment);
    const moved = isOutside ? last - this.#bins.count + 1 - this.#first : 0;
    this.#first += moved;
    for (const [id, { canvas }] of this.#strips) {
      shift(canvas, (moved * canvas.width) / this.#bins.count);
      this.#drawStrip(id, canvas, changed, last);
    }
    if (moved > 0) this.#writeAxis();
    return undefined;
  }

  /**
   * @param {number} id
   * @param {HTMLCanvasElement} canvas
   * @param {number} from
   * @param {number} to
   */
  #drawStrip(id, canvas, from, to) {
    drawColumns(canvas, this.#bins, id, this.#fillings, { first: this.#first, from, to });
  }

  /**
   * @param {Session} session
   * @param {Pick<Moment, 'timeMs' | 'faces'>} moment
   */
  #addToBins(session, { timeMs, faces }) {
    const shown = faces.filter(({ id }) => this.#bins.has(id) || this.#lacks(id));
    return this.#bins.add(
      timeMs - session.startMs,
      shown.map((face) => [face.id, areasOf(face, this.#names)]),
    );
  }

  /** Whether there is room for a strip that is not there yet. @param {number} id */
  #lacks(id) {
    return !this.#bins.has(id) && this.#bins.ids.length < MOST_STRIPS;
  }

  /** Gives each face in the window a strip. */
  #arrange() {
    const ids = this.#bins.ids.sort((a, b) => a - b);
    for (const [id, { row }] of this.#strips) {
      if (ids.includes(id)) continue;
      row.remove();
      this.#strips.delete(id);
    }
    for (const id of ids.filter((each) => !this.#strips.has(each))) {
      const strip = { canvas: make("canvas", ""), shares: make("span", "shares") };
      const row = make("li", "strip", make("b", "badge", String(id)), strip.canvas, strip.shares);
      this.#list.append(row);
      this.#strips.set(id, { row, ...strip });
    }
  }

  /** @param {MouseEvent} event @returns {number} the moment there, from the session's start */
  #timeAt({ clientX }) {
    const { left, width } = this.#axis.getBoundingClientRect();
    const timeMs = this.#first * this.#bins.binMs + ((clientX - left) / width) * this.#windowMs;
    return Math.max(0, Math.min(timeMs, (this.#shown?.seconds ?? 0) * 1000));
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
    const bin = this.#bins.binAt(timeMs);
    if (bin < this.#first || bin > this.#first + this.#bins.count) this.refresh();
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
    this.#bins.forgetBefore(this.#first);
    this.#arrange();
    const shares = session.shares;
    for (const [id, strip] of this.#strips) strip.shares.textContent = sayShares(shares.get(id) ?? []);
    this.#scrubber.max = String(Math.max(this.#windowMs, session.seconds * 1000));
    this.#writeReading();
    if (this.#comparison.isOpen) this.#comparison.show(this.#recording.sessions);
  }

  /** Writes what each face showed at the moment pointed at or chosen. */
  #writeReading() {
    const session = /** @type {Session} */ (this.#shown);
    const timeMs = this.#pointedMs ?? this.#chosenMs;
    const place = ((timeMs ?? -1) / this.#bins.binMs - this.#first) / this.#bins.count;
    this.#cursor.hidden = timeMs === undefined || place < 0 || place > 1;
    this.#cursor.style.setProperty("--place", String(place));
    this.#scrubber.value = String(this.#chosenMs ?? session.seconds * 1000);
    if (timeMs === undefined) write(this.#reading, "timeline.point");
    else write(this.#reading, "timeline.reading", () => sayMoment(session, timeMs));
    this.#scrubber.setAttribute("aria-valuetext", this.#reading.textContent ?? "");
  }

  /** @param {number} scale */
  #writeLegend(scale) {
    const items = this.#names.map((name, place) => {
      const swatch = make("canvas", "swatch");
      [swatch.width, swatch.height] = [24 * scale, 16 * scale];
      drawSwatch(swatch, this.#fillings[place]);
      const item = make("li", "", swatch, makeGlyph(name), say(name));
      item.dataset.emotion = name;
      return item;
    });
    this.#legend.replaceChildren(...items);
  }

  #writeAxis() {
    const from = (this.#first * this.#bins.binMs) / 1000;
    const span = this.#windowMs / 1000;
    const ticks = ticksBetween(from, from + span, Math.max(1, this.#width / TICK_WIDTH)).map((seconds) => {
      const tick = make("span", "", sayDuration(seconds));
      tick.style.setProperty("--place", String((seconds - from) / span));
      return tick;
    });
    this.#axis.replaceChildren(...ticks);
  }
}

/**
 * The areas of a strip: each expression, and those for a face that shows none of them or is not sure.
 *
 * @param {FaceEmotion} [face]
 */
function namesOf(face) {
  return face ? [...Object.keys(answerOf(face).probabilities), "other", "uncertain"] : [];
}

/**
 * What each area takes of the height: an answer without an expression all of it, in its own area.
 *
 * @param {FaceEmotion} face
 * @param {string[]} names
 */
function areasOf(face, names) {
  const answer = answerOf(face);
  const { emotion, probabilities } = answer;
  return names.map((name) => (isUnsure(answer) ? Number(name === emotion) : (probabilities[name] ?? 0)));
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
