/**
 * Many pictures at once: a contact sheet that fills as they are read, is filtered and sorted, and can be exported. Files
 * that can't be read stand apart with the reason, and never stop the rest.
 *
 * @module
 */

import { answerOf, probabilityOf, sayBriefly, sayTally } from "./answer.js";
import { faceColumns } from "./export.js";
import { explainFailure } from "./failures.js";
import { find, make, makeGlyph } from "./html.js";
import { numbered } from "./places.js";
import { Sheet } from "./sheet.js";
import { makeThumbnail, releaseThumbnail, showThumbnail } from "./thumbnail.js";
import { say, sayDuration, sayList, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../lib/index.js').Preview} Preview */
/** @typedef {import('./export.js').Result} Result */
/** @typedef {import('./picture-input.js').Intake} Intake */
/** @typedef {import('./picture-input.js').Picked} Picked */

/**
 * @typedef {object} Reading
 * @property {Picked} picked
 * @property {FaceEmotion[]} faces
 * @property {boolean} hasMore whether there are more faces than these
 * @property {import('./failures.js').Explanation} [failure]
 * @property {import('./export.js').AppliedSettings} settings
 * @property {import('./thumbnail.js').Thumbnail} [thumbnail]
 * @property {HTMLCanvasElement} [turned] the picture as the visitor turned it; the faces are then of this one
 */

/** How many of the files left out are named in the summary. */
const NAMED_AT_ONCE = 3;

/** How often the sheet takes in what was read, in milliseconds. */
const ARRANGE_MS = 200;

/** After how many pictures the time left can be estimated. */
const ESTIMATED_AFTER = 3;

/** What the pictures are sorted by; in the order they were given where there is none. */
const SORT_KEYS = {
  /** @param {Reading} reading */
  name: ({ picked }) => picked.path.toLowerCase(),
  /** @param {Reading} reading */
  faces: ({ faces }) => -faces.length,
  /** @param {Reading} reading */
  sure: ({ faces }) => -Math.max(-1, ...probabilities(faces)),
  /** @param {Reading} reading */
  unsure: ({ faces }) => Math.min(2, ...probabilities(faces)),
};

/** The filter for pictures without a face. */
const NO_FACE = "none";

export class Batch {
  #section = find(".batch");
  #count = find(".batch .count");
  #failed = find(".batch .failed");
  #leftOut = find(".batch .left-out");
  /** @type {HTMLProgressElement} */ #progress = find(".batch progress");
  #cancel = find("[data-action=batch-cancel]");
  #resume = find("[data-action=batch-resume]");
  #filters = find(".filters");
  /** @type {Map<string, HTMLElement>} */ #chips = new Map();
  #arrangedAt = Number.NEGATIVE_INFINITY;
  /** @type {HTMLSelectElement} */ #order = find(".batch select");
  /** @type {Sheet<Reading>} */ #sheet;
  /** @type {Picked[]} */ #picked = [];
  /** @type {Map<Picked, Reading>} */ #read = new Map();
  /** Which expression the pictures shown hold; all are where it is empty. */
  #filter = "";
  /** Whether one of these pictures has been shown. */
  #isShown = false;
  #applied;
  #onShow;

  /**
   * @param {import('./applied.js').Applied} applied
   * @param {object} page
   * @param {(reading: Reading) => Promise<void>} page.onShow shows a picture
   * @param {() => void} page.onCancel
   * @param {() => void} page.onResume reads what has not been read
   * @param {(format: 'csv' | 'json', results: Result[]) => void} page.onExport
   */
  constructor(applied, { onShow, onCancel, onResume, onExport }) {
    this.#applied = applied;
    this.#onShow = onShow;
    this.#sheet = new Sheet(find(".sheet"), {
      fill: fillTile,
      release: releaseThumbnail,
      onChoose: async (reading) => {
        await this.#show(reading);
        find(".stage").scrollIntoView({ block: "nearest" });
      },
    });
    this.#cancel.addEventListener("click", onCancel);
    this.#resume.addEventListener("click", onResume);
    find("[data-action=batch-again]").addEventListener("click", () => {
      for (const [picked, { failure }] of this.#read) if (failure) this.#read.delete(picked);
      onResume();
    });
    this.#order.addEventListener("change", () => this.#arrange());
    for (const format of /** @type {const} */ (["csv", "json"])) {
      find(`[data-action=batch-${format}]`).addEventListener("click", () => onExport(format, this.#results()));
    }
  }

  /** Takes other files in place of those before. @param {Intake} intake */
  begin({ picked, leftOut }) {
    this.#picked = picked;
    this.#read.clear();
    this.#filter = "";
    this.#isShown = false;
    this.#section.hidden = false;
    this.#progress.max = picked.length;
    this.#tellLeftOut(leftOut);
    this.#tellRest();
  }

  /**
   * Reads the files that have not been read, one after the other.
   *
   * @param {(file: File) => Promise<FaceEmotion[]>} read gives one more face than is shown, if there are more
   * @param {(file: File) => Promise<Preview>} preview
   * @param {AbortSignal} signal
   */
  async run(read, preview, signal) {
    const left = this.#picked.filter((picked) => !this.#read.has(picked));
    const begun = performance.now();
    this.#setRunning(true);
    for (const [index, picked] of left.entries()) {
      const seconds = (((performance.now() - begun) / index) * (left.length - index)) / 1000;
      this.#tell(index < ESTIMATED_AFTER ? "batch.progress" : "batch.progress-left", sayDuration(seconds));
      const reading = await this.#readOne(picked, read);
      if (signal.aborted) break;
      if (!reading.failure) reading.thumbnail = await thumbnailOf(picked.file, preview);
      this.#read.set(picked, reading);
      if (performance.now() - this.#arrangedAt >= ARRANGE_MS) this.#tellRest();
      if (!this.#isShown && !reading.failure) this.#show(reading);
    }
    if (!this.#isShown && !signal.aborted) this.#show(this.#readings[0]); // which says why it can't be read
    this.#setRunning(false);
    this.#tellRest();
    this.#tell(signal.aborted ? "batch.cancelled" : "batch.done");
  }

  hide() {
    this.#section.hidden = true;
  }

  /**
   * Replaces a file's result by that of the picture after the visitor turned it.
   *
   * @param {Reading} reading
   * @param {FaceEmotion[]} found one more face than is shown, if there are more
   * @param {HTMLCanvasElement} turned
   */
  async correct(reading, found, turned) {
    Object.assign(reading, { ...this.#within(found), turned, failure: undefined });
    reading.thumbnail = await makeThumbnail(turned, turned);
    this.#sheet.renew([reading]);
    this.#tellRest();
  }

  /** Writes everything again, in another language. */
  refresh() {
    this.#sheet.renew(this.#readings);
    this.#tellRest();
  }

  /** In the order the files were given. */
  get #readings() {
    return this.#picked.flatMap((picked) => this.#read.get(picked) ?? []);
  }

  /**
   * @param {string} key
   * @param {string} [time] left
   */
  #tell(key, time = "") {
    const [done, all] = [this.#read.size, this.#picked.length];
    this.#progress.value = done;
    const read = this.#readings.filter(({ failure }) => !failure).length;
    write(this.#count, key, () => ({ done, all, time, count: read }));
  }

  /** Shows the pictures, how many could not be read and why, and how many hold more faces than were read. */
  #tellRest() {
    const readings = this.#readings;
    const more = find(".more-faces", this.#section);
    const count = readings.filter(({ hasMore }) => hasMore).length;
    more.hidden = count === 0;
    write(more, "batch.more-faces", () => ({ count }));

    /** @type {Map<string, string[]>} */
    const paths = new Map();
    for (const { picked, failure } of readings) {
      if (!failure) continue;
      const reason = say(failure.short, failure.values);
      paths.set(reason, [...(paths.get(reason) ?? []), picked.path]);
    }
    const failed = [...paths.values()].flat().length;
    this.#failed.hidden = failed === 0;
    write(find("summary", this.#failed), "batch.failed", () => ({ count: failed }));
    find("ul", this.#failed).replaceChildren(
      ...[...paths].map(([reason, own]) =>
        make("li", "", make("strong", "", reason), make("span", "paths", own.join("\n"))),
      ),
    );
    this.#arrange();
  }

  /** Filters and sorts the pictures, and counts what there is to filter by. */
  #arrange() {
    this.#arrangedAt = performance.now();
    const pictures = this.#readings.filter(({ failure }) => !failure);
    /** @type {Map<string, number>} */
    const counts = new Map([["", pictures.length]]);
    for (const key of pictures.flatMap(filtersOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
    if (!counts.has(this.#filter)) this.#filter = "";
    this.#filters.hidden = counts.size < 3;
    for (const [key, chip] of this.#chips) {
      if (counts.has(key)) continue;
      chip.remove();
      this.#chips.delete(key);
    }
    for (const [key, count] of counts) this.#showFilter(key, count);

    const shown = pictures.filter((reading) => !this.#filter || filtersOf(reading).includes(this.#filter));
    const sortKey = SORT_KEYS[/** @type {keyof typeof SORT_KEYS} */ (this.#order.value)];
    if (sortKey) {
      shown.sort((a, b) => {
        const [first, second] = [sortKey(a), sortKey(b)];
        return typeof first === "string" ? first.localeCompare(String(second)) : first - Number(second);
      });
    }
    this.#sheet.show(shown);
  }

  /**
   * A button that shows the pictures with this expression alone.
   *
   * @param {string} key
   * @param {number} count
   */
  #showFilter(key, count) {
    let chip = this.#chips.get(key);
    if (!chip) {
      const button = make("button", "button small");
      button.type = "button";
      button.dataset.emotion = key;
      button.addEventListener("click", () => {
        this.#filter = key;
        this.#arrange();
      });
      if (key && key !== NO_FACE) button.append(makeGlyph(key));
      button.append(make("span", ""));
      this.#filters.append(button);
      this.#chips.set(key, button);
      chip = button;
    }
    chip.title = say("help.filter");
    chip.ariaPressed = String(key === this.#filter);
    const words = key === "" ? "batch.all" : key === NO_FACE ? "batch.no-face" : key;
    find("span", chip).textContent = `${say(words)} ${count}`;
  }

  /** @param {string[]} paths of the files in the folders that are not pictures */
  #tellLeftOut(paths) {
    this.#leftOut.hidden = paths.length === 0;
    const named = paths.length > NAMED_AT_ONCE ? [...paths.slice(0, NAMED_AT_ONCE), "…"] : paths;
    write(find("summary", this.#leftOut), "batch.left-out", () => ({ count: paths.length, list: sayList(named) }));
    find(".paths", this.#leftOut).textContent = paths.join("\n");
  }

  /** @param {boolean} running */
  #setRunning(running) {
    this.#progress.hidden = !running;
    this.#cancel.hidden = !running;
    this.#resume.hidden = running || this.#read.size === this.#picked.length;
    find("[data-action=batch-again]").hidden = running;
  }

  /**
   * @param {Picked} picked
   * @param {(file: File) => Promise<FaceEmotion[]>} read
   * @returns {Promise<Reading>}
   */
  async #readOne(picked, read) {
    try {
      return { picked, ...this.#within(await read(picked.file)) };
    } catch (error) {
      const failure = await explainFailure(error, picked.file);
      return { picked, faces: [], hasMore: false, failure, settings: this.#applied.settings };
    }
  }

  /** @param {FaceEmotion[]} found */
  #within(found) {
    const faces = numbered(this.#applied.within(found));
    return { faces, hasMore: found.length > faces.length, settings: this.#applied.settings };
  }

  /** @param {Reading} reading */
  #show(reading) {
    this.#isShown = true;
    this.#sheet.choose(reading);
    return this.#onShow(reading);
  }

  /** One per face; a file without one has a row that says so. */
  #results() {
    const readings = this.#readings;
    const example = readings.find(({ faces }) => faces.length > 0)?.faces[0];
    const blank = Object.fromEntries(Object.keys(example ? faceColumns(example) : {}).map((column) => [column, ""]));
    return readings.flatMap(({ picked, faces, hasMore, failure, settings }) => {
      const begin = failure
        ? { file: picked.path, faces: "", more_faces: "", error: failure.code }
        : { file: picked.path, faces: faces.length, more_faces: hasMore, error: "" };
      const rows = faces.length > 0 ? faces.map(faceColumns) : [blank];
      return rows.map((row) => ({ row: { ...begin, ...row }, settings }));
    });
  }
}

/** @param {Reading} reading */
function fillTile({ picked, faces, hasMore, thumbnail }) {
  const name = make("span", "name", picked.file.name);
  name.title = picked.path;
  return [showThumbnail(thumbnail, faces), name, make("span", "tally", sayFaces(faces, hasMore))];
}

/**
 * What a picture's faces show.
 *
 * @param {FaceEmotion[]} faces
 * @param {boolean} hasMore
 */
function sayFaces(faces, hasMore) {
  if (faces.length === 0) return say("batch.no-face");
  if (faces.length === 1 && !hasMore) return sayBriefly(answerOf(faces[0]));
  return say(hasMore ? "batch.more-than" : "verdict.text", { count: faces.length, list: sayTally(faces) });
}

/** What a picture is found by. @param {Reading} reading */
function filtersOf({ faces }) {
  return faces.length === 0 ? [NO_FACE] : [...new Set(faces.map((face) => answerOf(face).emotion))];
}

/** @param {FaceEmotion[]} faces */
function probabilities(faces) {
  return faces.map((face) => probabilityOf(answerOf(face)));
}

/**
 * @param {File} file
 * @param {(file: File) => Promise<Preview>} preview
 */
async function thumbnailOf(file, preview) {
  try {
    const { bitmap, width, height } = await preview(file);
    const thumbnail = await makeThumbnail(bitmap, { width, height });
    bitmap.close();
    return thumbnail;
  } catch {
    return undefined; // gone since it was read
  }
}
