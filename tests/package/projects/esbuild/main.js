import { EmotionAnalyzer } from "countenance";
import wasm from "countenance/countenance_bg.wasm";

const analyzer = await EmotionAnalyzer.create({
  worker: () => new Worker("worker.js", { type: "module" }),
  module: await WebAssembly.compileStreaming(fetch(wasm)),
});
const picture = await (await fetch("/astronaut.png")).blob();
document.body.dataset.faces = JSON.stringify(await analyzer.analyzeImage(picture));
analyzer.close();
