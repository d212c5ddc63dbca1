import {
  analyzeImages,
  analyzeVideo,
  drawFaces,
  EmotionAnalyzer,
  EmotionError,
  type FaceEmotion,
  rankExpressions,
  watch,
} from "countenance";
import { defineFaceExpression } from "countenance/element";
import { EmotionAnalyzer as Inline } from "countenance/inline";
import { EmotionPipeline } from "countenance/pipeline";
import { fakeAnalyzer, fakeFace } from "countenance/testing";

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

export async function eightForSure(file: File, video: HTMLVideoElement): Promise<number[]> {
  const analyzer = await EmotionAnalyzer.create({ expressions: 8 });
  const [face] = await analyzer.analyzeImage(file);
  const angry: number[] = face ? [face.eight.probabilities.angry] : [];
  for await (const { faces, frame } of watch("camera", { expressions: 8, video })) {
    angry.push(...faces.map(({ eight }) => eight.probabilities.angry * frame.width));
  }
  const four = await EmotionAnalyzer.create({ expressions: Math.random() > 0.5 ? 8 : 4 });
  // @ts-expect-error: who knows
  (await four.analyzeImage(file))[0]?.eight.emotion;
  for await (const { faces } of watch(video, { analyzer: four })) {
    const emotion: string = faces[0]?.emotion ?? "nobody";
    // @ts-expect-error: an answer has no such thing
    faces[0]?.mood;
    if (emotion === "happy") break;
  }
  await watch("camera", { analyzer, fps: 10 }, ({ events }) => events.map(({ type }) => type));
  // @ts-expect-error: a selector is not a source
  watch("video");
  return angry;
}

export async function theRest(canvas: HTMLCanvasElement, files: FileList): Promise<string[]> {
  const { rows, summary, events } = await analyzeVideo("talk.mp4", { fps: 2 });
  const seconds: number = rows[0]?.seconds ?? summary.duration;
  const names = events.map((event) => (event.type === "expressionStart" ? event.emotion : event.type));
  for await (const { source, faces, error } of analyzeImages(files, { concurrency: 2 })) {
    if (error) names.push(error.code);
    else names.push(`${source.name} ${rankExpressions(faces[0]!)[0]?.emotion} ${seconds}`);
  }
  drawFaces(canvas, [fakeFace({ emotion: "sad" })], { fit: "cover", mirror: true, colors: { sad: "blue" } });
  // @ts-expect-error: CSS has no such value
  drawFaces(canvas, [], { fit: "stretch" });
  const analyzer = fakeAnalyzer([[{ emotion: "happy" }], new EmotionError("camera-lost", "gone"), null]);
  for await (const { faces } of watch(canvas, { analyzer })) names.push(...faces.map(({ emotion }) => emotion));
  defineFaceExpression();
  return names;
}
