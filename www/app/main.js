/**
 * The page: brings pictures, videos and the camera to the analyzer, and its answers to the view.
 *
 * @module
 */

import { AccuracyPanel } from "./accuracy.js";
import { sharedAnalyzer } from "./analyzer.js";
import { Batch } from "./batch.js";
import { Calibration } from "./calibration.js";
import { downloadRows } from "./export.js";
import { PageFailure } from "./failures.js";
import { find } from "./html.js";
import { isCrash, LiveView } from "./live.js";
import { keepForOffline } from "./offline.js";
import { isVideo, listenForPictures } from "./picture-input.js";
import { PrivacyPanel } from "./privacy.js";
import { SelfCheck } from "./self-check.js";
import { Settings } from "./settings.js";
import { drawStill, loadStill } from "./stage.js";
import { Timeline } from "./timeline.js";
import { readVideo } from "./video-file.js";
import { View } from "./view.js";
import { offerLanguages, write } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

const view = new View(async (source, { box }) => (await analyzer()).explainFace(source, box));
const { status } = view;
const analyzer = sharedAnalyzer(
  {
    onProgress: (progress) => status.showProgress(progress),
    onCrash: () => status.show("busy", "status.restarting"),
  },
  () => settings.options,
  (loaded) => calibration.start(loaded),
);
const settings = new Settings(onSettings);
const calibration = new Calibration(analyzer);
const timeline = new Timeline(async (format, rows, sessions) =>
  downloadRows(format, "countenance-timeline", await madeBy(), rows, { sessions }),
);
new LiveView(view, analyzer, timeline, beginLive, (faces, now) => calibration.add(faces, now));
const privacy = new PrivacyPanel();
new SelfCheck(analyzer);
new AccuracyPanel(analyzer);
const batch = new Batch(showReading, beginTask, async (format, rows) =>
  downloadRows(format, "countenance-pictures", await madeBy(), rows),
);
offerLanguages(find(".language"), () => {
  view.refresh();
  timeline.refresh();
  batch.refresh();
});

/** What goes on: each picture, each video and each start of the camera takes over from what was before. */
let task = new AbortController();
/** What is shown of it: each picture takes over from the one before, those of a batch too. */
let showing = new AbortController();
/** @type {File | undefined} */
let shownFile;

listenForPictures((files) => {
  if (files.length > 1) readPictures(files);
  else if (files.length === 0) view.fail(new PageFailure("no-file"));
  else if (isVideo(files[0])) watchVideo(files[0]);
  else readPicture(files[0]);
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
async function madeBy() {
  const { emotion, detector } = (await analyzer()).model;
  return {
    model: emotion.id,
    model_sha256: emotion.sha256,
    detector: detector.id,
    uncertain_below: settings.options.uncertainBelow,
    calibration: calibration.text,
  };
}

/** Other settings may change what the picture at hand shows. */
async function onSettings() {
  await (await analyzer()).configure(settings.options);
  if (view.name === "picture" && shownFile) readPicture(shownFile);
}

/** Ends what goes on, and gives the signal that will end what begins now. */
function beginTask() {
  task.abort();
  task = new AbortController();
  showing.abort();
  status.hideProgress();
  calibration.cancel();
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
  shownFile = file;
  view.set("picture");
  status.show("busy", "status.reading");
  const shown = showPicture(file);
  try {
    await analyzer();
    const started = performance.now();
    const faces = await analyzePicture(file, signal);
    const ms = performance.now() - started;
    await shown;
    if (signal.aborted) return;
    view.showResult(faces);
    status.showTiming("timing.picture", () => ({ ms }));
  } catch (error) {
    if (signal.aborted) return;
    showing.abort();
    view.set("empty");
    view.fail(error, file);
  }
}

/** @param {File[]} files */
async function readPictures(files) {
  const signal = beginTask();
  shownFile = undefined; // another threshold would take the whole batch to read anew
  view.set("picture");
  status.show("busy", "status.reading");
  await batch.run(files, (file) => analyzePicture(file, signal), previewPicture, signal);
}

/**
 * Shows a picture from a file: at once as the browser does, then as the analyzer reads it. Where neither can, it is
 * the reading's to explain why.
 *
 * @param {File} file
 * @returns {Promise<boolean>} whether no other picture took its place meanwhile
 */
async function showPicture(file) {
  const { stage } = view;
  showing.abort();
  showing = new AbortController();
  const { signal } = showing;
  let isDrawn = false;
  loadStill(file)
    .then((still) => {
      const size = { width: still.naturalWidth, height: still.naturalHeight };
      if (!isDrawn && !signal.aborted) stage.showStill(still, file, size);
    })
    .catch(() => {});
  try {
    const preview = await previewPicture(file);
    isDrawn = true;
    if (!signal.aborted) stage.showStill(drawStill(preview), file, preview);
  } catch {} // an unreadable file; the analyzer says more of it when it is asked to read the faces
  return !signal.aborted;
}

/** @param {File} file */
async function previewPicture(file) {
  const loaded = await analyzer();
  return retrying(() => loaded.previewImage(file));
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
    await readVideo(
      video,
      file,
      async (seconds, duration) => {
        const timeMs = seconds * 1000;
        const faces = await retrying(() => loaded.analyzeFrame(video, { timestampMs: timeMs, signal }));
        view.stage.showLive();
        view.showFaces(faces ?? [], "faces.none-frame");
        timeline.add({ timeMs, faces: faces ?? [] });
        status.showProgress({ loaded: seconds, total: duration });
      },
      signal,
    );
    timeline.refresh();
    status.show("result", "status.video-read", () => ({ frames: session.frames, count: session.shares.size }));
    video.controls = true;
    const showFaces = () => view.showFaces(session.facesAt(video.currentTime * 1000), "faces.none-frame");
    for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, showFaces, { signal });
  } catch (error) {
    if (signal.aborted) return;
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
async function showReading({ file, faces, failure }) {
  view.set("picture");
  status.show("busy", "status.reading");
  if (!(await showPicture(file))) return;
  if (failure) status.fail(failure);
  else view.showResult(faces);
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
