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
import { say, sayPercent, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('../lib/index.js').Preview} Preview */
/** @typedef {import('./export.js').Row} Row */
/** @typedef {{ file: File, faces: FaceEmotion[], failure?: import('./failures.js').Explanation }} Reading */

/** The longer side of a thumbnail's canvas, in pixels: twice its size on the page. */
const THUMBNAIL_SIDE = 96;

/** What the rows are sorted by, per column. */
const SORT_KEYS = {
  /** @param {Reading} reading */
  name: ({ file }) => pathOf(file).toLowerCase(),
  /** @param {Reading} reading */
  faces: ({ faces }) => faces.length,
  /** @param {Reading} reading */
  emotion: ({ faces, failure }) => (faces[0] ? say(answerOf(faces[0]).emotion) : failure ? "\uffff" : ""),
  /** @param {Reading} reading */
  probability: ({ faces }) => (faces[0] ? probabilityOf(answerOf(faces[0])) : -1),
};

/** @typedef {keyof typeof SORT_KEYS} Column */

export class Batch {
  #section = find(".batch");
  #body = find(".batch tbody");
  #count = find(".batch .count");
  /** @type {HTMLProgressElement} */ #progress = find(".batch progress");
  #cancel = find("[data-action=batch-cancel]");
  /** @type {Map<Reading, HTMLTableRowElement>} */ #rows = new Map();
  #onShow;

  /**
   * @param {(reading: Reading) => void} onShow hears which picture the visitor wants to see
   * @param {() => void} onCancel
   * @param {(format: 'csv' | 'json', rows: Row[]) => void} onExport
   */
  constructor(onShow, onCancel, onExport) {
    this.#onShow = onShow;
    this.#cancel.addEventListener("click", onCancel);
    for (const format of /** @type {const} */ (["csv", "json"])) {
      find(`[data-action=batch-${format}]`).addEventListener("click", () => onExport(format, this.#exportRows()));
    }
    for (const header of this.#section.querySelectorAll("th")) {
      find("button", header).addEventListener("click", () => this.#sort(header));
    }
  }

  /**
   * Reads the files one after the other.
   *
   * @param {File[]} files
   * @param {(file: File) => Promise<FaceEmotion[]>} read
   * @param {(file: File) => Promise<Preview>} preview
   * @param {AbortSignal} signal
   */
  async run(files, read, preview, signal) {
    this.#rows.clear();
    this.#body.replaceChildren();
    this.#section.hidden = false;
    this.#progress.max = files.length;
    this.#setRunning(true);
    let done = 0;
    for (const file of files) {
      this.#progress.value = done;
      this.#tell("batch.progress", done, files.length);
      const reading = await readOne(file, read);
      if (signal.aborted) break;
      done += 1;
      await this.#add(reading, preview);
      if (done === 1) this.#onShow(reading);
    }
    this.#setRunning(false);
    this.#tell(signal.aborted ? "batch.cancelled" : "batch.done", done, files.length);
  }

  hide() {
    this.#section.hidden = true;
  }

  /** Writes the rows' cells anew, in another language. */
  refresh() {
    for (const [reading, row] of this.#rows) row.replaceChildren(row.cells[0], ...makeCells(reading));
  }

  /**
   * @param {string} key
   * @param {number} done
   * @param {number} count
   */
  #tell(key, done, count) {
    write(this.#count, key, () => ({ done, count }));
  }

  /** @param {boolean} running */
  #setRunning(running) {
    this.#progress.hidden = !running;
    this.#cancel.hidden = !running;
  }

  /**
   * @param {Reading} reading
   * @param {(file: File) => Promise<Preview>} preview
   */
  async #add(reading, preview) {
    const { file } = reading;
    const name = make("button", "name", await makeThumbnail(file, preview), make("span", "", pathOf(file)));
    name.type = "button";
    name.addEventListener("click", () => this.#onShow(reading));
    const row = make("tr", "", make("td", "", name), ...makeCells(reading));
    row.dataset.testid = "batch-row";
    this.#body.append(row);
    this.#rows.set(reading, row);
  }

  /** @param {HTMLElement} header */
  #sort(header) {
    const key = SORT_KEYS[/** @type {Column} */ (header.dataset.column)];
    const isAscending = header.getAttribute("aria-sort") !== "ascending";
    for (const other of this.#section.querySelectorAll("th")) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
    const readings = [...this.#rows.keys()].sort((a, b) => {
      const [first, second] = isAscending ? [key(a), key(b)] : [key(b), key(a)];
      return typeof first === "string" ? first.localeCompare(String(second)) : first - Number(second);
    });
    for (const reading of readings) this.#body.append(/** @type {Node} */ (this.#rows.get(reading)));
  }

  /** One row per face; a file without one has a row that says so. @returns {Row[]} */
  #exportRows() {
    const readings = [...this.#rows.keys()];
    const example = readings.find(({ faces }) => faces.length > 0)?.faces[0];
    const blank = Object.fromEntries(Object.keys(example ? faceColumns(example) : {}).map((column) => [column, ""]));
    return readings.flatMap(({ file, faces, failure }) => {
      const start = { file: pathOf(file), faces: faces.length, failure: failure ? sayFailure(failure) : "" };
      return faces.length > 0 ? faces.map((face) => ({ ...start, ...faceColumns(face) })) : [{ ...start, ...blank }];
    });
  }
}

/**
 * What is said of a picture beside its name.
 *
 * @param {Reading} reading
 */
function makeCells({ faces, failure }) {
  if (failure) {
    const cell = make("td", "failure", sayFailure(failure));
    cell.colSpan = 3;
    return [cell];
  }
  const answer = faces[0] && answerOf(faces[0]);
  const cell = make(
    "td",
    "emotion",
    ...(answer ? [makeGlyph(answer.emotion), say(answer.emotion)] : [say("batch.no-face")]),
  );
  if (answer) cell.dataset.emotion = answer.emotion;
  const probability = answer ? sayPercent(probabilityOf(answer)) : "";
  return [make("td", "number", String(faces.length)), cell, make("td", "number", probability)];
}

/** @param {import('./failures.js').Explanation} failure */
function sayFailure({ title, hint, values }) {
  return `${say(title, values)} ${say(hint, values)}`;
}

/**
 * @param {File} file
 * @param {(file: File) => Promise<FaceEmotion[]>} read
 * @returns {Promise<Reading>}
 */
async function readOne(file, read) {
  try {
    return { file, faces: await read(file) };
  } catch (error) {
    return { file, faces: [], failure: await explainFailure(error, file) };
  }
}

/**
 * The file's path inside the folder it came with.
 *
 * @param {File} file
 */
function pathOf(file) {
  return file.webkitRelativePath || file.name;
}

/**
 * A small drawing of the picture, so that the whole of it need not stay decoded; blank where it can't be read.
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
