import { EmotionPipeline } from "../../../www/lib/pipeline.js";

const MODULE = "/www/pkg/countenance_bg.wasm";

/** The pipeline with its default options, in the page's own thread, as the others run. */
export async function start() {
  const module = await WebAssembly.compileStreaming(fetch(MODULE));
  const pipeline = await EmotionPipeline.create({ module });
  const pixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return {
    analyze: (canvas) => pipeline.analyzeImage(pixels(canvas)).map(plain),
    follow: (canvas, { milliseconds }) =>
      pipeline.analyzeFrame(pixels(canvas), { timestampMs: milliseconds }).map(plain),
    forget: () => pipeline.reset(),
  };
}

const plain = ({ box, emotion }) => ({ box, emotion });
