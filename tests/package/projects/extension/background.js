import { EmotionPipeline } from "./node_modules/countenance/www/lib/pipeline.js";

let loading;

chrome.runtime.onMessage.addListener((path, _, respond) => {
  read(path).then(respond);
  return true; // the answer comes later
});

async function read(path) {
  loading ??= EmotionPipeline.create();
  const picture = await createImageBitmap(await (await fetch(path)).blob());
  return (await loading).analyzeImage(picture);
}
