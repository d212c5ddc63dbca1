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
/** @typedef {import('./pipeline.js').LoadOptions} LoadOptions */
/** @typedef {import('./protocol.js').EmotionErrorCode} EmotionErrorCode */
/** @typedef {import('./protocol.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./protocol.js').FaceEmotion8} FaceEmotion8 */
/** @typedef {import('../pkg/countenance.js').FaceQuality} FaceQuality */
/** @typedef {import('../pkg/countenance.js').Reason} Reason */
/** @typedef {import('./protocol.js').FaceExplanation} FaceExplanation */
/** @typedef {import('../pkg/countenance.js').Emotion} Emotion */
/** @typedef {import('../pkg/countenance.js').Emotion8} Emotion8 */
/** @typedef {import('../pkg/countenance.js').OtherExpression} OtherExpression */
/** @typedef {import('../pkg/countenance.js').Probabilities} Probabilities */
/**
 * @template {string} [E=Emotion]
 * @typedef {import('../pkg/countenance.js').Explanation<E>} Explanation
 */
/** @typedef {import('./protocol.js').Expression} Expression */
/** @typedef {import('./protocol.js').Box} Box */
/** @typedef {import('./protocol.js').TurnedBox} TurnedBox */
/** @typedef {import('./protocol.js').ModelInfo} ModelInfo */
/** @typedef {import('./plain.js').Bytes} Bytes */
/** @typedef {import('./protocol.js').CalibrationFrame} CalibrationFrame */
/** @typedef {import('./protocol.js').PipelineOptions} PipelineOptions */
/** @typedef {import('./protocol.js').Recording} Recording */
/** @typedef {import('./protocol.js').Preview} Preview */
/** @typedef {import('./protocol.js').Progress} Progress */
/** @typedef {import('./draw.js').DrawOptions} DrawOptions */
/** @typedef {import('./events.js').ExpressionEvent} ExpressionEvent */
/** @typedef {import('./events.js').FaceEvent} FaceEvent */
/** @typedef {import('./events.js').FacePresenceEvent} FacePresenceEvent */
/** @typedef {import('./feed.js').FeedState} FeedState */
/** @typedef {import('./geometry.js').FitOptions} FitOptions */
/** @typedef {import('./geometry.js').FittedFrame} FittedFrame */
/** @typedef {import('./geometry.js').ObjectFit} ObjectFit */
/** @typedef {import('./geometry.js').Size} Size */
/** @typedef {import('./watch.js').FrameAnalyzer} FrameAnalyzer */
/**
 * @template {import('./protocol.js').FaceEmotion} [F=import('./protocol.js').FaceEmotion]
 * @typedef {import('./watch.js').LiveAnswer<F>} LiveAnswer
 */
/** @typedef {import('./watch.js').WatchOptions} WatchOptions */
/** @typedef {import('./watch.js').WatchSource} WatchSource */
/** @typedef {import('./expressions.js').RankedExpression} RankedExpression */
/** @typedef {import('./video.js').FaceSummary} FaceSummary */
/** @typedef {import('./video.js').VideoAnswer} VideoAnswer */
/** @typedef {import('./video.js').VideoOptions} VideoOptions */
/** @typedef {import('./video.js').VideoProgress} VideoProgress */
/** @typedef {import('./video.js').VideoRow} VideoRow */
/** @typedef {import('./video.js').VideoSummary} VideoSummary */
/** @typedef {import('./images.js').ImagesOptions} ImagesOptions */
/**
 * @template S
 * @typedef {import('./pool.js').ImageAnswer<S>} ImageAnswer
 */
