/**
 * The settings that the analyzer's answers were made with. Its worker takes settings and pictures in turn and answers in
 * the same order, so an answer that has just arrived was made with the settings whose acceptance arrived last.
 *
 * @module
 */

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./export.js').AppliedSettings} AppliedSettings */

export class Applied {
  /** @type {AppliedSettings} */
  #settings = { uncertain_below: 0, expressions: 4, most_faces: 0, calibration: "" };

  /** The current settings: the same object until they change. */
  get settings() {
    return this.#settings;
  }

  /**
   * The faces, at most as many as the visitor wants. The analyzer is asked for one more, to know whether there are more.
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
