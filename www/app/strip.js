/**
 * Draws a face's strip: for each bin a column in which every expression takes its share of the height. Areas differ in
 * colour and in pattern.
 *
 * @module
 */

import { make } from "./html.js";

/** The side of a pattern's tile, in pixels. */
const TILE = 12;

/** Lines of each pattern, from one point of the tile to another, by the area's place; the first is plain. */
const PATTERNS = [
  [],
  [[0, 12, 12, 0]],
  [[0, 6, 12, 6]],
  [[0, 0, 12, 12]],
  [[6, 0, 6, 12]],
  [
    [0, 12, 12, 0],
    [0, 0, 12, 12],
  ],
  [
    [0, 6, 12, 6],
    [6, 0, 6, 12],
  ],
  [[4, 6, 8, 6]],
];

const DOTS = [
  [2, 3, 4, 3],
  [8, 9, 10, 9],
];

/**
 * The fillings of the areas, as the style sheet colours them now.
 *
 * @param {Element} element
 * @param {string[]} names of the areas; the last two are for faces without an expression, and have no colour
 * @param {number} scale pixels of the canvas for each of the page
 */
export function makeFillings(element, names, scale) {
  const style = getComputedStyle(element);
  const [paper, ink] = [style.getPropertyValue("--sheet"), style.getPropertyValue("--line-strong")];
  return names.map((name, place) => {
    const tile = make("canvas", "");
    tile.width = TILE * scale;
    tile.height = TILE * scale;
    const context = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
    context.scale(scale, scale);
    const last = names.length - place; // 2 and 1 for the last two
    context.fillStyle = last > 2 ? style.getPropertyValue(`--${name}`) : paper;
    context.fillRect(0, 0, TILE, TILE);
    context.strokeStyle = last > 2 ? paper : ink;
    context.lineWidth = last > 2 ? 1.25 : 1.5;
    context.globalAlpha = last > 2 ? 0.55 : 1;
    context.beginPath();
    const lines = last > 2 ? PATTERNS[place % PATTERNS.length] : last === 2 ? DOTS : PATTERNS[1];
    for (const [x, y, toX, toY] of lines) {
      // Again on every side, so that the tiles join.
      for (const dx of [-TILE, 0, TILE]) {
        context.moveTo(x + dx, y);
        context.lineTo(toX + dx, toY);
      }
    }
    context.stroke();
    return /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
  });
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import('./bins.js').Bins} bins
 * @param {number} id of the face
 * @param {CanvasPattern[]} fillings
 * @param {{ first: number, from: number, to: number }} range the bin at the canvas's left edge, and those to draw
 */
export function drawColumns(canvas, bins, id, fillings, { first, from, to }) {
  const context = canvas.getContext("2d");
  if (!context) return;
  const width = canvas.width / bins.count;
  // Patterns belong to their time: they move with it.
  const offset = (first * width) % (TILE * width);
  context.setTransform(1, 0, 0, 1, -offset, 0);
  for (let bin = Math.max(from, first); bin <= to; bin += 1) {
    const left = (bin - first) * width + offset;
    context.clearRect(left, 0, width, canvas.height);
    let bottom = canvas.height;
    for (const [area, share] of (bins.get(id, bin) ?? []).entries()) {
      if (share === 0) continue;
      context.fillStyle = fillings[area];
      context.fillRect(left, bottom - share * canvas.height, width, share * canvas.height);
      bottom -= share * canvas.height;
    }
  }
}

/** Moves what is drawn to the left. @param {HTMLCanvasElement} canvas @param {number} pixels */
export function shift(canvas, pixels) {
  const context = canvas.getContext("2d");
  if (!context || pixels === 0) return;
  context.resetTransform();
  context.globalCompositeOperation = "copy";
  context.drawImage(canvas, -pixels, 0);
  context.globalCompositeOperation = "source-over";
}

/** Shows what an area looks like. @param {HTMLCanvasElement} canvas @param {CanvasPattern} filling */
export function drawSwatch(canvas, filling) {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = filling;
  context.fillRect(0, 0, canvas.width, canvas.height);
}
