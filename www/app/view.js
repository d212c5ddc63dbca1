/**
 * What the page shows: a picture or video with boxes over its faces, a card for each face, and how things stand.
 *
 * @module
 */

import { answerOf, probabilityOf } from "./answer.js";
import { FaceList } from "./face-list.js";
import { explainFailure } from "./failures.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { say, sayList, sayPercent } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../lib/index.js').FaceExplanation} FaceExplanation */
/** @typedef {'empty' | 'picture' | 'video' | 'camera'} ViewName */

export class View {
  stage = new Stage();
  status = new Status();
  #list;
  /** @type {FaceEmotion[]} */ #faces = [];
  #nobody = "";

  /** @param {(source: import('../lib/index.js').ImageSource, face: FaceEmotion) => Promise<FaceExplanation>} explain */
  constructor(explain) {
    this.#list = new FaceList(async (face) => {
      const { source } = this.stage;
      try {
        return await explain(source, face);
      } catch (error) {
        if (this.stage.source === source) this.fail(error); // nobody asks any more about what is gone
        return undefined;
      }
    });
    this.set("empty");
  }

  get name() {
    return /** @type {ViewName} */ (document.body.dataset.view);
  }

  /** Shows a view without anything in it yet. @param {ViewName} name */
  set(name) {
    document.body.dataset.view = name;
    this.stage.clear();
    this.showFaces([], name === "empty" ? "faces.empty" : "");
    this.status.showTiming("");
  }

  /**
   * @param {FaceEmotion[]} faces
   * @param {string} nobody key of what to say where there is none
   */
  showFaces(faces, nobody) {
    this.#faces = faces;
    this.#nobody = nobody;
    this.stage.showFaces(faces);
    this.#list.show(faces, nobody);
  }

  /** Shows what was found in a picture, and tells it. @param {FaceEmotion[]} faces */
  showResult(faces) {
    this.showFaces(faces, "faces.none");
    if (faces.length === 0) return this.status.show("result", "status.no-face", undefined, "status.no-face-hint");
    return this.status.show("result", "status.faces", () => countAndList(faces, true));
  }

  /** Tells what a live view shows, once that is stable. @param {FaceEmotion[]} faces @param {number} timestampMs */
  tellWhenStable(faces, timestampMs) {
    if (faces.length === 0) this.status.showWhenStable("status.no-face-live", undefined, timestampMs);
    else this.status.showWhenStable("status.faces", () => countAndList(faces, false), timestampMs);
  }

  /**
   * @param {unknown} error
   * @param {File} [file]
   */
  async fail(error, file) {
    this.status.fail(await explainFailure(error, file));
  }

  /** Draws the faces anew, in another language. */
  refresh() {
    const [faces, nobody] = [this.#faces, this.#nobody];
    this.showFaces([], "");
    this.showFaces(faces, nobody);
  }
}

/**
 * @param {FaceEmotion[]} faces
 * @param {boolean} withPercent
 */
function countAndList(faces, withPercent) {
  const items = faces.map(answerOf).map((answer) => {
    const emotion = say(answer.emotion);
    return withPercent ? `${emotion} ${sayPercent(probabilityOf(answer))}` : emotion;
  });
  return { count: faces.length, list: sayList(items) };
}
