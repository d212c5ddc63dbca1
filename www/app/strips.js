/**
 * The strips of a timeline above their axis: one for each face that the window shows, drawn anew or added to by columns.
 *
 * @module
 */

import { answerOf, isUnsure } from "./answer.js";
import { Bins, MOST_BINS, ticksBetween } from "./bins.js";
import { find, make, makeGlyph, setText } from "./html.js";
import { drawColumns, drawSwatch, makeFillings, shift } from "./strip.js";
import { say, sayDuration } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./recording.js').Moment} Moment */
/** @typedef {import('./recording.js').Session} Session */
/** @typedef {{ row: HTMLElement, canvas: HTMLCanvasElement, shares: HTMLElement }} Strip */

/** How many faces of a window have a strip, the first to come. With `MOST_BINS` that makes 6 MB of bins at most. */
const MOST_STRIPS = 100;

/** The room that a tick of the axis needs, in pixels. */
const TICK_WIDTH = 64;

export class Strips {
  #list = find(".strips");
  #axis = find(".axis");
  #legend = find(".legend");
  /** @type {Map<number, Strip>} */ #strips = new Map();
  #bins = new Bins(1, 1, 0);
  /** The areas of a strip. @type {string[]} */ #names = [];
  /** @type {CanvasPattern[]} */ #fillings = [];
  #startMs = 0;
  /** The bin at the left edge. */
  #first = 0;
  #width = 0;
  /** How much is shown, in milliseconds. */
  windowMs = 0;

  /** Whether the page has made them wider or narrower since they were drawn. */
  get isResized() {
    return this.#axis.clientWidth !== this.#width;
  }

  /**
   * Draws a session anew.
   *
   * @param {Session} session that holds something
   * @param {number} windowMs
   * @param {number | undefined} middleMs the moment in the middle, from the session's start; the latest is at the right
   *   edge where there is none
   */
  show(session, windowMs, middleMs) {
    const scale = devicePixelRatio > 1.5 ? 2 : 1;
    this.#width = this.#axis.clientWidth;
    this.#names = namesOf(session.moments.findLast(({ faces }) => faces.length > 0)?.faces[0]);
    this.#fillings = makeFillings(this.#list, this.#names, scale);
    this.#startMs = session.startMs;
    this.windowMs = windowMs;
    const count = Math.min(MOST_BINS, Math.max(1, this.#width));
    const bins = new Bins(windowMs / count, count, this.#names.length);
    this.#bins = bins;
    const last = bins.binAt(session.seconds * 1000);
    const edge = middleMs === undefined ? last : Math.min(last, bins.binAt(middleMs) + (count >> 1));
    this.#first = Math.max(0, edge - count + 1);
    for (const moment of session.since(session.startMs + this.#first * bins.binMs - 1)) {
      if (this.#binOf(moment) >= this.#first + count) break;
      this.#addToBins(moment);
    }
    this.#arrange();
    this.#list.tabIndex = this.#list.scrollHeight > this.#list.clientHeight ? 0 : -1; // to scroll it by keys
    for (const [id, { canvas }] of this.#strips) {
      canvas.width = count * scale;
      canvas.height = canvas.clientHeight * scale;
      this.#draw(id, canvas, this.#first, Math.min(last, this.#first + count));
    }
    this.#writeLegend(scale);
    this.#writeAxis();
  }

  /**
   * Adds the columns of a moment, after moving what is there where they need room.
   *
   * @param {Pick<Moment, 'timeMs' | 'faces'>} moment later than all before
   * @param {boolean} isHeld whether the window stays where it is
   * @returns {boolean} false where the session has to be drawn anew instead
   */
  add(moment, isHeld) {
    const { count } = this.#bins;
    const last = this.#binOf(moment);
    const moved = Math.max(0, last - count + 1 - this.#first);
    if (moved > 0 && isHeld) return true;
    const isWider = namesOf(moment.faces[0]).length > this.#names.length;
    if (isWider || this.#shownOf(moment.faces).some(({ id }) => !this.#bins.has(id))) return false;
    const changed = this.#addToBins(moment);
    this.#first += moved;
    for (const [id, { canvas }] of this.#strips) {
      shift(canvas, (moved * canvas.width) / count);
      this.#draw(id, canvas, changed, last);
    }
    if (moved > 0) this.#writeAxis();
    return true;
  }

  /**
   * Writes how often each face showed what, and removes the faces that the window has left behind.
   *
   * @param {(id: number) => string} sayShares
   */
  write(sayShares) {
    this.#bins.forgetBefore(this.#first);
    this.#arrange();
    for (const [id, { shares }] of this.#strips) setText(shares, sayShares(id));
  }

  /** The moment at that place on the screen, from the session's start. @param {number} clientX */
  timeAt(clientX) {
    const { left, width } = this.#axis.getBoundingClientRect();
    return this.#first * this.#bins.binMs + ((clientX - left) / width) * this.windowMs;
  }

  /** Where that moment is, from 0 at the left edge to 1 at the right. @param {number} timeMs from the session's start */
  placeOf(timeMs) {
    return (timeMs / this.#bins.binMs - this.#first) / this.#bins.count;
  }

  /** @param {Pick<Moment, 'timeMs'>} moment */
  #binOf({ timeMs }) {
    return this.#bins.binAt(timeMs - this.#startMs);
  }

  /** @param {Pick<Moment, 'timeMs' | 'faces'>} moment @returns {number} the first bin that has changed */
  #addToBins({ timeMs, faces }) {
    return this.#bins.add(
      timeMs - this.#startMs,
      this.#shownOf(faces).map((face) => [face.id, areasOf(face, this.#names)]),
    );
  }

  /** The faces that have a strip, and those there is room for. @param {FaceEmotion[]} faces */
  #shownOf(faces) {
    let room = MOST_STRIPS - this.#bins.ids.length;
    return faces.filter(({ id }) => {
      if (this.#bins.has(id)) return true;
      room -= 1;
      return room >= 0;
    });
  }

  /**
   * @param {number} id
   * @param {HTMLCanvasElement} canvas
   * @param {number} from
   * @param {number} to
   */
  #draw(id, canvas, from, to) {
    drawColumns(canvas, this.#bins, id, this.#fillings, { first: this.#first, from, to });
  }

  /** Gives each face in the window a strip. */
  #arrange() {
    const ids = this.#bins.ids.sort((a, b) => a - b);
    for (const [id, { row }] of this.#strips) {
      if (ids.includes(id)) continue;
      row.remove();
      this.#strips.delete(id);
    }
    const added = ids.filter((id) => !this.#strips.has(id));
    for (const id of added) {
      const strip = { canvas: make("canvas", ""), shares: make("span", "shares") };
      const row = make("li", "strip", make("b", "badge", String(id)), strip.canvas, strip.shares);
      this.#strips.set(id, { row, ...strip });
    }
    if (added.length > 0) this.#list.append(...ids.map((id) => /** @type {Strip} */ (this.#strips.get(id)).row));
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
    const span = this.windowMs / 1000;
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
