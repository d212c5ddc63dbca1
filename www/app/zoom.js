/**
 * Looking closer at the picture: by wheel, by two fingers, by double click, by the keys + - 0 and the arrows, or by the
 * buttons. The picture is laid out larger rather than magnified, so that it stays sharp and its markers keep their size.
 *
 * @module
 */

import { find } from "./html.js";

/** How much closer one can look. */
const MOST = 8;

/** One press of a key or button. */
const STEP = 1.5;

/** How far an arrow key moves the picture, in pixels. */
const STRIDE = 60;

/** A pointer that has moved less than this, in pixels, has clicked. */
const CLICK_PIXELS = 5;

export class Zoom {
  #stage = find(".stage");
  #figure = find(".picture");
  #zoom = 1;
  /** How far the picture's middle lies from the stage's, in pixels. */
  #pan = { x: 0, y: 0 };
  /** @type {Map<number, PointerEvent>} */ #pointers = new Map();
  #moved = 0;
  #onCloser;

  /** @param {() => void} onCloser called when one looks closer */
  constructor(onCloser) {
    this.#onCloser = onCloser;
    const figure = this.#figure;
    this.#stage.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    figure.addEventListener("pointerdown", (event) => this.#onDown(event));
    figure.addEventListener("pointermove", (event) => this.#onMove(event));
    for (const end of ["pointerup", "pointercancel"]) {
      figure.addEventListener(end, (event) => this.#pointers.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
    // A drag that ends on a face is no click on it.
    figure.addEventListener("click", (event) => this.#moved > CLICK_PIXELS && event.stopPropagation(), {
      capture: true,
    });
    figure.addEventListener("dblclick", (event) => this.#by(this.#zoom > 1 ? 0 : 2 * STEP, this.#fromMiddle(event)));
    this.#stage.addEventListener("keydown", (event) => this.#onKey(event));
    find("[data-action=zoom-in]").addEventListener("click", () => this.#by(STEP));
    find("[data-action=zoom-out]").addEventListener("click", () => this.#by(1 / STEP));
    const full = find("[data-action=full-screen]");
    full.hidden = !document.fullscreenEnabled;
    full.addEventListener("click", () =>
      document.fullscreenElement ? document.exitFullscreen() : this.#stage.requestFullscreen(),
    );
    document.addEventListener("fullscreenchange", () => {
      full.setAttribute("aria-pressed", String(document.fullscreenElement !== null));
      this.reset();
    });
  }

  /** Shows the whole picture. */
  reset() {
    this.#by(0);
  }

  /**
   * @param {number} factor closer by this; 0 shows the whole picture
   * @param {{ x: number, y: number }} [at] the point that stays where it is, from the stage's middle
   */
  #by(factor, at = { x: 0, y: 0 }) {
    const zoom = Math.max(1, Math.min(MOST, this.#zoom * factor));
    const { x, y } = this.#pan;
    const growth = zoom / this.#zoom;
    this.#zoom = zoom;
    this.#figure.style.setProperty("--zoom", String(zoom));
    this.#stage.classList.toggle("zoomed", zoom > 1);
    if (growth > 1) this.#onCloser();
    this.#moveTo(at.x - (at.x - x) * growth, at.y - (at.y - y) * growth);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #moveTo(x, y) {
    const reach = (/** @type {number} */ inner, /** @type {number} */ outer) => Math.max(0, (inner - outer) / 2);
    const across = reach(this.#figure.offsetWidth, this.#stage.clientWidth);
    const down = reach(this.#figure.offsetHeight, this.#stage.clientHeight);
    this.#pan = { x: Math.max(-across, Math.min(across, x)), y: Math.max(-down, Math.min(down, y)) };
    this.#figure.style.setProperty("--pan-x", `${this.#pan.x}px`);
    this.#figure.style.setProperty("--pan-y", `${this.#pan.y}px`);
  }

  /** @param {{ clientX: number, clientY: number }} event */
  #fromMiddle({ clientX, clientY }) {
    const { left, top, width, height } = this.#stage.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (this.#figure.hidden) return;
    // Where there is nothing to zoom out of, the wheel scrolls the page.
    if (!event.ctrlKey && this.#zoom === 1 && (event.deltaY > 0 || scrollY > 0)) return;
    event.preventDefault();
    const pixels = event.deltaMode === 0 ? event.deltaY : 30 * event.deltaY;
    this.#by(Math.exp(-pixels / (event.ctrlKey ? 100 : 400)), this.#fromMiddle(event));
  }

  /** @param {PointerEvent} event */
  #onDown(event) {
    if (this.#pointers.size === 0) this.#moved = 0;
    this.#pointers.set(event.pointerId, event);
  }

  /** @param {PointerEvent} event */
  #onMove(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    this.#moved += Math.hypot(dx, dy);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, event);
    if (other) {
      const at = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      this.#by(distance(event, other) / Math.max(1, distance(before, other)), this.#fromMiddle(at));
      this.#moveTo(this.#pan.x + dx / 2, this.#pan.y + dy / 2);
    } else if (this.#zoom > 1 && this.#moved > CLICK_PIXELS) {
      if (!this.#figure.hasPointerCapture(event.pointerId)) this.#figure.setPointerCapture(event.pointerId);
      this.#moveTo(this.#pan.x + dx, this.#pan.y + dy);
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (this.#figure.hidden || event.ctrlKey || event.altKey || event.metaKey) return;
    const { x, y } = this.#pan;
    const keys = /** @type {Record<string, () => void>} */ ({
      "+": () => this.#by(STEP),
      "=": () => this.#by(STEP),
      "-": () => this.#by(1 / STEP),
      0: () => this.reset(),
      ...(this.#zoom > 1 && {
        ArrowLeft: () => this.#moveTo(x + STRIDE, y),
        ArrowRight: () => this.#moveTo(x - STRIDE, y),
        ArrowUp: () => this.#moveTo(x, y + STRIDE),
        ArrowDown: () => this.#moveTo(x, y - STRIDE),
      }),
    });
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  }
}

/**
 * @param {PointerEvent} a
 * @param {PointerEvent} b
 */
function distance(a, b) {
  return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
}
