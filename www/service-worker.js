/**
 * Stores the page's own files, so that it opens without a network after the first visit. With a network, the network's
 * answer is used, and stored.
 *
 * @module
 */

const CACHE = "countenance";

/** All of the page's files (a test compares this list with the folder). */
const FILES = [
  "./",
  "app/accuracy.js",
  "app/analyzer.js",
  "app/answer.js",
  "app/applied.js",
  "app/arrows.js",
  "app/batch.js",
  "app/bins.js",
  "app/calibration.js",
  "app/camera.js",
  "app/card.js",
  "app/clip.js",
  "app/columns.js",
  "app/comparison.js",
  "app/crop.js",
  "app/explanation.js",
  "app/export.js",
  "app/face-detail.js",
  "app/face-strip.js",
  "app/failures.js",
  "app/filters.js",
  "app/game.js",
  "app/html.js",
  "app/language.js",
  "app/live.js",
  "app/main.js",
  "app/moments.js",
  "app/offline.js",
  "app/overlay.js",
  "app/pace.js",
  "app/panels.js",
  "app/picture-input.js",
  "app/places.js",
  "app/privacy.js",
  "app/recording.js",
  "app/samples.js",
  "app/self-check.js",
  "app/settings.js",
  "app/share.js",
  "app/sheet.js",
  "app/stage.js",
  "app/status.js",
  "app/storage.js",
  "app/strings.ar.js",
  "app/strings.de.js",
  "app/strings.es.js",
  "app/strings.fr.js",
  "app/strings.hi.js",
  "app/strings.ja.js",
  "app/strings.js",
  "app/strings.pt.js",
  "app/strings.zh.js",
  "app/strip.js",
  "app/strips.js",
  "app/thumbnail.js",
  "app/timeline.js",
  "app/trusted-url.js",
  "app/view.js",
  "app/words.js",
  "app/worker-source.js",
  "app/zoom.js",
  "apple-touch-icon.png",
  "icon-192.png",
  "icon-512.png",
  "icon-maskable.png",
  "icon.svg",
  "lib/abortable.js",
  "lib/analyzer.js",
  "lib/blob-worker.js",
  "lib/connection.js",
  "lib/container.js",
  "lib/fetch-module.js",
  "lib/file.js",
  "lib/module-file.js",
  "lib/module.js",
  "lib/picture-file.js",
  "lib/pipeline.js",
  "lib/plain.js",
  "lib/protocol.js",
  "lib/video-file.js",
  "lib/worker-file.js",
  "lib/worker.js",
  "manifest.webmanifest",
  "pkg/countenance.js",
  "pkg/countenance_bg.wasm",
  "pkg/golden.json",
  "pkg/metrics.json",
  "pkg/third-party-licenses.txt",
  "samples/bach.webp",
  "samples/collins.webp",
  "samples/group.webp",
  "samples/handel.webp",
  "samples/hopper.webp",
  "style.css",
];

const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (globalThis));

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(scope.registration.scope)) return;
  event.respondWith(fromNetworkOrCache(request));
});

/** @param {Request} request */
async function fromNetworkOrCache(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}
