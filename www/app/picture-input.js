/**
 * The ways a picture comes in: chosen, dropped anywhere on the page, or pasted.
 *
 * @module
 */

import { find } from "./html.js";

/**
 * @param {(files: File[]) => void} onFiles hears of the files; none where something without a file was dropped
 */
export function listenForPictures(onFiles) {
  /** @type {HTMLInputElement} */
  const input = find("[data-testid=file-input]");
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that choosing the same file again is a change again
    if (files.length > 0) onFiles(files);
  });
  for (const button of document.querySelectorAll("[data-action=choose]")) {
    button.addEventListener("click", () => input.click());
  }

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
  body.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    body.classList.remove("dragging");
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });

  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) onFiles(files);
  });
}
