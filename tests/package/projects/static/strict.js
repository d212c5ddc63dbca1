import { EmotionAnalyzer } from "./node_modules/countenance/www/lib/index.js";

const analyzer = await EmotionAnalyzer.create();
const picture = await (await fetch("public/astronaut.png")).blob();
document.body.dataset.faces = JSON.stringify(await analyzer.analyzeImage(picture));
analyzer.close();
