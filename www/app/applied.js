/**
 * Which settings the analyzer's answers come under. Its worker takes settings and pictures in turn and answers in the
 * same order, so an answer that has just arrived comes under the settings whose acceptance arrived last.
 *
 * @module
 */

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./export.js').AppliedSettings} AppliedSettings */

export class Applied {
  /** @type {AppliedSettings} */
  #settings = { uncertain_below: 0, expressions: 4, most_faces: 0, calibration: "" };

  /** Those of now: the same object until they change. */
  get settings() {
    return this.#settings;
  }

  /**
   * As many faces as the visitor wants. One more is asked for, so that it is known where there are more.
   *
   * @param {FaceEmotion[]} found
   */
  within(found) {
    return found.slice(0, this.#settings.most_faces);
  }

  /** @param {Partial<AppliedSettings>} changed what the analyzer has just accepted */
  accept(changed) {
    this.#settings = { ...this.#settings, ...changed };
  }
}
