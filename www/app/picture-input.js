/**
 * The ways pictures and videos come in: chosen one or many, by folder, dropped anywhere on the page, or pasted.
 *
 * @module
 */

import { find } from "./html.js";

/** @typedef {{ file: File, path: string }} Picked a file, and its path in the folder that it came with */

/**
 * @typedef {object} Intake
 * @property {Picked[]} picked
 * @property {string[]} leftOut the paths of the files in folders that are not pictures
 * @property {boolean} isFolder whether a folder was given
 */

/**
 * @param {(intake: Intake) => void} onIntake called with what was given; `picked` is empty if there was no file
 */
export function listenForPictures(onIntake) {
  listenToInput("[data-testid=file-input]", "[data-action=choose]", (files) => onIntake(intakeOf(files.map(alone))));
  listenToInput("[data-testid=folder-input]", "[data-action=choose-folder]", (files) =>
    onIntake(intakeOf([], files.map(inFolder))),
  );

  const { body } = document;
  let depth = 0; // dragenter and dragleave fire for every element on the way
  body.addEventListener("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    body.classList.add("dragging");
  });
  body.addEventListener("dragleave", () => {
    depth -= 1;
    body.classList.toggle("dragging", depth > 0);
  });
  body.addEventListener("dragover", (event) => event.preventDefault());
  body.addEventListener("drop", async (event) => {
    event.preventDefault();
    depth = 0;
    body.classList.remove("dragging");
    onIntake(await dropped(event.dataTransfer));
  });

  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    // Text that is pasted into a field is the field's.
    if (files.length > 0 || !(event.target instanceof HTMLInputElement)) onIntake(intakeOf(files.map(alone)));
  });
}

/**
 * Whether a file claims to be a video; whether it can be played shows only later.
 *
 * @param {File} file
 */
export function isVideo({ type, name }) {
  return type.startsWith("video/") || /\.(mp4|m4v|mov|webm|mkv|avi|ogv)$/i.test(name);
}

/**
 * @param {string} inputSelector
 * @param {string} buttonSelector
 * @param {(files: File[]) => void} onFiles
 */
function listenToInput(inputSelector, buttonSelector, onFiles) {
  /** @type {HTMLInputElement} */
  const input = find(inputSelector);
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that choosing the same file again fires the event
    if (files.length > 0) onFiles(files);
  });
  for (const button of document.querySelectorAll(buttonSelector)) {
    button.addEventListener("click", () => input.click());
  }
}

/** @param {File} file */
function alone(file) {
  return { file, path: file.name };
}

/** @param {File} file of a folder that was chosen; not every browser says where in it the file was */
function inFolder(file) {
  return { file, path: file.webkitRelativePath || file.name };
}

/**
 * Takes every file that was given by itself, and the pictures of folders.
 *
 * @param {Picked[]} single
 * @param {Picked[]} [fromFolders]
 * @param {string[]} [unreadable] paths in the folders
 * @returns {Intake}
 */
function intakeOf(single, fromFolders = [], unreadable = []) {
  const byPath = new Intl.Collator(undefined, { numeric: true });
  const inOrder = fromFolders.sort((a, b) => byPath.compare(a.path, b.path));
  const leftOut = inOrder.filter((picked) => !isPicture(picked)).map(({ path }) => path);
  return {
    picked: [...single, ...inOrder.filter(isPicture)],
    leftOut: [...leftOut, ...unreadable],
    isFolder: fromFolders.length + unreadable.length > 0,
  };
}

/**
 * Whether a file in a folder is one of the visitor's pictures; systems keep hidden files of their own there.
 *
 * @param {Picked} picked
 */
function isPicture({ file: { type, name }, path }) {
  if (/(^|\/)(\.|__MACOSX\/)/.test(path)) return false;
  return type.startsWith("image/") || /\.(hei[cf]|avif|jxl)$/i.test(name);
}

/**
 * The files that were dropped, and those in dropped folders.
 *
 * @param {DataTransfer | null} transfer
 */
async function dropped(transfer) {
  // The entries must be asked for before the first wait: the transfer is empty after the event.
  const items = [...(transfer?.items ?? [])].map((item) => ({
    entry: item.webkitGetAsEntry?.(),
    file: item.getAsFile(),
  }));
  /** @type {Picked[]} */
  const single = [];
  /** @type {Picked[]} */
  const fromFolders = [];
  /** @type {string[]} */
  const unreadable = [];
  for (const { entry, file } of items) {
    if (entry?.isDirectory) await gather(entry, fromFolders, unreadable);
    else if (file) single.push(alone(file));
  }
  return intakeOf(single, fromFolders, unreadable);
}

/**
 * Adds the files at and below an entry to `found`, and the paths of what can't be read to `unreadable`.
 *
 * @param {FileSystemEntry} entry
 * @param {Picked[]} found
 * @param {string[]} unreadable
 */
async function gather(entry, found, unreadable) {
  const path = entry.fullPath.replace(/^\//, "");
  try {
    if (!entry.isDirectory) {
      /** @type {File} */
      const file = await new Promise((resolve, reject) =>
        /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject),
      );
      found.push({ file, path });
      return;
    }
    const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
    // A reader gives a hundred entries at a time, and none at the end.
    for (;;) {
      /** @type {FileSystemEntry[]} */
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (entries.length === 0) return;
      for (const each of entries) await gather(each, found, unreadable);
    }
  } catch {
    unreadable.push(path);
  }
}
