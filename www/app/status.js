/**
 * The status line, and the polite live region that screen readers read aloud: at once, or, in a live view, only what has
 * stayed the same for a while.
 *
 * @module
 */

import { find } from "./html.js";
import { say, write } from "./words.js";

/** @typedef {import('./words.js').Values} Values */

/** How long a live view's news must stay the same before it is read aloud, in milliseconds. */
const STABLE_MS = 1000;

/** How long a failure stays before a live view overwrites it, in milliseconds. */
const FAILURE_MS = 5000;

/** @typedef {'busy' | 'ready' | 'result' | 'failure'} StatusKind */

export class Status {
  #line = find(".status");
  #spoken = find(".spoken");
  /** @type {HTMLProgressElement} */ #progress = find(".loading");
  #timing = find(".timing");
  #news = "";
  #newsSince = 0;
  #failedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param {StatusKind} kind
   * @param {string} key
   * @param {() => Values} [fill]
   * @param {string} [hint] another key, filled in the same way
   */
  show(kind, key, fill, hint = "") {
    this.#news = "";
    this.#failedAt = kind === "failure" ? performance.now() : Number.NEGATIVE_INFINITY;
    this.#line.dataset.kind = kind;
    writeTo(this.#line, key, hint, fill);
    writeTo(this.#spoken, key, hint, fill);
  }

  /** @param {Pick<import('./failures.js').Explanation, 'title' | 'hint' | 'values'>} failure */
  fail({ title, hint, values }) {
    this.show("failure", title, () => values, hint);
    this.showTiming("");
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    this.#line.scrollIntoView({ block: "nearest", behavior });
  }

  /** Lets a live view overwrite a failure that is over. */
  overcome() {
    this.#failedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Shows a live view's news, and has it read aloud once it has stayed the same for a while.
   *
   * @param {string} key
   * @param {(() => Values) | undefined} fill
   * @param {number} timestampMs
   */
  showLive(key, fill, timestampMs) {
    if (performance.now() - this.#failedAt < FAILURE_MS) return;
    const news = say(key, fill?.());
    if (news !== this.#news) {
      this.#news = news;
      this.#newsSince = timestampMs;
      this.#line.dataset.kind = "result";
      writeTo(this.#line, key, "", fill);
    } else if (timestampMs - this.#newsSince >= STABLE_MS) {
      writeTo(this.#spoken, key, "", fill);
    }
  }

  /**
   * @param {string} key empty for none
   * @param {() => Values} [fill]
   */
  showTiming(key, fill) {
    write(this.#timing, key, fill);
    this.#timing.hidden = key === "";
  }

  /** @param {import('../lib/index.js').Progress} progress of loading or reading */
  showProgress({ loaded, total }) {
    this.#progress.hidden = loaded === total;
    if (total) this.#progress.value = loaded / total;
    else this.#progress.removeAttribute("value");
  }

  hideProgress() {
    this.#progress.hidden = true;
  }

  /** Whether work is under way and the line holds nothing that a visitor should be able to read. */
  get isBusy() {
    return this.#line.dataset.kind === "busy";
  }
}

/**
 * @param {HTMLElement} line
 * @param {string} key
 * @param {string} hint
 * @param {() => Values} [fill]
 */
function writeTo(line, key, hint, fill) {
  write(find("strong", line), key, fill);
  write(find("span", line), hint, fill);
}
