import { readFile } from "node:fs/promises";
import { EmotionPipeline } from "countenance/pipeline";

const pipeline = await EmotionPipeline.create();
console.log(JSON.stringify(pipeline.analyzeImage(await readFile("public/astronaut.png"))));
pipeline.close();
