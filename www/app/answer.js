/**
 * A face's answer as the page shows it.
 *
 * @module
 */

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {{ emotion: string, probabilities: Record<string, number> }} Answer */

/**
 * @param {FaceEmotion} face
 * @returns {Answer}
 */
export function answerOf(face) {
  return /** @type {any} */ (face);
}

/**
 * The probability of the answer shown; for an uncertain one, that of the likeliest expression.
 *
 * @param {Answer} answer
 */
export function probabilityOf({ probabilities }) {
  return Math.max(...Object.values(probabilities));
}
