/**
 * What the page shows: a picture or video with boxes over its faces, a card for each face, and how things stand.
 *
 * @module
 */

import { answerOf, isUnsure, sayBriefly, sayProbability } from "./answer.js";
import { FaceList } from "./face-list.js";
import { explainFailure } from "./failures.js";
import { find } from "./html.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { say, sayList, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../lib/index.js').FaceExplanation} FaceExplanation */
/** @typedef {'empty' | 'picture' | 'video' | 'camera'} ViewName */
/** @typedef {{ file?: File, reading?: import('./batch.js').Reading }} Origin a file alone, or one row of many */

export class View {
  stage = new Stage();
  status = new Status();
  /** What the picture shown was read from, as it lies there. @type {Origin} */
  origin = {};
  #list;
  #note = find(".note");
  #start = find("[data-testid=camera-start]");
  /** @type {FaceEmotion[]} */ #faces = [];
  #nobody = "";

  /** @param {(source: ImageBitmapSource, face: FaceEmotion) => Promise<FaceExplanation>} explain */
  constructor(explain) {
    const { video } = this.stage;
    this.#list = new FaceList(async (face) => {
      try {
        // An explanation is of one moment: the video halts at it, and going on closes the explanation.
        video.pause();
        const { source } = this.stage;
        const explanation = await explain(source, face);
        if (source !== this.stage.source) return undefined;
        if (source !== video) return { explanation };
        return video.paused ? { explanation, goOn: () => video.play() } : undefined;
      } catch (error) {
        this.fail(error);
        return undefined;
      }
    });
    for (const event of ["play", "seeking"]) video.addEventListener(event, () => this.#list.closeExplanations());
    this.set("empty");
  }

  get name() {
    return /** @type {ViewName} */ (document.body.dataset.view);
  }

  /** Shows a view without anything in it yet. @param {ViewName} name */
  set(name) {
    this.origin = {};
    this.enter(name);
    this.stage.clear();
    this.showFaces([], name === "empty" ? "faces.empty" : "");
  }

  /** Offers what can be done in a view, and leaves what is shown. @param {ViewName} name */
  enter(name) {
    document.body.dataset.view = name;
    // The one button stands where the visitor looks for it.
    const place = find(name === "empty" ? ".invitation .actions" : ".toolbar");
    if (this.#start.parentElement !== place) place.append(this.#start);
    this.status.showTiming("");
    this.mark("");
  }

  /** Keeps what a video shows as a still with its answer, so that the video may end; a still stays as it is. */
  hold() {
    this.stage.hold();
    if (this.name === "camera" || this.name === "video") this.enter(this.stage.isEmpty ? "empty" : "picture");
  }

  /**
   * Says how the picture shown stands to the present.
   *
   * @param {string} feed the state of what feeds it; the style sheet greys an answer that is out of date
   * @param {string} [note] key of what to write over the picture
   */
  mark(feed, note = "") {
    document.body.dataset.feed = feed;
    write(this.#note, note);
    this.#note.hidden = note === "";
  }

  /**
   * Shows a picture in place of what was.
   *
   * @param {HTMLImageElement | HTMLCanvasElement | undefined} still nothing where the browser can't show it
   * @param {Origin} [origin]
   */
  showStill(still, origin = {}) {
    this.set("picture");
    this.origin = origin;
    if (still) this.stage.showStill(still);
  }

  /** Turns the picture by a quarter; what was found in it is to be looked for anew. */
  turn() {
    this.origin = { reading: this.origin.reading };
    this.mark("");
    this.stage.turn();
    this.showFaces([], "");
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

  /**
   * Shows what was found in a picture, and tells it.
   *
   * @param {FaceEmotion[]} faces
   * @param {boolean} hasMore whether there are more than these
   */
  showResult(faces, hasMore) {
    this.showFaces(faces, "faces.none");
    if (faces.length === 0) return this.status.show("result", "status.no-face", undefined, "status.no-face-hint");
    const hint = hasMore ? "status.more-faces-hint" : "";
    return this.status.show("result", "status.faces", () => countAndList(faces, sayFully), hint);
  }

  /** Shows what a live view sees, and tells it. @param {FaceEmotion[]} faces @param {number} timestampMs */
  showLive(faces, timestampMs) {
    this.showFaces(faces, "faces.none-live");
    if (faces.length === 0) this.status.showLive("status.no-face-live", undefined, timestampMs);
    else this.status.showLive("status.faces", () => countAndList(faces, sayName), timestampMs);
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

/** @typedef {import('./answer.js').Answer} Answer */

/**
 * @param {FaceEmotion[]} faces
 * @param {(answer: Answer) => string} sayOne
 */
function countAndList(faces, sayOne) {
  return { count: faces.length, list: sayList(faces.map(answerOf).map(sayOne)) };
}

/** @param {Answer} answer */
function sayName({ emotion }) {
  return say(emotion);
}

/** @param {Answer} answer */
function sayFully(answer) {
  return isUnsure(answer) ? `${say("uncertain")} (${sayProbability(answer)})` : sayBriefly(answer);
}
