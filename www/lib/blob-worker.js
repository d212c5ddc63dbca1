/**
 * Workers made from a `blob:` URL: the way to start one whose script comes from another origin, and to bind one by the
 * policy of a page that states it in a `<meta>` element.
 *
 * @module
 */

/** @type {{ createScriptURL: (url: string) => string } | undefined} */
let policy;

/**
 * @param {BlobPart[]} script
 * @returns {string} its address, trusted where the page's policy has `require-trusted-types-for 'script'`
 */
export function scriptUrl(...script) {
  return trustedUrl(URL.createObjectURL(new Blob(script, { type: "text/javascript" })));
}

/**
 * @param {string} url of a script of this package
 * @returns {string}
 */
export function trustedUrl(url) {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  policy ??= trustedTypes?.createPolicy("countenance", { createScriptURL: (/** @type {string} */ own) => own });
  return policy ? policy.createScriptURL(url) : url;
}

/**
 * A script that imports another and passes on the messages that came before. A static import would do, but Firefox loads
 * those of a `blob:` worker past the service worker, and so fails without a network.
 *
 * @param {string} url
 */
export function importing(url) {
  return `
    const early = [];
    onmessage = (event) => early.push(event);
    import(${JSON.stringify(url)}).then(
      () => early.forEach((event) => onmessage(event)),
      (error) => setTimeout(() => { throw error; }), // a rejection would not reach the page
    );`;
}
