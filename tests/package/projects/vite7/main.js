import { EmotionAnalyzer } from "countenance";

const analyzer = await EmotionAnalyzer.create();
const picture = await (await fetch("/astronaut.png")).blob();
document.body.dataset.faces = JSON.stringify(await analyzer.analyzeImage(picture));
analyzer.close();
