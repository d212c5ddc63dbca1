/**
 * The page: brings pictures, videos and the camera to the analyzer, and its answers to the view.
 *
 * @module
 */

import { AccuracyPanel } from "./accuracy.js";
import { sharedAnalyzer } from "./analyzer.js";
import { Applied } from "./applied.js";
import { Batch } from "./batch.js";
import { Calibration } from "./calibration.js";
import { describeColumns } from "./columns.js";
import { downloadResults } from "./export.js";
import { PageFailure } from "./failures.js";
import { find } from "./html.js";
import { isCrash, LiveView } from "./live.js";
import { keepForOffline } from "./offline.js";
import { isVideo, listenForPictures } from "./picture-input.js";
import { PrivacyPanel } from "./privacy.js";
import { SelfCheck } from "./self-check.js";
import { optionsOf, Settings } from "./settings.js";
import { Timeline } from "./timeline.js";
import { readVideo } from "./video-file.js";
import { View } from "./view.js";
import { offerLanguages, sayDuration, sayList, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

const view = new View(async (source, { box }) => (await analyzer()).explainFace(source, box));
const { status } = view;
const applied = new Applied();
const analyzer = sharedAnalyzer(
  {
    onProgress: (progress) => status.showProgress(progress),
    onCrash: () => status.show("busy", "status.restarting"),
  },
  () => {
    const chosen = settings.applied;
    applied.accept(chosen);
    return optionsOf(chosen);
  },
  (loaded) => calibration.start(loaded),
);
const settings = new Settings(onSettings);
const calibration = new Calibration(analyzer, (text) => applied.accept({ calibration: text }));
const timeline = new Timeline(
  () => applied.settings,
  async (format, results, sessions) =>
    downloadResults(format, "countenance-timeline", await modelIds(), results, { sessions }),
);
new LiveView(
  view,
  analyzer,
  timeline,
  beginLive,
  (found) => applied.within(found),
  (faces, now) => calibration.add(faces, now),
);
const privacy = new PrivacyPanel();
new SelfCheck(analyzer);
new AccuracyPanel(analyzer);
const batch = new Batch(applied, showReading, beginTask, async (format, results) =>
  downloadResults(format, "countenance-pictures", await modelIds(), results),
);
for (const details of document.querySelectorAll("details.columns")) describeColumns(details);
offerLanguages(find(".language"), () => {
  view.refresh();
  timeline.refresh();
  batch.refresh();
});

/** What goes on: each picture, each video and each start of the camera takes over from what was before. */
let task = new AbortController();
/** @type {File | undefined} */
let shownFile;

/** @type {import('./batch.js').Reading | undefined} */
let shownReading;

listenForPictures((intake) => {
  const { picked, leftOut, isFolder } = intake;
  if (picked.length === 0) view.fail(nothingPicked(leftOut));
  else if (picked.length > 1 || isFolder) readPictures(intake);
  else if (isVideo(picked[0].file)) watchVideo(picked[0].file);
  else readPicture(picked[0].file);
});
find("[data-testid=video-cancel]").addEventListener("click", () => {
  beginTask();
  view.set("empty");
  status.show("ready", "status.cancelled");
});
loadModel().then(keepForOffline);

/** Loads the model ahead of the first picture. */
async function loadModel() {
  const { signal } = task;
  status.show("busy", "status.loading");
  try {
    const loaded = await analyzer();
    privacy.start(loaded);
    settings.start(loaded);
    const { emotion, detector } = loaded.model;
    write(find(".models"), "models.text", () => ({ emotion: emotion.id, detector: detector.id }));
    if (!signal.aborted && status.isBusy) status.show("ready", "status.ready");
  } catch (error) {
    if (!signal.aborted) view.fail(error);
  } finally {
    if (!signal.aborted) status.hideProgress();
  }
}

/** What an exported result was made by. */
async function modelIds() {
  const { emotion, detector } = (await analyzer()).model;
  return { model: emotion.id, model_sha256: emotion.sha256, detector: detector.id };
}

/** Other settings may change what the picture at hand shows. */
async function onSettings() {
  const chosen = settings.applied;
  await (await analyzer()).configure(optionsOf(chosen));
  applied.accept(chosen);
  if (view.name === "picture" && shownFile) readPicture(shownFile);
}

/** @param {string[]} leftOut */
function nothingPicked(leftOut) {
  return leftOut.length > 0 ? new PageFailure("no-pictures", sayList(leftOut)) : new PageFailure("no-file");
}

/** Ends what goes on, and gives the signal that will end what begins now. */
function beginTask() {
  task.abort();
  task = new AbortController();
  status.hideProgress();
  calibration.cancel();
  shownReading = undefined;
  return task.signal;
}

function beginLive() {
  batch.hide();
  return beginTask();
}

/** @param {File} file */
async function readPicture(file) {
  const signal = beginTask();
  batch.hide();
  timeline.leaveVideo();
  shownFile = file;
  view.set("picture");
  status.show("busy", "status.reading");
  const preview = view.stage.showStill(file).catch(() => {}); // its failure is the analyzer's to explain
  try {
    await analyzer();
    const started = performance.now();
    const found = await analyzePicture(file, signal);
    const ms = performance.now() - started;
    await preview;
    if (signal.aborted) return;
    const faces = applied.within(found);
    view.showResult(faces, found.length > faces.length);
    status.showTiming("timing.picture", () => ({ ms }));
  } catch (error) {
    await preview;
    if (signal.aborted) return;
    view.set("empty");
    view.fail(error, file);
  }
}

/** @param {import('./picture-input.js').Intake} intake */
async function readPictures(intake) {
  const signal = beginTask();
  timeline.leaveVideo();
  view.set("picture");
  status.show("busy", "status.reading");
  await batch.run(intake, (file) => analyzePicture(file, signal), signal);
}

/**
 * Reads a video from its start to its end, then lets it be played with what was read.
 *
 * @param {File} file
 */
async function watchVideo(file) {
  const signal = beginTask();
  const { video } = view.stage;
  batch.hide();
  view.set("video");
  status.show("busy", "status.video");
  try {
    const loaded = await analyzer();
    await loaded.reset();
    const session = timeline.begin(file.name);
    view.stage.showLive(); // browsers decode best what they show
    const { duration, brokenAt } = await readVideo(
      video,
      file,
      async (picture, seconds, duration) => {
        const timeMs = seconds * 1000;
        const found = await retrying(() => loaded.analyzeFrame(picture, { timestampMs: timeMs, signal }));
        const faces = applied.within(found ?? []);
        view.showFaces(faces, "faces.none-frame");
        timeline.add({ timeMs, faces });
        status.showProgress({ loaded: seconds, total: duration });
      },
      signal,
    );
    session.brokenAt = brokenAt;
    timeline.refresh();
    const fill = () => ({
      frames: session.frames,
      count: session.shares.size,
      time: sayDuration(brokenAt ?? duration),
      duration: sayDuration(duration),
    });
    const hint = brokenAt === undefined ? "" : "status.video-broken-hint";
    status.show("result", "status.video-read", fill, hint);
    video.controls = true;
    const showFaces = () => view.showFaces(session.facesAt(video.currentTime * 1000), "faces.none-frame");
    for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, showFaces, { signal });
  } catch (error) {
    if (signal.aborted) return;
    timeline.leaveVideo();
    view.set("empty");
    view.fail(error, file);
  } finally {
    if (!signal.aborted) status.hideProgress();
  }
}

/**
 * Shows one picture of many, read before.
 *
 * @param {import('./batch.js').Reading} reading
 */
async function showReading(reading) {
  const { picked, faces, hasMore, failure } = reading;
  shownFile = undefined; // another threshold would take the whole batch to read anew
  shownReading = reading;
  view.set("picture");
  status.show("busy", "status.reading");
  await view.stage.showStill(picked.file).catch(() => {});
  if (shownReading !== reading) return; // another was asked for since
  if (failure) status.fail(failure);
  else view.showResult(faces, hasMore);
}

/**
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function analyzePicture(file, signal) {
  const loaded = await analyzer();
  return retrying(() => loaded.analyzeImage(file, { signal }));
}

/**
 * Runs the work once more if the worker died under it.
 *
 * @template T
 * @param {() => Promise<T>} work
 */
async function retrying(work) {
  try {
    return await work();
  } catch (error) {
    if (!isCrash(error)) throw error;
    return work();
  }
}
