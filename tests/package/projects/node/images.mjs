import { readFile } from "node:fs/promises";
import { analyzeImages } from "countenance/node";

const bytes = await readFile("public/astronaut.png");
const sources = [
  "public/astronaut.png",
  "public/nowhere.png",
  new URL("public/astronaut.png", import.meta.url),
  bytes,
  new Uint8Array(900),
  { data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 },
  "https://example.test/face.png",
  new URL("public/astronaut.png", import.meta.url).href,
];
const answers = [];
for await (const { index, source, faces, error } of analyzeImages(sources, { concurrency: 2 })) {
  if (source !== sources[index]) throw new Error(`${index} has another source`);
  answers.push([index, error?.code ?? faces.map(({ emotion }) => emotion).join()]);
}
let refused = "";
try {
  for await (const _ of analyzeImages(sources, { minConfidence: 2 }));
} catch ({ code }) {
  refused = code;
}
console.log(JSON.stringify({ answers, refused }));
