import Human from "@vladmandic/human";

const PACKAGES = "/benches/peers/node_modules";
/** It reports its boxes enlarged. So much of them, around the centre, fits the faces best. */
const FITTING = 1 / 1.2;

/** Its face detector and its expressions. The rest of what it does (mesh, iris, age, hands, bodies, image filters) is off. */
export async function start() {
  const human = new Human({
    backend: "wasm",
    modelBasePath: `${PACKAGES}/@vladmandic/human/models/`,
    wasmPath: `${PACKAGES}/@tensorflow/tfjs-backend-wasm/dist/`,
    filter: { enabled: false },
    face: {
      emotion: { enabled: true },
      ...Object.fromEntries(["mesh", "iris", "description"].map((part) => [part, { enabled: false }])),
    },
    ...Object.fromEntries(["body", "hand", "gesture", "object"].map((part) => [part, { enabled: false }])),
  });
  await human.load();
  /** By default it looks for one face. */
  const atMost = (maxDetected) => ({ face: { detector: { maxDetected } } });
  const faces = ({ face }) =>
    face.map(({ box: [x, y, width, height], emotion }) => ({
      box: {
        x: x + ((1 - FITTING) / 2) * width,
        y: y + ((1 - FITTING) / 2) * height,
        width: FITTING * width,
        height: FITTING * height,
      },
      emotion: emotion?.[0]?.emotion,
    }));
  return {
    // A picture is not the next frame of a video, so its answers are not to be taken from the one before.
    analyze: async (canvas) => faces(await human.detect(canvas, { ...atMost(100), cacheSensitivity: 0 })),
    follow: async (canvas, { expected }) =>
      faces(await human.detect(canvas, { ...atMost(expected), cacheSensitivity: 0.7 })),
    forget: () => {},
  };
}
