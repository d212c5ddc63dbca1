/**
 * `<face-expression>`: a picture, or the camera, with its faces drawn over it. Nothing is registered by importing this;
 * call `defineFaceExpression`.
 *
 * @module
 */

import { EmotionAnalyzer } from "./analyzer.js";
import { drawFaces } from "./draw.js";
import { answerOf } from "./expressions.js";
import { retryOnce } from "./retry.js";
import { watch } from "./watch.js";

/** @typedef {import('./draw.js').DrawOptions} DrawOptions */
/** @typedef {import('../pkg/countenance.js').FaceEmotion} FaceEmotion */

/**
 * What it writes. `start` and `stop` name its button; `say` describes the faces to people who do not see them.
 *
 * @typedef {object} ElementWords
 * @property {string} start
 * @property {string} stop
 * @property {(faces: FaceEmotion[]) => string} say
 * @property {(error: Error & { code?: string }) => string} fail
 */

/** @type {ElementWords} */
const WORDS = {
  start: "Start the camera",
  stop: "Stop",
  say: (faces) => faces.map((face) => answerOf(face).emotion).join(", ") || "no face",
  fail: ({ message }) => message,
};

/** How long an answer must stay the same before screen readers hear it, in milliseconds. */
const STEADY_MS = 1000;

const STYLE = `
  :host { display: inline-block; position: relative; inline-size: 640px; max-inline-size: 100%; aspect-ratio: 4 / 3;
    overflow: hidden; background: var(--face-expression-background, #222); color: var(--face-expression-color, #fff);
    font: var(--face-expression-font, 600 14px system-ui, sans-serif) }
  :host([hidden]) { display: none }
  img, video, canvas { position: absolute; inset: 0; inline-size: 100%; block-size: 100% }
  :host([mirror]) :is(img, video) { transform: scaleX(-1) }
  :host([src]) :is(video, button), :host(:is(:not([src]), [state="failed"])) img { display: none }
  canvas { pointer-events: none }
  button { position: absolute; inset-inline-start: 12px; inset-block-end: 12px; padding: 8px 14px; border: 0;
    border-radius: 8px; font: inherit; color: var(--face-expression-button-color, #fff);
    background: var(--face-expression-button-background, #1d4ed8); cursor: pointer }
  button:focus-visible { outline: 3px solid currentColor; outline-offset: 2px }
  output { position: absolute; inset-inline: 12px; inset-block-start: 12px }
  output:not([data-error]) { inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%) }
  output:empty { display: none }`;

/** A server has no elements; there the class is only a name. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

/**
 * Attributes, each a property too:
 *
 * | attribute | meaning |
 * |---|---|
 * | `src` | a picture to read; without it the element shows the camera |
 * | `autostart` | starts the camera at once, not by the button |
 * | `mirror` | mirrors the picture, as people expect of their own |
 * | `fit` | `contain`, `cover` and so on, as `object-fit`; "cover" by default |
 * | `labels` | `none` hides them |
 * | `expressions` | 8 reads eight expressions |
 * | `state` | set by the element: `idle`, `loading`, `running`, `stalled`, `paused`, `hidden`, `ready` or `failed` |
 *
 * Events, none of which bubbles: `faces` (its `detail` has `faces`), `faceenter`, `faceleave`, `expressionstart`,
 * `expressionend` (the `detail` is a `FaceEvent`), `statechange`, and `error` (the `detail` is the error).
 *
 * Parts: `picture`, `video`, `canvas`, `button`, `status`. Custom properties: `--face-expression-background`, `-color`,
 * `-font`, `-button-background`, `-button-color` and `-box` (the colour of boxes).
 */
export class FaceExpressionElement extends Base {
  static observedAttributes = ["src", "mirror", "fit", "labels", "expressions"];

  /** What draws the boxes beyond what the attributes say. @type {DrawOptions} */
  drawOptions = {};
  /** The faces last read. @type {FaceEmotion[]} */
  faces = [];
  /** An analyzer to share; without one the element makes one, and closes it when it leaves the page. */
  analyzer = /** @type {EmotionAnalyzer | undefined} */ (undefined);

  #words = WORDS;
  #parts = /** @type {ReturnType<typeof build> | undefined} */ (undefined);
  #own = /** @type {Promise<EmotionAnalyzer> | undefined} */ (undefined);
  #task = new AbortController();
  #frame = { width: 0, height: 0 };
  #saying = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  #said = "";
  #observer = /** @type {ResizeObserver | undefined} */ (undefined);

  /** What the element writes; give those that are to differ. @param {Partial<ElementWords>} words */
  set words(words) {
    this.#words = { ...this.#words, ...words };
    this.#showButton();
  }

  /** @returns {ElementWords} */
  get words() {
    return this.#words;
  }

  get src() {
    return this.getAttribute("src") ?? "";
  }

  set src(value) {
    reflect(this, "src", value);
  }

  get autostart() {
    return this.hasAttribute("autostart");
  }

  set autostart(value) {
    this.toggleAttribute("autostart", Boolean(value));
  }

  get mirror() {
    return this.hasAttribute("mirror");
  }

  set mirror(value) {
    this.toggleAttribute("mirror", Boolean(value));
  }

  /** @returns {import('./geometry.js').ObjectFit} */
  get fit() {
    return /** @type {import('./geometry.js').ObjectFit} */ (this.getAttribute("fit") || "cover");
  }

  set fit(value) {
    reflect(this, "fit", value);
  }

  get labels() {
    return this.getAttribute("labels") ?? "";
  }

  set labels(value) {
    reflect(this, "labels", value);
  }

  get expressions() {
    return this.getAttribute("expressions") === "8" ? 8 : 4;
  }

  set expressions(value) {
    reflect(this, "expressions", String(value));
  }

  get state() {
    return this.getAttribute("state") ?? "idle";
  }

  connectedCallback() {
    this.#parts ??= build(this);
    const { button } = this.#parts;
    button.onclick = () => (this.state === "idle" || this.state === "failed" ? this.start() : this.stop());
    this.#observer = new ResizeObserver(() => this.#draw());
    this.#observer.observe(this);
    this.#style();
    this.#setState("idle");
    if (this.src) this.#read();
    else if (this.autostart) this.start();
  }

  disconnectedCallback() {
    this.stop();
    this.#observer?.disconnect();
    clearTimeout(this.#saying);
    this.#own?.then((analyzer) => analyzer.close()).catch(() => {});
    this.#own = undefined;
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} now
   */
  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || !this.#parts || before === now) return;
    this.#style();
    if (name === "src" || (name === "expressions" && this.src)) {
      this.stop();
      if (this.src) this.#read();
    } else if (name === "expressions") {
      this.#analyzer().catch(() => {}); // the next frame reports it
    }
    this.#draw();
  }

  /** Starts the camera. Resolves when it has ended. Does nothing where `src` names a picture. */
  async start() {
    if (!this.#parts || this.src) return;
    const signal = this.#begin();
    const { video } = this.#parts;
    try {
      const analyzer = await this.#analyzer();
      const onState = (/** @type {string} */ state) => {
        if (!signal.aborted) this.#setState(state === "starting" ? "loading" : state);
      };
      for await (const answer of watch("camera", { analyzer, video, signal, onState })) {
        this.#show(answer.faces, answer.frame);
        for (const event of answer.events) this.#emit(event.type.toLowerCase(), event);
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Stops the camera. */
  stop() {
    this.#task.abort();
    this.#show([], { width: 0, height: 0 });
    this.#setState("idle");
  }

  #begin() {
    this.#task.abort();
    this.#task = new AbortController();
    this.#setState("loading");
    const { status } = /** @type {ReturnType<typeof build>} */ (this.#parts);
    delete status.dataset.error;
    status.textContent = "";
    return this.#task.signal;
  }

  /** Reads the picture that `src` names. */
  async #read() {
    if (!this.#parts) return;
    const signal = this.#begin();
    const { img } = this.#parts;
    try {
      img.crossOrigin = "anonymous"; // a picture of another origin may only be read if its host allows it
      img.src = this.src;
      await img.decode().catch((cause) => {
        throw new Error(`${this.src} could not be loaded as a picture`, { cause });
      });
      const analyzer = await this.#analyzer();
      const faces = await retryOnce(() => analyzer.analyzeImage(img, { signal }));
      this.#show(faces, { width: img.naturalWidth, height: img.naturalHeight });
      this.#setState("ready");
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** The analyzer, set to as many expressions as the attribute says. One that is shared is set by its owner. */
  async #analyzer() {
    if (this.analyzer) return this.analyzer;
    this.#own ??= EmotionAnalyzer.create().catch((error) => {
      this.#own = undefined;
      throw error;
    });
    const analyzer = await this.#own;
    await analyzer.configure({ expressions: this.expressions });
    return analyzer;
  }

  /**
   * @param {FaceEmotion[]} faces
   * @param {import('./geometry.js').Size} frame
   */
  #show(faces, frame) {
    this.faces = faces;
    this.#frame = frame;
    this.#draw();
    if (frame.width === 0) return;
    this.#emit("faces", { faces, frame });
    const text = this.#words.say(faces);
    if (text === this.#said) return;
    this.#said = text;
    clearTimeout(this.#saying);
    this.#saying = setTimeout(() => this.#say(text), STEADY_MS);
  }

  /** @param {string} text */
  #say(text) {
    if (this.#parts) this.#parts.status.textContent = text;
  }

  #draw() {
    if (!this.#parts) return;
    const { canvas } = this.#parts;
    const colors = getComputedStyle(this).getPropertyValue("--face-expression-box").trim() || undefined;
    const labels = this.labels === "none" ? false : undefined;
    drawFaces(canvas, this.faces, {
      ...{ frame: this.#frame, fit: this.fit, mirror: this.mirror, colors, labels },
      ...this.drawOptions,
    });
  }

  #style() {
    if (!this.#parts) return;
    const { img, video } = this.#parts;
    for (const { style } of [img, video]) style.objectFit = this.fit;
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#show([], { width: 0, height: 0 });
    this.#setState("failed");
    const { status } = /** @type {ReturnType<typeof build>} */ (this.#parts);
    status.dataset.error = "";
    status.textContent = this.#words.fail(/** @type {Error} */ (error));
    this.#emit("error", error);
  }

  /** @param {string} state */
  #setState(state) {
    if (this.getAttribute("state") === state) return;
    this.setAttribute("state", state);
    this.#showButton();
    this.#emit("statechange", state);
  }

  #showButton() {
    if (!this.#parts) return;
    const isOff = this.state === "idle" || this.state === "failed";
    this.#parts.button.textContent = isOff ? this.#words.start : this.#words.stop;
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * Registers the element. Calling it again, or where the name is taken, does nothing.
 *
 * @param {string} [name] its tag; "face-expression" by default
 * @returns {void}
 */
export function defineFaceExpression(name = "face-expression") {
  const { customElements } = globalThis;
  // Each name needs a class of its own.
  if (customElements && !customElements.get(name)) customElements.define(name, class extends FaceExpressionElement {});
}

/** @param {HTMLElement} element */
function build(element) {
  const root = element.attachShadow({ mode: "open" });
  const style = new CSSStyleSheet();
  style.replaceSync(STYLE);
  root.adoptedStyleSheets = [style];
  const make = (/** @type {string} */ tag, /** @type {string} */ part) => {
    const made = root.appendChild(document.createElement(tag));
    made.setAttribute("part", part);
    return made;
  };
  const img = /** @type {HTMLImageElement} */ (make("img", "picture"));
  const video = /** @type {HTMLVideoElement} */ (make("video", "video"));
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", "canvas"));
  const button = /** @type {HTMLButtonElement} */ (make("button", "button"));
  const status = /** @type {HTMLOutputElement} */ (make("output", "status"));
  img.alt = element.getAttribute("alt") ?? "";
  button.type = "button";
  canvas.ariaHidden = "true"; // the status says it
  video.ariaHidden = "true";
  return { img, video, canvas, button, status };
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 */
function reflect(element, name, value) {
  if (value) element.setAttribute(name, value);
  else element.removeAttribute(name);
}
