import { EmotionAnalyzer, EmotionPipeline } from "countenance/inline";

const input = document.querySelector("input");
input.addEventListener("change", async () => {
  const [file] = input.files;
  const analyzer = await EmotionAnalyzer.create();
  const pipeline = await EmotionPipeline.create();
  document.body.dataset.pipeline = JSON.stringify(pipeline.analyzeImage(await file.arrayBuffer()));
  document.body.dataset.faces = JSON.stringify(await analyzer.analyzeImage(file));
  analyzer.close();
  pipeline.close();
});
