/**
 * Personal calibration: the model learns from a few seconds of a known expression how this person looks. The result, a
 * line of text, stays on this device until it is erased.
 *
 * @module
 */

import { readFile } from "../lib/file.js";
import { download } from "./export.js";
import { find, make, makeGlyph } from "./html.js";
import { showSettings } from "./settings.js";
import { remember, remembered } from "./storage.js";
import { sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').Emotion} Emotion */
/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */
/** @typedef {import('../lib/index.js').Recording} Recording */

/** Where the calibration is stored on this device. */
const STORAGE_KEY = "calibration";

export class Calibration {
  #section = find(".calibration");
  #message = find(".calibration [role=status]");
  #list = find(".takes");
  /** The same message over the camera's picture, where a person who looks into the camera sees it. */
  #prompt = find(".prompt");
  /** @type {HTMLInputElement} */ #input = find("[data-testid=calibration-input]");
  /** @type {HTMLButtonElement} */ #save = find("[data-action=calibration-export]");
  #analyzer;
  /** The expression being recorded. @type {Emotion | undefined} */ #emotion;
  /** Whether the analyzer has begun to record it. */
  #hasBegun = false;
  #text = "";
  #onUse;

  /**
   * @param {() => Promise<EmotionAnalyzer>} analyzer
   * @param {(text: string) => void} onUse called with the text that the analyzer has accepted; empty for none
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
      this.cancel();
      for (const result of this.#list.querySelectorAll("output")) write(result, "");
      const analyzer = await this.#analyzer();
      await analyzer.clearRecordings();
      await this.#use(analyzer, "");
      write(this.#message, "calibration.erased");
    });
  }

  /** Uses the calibration stored on this device, if it fits the model. @param {EmotionAnalyzer} analyzer */
  async start(analyzer) {
    this.#list.replaceChildren(...analyzer.model.emotion.recordingOrder.map((emotion) => this.#makeRow(emotion)));
    const text = remembered(STORAGE_KEY);
    if (text) await this.#try(analyzer, text, "calibration.in-use");
  }

  /**
   * Shows how far the recording has come with the last frame of the live view.
   *
   * @param {Recording | undefined} recording
   */
  show(recording) {
    const emotion = this.#emotion;
    if (!emotion || !this.#hasBegun) return;
    if (!recording) {
      this.#begin(emotion); // the worker that recorded it has died
    } else if (recording.state === "not-alone") {
      this.#say("calibration.alone");
    } else if (recording.state === "complete") {
      this.#finish(emotion, recording);
    } else {
      const { share } = recording;
      // In quarters, so that a screen reader is not interrupted by each frame.
      this.#say("calibration.recording", () => ({ share: sayPercent(Math.floor(share * 4) / 4) }));
      /** @type {HTMLProgressElement} */ (find("progress", this.#prompt)).value = share;
    }
  }

  /** Drops the recording under way, since the camera is switched off or paused. */
  async cancel() {
    if (!this.#emotion) return;
    this.#end();
    write(this.#message, "");
    await (await this.#analyzer()).cancelRecording().catch(() => {}); // a worker that died records nothing
  }

  /** @param {Emotion} emotion */
  async #begin(emotion) {
    if (document.body.dataset.view !== "camera") {
      write(this.#message, "calibration.camera");
      return;
    }
    this.#emotion = emotion;
    this.#hasBegun = false;
    find("progress", this.#prompt).removeAttribute("value");
    this.#prompt.hidden = false;
    this.#say("calibration.hold");
    find(".stage").scrollIntoView({ block: "nearest" }); // so that people see themselves, on a phone too
    try {
      await (await this.#analyzer()).recordCalibration(emotion);
      this.#hasBegun = true;
    } catch (error) {
      this.cancel();
      this.#refuse(error);
    }
  }

  #end() {
    this.#emotion = undefined;
    this.#prompt.hidden = true;
  }

  /**
   * @param {string} key
   * @param {() => import('./words.js').Values} [fill]
   */
  #say(key, fill) {
    for (const element of [this.#message, find("span", this.#prompt)]) write(element, key, fill);
  }

  /**
   * @param {Emotion} emotion
   * @param {Extract<Recording, { state: 'complete' }>} recording
   */
  async #finish(emotion, { calibration, before, after }) {
    this.#end();
    try {
      await this.#use(await this.#analyzer(), calibration);
      const values = () => ({ before: sayPercent(before), after: sayPercent(after) });
      write(find(`[data-emotion=${emotion}] output`, this.#list), "calibration.result", values);
      write(this.#message, "calibration.done");
      this.#message.scrollIntoView({ block: "nearest" });
    } catch (error) {
      this.#refuse(error);
    }
  }

  async #import() {
    const [file] = this.#input.files ?? [];
    this.#input.value = ""; // so that choosing the same file again fires the event
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
      write(this.#message, success);
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** @param {unknown} error */
  #refuse(error) {
    write(this.#message, "calibration.refused", () => ({ message: /** @type {Error} */ (error).message }));
    showSettings(true);
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
