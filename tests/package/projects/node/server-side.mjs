// What a framework does on its server: it imports the analyzer, and makes none.
import { EmotionAnalyzer } from "countenance";

const error = await EmotionAnalyzer.create().catch((reason) => reason);
console.log(JSON.stringify([error.name, error.code]));
