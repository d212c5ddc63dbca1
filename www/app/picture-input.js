/**
 * The ways pictures and videos come in: chosen one or many, by folder, dropped anywhere on the page, or pasted.
 *
 * @module
 */

import { find } from "./html.js";

/**
 * @param {(files: File[]) => void} onFiles hears of the files; none where something without a picture was dropped
 */
export function listenForPictures(onFiles) {
  listenToInput("[data-testid=file-input]", "[data-action=choose]", onFiles);
  listenToInput("[data-testid=folder-input]", "[data-action=choose-folder]", (files) =>
    onFiles(files.filter(isPicture)),
  );

  const { body } = document;
  let depth = 0; // dragenter and dragleave come for every element on the way
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
    onFiles(await droppedFiles(event.dataTransfer));
  });

  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
}

/**
 * Whether a file is meant as a video; whether it can be played is known only later.
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
    input.value = ""; // so that choosing the same file again is a change again
    if (files.length > 0) onFiles(files);
  });
  for (const button of document.querySelectorAll(buttonSelector)) {
    button.addEventListener("click", () => input.click());
  }
}

/**
 * Whether a file found in a folder is meant: folders hold other things too.
 *
 * @param {File} file
 */
function isPicture({ type, name }) {
  return type.startsWith("image/") || /\.hei[cf]$/i.test(name);
}

/**
 * The files dropped, and the pictures in the folders dropped.
 *
 * @param {DataTransfer | null} transfer
 */
async function droppedFiles(transfer) {
  // The entries must be asked for before the first wait: the transfer is empty after the event.
  const items = [...(transfer?.items ?? [])].map((item) => ({
    entry: item.webkitGetAsEntry?.(),
    file: item.getAsFile(),
  }));
  /** @type {File[]} */
  const files = [];
  for (const { entry, file } of items) {
    if (entry?.isDirectory) files.push(...(await filesBelow(/** @type {FileSystemDirectoryEntry} */ (entry))));
    else if (file) files.push(file);
  }
  return files;
}

/**
 * @param {FileSystemDirectoryEntry} folder
 * @returns {Promise<File[]>}
 */
async function filesBelow(folder) {
  const reader = folder.createReader();
  /** @type {File[]} */
  const files = [];
  // A reader gives entries by the hundred, and none at the end.
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    for (const entry of entries) {
      if (entry.isDirectory) files.push(...(await filesBelow(/** @type {FileSystemDirectoryEntry} */ (entry))));
      else {
        /** @type {File} */
        const file = await new Promise((resolve, reject) =>
          /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject),
        );
        if (isPicture(file)) files.push(file);
      }
    }
  }
}
