/**
 * Two sessions side by side: how often each expression was shown, over all faces.
 *
 * @module
 */

import { find, make, makeGlyph } from "./html.js";
import { CAMERA } from "./recording.js";
import { say, sayDuration, sayPercent, sayTime } from "./words.js";

/** @typedef {import('./recording.js').Session} Session */

export class Comparison {
  /** @type {HTMLDetailsElement} */ #details = find(".comparison");
  /** @type {HTMLSelectElement[]} */ #selects = [...this.#details.querySelectorAll("select")];
  #body = find("tbody", this.#details);
  /** @type {Session[]} */ #sessions = [];
  /** The sessions compared; the last two until the visitor chooses. @type {(Session | undefined)[]} */
  #chosen = [];

  constructor() {
    this.#details.addEventListener("toggle", () => this.show(this.#sessions));
    for (const [side, select] of this.#selects.entries()) {
      select.addEventListener("change", () => {
        this.#chosen[side] = this.#sessions[select.selectedIndex];
        this.show(this.#sessions);
      });
    }
  }

  get isOpen() {
    return this.#details.open;
  }

  /** @param {Session[]} sessions */
  show(sessions) {
    this.#sessions = sessions;
    this.#details.hidden = sessions.length < 2;
    if (this.#details.hidden || !this.isOpen) return;
    const pair = this.#selects.map((select, side) => {
      const chosen = this.#chosen[side];
      const session = chosen && sessions.includes(chosen) ? chosen : sessions[sessions.length - 2 + side];
      if (select.length !== sessions.length) select.replaceChildren(...sessions.map(() => new Option()));
      for (const [index, each] of sessions.entries()) select.options[index].text = sayName(each);
      select.selectedIndex = sessions.indexOf(session);
      return session;
    });
    const totals = pair.map((each) => new Map(each.totals.map(({ emotion, share }) => [emotion, share])));
    const emotions = [...new Set(totals.flatMap((each) => [...each.keys()]))];
    this.#body.replaceChildren(
      makeRow(
        [say("compare.length")],
        pair.map(({ seconds }) => [sayDuration(seconds)]),
      ),
      makeRow(
        [say("batch.faces")],
        pair.map(({ shares }) => [String(shares.size)]),
      ),
      ...emotions.map((emotion) => {
        const cells = totals.map((each) => {
          const bar = make("span", "bar");
          bar.style.setProperty("--share", String(each.get(emotion) ?? 0));
          return [bar, sayPercent(each.get(emotion) ?? 0)];
        });
        const row = makeRow([makeGlyph(emotion), say(emotion)], cells);
        row.dataset.emotion = emotion;
        return row;
      }),
    );
  }
}

/** @param {Session} session */
function sayName({ source, startedAt }) {
  return `${sayTime(startedAt)} · ${source === CAMERA ? say("timeline.camera") : source}`;
}

/**
 * @param {(Node | string)[]} name
 * @param {(Node | string)[][]} cells
 */
function makeRow(name, cells) {
  const header = make("th", "", ...name);
  header.scope = "row";
  return make("tr", "", header, ...cells.map((cell) => make("td", "number", ...cell)));
}
