/**
 * The page: brings pictures and the camera to the analyzer, and its answers to the stage and the list of faces.
 *
 * @module
 */

import { EmotionError } from "../lib/index.js";
import { AccuracyPanel } from "./accuracy.js";
import { sharedAnalyzer } from "./analyzer.js";
import { Batch } from "./batch.js";
import { Camera } from "./camera.js";
import { download, downloadRows } from "./export.js";
import { FaceList } from "./face-list.js";
import { explainFailure, PageFailure } from "./failures.js";
import { find } from "./html.js";
import { keepForOffline } from "./offline.js";
import { Pace } from "./pace.js";
import { listenForPictures } from "./picture-input.js";
import { PrivacyPanel } from "./privacy.js";
import { SelfCheck } from "./self-check.js";
import { probabilityOf, Stage } from "./stage.js";
import { Status } from "./status.js";
import { listenForThreshold, uncertainBelow } from "./threshold.js";
import { Timeline } from "./timeline.js";
import { offerLanguages, say, sayList, sayPercent, translatePage } from "./words.js";

/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

translatePage();
offerLanguages(find(".language"));

const stage = new Stage();
const faceList = new FaceList(explain);
const status = new Status();
const pace = new Pace();
const camera = new Camera(stage.video, onFrame, onCameraLost);
const analyzer = sharedAnalyzer(
  {
    onProgress: (progress) => status.showProgress(progress),
    onCrash: () => status.show("busy", say("status.restarting")),
  },
  settings,
);
const timeline = new Timeline(async (format, rows) => downloadRows(format, "countenance-live", await madeBy(), rows));
const privacy = new PrivacyPanel();
new SelfCheck(analyzer);
new AccuracyPanel(analyzer);
const batch = new Batch(showReading, beginTask, async (format, rows) =>
  downloadRows(format, "countenance-pictures", await madeBy(), rows),
);

/** What goes on: each picture and each start of the camera takes over from what was before. */
let task = new AbortController();
let isFrameInFlight = false;
let crashes = 0;
/** @type {File | undefined} */
let shownFile;

setView("empty");
listenForPictures((files) => {
  if (files.length > 1) readPictures(files);
  else if (files.length === 1) readPicture(files[0]);
  else showFailure(new PageFailure("no-file"));
});
for (const button of document.querySelectorAll("[data-testid=camera-start], [data-action=camera]")) {
  button.addEventListener("click", () => startCamera());
}
find("[data-testid=camera-stop]").addEventListener("click", () => {
  beginTask();
  setView("empty");
  status.show("ready", say("status.camera-stopped"));
});
find("[data-action=mirror]").addEventListener("click", ({ currentTarget }) => {
  setMirror(/** @type {Element} */ (currentTarget).getAttribute("aria-pressed") !== "true");
});
find("[data-action=pause]").addEventListener("click", ({ currentTarget }) => {
  setPause(/** @type {Element} */ (currentTarget).getAttribute("aria-pressed") !== "true");
});
find("[data-action=snapshot]").addEventListener("click", async () => {
  const picture = await stage.snapshot();
  if (picture) download("countenance.png", picture);
});
find(".cameras").addEventListener("change", ({ target }) =>
  startCamera(/** @type {HTMLSelectElement} */ (target).value),
);
document.addEventListener("visibilitychange", onVisibilityChange);
listenForThreshold(onThreshold);
loadModel().then(keepForOffline);

/** Loads the model ahead of the first picture. */
async function loadModel() {
  const { signal } = task;
  status.show("busy", say("status.loading"));
  try {
    const loaded = await analyzer();
    privacy.start(loaded);
    const { emotion, detector } = loaded.model;
    find(".models").textContent = say("models.text", { emotion: emotion.id, detector: detector.id });
    if (!signal.aborted && status.isBusy) status.show("ready", say("status.ready"));
  } catch (error) {
    if (!signal.aborted) showFailure(error);
  } finally {
    status.hideProgress();
  }
}

function settings() {
  return { uncertainBelow: uncertainBelow() };
}

/** What an exported result was made by. */
async function madeBy() {
  const { emotion, detector } = (await analyzer()).model;
  return { model: emotion.id, model_sha256: emotion.sha256, detector: detector.id, uncertain_below: uncertainBelow() };
}

/** Another threshold may change what the picture at hand shows. */
async function onThreshold() {
  await (await analyzer()).configure(settings());
  if (document.body.dataset.view === "picture" && shownFile) readPicture(shownFile);
}

/** Ends what goes on, and gives the signal that will end what begins now. */
function beginTask() {
  task.abort();
  task = new AbortController();
  camera.stop();
  crashes = 0;
  return task.signal;
}

/** @param {'empty' | 'picture' | 'camera'} view */
function setView(view) {
  document.body.dataset.view = view;
  if (view === "empty") {
    stage.clear();
    faceList.show([], say("faces.empty"));
  }
  status.showTiming("");
}

/** @param {File} file */
async function readPicture(file) {
  const signal = beginTask();
  batch.hide();
  shownFile = file;
  setView("picture");
  faceList.show([], "");
  stage.clear();
  status.show("busy", say("status.reading"));
  const preview = stage.showStill(file).catch(() => {}); // its failure is the analyzer's to explain
  try {
    await analyzer();
    const started = performance.now();
    const faces = await analyzePicture(file, signal);
    const ms = performance.now() - started;
    await preview;
    if (signal.aborted) return;
    showPictureFaces(faces);
    status.showTiming(say("timing.picture", { ms }));
  } catch (error) {
    await preview;
    if (signal.aborted) return;
    setView("empty");
    showFailure(error, file);
  }
}

/** @param {File[]} files */
async function readPictures(files) {
  const signal = beginTask();
  setView("picture");
  faceList.show([], "");
  stage.clear();
  status.show("busy", say("status.reading"));
  await batch.run(files, (file) => analyzePicture(file, signal), signal);
}

/**
 * Shows one picture of many, read before.
 *
 * @param {import('./batch.js').Reading} reading
 */
async function showReading({ file, faces, failure }) {
  camera.stop();
  shownFile = undefined; // another threshold would take the whole batch to read anew
  setView("picture");
  showFaces([], "");
  status.show("busy", say("status.reading"));
  await stage.showStill(file).catch(() => stage.clear());
  if (failure) {
    showFaces([], "");
    status.show("failure", failure);
  } else {
    showPictureFaces(faces);
  }
}

/** @param {FaceEmotion[]} faces */
function showPictureFaces(faces) {
  showFaces(faces, say("faces.none"));
  if (faces.length > 0) status.show("result", summarise(faces, true));
  else status.show("result", say("status.no-face"), say("status.no-face-hint"));
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

/** @param {unknown} error */
function isCrash(error) {
  return error instanceof EmotionError && error.code === "worker-crashed";
}

/** @param {string} [deviceId] which camera, if not the browser's choice */
async function startCamera(deviceId) {
  const signal = beginTask();
  batch.hide();
  status.show("busy", say("status.camera-starting"));
  try {
    const [loaded] = await Promise.all([analyzer(), camera.start(deviceId)]);
    await loaded.reset();
    if (signal.aborted) return;
    pace.reset();
    stage.showLive();
    setMirror(camera.facesUser);
    setPause(false);
    await offerCameras();
    faceList.show([], say("faces.none-live"));
    setView("camera");
  } catch (error) {
    if (signal.aborted) return;
    camera.stop();
    setView("empty");
    showFailure(error);
  }
}

/** @param {number} now */
async function onFrame(now) {
  if (isFrameInFlight || document.body.dataset.view !== "camera") return;
  const { signal } = task;
  isFrameInFlight = true;
  try {
    const faces = await (await analyzer()).analyzeFrame(stage.video, { timestampMs: now, signal });
    if (!faces) return;
    crashes = 0;
    showFaces(faces, say("faces.none-live"));
    timeline.add({ timeMs: now, faces });
    const answered = performance.now();
    pace.add(answered, answered - now);
    status.showTiming(say("timing.live", { ms: pace.ms, fps: pace.fps }));
    status.showWhenStable(faces.length > 0 ? summarise(faces, false) : say("status.no-face-live"), now);
  } catch (error) {
    if (signal.aborted) return;
    crashes += 1;
    if (isCrash(error) && crashes < 2) return; // the next frame starts the worker again
    beginTask();
    setView("empty");
    showFailure(error);
  } finally {
    isFrameInFlight = false;
  }
}

function onCameraLost() {
  beginTask();
  setView("empty");
  showFailure(new PageFailure("camera-lost"));
}

/** A hidden page has no use for the camera; its return starts it again. */
function onVisibilityChange() {
  if (document.body.dataset.view !== "camera") return;
  if (document.hidden) {
    beginTask();
    showFaces([], "");
    status.show("ready", say("status.camera-paused"));
  } else {
    startCamera();
  }
}

/** Lets the visitor choose where there is more than one camera. */
async function offerCameras() {
  /** @type {HTMLSelectElement} */
  const select = find(".cameras");
  const cameras = await Camera.list();
  select.hidden = cameras.length < 2;
  select.replaceChildren(
    ...cameras.map(({ deviceId, label }, index) => {
      const name = label || say("camera.numbered", { number: index + 1 });
      return new Option(name, deviceId, false, deviceId === camera.deviceId);
    }),
  );
}

/** @param {boolean} paused */
function setPause(paused) {
  camera.pause(paused);
  find("[data-action=pause]").setAttribute("aria-pressed", String(paused));
  if (paused) status.show("ready", say("status.paused"));
}

/** @param {boolean} mirrored */
function setMirror(mirrored) {
  stage.mirror(mirrored);
  find("[data-action=mirror]").setAttribute("aria-pressed", String(mirrored));
}

/**
 * Why a face shown got its answer; a failure is told, and gives nothing.
 *
 * @param {FaceEmotion} face
 */
async function explain(face) {
  try {
    return await (await analyzer()).explainFace(stage.source, face.box);
  } catch (error) {
    showFailure(error);
    return undefined;
  }
}

/**
 * @param {FaceEmotion[]} faces
 * @param {string} nobody
 */
function showFaces(faces, nobody) {
  stage.showFaces(faces);
  faceList.show(faces, nobody);
}

/**
 * @param {FaceEmotion[]} faces
 * @param {boolean} withPercent
 */
function summarise(faces, withPercent) {
  const items = faces.map((face) => {
    const emotion = say(face.emotion);
    return withPercent ? `${emotion} ${sayPercent(probabilityOf(face))}` : emotion;
  });
  return say("status.faces", { count: faces.length, list: sayList(items) });
}

/**
 * @param {unknown} error
 * @param {File} [file]
 */
async function showFailure(error, file) {
  const { title, hint } = await explainFailure(error, file);
  status.show("failure", title, hint);
}
