/**
 * Many pictures at once: a table that fills as they are read, sorts by any column, and can be exported. A file that
 * can't be read gets a row that says why, and never stops the rest.
 *
 * @module
 */

import { answerOf, probabilityOf } from "./answer.js";
import { faceColumns } from "./export.js";
import { explainFailure } from "./failures.js";
import { find, make, makeGlyph } from "./html.js";
import { numbered } from "./places.js";
import { say, sayList, sayPercent, write } from "./words.js";

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
 * @property {HTMLCanvasElement} [turned] the picture as the visitor turned it; the faces are then of this one
 */

/** The longer side of a thumbnail's canvas, in pixels: twice its size on the page. */
const THUMBNAIL_SIDE = 96;

/** How many of the files left out are named in the summary. */
const NAMED_AT_ONCE = 3;

/** What the rows are sorted by, per column. */
const SORT_KEYS = {
  /** @param {Reading} reading */
  name: ({ picked }) => picked.path.toLowerCase(),
  /** @param {Reading} reading */
  faces: ({ faces }) => faces.length,
  /** @param {Reading} reading */
  emotion: ({ faces, failure }) => (faces[0] ? sayEmotions(faces) : failure ? "\uffff" : ""),
  /** @param {Reading} reading */
  probability: ({ faces }) => Math.max(-1, ...probabilities(faces)),
};

/** @typedef {keyof typeof SORT_KEYS} Column */

export class Batch {
  #section = find(".batch");
  #body = find(".batch tbody");
  #count = find(".batch .count");
  #leftOut = find(".batch .left-out");
  /** @type {HTMLProgressElement} */ #progress = find(".batch progress");
  #cancel = find("[data-action=batch-cancel]");
  /** @type {Map<Reading, HTMLTableRowElement>} */ #rows = new Map();
  /** Whether one of these pictures has been shown. */
  #isShown = false;
  #applied;
  #onShow;

  /**
   * @param {import('./applied.js').Applied} applied
   * @param {(reading: Reading) => Promise<void>} onShow shows a picture
   * @param {() => void} onCancel
   * @param {(format: 'csv' | 'json', results: Result[]) => void} onExport
   */
  constructor(applied, onShow, onCancel, onExport) {
    this.#applied = applied;
    this.#onShow = onShow;
    this.#cancel.addEventListener("click", onCancel);
    for (const format of /** @type {const} */ (["csv", "json"])) {
      find(`[data-action=batch-${format}]`).addEventListener("click", () => onExport(format, this.#results()));
    }
    for (const header of this.#section.querySelectorAll("th")) {
      find("button", header).addEventListener("click", () => this.#sort(header));
    }
  }

  /**
   * Reads the files one after the other.
   *
   * @param {Intake} intake
   * @param {(file: File) => Promise<FaceEmotion[]>} read gives one more face than is shown, if there are more
   * @param {(file: File) => Promise<Preview>} preview
   * @param {AbortSignal} signal
   */
  async run({ picked, leftOut }, read, preview, signal) {
    this.#rows.clear();
    this.#isShown = false;
    this.#body.replaceChildren();
    this.#section.hidden = false;
    this.#progress.max = picked.length;
    this.#setRunning(true);
    this.#tellLeftOut(leftOut);
    this.#tellRest();
    for (const each of picked) {
      this.#progress.value = this.#rows.size;
      this.#tell("batch.progress", this.#rows.size, picked.length);
      const reading = await this.#readOne(each, read);
      if (signal.aborted) break;
      await this.#add(reading, preview);
      this.#tellRest();
      if (!this.#isShown && !reading.failure) this.#show(reading);
    }
    if (!this.#isShown && !signal.aborted) this.#show(this.#readings[0]); // which says why it can't be read
    this.#setRunning(false);
    if (signal.aborted) this.#tell("batch.cancelled", this.#rows.size, picked.length);
    else this.#tell("batch.done", 0, this.#readings.filter(({ failure }) => !failure).length);
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
  correct(reading, found, turned) {
    Object.assign(reading, { ...this.#within(found), turned, failure: undefined });
    this.refresh();
    this.#tellRest();
  }

  /** Writes the rows' cells again, in another language. */
  refresh() {
    for (const [reading, row] of this.#rows) row.replaceChildren(row.cells[0], ...makeCells(reading));
  }

  get #readings() {
    return [...this.#rows.keys()];
  }

  /**
   * @param {string} key
   * @param {number} done
   * @param {number} count
   */
  #tell(key, done, count) {
    write(this.#count, key, () => ({ done, count }));
  }

  /** Shows how many files could not be read, and how many pictures hold more faces than were read. */
  #tellRest() {
    for (const [selector, key, isMeant] of /** @type {const} */ ([
      [".failed", "batch.failed", (/** @type {Reading} */ { failure }) => failure !== undefined],
      [".more-faces", "batch.more-faces", (/** @type {Reading} */ { hasMore }) => hasMore],
    ])) {
      const count = this.#readings.filter(isMeant).length;
      const element = find(selector, this.#section);
      element.hidden = count === 0;
      write(element, key, () => ({ count }));
    }
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

  /**
   * @param {Reading} reading
   * @param {(file: File) => Promise<Preview>} preview
   */
  async #add(reading, preview) {
    const { file, path } = reading.picked;
    const name = make("button", "name", await makeThumbnail(file, preview), make("span", "", path));
    name.type = "button";
    const row = make("tr", "", make("td", "", name), ...makeCells(reading));
    row.dataset.testid = "batch-row";
    row.addEventListener("click", async () => {
      await this.#show(reading);
      find(".stage").scrollIntoView({ block: "nearest" });
    });
    this.#body.append(row);
    this.#rows.set(reading, row);
  }

  /** @param {Reading} reading */
  #show(reading) {
    this.#isShown = true;
    for (const [other, row] of this.#rows) {
      if (other === reading) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    return this.#onShow(reading);
  }

  /** @param {HTMLElement} header */
  #sort(header) {
    const key = SORT_KEYS[/** @type {Column} */ (header.dataset.column)];
    const isAscending = header.getAttribute("aria-sort") !== "ascending";
    for (const other of this.#section.querySelectorAll("th")) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
    const readings = this.#readings.sort((a, b) => {
      const [first, second] = isAscending ? [key(a), key(b)] : [key(b), key(a)];
      return typeof first === "string" ? first.localeCompare(String(second)) : first - Number(second);
    });
    for (const reading of readings) this.#body.append(/** @type {Node} */ (this.#rows.get(reading)));
  }

  /** One per face; a file without one has a row that says so. */
  #results() {
    const example = this.#readings.find(({ faces }) => faces.length > 0)?.faces[0];
    const blank = Object.fromEntries(Object.keys(example ? faceColumns(example) : {}).map((column) => [column, ""]));
    return this.#readings.flatMap(({ picked, faces, hasMore, failure, settings }) => {
      const begin = failure
        ? { file: picked.path, faces: "", more_faces: "", error: failure.code }
        : { file: picked.path, faces: faces.length, more_faces: hasMore, error: "" };
      const rows = faces.length > 0 ? faces.map(faceColumns) : [blank];
      return rows.map((row) => ({ row: { ...begin, ...row }, settings }));
    });
  }
}

/**
 * The cells of a picture's row after its name.
 *
 * @param {Reading} reading
 */
function makeCells({ faces, hasMore, failure }) {
  if (failure) {
    const cell = make("td", "failure", say(failure.short, failure.values));
    cell.colSpan = 3;
    return [cell];
  }
  const [first] = countEmotions(faces);
  const cell = make("td", "emotion", ...(first ? [makeGlyph(first[0]), sayEmotions(faces)] : [say("batch.no-face")]));
  if (first) cell.dataset.emotion = first[0];
  const each = probabilities(faces);
  const range = [...new Set([Math.min(...each), Math.max(...each)].map(sayPercent))].join("–");
  const count = hasMore ? say("batch.more-than", { count: faces.length }) : String(faces.length);
  return [make("td", "number", count), cell, make("td", "number", each.length > 0 ? range : "")];
}

/** @param {FaceEmotion[]} faces */
function probabilities(faces) {
  return faces.map((face) => probabilityOf(answerOf(face)));
}

/**
 * How many faces show each expression, the most frequent first.
 *
 * @param {FaceEmotion[]} faces
 */
function countEmotions(faces) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { emotion } of faces.map(answerOf)) counts.set(emotion, (counts.get(emotion) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** @param {FaceEmotion[]} faces */
function sayEmotions(faces) {
  const items = countEmotions(faces).map(([emotion, count]) =>
    faces.length > 1 ? say("batch.counted", { count, emotion: say(emotion) }) : say(emotion),
  );
  return sayList(items);
}

/**
 * A small copy of the picture, so that the picture itself need not stay decoded; blank if it can't be read.
 *
 * @param {File} file
 * @param {(file: File) => Promise<Preview>} preview
 */
async function makeThumbnail(file, preview) {
  const canvas = make("canvas", "thumbnail");
  try {
    const { bitmap, width, height } = await preview(file);
    canvas.height = THUMBNAIL_SIDE;
    canvas.width = Math.max(1, Math.round((THUMBNAIL_SIDE * width) / height));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
  } catch {
    canvas.width = 0;
  }
  return canvas;
}
