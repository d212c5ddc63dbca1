/**
 * The arithmetic of a timeline: moments summed up into equal bins of time, and the ticks of its axis.
 *
 * @module
 */

/** A face that is not seen for longer leaves a gap, in milliseconds. */
export const GAP_MS = 1000;

/** The most bins that one face has at any zoom: together with the faces shown, this bounds a timeline's memory. */
export const MOST_BINS = 1200;

/** Distances between two ticks, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** Spans that a growing session is shown in, in seconds, up to an hour. */
const SPANS = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/**
 * @typedef {object} Row one face's latest bins, in a ring: bin `n` lies at `n` modulo their number
 * @property {Int32Array} at which bin is there
 * @property {Uint16Array} counts of the values summed up in it
 * @property {Float32Array} sums
 * @property {number} lastMs
 * @property {ArrayLike<number>} last values, which hold until the next moment
 */

export class Bins {
  /** @type {Map<number, Row>} */ #rows = new Map();
  #previousMs = Number.NEGATIVE_INFINITY;

  /**
   * @param {number} binMs how long a bin lasts
   * @param {number} count how many bins are kept, the latest
   * @param {number} areas how many values a face has
   */
  constructor(binMs, count, areas) {
    this.binMs = binMs;
    this.count = Math.min(count, MOST_BINS);
    this.areas = areas;
  }

  /** The faces there are bins of. */
  get ids() {
    return [...this.#rows.keys()];
  }

  /** @param {number} id */
  has(id) {
    return this.#rows.has(id);
  }

  /** @param {number} timeMs from the session's start */
  binAt(timeMs) {
    return Math.floor(timeMs / this.binMs);
  }

  /**
   * Adds a moment later than all before. What a face showed at the moment before holds until this one, unless that was
   * too long ago.
   *
   * @param {number} timeMs from the session's start
   * @param {Iterable<[number, ArrayLike<number>]>} faces their ids and values
   * @returns {number} the first bin that has changed
   */
  add(timeMs, faces) {
    const bin = this.binAt(timeMs);
    const isClose = timeMs - this.#previousMs <= GAP_MS;
    const first = isClose ? Math.max(this.binAt(this.#previousMs), bin - this.count + 1) : bin;
    for (const [id, values] of faces) {
      const row = this.#rows.get(id) ?? this.#makeRow(id);
      if (isClose && row.lastMs === this.#previousMs) {
        for (let held = first + 1; held < bin; held += 1) this.#put(row, held, row.last);
      }
      this.#put(row, bin, values);
      row.last = values;
      row.lastMs = timeMs;
    }
    this.#previousMs = timeMs;
    return first;
  }

  /**
   * The mean values of a face in a bin.
   *
   * @param {number} id
   * @param {number} bin
   * @returns {number[] | undefined} nothing where the face was not seen, or so long ago that the bin is gone
   */
  get(id, bin) {
    const row = this.#rows.get(id);
    const place = bin % this.count;
    if (!row || row.at[place] !== bin) return undefined;
    const begin = place * this.areas;
    return Array.from(row.sums.subarray(begin, begin + this.areas), (sum) => sum / row.counts[place]);
  }

  /** Forgets the faces last seen before that bin. @param {number} first */
  forgetBefore(first) {
    for (const [id, { lastMs }] of this.#rows) if (this.binAt(lastMs) < first) this.#rows.delete(id);
  }

  /** @param {number} id */
  #makeRow(id) {
    const row = {
      at: new Int32Array(this.count).fill(-1),
      counts: new Uint16Array(this.count),
      sums: new Float32Array(this.count * this.areas),
      lastMs: Number.NEGATIVE_INFINITY,
      last: [],
    };
    this.#rows.set(id, row);
    return row;
  }

  /**
   * @param {Row} row
   * @param {number} bin
   * @param {ArrayLike<number>} values
   */
  #put(row, bin, values) {
    const place = bin % this.count;
    const begin = place * this.areas;
    if (row.at[place] !== bin) {
      row.at[place] = bin;
      row.counts[place] = 0;
      row.sums.fill(0, begin, begin + this.areas);
    }
    row.counts[place] += 1;
    for (let area = 0; area < this.areas; area += 1) row.sums[begin + area] += values[area];
  }
}

/**
 * The times of an axis's ticks, as round as can be.
 *
 * @param {number} from in seconds
 * @param {number} to in seconds
 * @param {number} most how many there is room for, 1 or more
 */
export function ticksBetween(from, to, most) {
  const step = STEPS.find((each) => (to - from) / each <= most) ?? to - from;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.max(0, Math.floor(to / step) - first + 1) }, (_, index) => (first + index) * step);
}

/** How much to show of a session that goes on, in seconds: it changes seldom. @param {number} seconds its length */
export function spanFor(seconds) {
  return SPANS.find((span) => seconds <= span) ?? SPANS[SPANS.length - 1];
}
