/**
 * The page's policy lets scripts start only by addresses that have passed through here (Trusted Types).
 *
 * @module
 */

export { trustedUrl as trustedScriptUrl } from "../lib/blob-worker.js";
