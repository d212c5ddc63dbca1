/**
 * A face's answer as the page shows it: over eight expressions where the visitor asked for them, else over four.
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
  return face.eight ?? face;
}

/**
 * The probability of the answer shown; for an uncertain one, that of the likeliest expression.
 *
 * @param {Answer} answer
 */
export function probabilityOf({ probabilities }) {
  return Math.max(...Object.values(probabilities));
}
