const FILES = "/benches/peers/node_modules/@mediapipe/face_detection";

/**
 * Its face detector: it knows no expressions.
 * @param {{ model: "short" | "full" }} options
 */
export async function start({ model }) {
  await loadScript(`${FILES}/face_detection.js`);
  const detector = new globalThis.FaceDetection({ locateFile: (file) => `${FILES}/${file}` });
  detector.setOptions({ model });
  let found;
  detector.onResults(({ detections }) => {
    found = detections;
  });
  await detector.initialize();
  const analyze = async (canvas) => {
    await detector.send({ image: canvas });
    return found.map(({ boundingBox: { xCenter, yCenter, width, height } }) => ({
      box: {
        x: (xCenter - width / 2) * canvas.width,
        y: (yCenter - height / 2) * canvas.height,
        width: width * canvas.width,
        height: height * canvas.height,
      },
    }));
  };
  return { analyze, follow: analyze, forget: () => {} };
}

/** It is a classic script. */
function loadScript(src) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src, onload: resolve });
    script.onerror = () => reject(new Error(`${src} could not be loaded`));
    document.head.append(script);
  });
}
