/**
 * How fast the live view runs.
 *
 * @module
 */

/** Frames of this last while count, in milliseconds. */
const WINDOW_MS = 1000;

export class Pace {
  /** @type {{ at: number, latency: number }[]} */ #frames = [];

  /**
   * @param {number} at when the answer came
   * @param {number} latency how long after its frame that was
   */
  add(at, latency) {
    this.#frames.push({ at, latency });
    this.#frames = this.#frames.filter((frame) => at - frame.at < WINDOW_MS);
  }

  /** Answers in the last second. */
  get fps() {
    return this.#frames.length;
  }

  /** The median latency over the last second, in milliseconds. */
  get ms() {
    const latencies = this.#frames.map(({ latency }) => latency).sort((a, b) => a - b);
    return latencies[latencies.length >> 1] ?? 0;
  }

  reset() {
    this.#frames = [];
  }
}
