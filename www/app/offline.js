/**
 * Stores the served page for use without a network, and offers to install it.
 *
 * @module
 */

import { find } from "./html.js";
import { trustedScriptUrl } from "./trusted-url.js";

/** Stores the page's files, once the page no longer waits for them. A page opened as a file has them anyway. */
export async function keepForOffline() {
  if (!navigator.serviceWorker || location.protocol === "file:") return;
  try {
    await navigator.serviceWorker.register(trustedScriptUrl("service-worker.js"));
  } catch {
    // Private windows refuse; the page works all the same while there is a network.
  }
}

/** Shows the button that installs the page, where the browser can. */
export function offerInstallation() {
  const button = find("[data-action=install]");
  /** @type {(Event & { prompt(): Promise<{ outcome: string }> }) | undefined} */
  let question;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // the button asks instead
    question = /** @type {typeof question} */ (event);
    button.hidden = false;
  });
  addEventListener("appinstalled", () => {
    button.hidden = true;
  });
  button.addEventListener("click", async () => {
    await question?.prompt(); // which a browser answers once
    button.hidden = true;
  });
}
