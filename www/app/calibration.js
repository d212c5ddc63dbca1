/**
 * Personal calibration: a few seconds of a face whose expression is known teach the model how this person looks. The
 * line of text that comes out is kept on this device, until it is erased.
 *
 * @module
 */

import { readFile } from "../lib/file.js";
import { download } from "./export.js";
import { find, make, makeGlyph } from "./html.js";
import { remember, remembered } from "./storage.js";
import { sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').CalibrationFrame} CalibrationFrame */
/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */
/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {CalibrationFrame['emotion']} Emotion */

/** Where the calibration is kept, on this device. */
const STORAGE_KEY = "calibration";

/** How long an expression is recorded, in milliseconds, and the fewest frames to learn from. */
const RECORD_MS = 3000;
const MIN_FRAMES = 10;

/** Then the smoothing settles, and the calibrated answer is measured on frames that were not learned from. */
const SETTLE_MS = 500;
const CHECK_MS = 1500;

/**
 * One recording: frames to learn from, then, once that is done, frames to see what it changed.
 *
 * @typedef {{ emotion: Emotion, step: 'record' | 'learn' | 'check', since: number, frames: CalibrationFrame[],
 *   checks: number[] }} Take
 */

export class Calibration {
  #section = find(".calibration");
  #told = find(".calibration [role=status]");
  #list = find(".takes");
  /** What is said, over the camera's picture, for whoever looks into the camera. */
  #prompt = find(".prompt");
  /** @type {HTMLInputElement} */ #input = find("[data-testid=calibration-input]");
  /** @type {HTMLButtonElement} */ #save = find("[data-action=calibration-export]");
  #analyzer;
  /** @type {Map<Emotion, CalibrationFrame[]>} */ #frames = new Map();
  /** @type {Take | undefined} */ #take;
  #text = "";
  #onUse;

  /**
   * @param {() => Promise<EmotionAnalyzer>} analyzer
   * @param {(text: string) => void} onUse hears of the text that the analyzer has accepted; empty for none
   */
  constructor(analyzer, onUse) {
    this.#analyzer = analyzer;
    this.#onUse = onUse;
    this.#save.addEventListener("click", () =>
      download("countenance-calibration.txt", new Blob([`${this.#text}\n`], { type: "text/plain" })),
    );
    find("[data-action=calibration-import]").addEventListener("click", () => this.#input.click());
    this.#input.addEventListener("change", () => this.#import());
    find("[data-action=calibration-erase]").addEventListener("click", async () => {
      this.#frames.clear();
      this.cancel();
      for (const result of this.#list.querySelectorAll("output")) write(result, "");
      await this.#use(await this.#analyzer(), "");
      write(this.#told, "calibration.erased");
    });
  }

  /** Takes the calibration kept on this device, if it fits the model. @param {EmotionAnalyzer} analyzer */
  async start(analyzer) {
    const rows = analyzer.model.emotion.classes.map((emotion) => this.#makeRow(emotion));
    // The neutral face teaches most, and alone is enough.
    this.#list.replaceChildren(...rows.sort((a, b) => Number(isNeutral(b)) - Number(isNeutral(a))));
    const text = remembered(STORAGE_KEY);
    if (text) await this.#try(analyzer, text, "calibration.in-use");
  }

  /**
   * Hears of every answer of the live view.
   *
   * @param {FaceEmotion[]} faces
   * @param {number} now
   */
  add(faces, now) {
    const take = this.#take;
    if (!take || take.step === "learn") return; // the frames that come meanwhile are of no use
    if (faces.length !== 1) {
      this.#tell("calibration.alone");
      return;
    }
    const [{ raw, probabilities }] = faces;
    const { emotion, frames, checks } = take;
    take.since ||= now;
    const passed = now - take.since;
    if (take.step === "check") {
      if (passed >= SETTLE_MS) checks.push(probabilities[emotion]);
      if (passed >= CHECK_MS && checks.length > 0) this.#finish(take);
    } else if (frames.length >= MIN_FRAMES && passed >= RECORD_MS) {
      this.#learn(take);
    } else {
      frames.push({ probabilities: raw, emotion });
      const share = Math.min(passed / RECORD_MS, frames.length / MIN_FRAMES);
      this.#tell("calibration.recording", () => ({ share: sayPercent(Math.floor(share * 4) / 4) }));
      /** @type {HTMLProgressElement} */ (find("progress", this.#prompt)).value = share;
    }
  }

  /** Drops a recording that has begun: the camera it looks through is switched off, or shows something else. */
  cancel() {
    if (!this.#take) return;
    this.#end();
    write(this.#told, "");
  }

  /** @param {Emotion} emotion */
  #begin(emotion) {
    if (document.body.dataset.view !== "camera") {
      write(this.#told, "calibration.camera");
      return;
    }
    this.#take = { emotion, step: "record", since: 0, frames: [], checks: [] };
    find("progress", this.#prompt).removeAttribute("value");
    this.#prompt.hidden = false;
    this.#tell("calibration.hold");
    find(".stage").scrollIntoView({ block: "nearest" }); // one sees oneself, on a phone too
  }

  #end() {
    this.#take = undefined;
    this.#prompt.hidden = true;
  }

  /**
   * @param {string} key
   * @param {() => import('./words.js').Values} [fill]
   */
  #tell(key, fill) {
    for (const element of [this.#told, find("span", this.#prompt)]) write(element, key, fill);
  }

  /** @param {Take} take */
  async #learn(take) {
    take.step = "learn";
    this.#frames.set(take.emotion, take.frames);
    try {
      const analyzer = await this.#analyzer();
      await this.#use(analyzer, await analyzer.fitCalibration([...this.#frames.values()].flat()));
    } catch (error) {
      this.cancel();
      this.#refuse(error);
      return;
    }
    if (this.#take !== take) return;
    take.step = "check";
    take.since = 0;
    this.#tell("calibration.checking");
  }

  /** @param {Take} take */
  #finish({ emotion, frames, checks }) {
    this.#end();
    const before = mean(frames.map(({ probabilities }) => probabilities[emotion]));
    const values = () => ({ before: sayPercent(before), after: sayPercent(mean(checks)) });
    write(find(`[data-emotion=${emotion}] output`, this.#list), "calibration.result", values);
    write(this.#told, "calibration.done");
    this.#told.scrollIntoView({ block: "nearest" });
  }

  async #import() {
    const [file] = this.#input.files ?? [];
    this.#input.value = ""; // so that choosing the same file again is a change again
    if (!file) return;
    try {
      const text = new TextDecoder().decode(await readFile(file)).trim();
      await this.#try(await this.#analyzer(), text, "calibration.in-use");
    } catch (error) {
      this.#refuse(error);
    }
  }

  /**
   * @param {EmotionAnalyzer} analyzer
   * @param {string} text
   * @param {string} success
   */
  async #try(analyzer, text, success) {
    try {
      await this.#use(analyzer, text);
      write(this.#told, success);
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** @param {unknown} error */
  #refuse(error) {
    write(this.#told, "calibration.refused", () => ({ message: /** @type {Error} */ (error).message }));
    this.#section.setAttribute("open", "");
  }

  /**
   * @param {EmotionAnalyzer} analyzer
   * @param {string} text
   */
  async #use(analyzer, text) {
    await analyzer.configure({ calibration: text });
    this.#onUse(text);
    this.#text = text;
    remember(STORAGE_KEY, text);
    this.#section.classList.toggle("in-use", text !== "");
    this.#save.disabled = text === "";
  }

  /** @param {Emotion} emotion */
  #makeRow(emotion) {
    const record = make("button", "button small", makeGlyph(emotion), write(make("span", ""), emotion));
    record.type = "button";
    record.addEventListener("click", () => this.#begin(emotion));
    const row = make("li", "", record, make("output", ""));
    row.dataset.emotion = emotion;
    return row;
  }
}

/** @param {HTMLElement} row */
function isNeutral(row) {
  return row.dataset.emotion === "neutral";
}

/** @param {number[]} values */
function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
