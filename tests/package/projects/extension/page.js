import { EmotionAnalyzer } from "./node_modules/countenance/www/lib/index.js";

const PICTURE = "public/astronaut.png";

document.body.dataset.background = JSON.stringify(await chrome.runtime.sendMessage(PICTURE));

const analyzer = await EmotionAnalyzer.create();
const picture = await (await fetch(PICTURE)).blob();
document.body.dataset.faces = JSON.stringify(await analyzer.analyzeImage(picture));
analyzer.close();
