/**
 * A face's answer as the page shows it: over eight expressions where the visitor asked for them, else over four.
 *
 * @module
 */

import { say, sayPercent } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {{ emotion: string, probabilities: Record<string, number> }} Answer */

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

/**
 * The expression shown; for an uncertain answer the most probable one.
 *
 * @param {Answer} answer
 */
export function likeliestOf(answer) {
  const { emotion, probabilities } = answer;
  if (!isUnsure(answer)) return emotion;
  return Object.keys(probabilities).reduce((best, name) => (probabilities[name] > probabilities[best] ? name : best));
}

/**
 * The probability of the answer shown; for an uncertain one, that of the likeliest expression.
 *
 * @param {Answer} answer
 */
export function probabilityOf(answer) {
  return answer.probabilities[likeliestOf(answer)];
}

/** The answer in two or three words. @param {Answer} answer */
export function sayBriefly(answer) {
  return isUnsure(answer) ? say("uncertain") : `${say(answer.emotion)} ${sayPercent(probabilityOf(answer))}`;
}

/**
 * What stands beside the answer: how probable it is, or what it most likely is where it is uncertain.
 *
 * @param {Answer} answer
 */
export function sayProbability(answer) {
  const share = sayPercent(probabilityOf(answer));
  return isUnsure(answer) ? say("answer.likeliest", { emotion: say(likeliestOf(answer)), share }) : share;
}
