/**
 * A face's answer as the page shows it: over eight expressions where the visitor asked for them, else over four.
 *
 * @module
 */

import { say, sayPercent } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {{ emotion: string, likeliest: string, probabilities: Record<string, number> }} Answer */

/**
 * @param {FaceEmotion} face
 * @returns {Answer}
 */
export function answerOf(face) {
  return face.eight ?? face;
}

/** Whether no expression is probable enough to be shown. @param {Answer} answer */
export function isUnsure({ emotion, probabilities }) {
  return !(emotion in probabilities);
}

/** The probability of the expression shown, or of the likeliest where none is. @param {Answer} answer */
export function probabilityOf({ likeliest, probabilities }) {
  return probabilities[likeliest];
}

/** The answer in two or three words. @param {Answer} answer */
export function sayBriefly(answer) {
  return isUnsure(answer) ? say("uncertain") : `${say(answer.emotion)} ${sayPercent(probabilityOf(answer))}`;
}

/**
 * The words beside the answer: how probable it is, or, if it is uncertain, which expression is the likeliest.
 *
 * @param {Answer} answer
 */
export function sayProbability(answer) {
  const share = sayPercent(probabilityOf(answer));
  return isUnsure(answer) ? say("answer.likeliest", { emotion: say(answer.likeliest), share }) : share;
}
