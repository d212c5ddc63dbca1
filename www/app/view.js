/**
 * What the page shows: a picture or video with markers at its faces, a strip of them, the answer of the chosen one, and
 * the status.
 *
 * @module
 */

import { answerOf, isUnsure, sayBriefly, sayProbability, sayTally } from "./answer.js";
import { FaceDetail } from "./face-detail.js";
import { FaceStrip } from "./face-strip.js";
import { explainFailure } from "./failures.js";
import { find, showMood } from "./html.js";
import { Stage } from "./stage.js";
import { Status } from "./status.js";
import { say, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../lib/index.js').FaceExplanation} FaceExplanation */
/** How old the copy of a live picture may be that replaces it when the camera ends, in milliseconds. */
const COPY_MS = 250;

/** @typedef {'empty' | 'picture' | 'video' | 'camera'} ViewName */
/** @typedef {{ file?: File, reading?: import('./batch.js').Reading }} Origin a file alone, or one row of many */

export class View {
  stage;
  status = new Status();
  /** What the picture shown was read from, unchanged. @type {Origin} */
  origin = {};
  #strip;
  #detail;
  #verdict = find(".verdict");
  #note = find(".note");
  #start = find("[data-testid=camera-start]");
  /** @type {FaceEmotion[]} */ #faces = [];
  #nobody = "";
  /** The face whose answer is shown in detail. @type {number | undefined} */
  #chosen;
  /** The faces of the last copy of the live picture, and when that was made. @type {FaceEmotion[]} */
  #copied = [];
  #copiedMs = Number.NEGATIVE_INFINITY;

  /** @param {(source: import('../lib/index.js').ImageSource, face: FaceEmotion) => Promise<FaceExplanation>} explain */
  constructor(explain) {
    const choose = (/** @type {number} */ id, step = 0) => this.#choose(id, step);
    this.stage = new Stage(choose);
    const { overlay, video } = this.stage;
    this.#strip = new FaceStrip(choose, (face, canvas) => this.stage.crop(face, canvas));
    this.#detail = new FaceDetail(
      async (face) => {
        const { source } = this.stage;
        try {
          // An explanation is about one moment: the video pauses at it, and playing on closes the explanation.
          if (source === video) video.pause();
          const explanation = await explain(source, face);
          if (source !== this.stage.source) return undefined;
          if (source !== video) return { explanation };
          return video.paused ? { explanation, goOn: () => video.play() } : undefined;
        } catch (error) {
          if (this.stage.source === source) this.fail(error); // otherwise the picture has changed since
          return undefined;
        }
      },
      (face, map) => (map ? overlay.showHeat(face, map.heat, map.square) : overlay.hideHeat()),
    );
    for (const event of ["play", "seeking"]) video.addEventListener(event, () => this.#detail.closeExplanation());
    this.set("empty");
  }

  get name() {
    return /** @type {ViewName} */ (document.body.dataset.view);
  }

  /** Shows an empty view. @param {ViewName} name */
  set(name) {
    this.origin = {};
    this.#chosen = undefined;
    this.enter(name);
    this.stage.clear();
    this.showFaces([], "");
  }

  /** Shows a view's controls, and leaves the picture as it is. @param {ViewName} name */
  enter(name) {
    document.body.dataset.view = name;
    // There is one button; it goes where the visitor looks for it.
    const place = find(name === "empty" ? ".invitation .actions" : ".toolbar");
    if (this.#start.parentElement !== place) place.append(this.#start);
    this.status.showTiming("");
    this.mark("");
  }

  /** Keeps a video's picture and answer as a still, so that the video can end; a still stays as it is. */
  hold() {
    if (this.stage.source === this.stage.video) {
      this.stage.copyLive();
      this.stage.showCopy();
      this.#copiedMs = Number.NEGATIVE_INFINITY;
    }
    if (this.name === "camera" || this.name === "video") this.enter(this.stage.isEmpty ? "empty" : "picture");
  }

  /** Shows the last copy of the live picture with its answer, since the video may be black now. */
  recall() {
    if (this.stage.source !== this.stage.video || this.#copiedMs === Number.NEGATIVE_INFINITY) return;
    this.stage.showCopy();
    this.showFaces(this.#copied, this.#nobody);
    this.#copiedMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Shows whether the picture is up to date.
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
   * Shows a picture in place of what was shown before.
   *
   * @param {import('./stage.js').Still | undefined} still nothing if it can't be shown
   * @param {Origin} [origin]
   */
  showStill(still, origin = {}) {
    this.set("picture");
    this.origin = origin;
    if (still) this.stage.showStill(still);
  }

  /** Turns the picture by a quarter. Its faces then have to be found again. */
  turn() {
    this.origin = { reading: this.origin.reading };
    this.mark("");
    this.stage.turn();
    this.showFaces([], "");
  }

  /**
   * @param {FaceEmotion[]} faces
   * @param {string} nobody key of the words for no face
   */
  showFaces(faces, nobody) {
    this.#faces = faces;
    this.#nobody = nobody;
    this.stage.overlay.show(faces);
    this.#strip.show(faces, this.stage.source === this.stage.video);
    this.#verdict.hidden = faces.length === 0 && nobody === "";
    if (faces.length === 0) write(this.#verdict, nobody);
    else write(this.#verdict, "verdict.text", () => ({ count: faces.length, list: sayTally(faces) }));
    this.#showChosen();
  }

  /**
   * @param {number} id
   * @param {number} step how far from it to go on, in the order of the faces
   */
  #choose(id, step) {
    const index = this.#faces.findIndex((face) => face.id === id) + step;
    this.#chosen = this.#faces[Math.max(0, Math.min(this.#faces.length - 1, index))]?.id;
    this.#showChosen();
  }

  /** The face whose answer is shown in detail: the one chosen, or the first where that is gone. */
  get chosen() {
    return this.#faces.find(({ id }) => id === this.#chosen) ?? this.#faces[0];
  }

  /** Shows its answer in detail. */
  #showChosen() {
    const face = this.chosen;
    this.stage.overlay.choose(face?.id);
    this.#strip.choose(face?.id);
    this.#detail.show(face);
    if (face) showMood(answerOf(face).emotion);
  }

  /**
   * Shows what was found in a picture, and says it in the status.
   *
   * @param {FaceEmotion[]} faces
   * @param {boolean} hasMore whether there are more than these
   */
  showResult(faces, hasMore) {
    this.showFaces(faces, "");
    if (faces.length === 0) return this.status.show("result", "status.no-face", undefined, "status.no-face-hint");
    const hint = hasMore ? "status.more-faces-hint" : "";
    return this.status.show("result", "status.faces", () => countAndList(faces, sayFully), hint);
  }

  /** Shows what was found in a live frame, and says it in the status. @param {FaceEmotion[]} faces @param {number} timestampMs */
  showLive(faces, timestampMs) {
    this.showFaces(faces, "faces.none-live");
    // Also when somebody comes or goes, so that the last picture has the faces that were just shown.
    if (timestampMs - this.#copiedMs >= COPY_MS || faces.length !== this.#copied.length) {
      this.stage.copyLive();
      this.#copied = faces;
      this.#copiedMs = timestampMs;
    }
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

  /** Redraws the faces, in another language. */
  refresh() {
    const [faces, nobody] = [this.#faces, this.#nobody];
    this.#detail.refresh();
    this.showFaces([], "");
    this.showFaces(faces, nobody);
  }
}

/** @typedef {import('./answer.js').Answer} Answer */

/**
 * One face's answer, or how many show which.
 *
 * @param {FaceEmotion[]} faces
 * @param {(answer: Answer) => string} sayOne
 */
function countAndList(faces, sayOne) {
  return { count: faces.length, list: faces.length === 1 ? sayOne(answerOf(faces[0])) : sayTally(faces) };
}

/** @param {Answer} answer */
function sayName({ emotion }) {
  return say(emotion);
}

/** @param {Answer} answer */
function sayFully(answer) {
  return isUnsure(answer) ? `${say(answer.emotion)} (${sayProbability(answer)})` : sayBriefly(answer);
}
