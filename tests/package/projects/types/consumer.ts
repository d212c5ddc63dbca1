import { EmotionAnalyzer, EmotionError, type FaceEmotion } from "countenance";
import { EmotionAnalyzer as Inline } from "countenance/inline";
import { EmotionPipeline } from "countenance/pipeline";

const integrity = "sha384-AAAA";

export async function analyze(file: File, video: HTMLVideoElement, signal: AbortSignal): Promise<FaceEmotion[]> {
  using analyzer = await EmotionAnalyzer.create({ signal, integrity, minConfidence: 0.7, expressions: 8 });
  const live = await analyzer.analyzeFrame(video, { timestampMs: performance.now() });
  const { isTooDark, recording } = analyzer;
  if (recording?.state === "complete" && !isTooDark) await analyzer.configure({ calibration: recording.calibration });
  // @ts-expect-error: a recording under way has taught nothing yet
  if (recording?.state === "underway") await analyzer.configure({ calibration: recording.calibration });
  for (const emotion of analyzer.model.emotion.recordingOrder) await analyzer.recordCalibration(emotion);
  const happy: number | undefined = live?.[0]?.probabilities.happy;
  const [face] = await analyzer.analyzeImage(new Uint8Array([happy ?? 0]), { signal });
  // @ts-expect-error: a face has no such expression
  face?.probabilities.bored;
  // @ts-expect-error: there is no such option
  await Inline.create({ confidence: 1 });
  return analyzer.analyzeImage(file);
}

export async function inThisThread(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  using pipeline = await EmotionPipeline.create({ module: bytes, integrity });
  try {
    return pipeline.analyzeImage({ data: bytes, width: 1, height: 1 })[0]?.emotion ?? "nobody";
  } catch (error) {
    if (error instanceof EmotionError && error.code === "invalid-frame") return error.message;
    // @ts-expect-error: there is no such code
    if (error instanceof EmotionError && error.code === "invalid") return error.message;
    throw error;
  }
}

export async function whatHoldsNoBytes(path: string, blob: Blob, bytes: Promise<Uint8Array>): Promise<void> {
  const pipeline = await EmotionPipeline.create();
  // @ts-expect-error: a path is no picture
  pipeline.analyzeImage(path);
  // @ts-expect-error: nor is a URL
  pipeline.analyzeImage(new URL("file:///face.jpg"));
  // @ts-expect-error: a blob's bytes come later
  pipeline.analyzeImage(blob);
  // @ts-expect-error: and so do a promise's
  pipeline.analyzeImage(bytes);
  // @ts-expect-error: there is nothing in it
  pipeline.analyzeImage({});
  // @ts-expect-error: `create` makes them
  new EmotionPipeline({}, []);
  // @ts-expect-error: both of them
  new EmotionAnalyzer({}, {});
  pipeline.analyzeImage(new DataView(await blob.arrayBuffer()));
}
