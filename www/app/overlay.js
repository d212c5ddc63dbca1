/**
 * What lies over the picture: a frame around each face, and a marker beside it in the expression's colour and drawing. The
 * style sheet turns a frame's picture pixels into a place on the screen; a marker is as large at every zoom, so its place
 * is worked out in pixels of the screen.
 *
 * @module
 */

import { answerOf, sayBriefly } from "./answer.js";
import { onArrows } from "./arrows.js";
import { find, make, makeGlyph, setText, showGlyph } from "./html.js";
import { placeMarkers } from "./places.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** Height of a marker in pixels, the width of its drawing and of the room beside its words; style.css agrees. */
const MARKER = { height: 24, glyph: 16, room: 8, gap: 4 };

/** The same without words or number. */
const SMALL_MARKER = 14;

/** @typedef {{ box: HTMLButtonElement, label: HTMLElement, glyph: SVGSVGElement, badge: HTMLElement, text: HTMLElement, written: Map<string, string> }} Parts */

export class Overlay {
  #layer = find(".overlay");
  /** @type {Map<number, Parts>} */ #parts = new Map();
  /** @type {FaceEmotion[]} */ #faces = [];
  /** @type {Map<number, number>} */ #spots = new Map();
  /** @type {number | undefined} */ #chosen;
  #picture = { width: 1, height: 1 };
  #screen = { width: 0, height: 0 };
  #isMirrored = false;
  #measure = makeMeasure(this.#layer);
  /** The map of what mattered, while it is shown. @type {import('./card.js').Subject["why"]} */
  why;
  #onChoose;

  /** @param {(id: number, step?: number) => void} onChoose called with the face chosen, or how far from it to go on */
  constructor(onChoose) {
    this.#onChoose = onChoose;
    new ResizeObserver(([{ contentRect }]) => {
      this.#screen = { width: contentRect.width, height: contentRect.height };
      this.#place();
    }).observe(this.#layer);
    onArrows(this.#layer, (step) => {
      if (this.#chosen === undefined) return;
      onChoose(this.#chosen, step);
      this.#parts.get(this.#chosen)?.box.focus();
    });
  }

  get faces() {
    return this.#faces;
  }

  /** @param {{ width: number, height: number }} size the picture's, in its own pixels */
  setSize({ width, height }) {
    this.#picture = { width, height };
    this.#place();
  }

  /** @param {boolean} mirrored */
  mirror(mirrored) {
    this.#isMirrored = mirrored;
    this.#place();
  }

  /** @param {FaceEmotion[]} faces */
  show(faces) {
    const shown = new Set(faces.map(({ id }) => id));
    for (const [id, { box }] of this.#parts) {
      if (shown.has(id)) continue;
      box.remove();
      this.#parts.delete(id);
      this.#spots.delete(id);
    }
    this.#faces = faces;
    for (const face of faces) {
      const parts = this.#parts.get(face.id) ?? this.#add(face);
      const answer = answerOf(face);
      for (const [name, value] of Object.entries(face.box)) setOnce(parts, `--${name}`, String(value));
      const brief = sayBriefly(answer);
      if (parts.written.get("brief") === brief && parts.box.dataset.emotion === answer.emotion) continue;
      parts.written.set("brief", brief);
      parts.box.dataset.emotion = answer.emotion;
      showGlyph(parts.glyph, answer.emotion);
      setText(parts.text, brief);
      parts.box.setAttribute("aria-label", `${face.id} ${brief}`);
    }
    this.#place();
  }

  /** Marks a face as the one whose answer is shown in detail. @param {number | undefined} id */
  choose(id) {
    this.#chosen = id;
    for (const [each, { box }] of this.#parts) {
      box.ariaCurrent = each === id ? "true" : null;
      box.tabIndex = each === id ? 0 : -1;
    }
  }

  /**
   * Lays the map of what mattered over a face.
   *
   * @param {FaceEmotion} face
   * @param {HTMLCanvasElement} heat
   * @param {import('../lib/index.js').TurnedBox} square where it lies in the picture, around the middle of the face
   */
  showHeat(face, heat, { width: side, roll = 0 }) {
    this.hideHeat();
    const { width, height } = face.box;
    heat.className = "heat";
    heat.style.setProperty("--wide", String(side / width));
    heat.style.setProperty("--high", String(side / height));
    heat.style.setProperty("--roll", `${this.#isMirrored ? -roll : roll}deg`);
    this.why = { heat, side, roll, face };
    this.#parts.get(face.id)?.box.prepend(heat);
  }

  hideHeat() {
    this.why?.heat.remove();
    this.why = undefined;
  }

  /** @param {FaceEmotion} face */
  #add({ id }) {
    const glyph = makeGlyph("uncertain");
    const badge = make("b", "badge", String(id));
    const text = make("span", "");
    const label = make("span", "label", glyph, badge, " ", text);
    const box = make("button", "box", label);
    box.type = "button";
    box.tabIndex = -1;
    box.addEventListener("click", () => this.#onChoose(id));
    this.#layer.append(box);
    const parts = { box, label, glyph, badge, text, written: new Map() };
    this.#parts.set(id, parts);
    return parts;
  }

  /** Gives each marker its place, where the picture's size on the screen is known. */
  #place() {
    const { width, height } = this.#screen;
    if (width === 0 || this.#faces.length === 0) return;
    const [scaleX, scaleY] = [width / this.#picture.width, height / this.#picture.height];
    const boxes = this.#faces.map(({ box }) => ({
      x: (this.#isMirrored ? this.#picture.width - box.x - box.width : box.x) * scaleX,
      y: box.y * scaleY,
      width: box.width * scaleX,
      height: box.height * scaleY,
    }));
    const sizes = this.#faces.map((face) => this.#sizesOf(face));
    const spots = this.#faces.map(({ id }) => this.#spots.get(id));
    for (const [index, place] of placeMarkers(boxes, this.#screen, sizes, spots).entries()) {
      const { id } = this.#faces[index];
      const parts = /** @type {Parts} */ (this.#parts.get(id));
      parts.label.hidden = place === undefined;
      if (!place) continue;
      this.#spots.set(id, place.spot);
      const { x, y } = boxes[index];
      const wide = Math.max(0, Math.min(place.x, width - sizes[index].words.width));
      if (parts.label.dataset.form !== place.form) parts.label.dataset.form = place.form;
      setOnce(parts, "--marker-x", `${(place.x - x).toFixed(1)}px`);
      setOnce(parts, "--marker-y", `${(place.y - y).toFixed(1)}px`);
      setOnce(parts, "--wide-x", `${(wide - x).toFixed(1)}px`);
    }
  }

  /** @param {FaceEmotion} face */
  #sizesOf({ id }) {
    const { height, glyph, room, gap } = MARKER;
    // Numbers are of use from the second face on.
    const number = this.#faces.length > 1 ? gap + this.#measure(String(id)) : 0;
    const width = glyph + room + number;
    const words = this.#measure(this.#parts.get(id)?.text.textContent ?? "");
    return {
      words: { width: width + gap + words, height },
      number: { width, height },
      glyph: { width: SMALL_MARKER, height: SMALL_MARKER },
    };
  }
}

/**
 * @param {Parts} parts
 * @param {string} name of a property of the box
 * @param {string} value written only if it has changed, so that a live view costs little
 */
function setOnce({ box, written }, name, value) {
  if (written.get(name) === value) return;
  written.set(name, value);
  box.style.setProperty(name, value);
}

/**
 * The width of words in pixels, in the overlay's font.
 *
 * @param {HTMLElement} layer
 */
function makeMeasure(layer) {
  const context = make("canvas", "").getContext("2d");
  /** @type {Map<string, number>} */
  const known = new Map();
  return (/** @type {string} */ words) => {
    let width = known.get(words);
    if (width === undefined) {
      if (context) context.font = `600 13px ${getComputedStyle(layer).fontFamily}`;
      width = Math.ceil(context?.measureText(words).width ?? words.length * 8) + 1;
      known.set(words, width);
    }
    return width;
  };
}
