/**
 * A face's answer at a glance.
 *
 * @module
 */

/** @import { FaceEmotion } from '../pkg/countenance.js' */
/** @typedef {{ emotion: string, probability: number }} RankedExpression */

/**
 * The answer over eight expressions where it was asked for, else over four.
 *
 * @param {FaceEmotion} face
 */
export function answerOf(face) {
  return face.eight ?? face;
}

/**
 * The expressions of a face and their probabilities, the most probable first: over eight expressions where they were
 * asked for, else over four.
 *
 * @param {FaceEmotion} face
 * @returns {RankedExpression[]}
 */
export function rankExpressions(face) {
  return Object.entries(answerOf(face).probabilities)
    .map(([emotion, probability]) => ({ emotion, probability }))
    .sort((a, b) => b.probability - a.probability);
}
