/**
 * The panels that open over the page.
 *
 * @module
 */

import { find } from "./html.js";

/**
 * Opens a panel by any button of its name, and closes it by its own button, the Escape key or a click beside it.
 *
 * @param {string} name the dialog's class and the buttons' `data-action`
 * @param {() => void} [onOpen]
 */
export function offerPanel(name, onOpen = () => {}) {
  /** @type {HTMLDialogElement} */
  const dialog = find(`dialog.${name}`);
  for (const button of document.querySelectorAll(`[data-action=${name}]`)) {
    button.addEventListener("click", () => {
      dialog.showModal();
      onOpen();
    });
  }
  find(`[data-action=${name}-close]`).addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) dialog.close();
  });
}
