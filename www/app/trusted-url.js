/**
 * The page's policy lets scripts start only by addresses that have passed through here (Trusted Types).
 *
 * @module
 */

/** @typedef {{ createScriptURL: (url: string) => string }} ScriptUrlPolicy */
/** @typedef {{ createPolicy: (name: string, rules: ScriptUrlPolicy) => ScriptUrlPolicy }} TrustedTypes */

const { trustedTypes } = /** @type {{ trustedTypes?: TrustedTypes }} */ (/** @type {unknown} */ (globalThis));
const policy = trustedTypes?.createPolicy("countenance", { createScriptURL: (url) => url });

/**
 * @param {string} url of a script of the page's own
 * @returns {string} the same, trusted where the browser asks for that
 */
export function trustedScriptUrl(url) {
  return policy ? policy.createScriptURL(url) : url;
}
