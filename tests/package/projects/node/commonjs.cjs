const { readFileSync } = require("node:fs");

import("countenance/pipeline").then(async ({ EmotionPipeline }) => {
  const pipeline = await EmotionPipeline.create();
  console.log(JSON.stringify(pipeline.analyzeImage(readFileSync("public/astronaut.png"))));
  pipeline.close();
});
