// A project of Node's: no `dom` among its libs, no types of Node's own, and every declaration checked.
import { analyzeImages } from "countenance/node";
import { EmotionError, EmotionPipeline } from "countenance/pipeline";
import { fakeFace } from "countenance/testing";

export async function read(paths: string[], bytes: Uint8Array): Promise<string[]> {
  const found: string[] = [];
  for await (const { index, faces, error } of analyzeImages(paths)) {
    found.push(error ? `${index}: ${error.code}` : faces.map(({ emotion }) => emotion).join());
  }
  const pipeline = await EmotionPipeline.create({ expressions: 8 });
  const [face] = pipeline.analyzeImage(bytes);
  if (face) found.push(face.eight.emotion);
  // @ts-expect-error: a path is no picture here
  pipeline.analyzeImage("face.png");
  if (found.length === 0) throw new EmotionError("invalid-image", fakeFace().emotion);
  return found;
}
