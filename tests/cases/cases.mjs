// The cases: files that once went wrong, each in a folder with what must come of it. See CONTRIBUTING.md.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

/** How far an answer may be from the one expected where a case does not say so: a probability, and pixels of a box. */
const tolerances = JSON.parse(readFileSync(join(import.meta.dirname, "tolerances.json"), "utf8"));

const MIME_TYPES = { ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif" };

/**
 * @typedef {object} Step a picture, and what it must give: faces, or an error of this code whose message holds the words
 * @property {string} name of the file
 * @property {string} path
 * @property {string} mimeType
 * @property {Buffer} buffer
 * @property {{ emotion: string, probability: number, tolerance?: number, box: Box, boxTolerance?: number }[]} [faces]
 * @property {string} [error]
 * @property {string} [words]
 * @property {Step["faces"]} [whereShown] the faces in a browser that shows the file all the same
 *
 * @typedef {{ x: number, y: number, width: number, height: number }} Box
 */

/** Every case: its name and its pictures, which are given to one pipeline or page in this order. */
export const cases = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => {
    const folder = join(import.meta.dirname, name);
    const { source, report, steps } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
    assert.ok(source && report && steps.length > 0, `${name}/expected.json gives source, report and steps`);
    return { name, steps: /** @type {Step[]} */ (steps.map((step) => withFile(folder, step))) };
  });

function withFile(folder, { file, ...expected }) {
  assert.ok(Boolean(expected.faces) !== Boolean(expected.error), `${file} has either faces or an error to give`);
  const path = join(folder, file);
  return { ...expected, name: file, path, mimeType: MIME_TYPES[extname(file)], buffer: readFileSync(path) };
}

/** Checks the faces found in a step's picture: `{ emotion, probability, box }` of each, in any order. */
export function assertFaces({ name, faces: expected }, found) {
  assert.equal(found.length, expected.length, `faces in ${name}`);
  const byPlace = (faces) => faces.toSorted((a, b) => a.box.x - b.box.x);
  const pairs = byPlace(found).map((face, index) => [face, byPlace(expected)[index]]);
  for (const [
    face,
    { emotion, probability, tolerance = tolerances.probability, box, boxTolerance = tolerances.box },
  ] of pairs) {
    assert.equal(face.emotion, emotion, name);
    const off = Math.abs(face.probability - probability);
    assert.ok(off <= tolerance, `${name}: probability ${face.probability}, expected ${probability}`);
    for (const side of ["x", "y", "width", "height"]) {
      const isNear = Math.abs(face.box[side] - box[side]) <= boxTolerance;
      assert.ok(isNear, `${name}: ${side} ${face.box[side]}, expected ${box[side]}`);
    }
  }
}
