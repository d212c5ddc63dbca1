/**
 * The page: passes pictures, videos and the camera's frames to the analyzer, and its answers to the view.
 *
 * @module
 */

import { readVideo } from "../lib/video-file.js";
import { AccuracyPanel } from "./accuracy.js";
import { sharedAnalyzer } from "./analyzer.js";
import { answerOf } from "./answer.js";
import { Applied } from "./applied.js";
import { Batch } from "./batch.js";
import { Calibration } from "./calibration.js";
import { describeColumns } from "./columns.js";
import { downloadResults } from "./export.js";
import { PageFailure } from "./failures.js";
import { find } from "./html.js";
import { isCrash, LiveView } from "./live.js";
import { keepForOffline, offerInstallation } from "./offline.js";
import { offerPanel } from "./panels.js";
import { isVideo, listenForPictures } from "./picture-input.js";
import { numbered } from "./places.js";
import { PrivacyPanel } from "./privacy.js";
import { offerSamples, samplesArrived } from "./samples.js";
import { SelfCheck } from "./self-check.js";
import { optionsOf, Settings } from "./settings.js";
import { offerCard } from "./share.js";
import { drawStill, loadImage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { View } from "./view.js";
import { offerLanguages, sayDuration, sayList, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

const view = new View(async (source, { box, roll }) => (await analyzer()).explainFace(source, { ...box, roll }));
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
  (seconds) => {
    // While it is read, its place is the reader's.
    if (view.stage.video.controls) view.stage.video.currentTime = seconds;
  },
);
const live = new LiveView(view, analyzer, timeline, {
  beginTask,
  onShow: () => batch.hide(),
  within: (found) => applied.within(found),
  onAnswer: ({ recording }) => calibration.show(recording),
  onHalt: () => calibration.cancel(),
});
const privacy = new PrivacyPanel();
offerPanel("about");
new SelfCheck(analyzer);
new AccuracyPanel(analyzer);
const batch = new Batch(applied, {
  onShow: showReading,
  onCancel() {
    beginTask();
    if (status.isBusy) status.show("ready", "status.cancelled");
  },
  onResume: readOn,
  onExport: async (format, results) => downloadResults(format, "countenance-pictures", await modelIds(), results),
});
for (const details of document.querySelectorAll("details.columns")) describeColumns(details);
offerLanguages(find(".language"), () => {
  view.refresh();
  timeline.refresh();
  batch.refresh();
  live.refresh();
});

/** The current task: each picture, each video and each start of the camera ends the one before. */
let task = new AbortController();

/** @type {import('./batch.js').Reading | undefined} */
let shownReading;

listenForPictures((intake) => {
  const { picked, leftOut, isFolder } = intake;
  if (picked.length === 0) view.fail(nothingPicked(leftOut));
  else if (picked.length > 1 || isFolder) readPictures(intake);
  else if (isVideo(picked[0].file)) watchVideo(picked[0].file);
  else readPicture(picked[0].file);
});
offerCard(
  () => view.stage.look(),
  () => view.chosen,
);
offerSamples(readPicture, async (file) => {
  const faces = await analyzePicture(file, new AbortController().signal).catch(() => []);
  return faces.length > 0 ? answerOf(faces[0]).emotion : undefined;
});
find("[data-testid=video-cancel]").addEventListener("click", () => {
  beginTask();
  view.set("empty");
  status.show("ready", "status.cancelled");
});
find("[data-action=turn]").addEventListener("click", () => {
  view.turn();
  readStage();
});
offerInstallation();
loadModel().then(keepForOffline);

/** Loads the model ahead of the first picture. */
async function loadModel() {
  const { signal } = task;
  status.show("busy", "status.loading");
  try {
    const [loaded] = await Promise.all([analyzer(), samplesArrived()]);
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

/** The models that made the results, for an export. */
async function modelIds() {
  const { emotion, detector } = (await analyzer()).model;
  return { model: emotion.id, model_sha256: emotion.sha256, detector: detector.id };
}

/** Reads the picture shown again with the new settings; the many pictures of a batch are not read again. */
async function onSettings() {
  const chosen = settings.applied;
  await (await analyzer()).configure(optionsOf(chosen));
  applied.accept(chosen);
  const { file, reading } = view.origin;
  if (view.name !== "picture" || reading) return;
  if (file) readPicture(file);
  else readStage();
}

/** @param {string[]} leftOut */
function nothingPicked(leftOut) {
  return leftOut.length > 0 ? new PageFailure("no-pictures", sayList(leftOut)) : new PageFailure("no-file");
}

/**
 * Ends the current task and gives the signal of the next. What is shown stays until something replaces it.
 */
function beginTask() {
  view.hold();
  task.abort();
  task = new AbortController();
  status.hideProgress();
  calibration.cancel();
  shownReading = undefined;
  return task.signal;
}

/**
 * Reads a picture. What was shown before stays, greyed, until this one has been read, and remains if that fails.
 *
 * @param {File} file
 */
async function readPicture(file) {
  const wasEmpty = view.name === "empty";
  const signal = beginTask();
  let isShown = false;
  status.show("busy", "status.reading");
  const still = openStill(file);
  if (wasEmpty) showAlone(file, signal);
  else view.mark("reading");
  try {
    await analyzer();
    const started = performance.now();
    const glance = async (/** @type {FaceEmotion[]} */ glanced) => {
      const picture = await still;
      if (signal.aborted || isShown) return;
      isShown = true;
      replaceAll();
      view.showStill(picture, { file });
      view.showFaces(numbered(applied.within(glanced)), "");
    };
    const found = await analyzePicture(file, signal, glance);
    const ms = performance.now() - started;
    await glance(found);
    if (signal.aborted) return;
    const faces = numbered(applied.within(found));
    view.showResult(faces, found.length > faces.length);
    status.showTiming("timing.picture", () => ({ ms }));
  } catch (error) {
    await still;
    if (signal.aborted) return;
    if (wasEmpty) view.set("empty");
    else view.mark("");
    view.fail(error, file);
  }
}

/** Hides the pictures, the moments and the video that were shown before. */
function replaceAll() {
  batch.hide();
  live.leave();
  timeline.leaveVideo();
}

/**
 * Shows a picture as the browser draws it, until it has been read.
 *
 * @param {File} file
 * @param {AbortSignal} signal
 */
async function showAlone(file, signal) {
  const element = await loadImage(file).catch(() => undefined);
  if (!element || signal.aborted || !view.stage.isEmpty) return;
  view.showStill({ element, size: { width: element.naturalWidth, height: element.naturalHeight } });
}

/** Reads the picture shown: the last of a camera or video, or one that the visitor turned. */
async function readStage() {
  const { source } = view.stage;
  status.show("busy", "status.reading");
  try {
    const found = await analyzePicture(source, new AbortController().signal);
    if (view.stage.source !== source) return;
    const faces = numbered(applied.within(found));
    view.showResult(faces, found.length > faces.length);
    const { reading } = view.origin;
    if (reading) batch.correct(reading, found, /** @type {HTMLCanvasElement} */ (source));
  } catch (error) {
    if (view.stage.source === source) view.fail(error);
  }
}

/** @param {import('./picture-input.js').Intake} intake */
function readPictures(intake) {
  beginTask();
  timeline.leaveVideo();
  live.leave();
  view.set("picture");
  status.show("busy", "status.reading");
  batch.begin(intake);
  readOn();
}

/** Reads those of many pictures that have not been read. */
function readOn() {
  const signal = beginTask();
  batch.run((file) => analyzePicture(file, signal), previewPicture, signal);
}

/**
 * A picture as the analyzer reads it, ready to be shown.
 *
 * @param {File} file
 * @returns {Promise<import('./stage.js').Still | undefined>} nothing where it can't be read; the analyzer says why
 */
async function openStill(file) {
  try {
    return drawStill(file, await previewPicture(file));
  } catch {
    return undefined;
  }
}

/** @param {File} file */
async function previewPicture(file) {
  const loaded = await analyzer();
  return retrying(() => loaded.previewImage(file));
}

/**
 * Reads a video from start to end, then lets the visitor play it with the answers.
 *
 * @param {File} file
 */
async function watchVideo(file) {
  const signal = beginTask();
  const { video } = view.stage;
  view.mark("reading");
  status.show("busy", "status.video");
  try {
    const loaded = await analyzer();
    await loaded.reset();
    const session = timeline.begin(file.name);
    // Shown before its frames are captured: Firefox does not decode what it does not show.
    video.addEventListener("loadeddata", showVideo, { once: true, signal });
    const { duration, brokenAt } = await readVideo(
      video,
      file,
      async (picture, seconds, duration) => {
        const timeMs = seconds * 1000;
        const found = await retrying(() => loaded.analyzeFrame(picture, { timestampMs: timeMs, signal }));
        const faces = applied.within(found ?? []);
        view.showFaces(faces, "faces.none-frame");
        session.duration = duration;
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
    const showFaces = () => {
      view.showFaces(session.facesAt(video.currentTime * 1000), "faces.none-frame");
      timeline.showTime(video.currentTime);
    };
    for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, showFaces, { signal });
  } catch (error) {
    if (signal.aborted) return;
    timeline.leaveVideo();
    view.hold();
    view.mark("");
    view.fail(error, file);
  } finally {
    if (!signal.aborted) status.hideProgress();
  }
}

/** Shows the video once its first picture is there. A file with only sound has none. */
function showVideo() {
  if (view.stage.video.videoWidth === 0) return;
  batch.hide();
  live.leave();
  view.set("video");
  view.stage.showLive();
}

/**
 * Shows one of many pictures that were read before.
 *
 * @param {import('./batch.js').Reading} reading
 */
async function showReading(reading) {
  const { picked, turned, faces, hasMore, failure } = reading;
  shownReading = reading;
  status.show("busy", "status.reading");
  const still = turned ? { element: turned, size: turned } : await openStill(picked.file);
  if (shownReading !== reading) return; // the visitor has chosen another since
  view.showStill(still, { reading });
  if (failure) status.fail(failure);
  else view.showResult(faces, hasMore);
}

/**
 * @param {import('../lib/index.js').ImageSource} picture
 * @param {AbortSignal} signal
 * @param {(faces: FaceEmotion[]) => void} [onGlance] shows the faces of a first look at a large picture
 */
async function analyzePicture(picture, signal, onGlance) {
  const loaded = await analyzer();
  return retrying(() => loaded.analyzeImage(picture, { signal, onGlance }));
}

/**
 * Runs the work again if the worker died during it.
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
