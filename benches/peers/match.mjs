// Which of the faces found are those in the picture: the rule of benches/small_faces.rs.

/** Intersection over union from which a face found is the one pasted. */
const SAME = 0.4;

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

/**
 * @param {Box[]} boxes those found
 * @param {Box[]} truth those in the picture
 * @returns {{ found: number, doubled: number, false: number, centred: number }} faces found, how often one was found
 *   again, and boxes where there is no face; and the faces with the centre of some box in them, since every detector draws
 *   its boxes in its own way
 */
export function match(boxes, truth) {
  const hits = truth.map(() => 0);
  let none = 0;
  for (const box of boxes) {
    const overlaps = truth.map((face) => overlap(box, face));
    const best = Math.max(...overlaps);
    if (best >= SAME) hits[overlaps.indexOf(best)] += 1;
    else none += 1;
  }
  const found = hits.filter((count) => count > 0).length;
  const centred = truth.filter((face) => boxes.some((box) => isCentred(box, face))).length;
  return { found, doubled: boxes.length - none - found, false: none, centred };
}

/** Whether the box has its centre in the face. @param {Box} box @param {Box} face */
function isCentred(box, face) {
  const [x, y] = [box.x + box.width / 2 - face.x, box.y + box.height / 2 - face.y];
  return x >= 0 && y >= 0 && x <= face.width && y <= face.height;
}

/** Intersection over union. @param {Box} a @param {Box} b */
function overlap(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const common = Math.max(width, 0) * Math.max(height, 0);
  return common / (a.width * a.height + b.width * b.height - common);
}
