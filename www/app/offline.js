/**
 * Stores the served page for use without a network.
 *
 * @module
 */

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
