// What a framework does on its server: it imports the analyzer, and makes none.
import { EmotionAnalyzer } from "countenance";
import { EmotionAnalyzer as Inline } from "countenance/inline";

const errors = [];
for (const Analyzer of [EmotionAnalyzer, Inline]) errors.push(await Analyzer.create().catch((reason) => reason));
console.log(JSON.stringify(errors.map(({ name, code, message }) => ({ name, code, message }))));
