// The headers that a host of the page should send, by path: every server of this repository sends them, and the site
// comes with them as `_headers`. The page works without any (docs/hosting.md).

/** @type {Record<string, Record<string, string>>} */
export const HEADERS = {
  "/*": {
    // The files' names stay the same from release to release.
    "Cache-Control": "no-cache",
    // What a policy in a <meta> element can't forbid: that the page is shown inside another one.
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  },
  // A page's policy does not bind its service worker.
  "/service-worker.js": { "Content-Security-Policy": "default-src 'none'; connect-src 'self'" },
};

/** The headers as Netlify, Cloudflare Pages and others read them. */
export function headersFile() {
  const sections = Object.entries(HEADERS).map(([path, headers]) => {
    const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
    return `${path}\n${lines.join("")}`;
  });
  return sections.join("\n");
}
