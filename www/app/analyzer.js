/**
 * The page's one analyzer, in a worker that the page's Content-Security-Policy binds.
 *
 * @module
 */

import { EmotionAnalyzer } from "../lib/analyzer.js";
import { trustedScriptUrl } from "./trusted-url.js";
import { workerScript, workerType } from "./worker-source.js";

/** @typedef {import('../lib/index.js').AnalyzerOptions} AnalyzerOptions */

/** A worker from a file is not bound by a policy in a `<meta>` element; one from a `blob:` URL inherits it. */
function makeBoundWorker() {
  const url = URL.createObjectURL(workerScript());
  const worker = new Worker(trustedScriptUrl(url), { type: workerType });
  worker.addEventListener("message", () => URL.revokeObjectURL(url), { once: true }); // its script has run by then
  return worker;
}

/**
 * A function that gives the analyzer: its first call starts it, and so does the first one after a failure.
 *
 * @param {Pick<AnalyzerOptions, 'onProgress' | 'onCrash'>} listeners
 * @param {() => import('../lib/index.js').PipelineOptions} options gives the pipeline's options when it starts
 * @param {(analyzer: EmotionAnalyzer) => Promise<void>} prepare called with it before anyone else gets it
 * @returns {() => Promise<EmotionAnalyzer>}
 */
export function sharedAnalyzer(listeners, options, prepare) {
  /** @type {Promise<EmotionAnalyzer> | undefined} */
  let analyzer;
  return () => {
    analyzer ??= start({ worker: makeBoundWorker, ...listeners, ...options() }, prepare).catch((error) => {
      analyzer = undefined;
      throw error;
    });
    return analyzer;
  };
}

/**
 * @param {AnalyzerOptions & import('../lib/index.js').PipelineOptions} setup
 * @param {(analyzer: EmotionAnalyzer) => Promise<void>} prepare
 */
async function start(setup, prepare) {
  const analyzer = await EmotionAnalyzer.create(setup);
  await prepare(analyzer);
  return analyzer;
}
