import { EmotionPipeline } from "countenance/pipeline";

let loading;

export async function POST(request) {
  loading ??= EmotionPipeline.create();
  const pipeline = await loading;
  return Response.json(pipeline.analyzeImage(await request.arrayBuffer()));
}
