/**
 * Where things go over a picture of many faces: the order in which faces are numbered, and a place for each face's marker
 * that leaves the other faces to be seen. Numbers in, numbers out: nothing here touches the page.
 *
 * @module
 */

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */
/** @typedef {{ width: number, height: number }} Size */

/**
 * The forms of a marker, from the most to the least that it says: words, the expression's drawing with the face's number,
 * or the drawing alone.
 *
 * @typedef {'words' | 'number' | 'glyph'} Form
 */

/**
 * @typedef {object} Place
 * @property {number} x of the marker's left edge, in the unit of the boxes
 * @property {number} y of its upper edge
 * @property {Form} form
 * @property {number} spot which side of the box it is on: an index, to keep it there in the next frame
 */

/** Two faces are in one row if their middles are closer than this share of their heights. */
const ROW_SHARE = 0.6;

/** How far a marker stays away from its own box, in pixels of the screen. */
const GAP = 3;

/** The part of another face, around its middle, that a marker with words or a number never touches. */
const FEATURES_SHARE = 0.7;

/** A marker may lie on its own face if it hides at most this share of it. */
const MOST_HIDDEN = 0.15;

/**
 * Faces in reading order: rows from the top, each from the left.
 *
 * @template {{ box: Box }} F
 * @param {F[]} faces
 * @returns {F[]}
 */
export function inReadingOrder(faces) {
  /** @type {{ middle: number, height: number, faces: F[] }[]} */
  const rows = [];
  for (const face of [...faces].sort((a, b) => middleOf(a.box).y - middleOf(b.box).y || a.box.x - b.box.x)) {
    const { y } = middleOf(face.box);
    const { height } = face.box;
    const row = rows.at(-1);
    if (row && y - row.middle < ROW_SHARE * Math.min(height, row.height)) {
      row.faces.push(face);
      row.middle += (y - row.middle) / row.faces.length;
      row.height += (height - row.height) / row.faces.length;
    } else {
      rows.push({ middle: y, height, faces: [face] });
    }
  }
  return rows.flatMap((row) => row.faces.sort((a, b) => a.box.x - b.box.x));
}

/**
 * Faces in reading order, numbered from 1.
 *
 * @template {{ id: number, box: Box }} F
 * @param {F[]} faces
 * @returns {F[]}
 */
export function numbered(faces) {
  return inReadingOrder(faces).map((face, index) => ({ ...face, id: index + 1 }));
}

/**
 * A place for each face's marker. None covers the middle of another face's box; where no form of a marker fits without
 * that, the face gets none.
 *
 * @param {Box[]} boxes of the faces
 * @param {Size} area the picture, which no marker leaves
 * @param {Record<Form, Size>[]} sizes of each face's marker in each form
 * @param {(number | undefined)[]} [spots] where the markers were in the last frame, which they keep if they can
 * @returns {(Place | undefined)[]}
 */
export function placeMarkers(boxes, area, sizes, spots = []) {
  const middles = boxes.map(middleOf);
  const features = boxes.map((box) => shrink(box, FEATURES_SHARE));
  /** @type {(Box | undefined)[]} */
  const taken = boxes.map(() => undefined);
  /** @type {(Place | undefined)[]} */
  const places = boxes.map(() => undefined);

  /**
   * @param {number} index
   * @param {Form} form
   * @param {boolean} mayTouch whether it may touch other faces beside their middles, and other markers
   */
  const place = (index, form, mayTouch) => {
    const size = sizes[index][form];
    let least = Number.POSITIVE_INFINITY;
    for (const [spot, corner] of spotsAround(boxes[index], size).entries()) {
      const marker = within(area, { ...corner, ...size });
      if (middles.some((middle, other) => other !== index && holds(marker, middle))) continue;
      const hidden = overlap(marker, boxes[index]) / areaOf(boxes[index]);
      let touched = 0;
      for (let other = 0; other < boxes.length; other += 1) {
        if (other === index) continue;
        touched += overlap(marker, features[other]);
        if (taken[other]) touched += 2 * overlap(marker, /** @type {Box} */ (taken[other]));
      }
      if (!mayTouch && (touched > 0 || hidden > MOST_HIDDEN)) continue;
      const cost = touched + 200 * hidden + spot - (spots[index] === spot ? 2.5 : 0);
      if (cost >= least) continue;
      least = cost;
      taken[index] = marker;
      places[index] = { x: marker.x, y: marker.y, form, spot };
    }
    return least < Number.POSITIVE_INFINITY;
  };

  for (let index = 0; index < boxes.length; index += 1) {
    // The own middle may be hidden as a last resort: no other face's is.
    if (!place(index, "number", false) && !place(index, "glyph", false)) place(index, "glyph", true);
  }
  // Words come where room is left, first for the largest faces. Wider than the way to the next face, they would crowd it.
  const bySize = boxes.map((_, index) => index).sort((a, b) => areaOf(boxes[b]) - areaOf(boxes[a]) || a - b);
  for (const index of bySize) {
    if (places[index]?.form !== "number" || sizes[index].words.width > distanceToNext(middles, index)) continue;
    const before = taken[index];
    taken[index] = undefined;
    if (!place(index, "words", false)) taken[index] = before;
  }
  return places;
}

/**
 * How far the middle of a face is from that of the next; infinitely far where it is alone.
 *
 * @param {{ x: number, y: number }[]} middles
 * @param {number} index
 */
function distanceToNext(middles, index) {
  const { x, y } = middles[index];
  const distances = middles.map((other, at) => (at === index ? Infinity : Math.hypot(other.x - x, other.y - y)));
  return Math.min(...distances);
}

/**
 * The corners of a marker beside a box: above it, below, at its sides, and astride its corners.
 *
 * @param {Box} box
 * @param {Size} marker
 */
function spotsAround(box, { width, height }) {
  const middle = middleOf(box);
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const [above, below] = [box.y - height - GAP, bottom + GAP];
  return [
    { x: middle.x - width / 2, y: above },
    { x: middle.x - width / 2, y: below },
    { x: box.x, y: above },
    { x: right - width, y: above },
    { x: box.x, y: below },
    { x: right - width, y: below },
    { x: right + GAP, y: middle.y - height / 2 },
    { x: box.x - width - GAP, y: middle.y - height / 2 },
    { x: box.x - width / 2, y: box.y - height / 2 },
    { x: right - width / 2, y: box.y - height / 2 },
    { x: box.x - width / 2, y: bottom - height / 2 },
    { x: right - width / 2, y: bottom - height / 2 },
  ];
}

/** @param {Box} box */
function middleOf({ x, y, width, height }) {
  return { x: x + width / 2, y: y + height / 2 };
}

/** @param {Box} box */
function areaOf({ width, height }) {
  return width * height;
}

/**
 * @param {Box} box
 * @param {number} share
 * @returns {Box}
 */
function shrink({ x, y, width, height }, share) {
  const [dx, dy] = [(width * (1 - share)) / 2, (height * (1 - share)) / 2];
  return { x: x + dx, y: y + dy, width: width * share, height: height * share };
}

/**
 * The box, moved into the area as far as it fits.
 *
 * @param {Size} area
 * @param {Box} box
 * @returns {Box}
 */
function within(area, { x, y, width, height }) {
  return {
    x: Math.max(0, Math.min(x, area.width - width)),
    y: Math.max(0, Math.min(y, area.height - height)),
    width,
    height,
  };
}

/**
 * @param {Box} box
 * @param {{ x: number, y: number }} point
 */
function holds({ x, y, width, height }, point) {
  return point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
}

/**
 * @param {Box} a
 * @param {Box} b
 */
function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}
