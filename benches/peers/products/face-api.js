import * as faceapi from "@vladmandic/face-api";

const PACKAGES = "/benches/peers/node_modules";
const NETWORKS = {
  tiny: ["tinyFaceDetector", faceapi.TinyFaceDetectorOptions],
  ssd: ["ssdMobilenetv1", faceapi.SsdMobilenetv1Options],
};

/**
 * One of its detectors, and its expressions.
 * @param {{ network: "tiny" | "ssd", detector?: object }} options `detector` are the detector's own
 */
export async function start({ network, detector = {} }) {
  faceapi.tf.setWasmPaths(`${PACKAGES}/@tensorflow/tfjs-backend-wasm/dist/`);
  await faceapi.tf.setBackend("wasm");
  await faceapi.tf.ready();
  const [name, Options] = NETWORKS[network];
  for (const net of [name, "faceExpressionNet"])
    await faceapi.nets[net].loadFromUri(`${PACKAGES}/@vladmandic/face-api/model`);
  const options = new Options(detector);
  const analyze = async (canvas) => {
    const faces = await faceapi.detectAllFaces(canvas, options).withFaceExpressions();
    return faces.map(({ detection: { box }, expressions }) => {
      const [{ expression }] = expressions.asSortedArray();
      return { box: { x: box.x, y: box.y, width: box.width, height: box.height }, emotion: expression };
    });
  };
  return { analyze, follow: analyze, forget: () => {} };
}
