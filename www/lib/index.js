/**
 * Reads the expression each face in a picture displays, on the device.
 *
 * Importing this module touches neither the DOM nor the network, so it is safe on a server.
 *
 * @module
 */

export { EmotionAnalyzer } from "./analyzer.js";
export { drawFaces } from "./draw.js";
export { rankExpressions } from "./expressions.js";
export { fitBox, fitFrame, fitPoint } from "./geometry.js";
export { analyzeImages } from "./images.js";
export { EmotionError } from "./protocol.js";
export { analyzeVideo } from "./video.js";
export { watch } from "./watch.js";

/** @typedef {import('./analyzer.js').AnalyzerOptions} AnalyzerOptions */
/** @typedef {import('./analyzer.js').CallOptions} CallOptions */
/** @typedef {import('./analyzer.js').ImageSource} ImageSource */
/** @typedef {import('./analyzer.js').WorkerOptions} WorkerOptions */
/**
 * @template {import('../pkg/countenance.js').FaceEmotion} [F=import('../pkg/countenance.js').FaceEmotion]
 * @typedef {import('./analyzer.js').GlanceOptions<F>} GlanceOptions
 */
/** @typedef {import('./pipeline.js').LoadOptions} LoadOptions */
/** @typedef {import('./protocol.js').EmotionErrorCode} EmotionErrorCode */
/** @typedef {import('../pkg/countenance.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./protocol.js').FaceEmotion8} FaceEmotion8 */
/** @typedef {import('../pkg/countenance.js').FaceQuality} FaceQuality */
/** @typedef {import('../pkg/countenance.js').Reason} Reason */
/** @typedef {import('../pkg/countenance.js').FaceExplanation} FaceExplanation */
/** @typedef {import('../pkg/countenance.js').Emotion} Emotion */
/** @typedef {import('../pkg/countenance.js').Emotion8} Emotion8 */
/** @typedef {import('../pkg/countenance.js').OtherExpression} OtherExpression */
/** @typedef {import('../pkg/countenance.js').Probabilities} Probabilities */
/**
 * @template {string} [E=Emotion]
 * @typedef {import('../pkg/countenance.js').Explanation<E>} Explanation
 */
/** @typedef {import('../pkg/countenance.js').Expression} Expression */
/** @typedef {import('../pkg/countenance.js').Box} Box */
/** @typedef {import('../pkg/countenance.js').TurnedBox} TurnedBox */
/** @typedef {import('../pkg/countenance.js').ModelInfo} ModelInfo */
/** @typedef {import('./plain.js').Bytes} Bytes */
/** @typedef {import('../pkg/countenance.js').CalibrationFrame} CalibrationFrame */
/** @typedef {import('../pkg/countenance.js').PipelineOptions} PipelineOptions */
/** @typedef {import('../pkg/countenance.js').Recording} Recording */
/** @typedef {import('../pkg/countenance.js').Preview} Preview */
/** @typedef {import('./protocol.js').Progress} Progress */
/** @typedef {import('./draw.js').DrawOptions} DrawOptions */
/** @typedef {import('./draw.js').LookOptions} LookOptions */
/** @typedef {import('./events.js').ExpressionEvent} ExpressionEvent */
/** @typedef {import('./events.js').FaceEvent} FaceEvent */
/** @typedef {import('./events.js').FacePresenceEvent} FacePresenceEvent */
/** @typedef {import('./feed.js').FeedState} FeedState */
/** @typedef {import('./feed.js').FeedOptions} FeedOptions */
/** @typedef {import('./geometry.js').FitOptions} FitOptions */
/** @typedef {import('./geometry.js').FittedFrame} FittedFrame */
/** @typedef {import('./geometry.js').ObjectFit} ObjectFit */
/** @typedef {import('./geometry.js').Size} Size */
/** @typedef {import('./watch.js').FrameAnalyzer} FrameAnalyzer */
/**
 * @template {import('../pkg/countenance.js').FaceEmotion} [F=import('../pkg/countenance.js').FaceEmotion]
 * @typedef {import('./watch.js').LiveAnswer<F>} LiveAnswer
 */
/** @typedef {import('./watch.js').WatchOptions} WatchOptions */
/** @typedef {import('./watch.js').LoopOptions} LoopOptions */
/** @typedef {import('./watch.js').WatchSource} WatchSource */
/** @typedef {import('./expressions.js').RankedExpression} RankedExpression */
/** @typedef {import('./video.js').FaceSummary} FaceSummary */
/** @typedef {import('./video.js').VideoAnswer} VideoAnswer */
/** @typedef {import('./video.js').VideoOptions} VideoOptions */
/** @typedef {import('./video.js').SamplingOptions} SamplingOptions */
/** @typedef {import('./video.js').VideoProgress} VideoProgress */
/** @typedef {import('./video.js').VideoRow} VideoRow */
/** @typedef {import('./video.js').VideoSummary} VideoSummary */
/** @typedef {import('./images.js').ImagesOptions} ImagesOptions */
/** @typedef {import('./images.js').PoolOptions} PoolOptions */
/**
 * @template S
 * @typedef {import('./pool.js').ImageAnswer<S>} ImageAnswer
 */
