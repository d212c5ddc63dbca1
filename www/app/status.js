/**
 * The one line that says where things stand, which is also a polite live region: what is written here is read aloud, so
 * a live view writes only what has been so for a while.
 *
 * @module
 */

import { find } from "./html.js";
import { say, write } from "./words.js";

/** @typedef {import('./words.js').Values} Values */

/** How long a live view's news must stay the same before it is told, in milliseconds. */
const STABLE_MS = 1000;

/** @typedef {'busy' | 'ready' | 'result' | 'failure'} StatusKind */

export class Status {
  #line = find(".status");
  #title = find("strong", this.#line);
  #hint = find("span", this.#line);
  /** @type {HTMLProgressElement} */ #progress = find(".loading");
  #timing = find(".timing");
  #news = "";
  #newsSince = 0;

  /**
   * @param {StatusKind} kind
   * @param {string} key
   * @param {() => Values} [fill]
   * @param {string} [hint] a key too, filled in alike
   */
  show(kind, key, fill, hint = "") {
    this.#news = "";
    this.#line.dataset.kind = kind;
    write(this.#title, key, fill);
    write(this.#hint, hint, fill);
  }

  /** @param {import('./failures.js').Explanation} failure */
  fail({ title, hint, values }) {
    this.show("failure", title, () => values, hint);
  }

  /**
   * Tells a live view's news once they have stayed the same for a while.
   *
   * @param {string} key
   * @param {(() => Values) | undefined} fill
   * @param {number} timestampMs
   */
  showWhenStable(key, fill, timestampMs) {
    const news = say(key, fill?.());
    if (news !== this.#news) {
      this.#news = news;
      this.#newsSince = timestampMs;
    } else if (timestampMs - this.#newsSince >= STABLE_MS && this.#title.textContent !== news) {
      this.show("result", key, fill);
      this.#news = news;
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

  /** @param {import('../lib/index.js').Progress} progress of what is loaded or read */
  showProgress({ loaded, total }) {
    this.#progress.hidden = loaded === total;
    if (total) this.#progress.value = loaded / total;
    else this.#progress.removeAttribute("value");
  }

  hideProgress() {
    this.#progress.hidden = true;
  }

  /** Whether work is told of, and nothing that a visitor should get to read. */
  get isBusy() {
    return this.#line.dataset.kind === "busy";
  }
}
