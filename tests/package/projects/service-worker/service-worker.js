import wasm from "countenance/countenance_bg.wasm";
import { EmotionPipeline } from "countenance/pipeline";

let pipeline;

addEventListener("message", (event) => event.waitUntil(answer(event)));

async function answer({ data, ports: [port] }) {
  pipeline ??= create();
  port.postMessage((await pipeline).analyzeImage(await createImageBitmap(data)));
}

async function create() {
  return EmotionPipeline.create({ module: await WebAssembly.compileStreaming(fetch(wasm)) });
}
