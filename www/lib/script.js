/**
 * The whole library for a `<script>` element, as the global `countenance`: `scripts/build-package.mjs` makes
 * `dist/countenance.iife.js` of this.
 *
 * @module
 */

export { defineFaceExpression, FaceExpressionElement } from "./element.js";
export * from "./index.js";
export { EmotionPipeline } from "./pipeline.js";
