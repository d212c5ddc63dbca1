// What is compared, and what each was asked to do.

/**
 * @typedef {object} Product
 * @property {string} name
 * @property {string} [package] the npm package; countenance is this repository
 * @property {string} bundle the file of products/ that starts it
 * @property {object} [options] given to `start`
 * @property {string} asked what it was asked to do, for the page
 * @property {true} [graphics] computes on the graphics card, which the machine measured on may not have
 * @property {true} [smallFacesOnly] measured on the small faces alone: an option for them, and not the default
 */

/** @type {Record<string, Product>} */
export const products = {
  countenance: {
    name: "countenance",
    bundle: "countenance",
    asked: "`EmotionPipeline` with its default options",
  },
  human: {
    name: "human",
    package: "@vladmandic/human",
    bundle: "human",
    asked:
      "its face detector and its expressions, all else off; `maxDetected` is 100 for pictures (by default it looks for " +
      "one face) and the number of faces for frames; its cache is off for pictures and as by default for frames, where " +
      "it repeats an expression for up to 1.5 seconds. Its boxes are reduced to the size that fits the faces best. It " +
      "has no option for small faces",
  },
  "face-api-tiny": {
    name: "face-api, tiny",
    package: "@vladmandic/face-api",
    bundle: "face-api",
    options: { network: "tiny" },
    asked: "`detectAllFaces` with `TinyFaceDetectorOptions`, then `withFaceExpressions`",
  },
  "face-api-tiny-1600": {
    name: "face-api, tiny at 1600",
    package: "@vladmandic/face-api",
    bundle: "face-api",
    options: { network: "tiny", detector: { inputSize: 1600 } },
    asked: "the same with `inputSize: 1600` instead of 416, for small faces",
    smallFacesOnly: true,
  },
  "face-api-ssd": {
    name: "face-api, SSD",
    package: "@vladmandic/face-api",
    bundle: "face-api",
    options: { network: "ssd" },
    asked: "the same with `SsdMobilenetv1Options`; it has no option for small faces",
  },
  mediapipe: {
    name: "MediaPipe, short range",
    package: "@mediapipe/face_detection",
    bundle: "mediapipe",
    options: { model: "short" },
    graphics: true,
    asked: '`FaceDetection` with `model: "short"`. It finds faces only: it has no expressions',
  },
  "mediapipe-full": {
    name: "MediaPipe, full range",
    package: "@mediapipe/face_detection",
    bundle: "mediapipe",
    options: { model: "full" },
    graphics: true,
    asked: 'the same with `model: "full"`, which is meant for smaller faces',
  },
};
