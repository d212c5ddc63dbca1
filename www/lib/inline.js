/**
 * The analyzer and the pipeline with worker and wasm module inside: for pages whose policy forbids fetching, and for
 * apps in a single file. Nothing is loaded from anywhere. `scripts/build-package.mjs` makes `dist/inline.js` of this.
 *
 * The policy needs `script-src 'wasm-unsafe-eval'` and `worker-src blob:`, and `trusted-types countenance` where it has
 * `require-trusted-types-for 'script'`.
 *
 * @module
 */

export * from "./index.js";
export { EmotionPipeline } from "./pipeline.js";
