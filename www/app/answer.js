/**
 * A face's answer as the page shows it: over eight expressions where the visitor asked for them, else over four.
 *
 * @module
 */

import { say, sayList, sayLower, sayPercent } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/**
 * @typedef {object} Answer
 * @property {string} emotion the expression shown, "other" or "uncertain"
 * @property {string} likeliest
 * @property {Record<string, number>} probabilities
 * @property {string} [otherExpression] what the face looks like where the answer is "other"
 */

/**
 * @param {FaceEmotion} face
 * @returns {Answer}
 */
export function answerOf(face) {
  return face.eight ?? face;
}

/** Whether no expression is shown. @param {Answer} answer */
export function isUnsure({ emotion, probabilities }) {
  return !(emotion in probabilities);
}

/** The expression that leads the others; none where the face shows none of them. @param {Answer} answer */
export function leaderOf({ emotion, likeliest }) {
  return emotion === "other" ? undefined : likeliest;
}

/** The probability of the expression shown, or of the likeliest where none is. @param {Answer} answer */
export function probabilityOf({ likeliest, probabilities }) {
  return probabilities[likeliest];
}

/** The answer in two or three words. @param {Answer} answer */
export function sayBriefly(answer) {
  return isUnsure(answer)
    ? say(`briefly.${answer.emotion}`, { looks: sayLooks(answer) })
    : `${say(answer.emotion)} ${sayPercent(probabilityOf(answer))}`;
}

/**
 * The words beside the answer: how probable it is; which expression is the likeliest, if it is uncertain; what the face
 * looks like, if it shows none of them.
 *
 * @param {Answer} answer
 */
export function sayProbability(answer) {
  const share = sayPercent(probabilityOf(answer));
  if (!isUnsure(answer)) return share;
  return say(`beside.${answer.emotion}`, { emotion: say(answer.likeliest), share, looks: sayLooks(answer) });
}

/**
 * Why the answer may be in doubt: what the module says against the picture of the face, or which expressions are the
 * likeliest where none stands out. Empty where the face is well seen and the answer certain.
 *
 * @param {FaceEmotion} face
 */
export function sayDoubt(face) {
  const { emotion, probabilities } = answerOf(face);
  const reasons = face.reasons.map((reason) => say(`doubt.${reason}`));
  if (reasons.length > 0) return say("doubt.reasons", { list: sayList(reasons) });
  if (emotion !== "uncertain") return "";
  const [[first], [second]] = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  return say("doubt.none", { first: say(first), second: say(second) });
}

/**
 * How many faces show which expression, the most frequent first; of a single face just which.
 *
 * @param {FaceEmotion[]} faces
 */
export function sayTally(faces) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { emotion } of faces.map(answerOf)) counts.set(emotion, (counts.get(emotion) ?? 0) + 1);
  const frequent = [...counts].sort(([, a], [, b]) => b - a);
  if (faces.length === 1) return sayLower(briefName(frequent[0][0]));
  return sayList(
    frequent.map(([emotion, count]) => say("verdict.each", { count, emotion: sayLower(briefName(emotion)) })),
  );
}

/** @param {string} emotion an expression, "other" or "uncertain" */
function briefName(emotion) {
  return emotion === "other" || emotion === "uncertain" ? `verdict.${emotion}` : emotion;
}

/** @param {Answer} answer */
function sayLooks({ otherExpression }) {
  return otherExpression ? say(`looks.${otherExpression}`) : "";
}
