/**
 * The one line that says where things stand, which is also the page's one polite live region: what is written here is
 * read aloud, so a live view writes only what has been so for a while.
 *
 * @module
 */

import { find } from "./html.js";

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
   * @param {string} title
   * @param {string} [hint]
   */
  show(kind, title, hint = "") {
    this.#news = "";
    this.#line.dataset.kind = kind;
    if (this.#title.textContent !== title) this.#title.textContent = title;
    if (this.#hint.textContent !== hint) this.#hint.textContent = hint;
  }

  /**
   * Tells a live view's news once they have stayed the same for a while.
   *
   * @param {string} news
   * @param {number} timestampMs
   */
  showWhenStable(news, timestampMs) {
    if (news !== this.#news) {
      this.#news = news;
      this.#newsSince = timestampMs;
    } else if (timestampMs - this.#newsSince >= STABLE_MS && this.#title.textContent !== news) {
      this.show("result", news);
      this.#news = news;
    }
  }

  /** @param {string} timing empty for none */
  showTiming(timing) {
    this.#timing.textContent = timing;
    this.#timing.hidden = timing === "";
  }

  /** @param {import('../lib/index.js').Progress} progress */
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
