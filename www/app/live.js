/**
 * The live view: the camera's frames go to the analyzer as fast as it answers, and its answers to the view. The camera's
 * state alone decides what the page says about it.
 *
 * @module
 */

import { EmotionError } from "../lib/protocol.js";
import { Camera } from "./camera.js";
import { Clip } from "./clip.js";
import { Game } from "./game.js";
import { find } from "./html.js";
import { MomentStrip, Moments } from "./moments.js";
import { Pace } from "./pace.js";
import { sayTime, write } from "./words.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */
/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */
/** @typedef {import('./camera.js').CameraState} CameraState */

/** How many crashes in a row are allowed: a worker that dies is started again, but not if it dies again at once. */
const MOST_CRASHES = 1;

/** How long a paused picture is read, in milliseconds, until the smoothed answer has settled. */
const SETTLE_MS = 600;

/**
 * What the page says in each state, and what it writes over the picture. While the camera runs, it shows the answers.
 *
 * @type {Record<Exclude<CameraState, 'running'> | 'resting',
 *   { kind: import('./status.js').StatusKind, title: string, hint?: string, note?: string }>}
 */
const WORDS = {
  off: { kind: "ready", title: "status.camera-stopped", note: "note.last" },
  resting: { kind: "ready", title: "status.camera-paused", note: "note.last" },
  asking: { kind: "busy", title: "status.camera-starting" },
  unanswered: { kind: "failure", title: "failure.camera-unanswered", hint: "failure.camera-unanswered-hint" },
  starting: { kind: "busy", title: "status.camera-starting" },
  silent: { kind: "failure", title: "failure.camera-silent", hint: "failure.camera-silent-hint" },
  stalled: { kind: "busy", title: "status.camera-stalled", hint: "status.camera-stalled-hint", note: "note.stalled" },
  paused: { kind: "ready", title: "status.paused", note: "note.paused" },
  lost: { kind: "failure", title: "failure.camera-lost", hint: "failure.camera-lost-hint", note: "note.last" },
};

/** @param {unknown} error */
export function isCrash(error) {
  return error instanceof EmotionError && error.code === "worker-crashed";
}

export class LiveView {
  #view;
  #analyzer;
  #timeline;
  #beginTask;
  #onShow;
  #within;
  #onAnswer;
  #onHalt;
  #camera;
  #pace = new Pace();
  #clip;
  #moments = new Moments();
  #strip = new MomentStrip(() => {
    this.#moments = new Moments();
  });
  #game = new Game((moments, all) => this.#strip.show(moments, "game.done", { done: moments.best.size, all }));
  #lowLight = find(".low-light span");
  #signal = AbortSignal.abort();
  #isReady = false;
  #isFrameInFlight = false;
  #crashes = 0;
  #lastMs = 0;
  /** @type {string | undefined} */ #deviceId;
  /** Whether the picture shown is this camera's. */
  #isShown = false;
  /** Whether the camera is off only because the page is hidden. */
  #isResting = false;
  /** @type {CameraState | 'resting'} */ #shownState = "off";

  /**
   * @param {import('./view.js').View} view
   * @param {() => Promise<EmotionAnalyzer>} analyzer
   * @param {import('./timeline.js').Timeline} timeline
   * @param {object} page
   * @param {() => AbortSignal} page.beginTask ends the current task; a live view stays as a still with its last answer
   * @param {() => void} page.onShow called when the camera takes the place of what was shown
   * @param {(found: FaceEmotion[]) => FaceEmotion[]} page.within gives the faces to show
   * @param {(analyzer: EmotionAnalyzer) => void} page.onAnswer called when it has answered a frame
   * @param {() => void} page.onHalt called when no more answers come for now
   */
  constructor(view, analyzer, timeline, { beginTask, onShow, within, onAnswer, onHalt }) {
    this.#view = view;
    this.#analyzer = analyzer;
    this.#timeline = timeline;
    this.#beginTask = beginTask;
    this.#onShow = onShow;
    this.#within = within;
    this.#onAnswer = onAnswer;
    this.#onHalt = onHalt;
    this.#camera = new Camera(
      view.stage.video,
      (now) => this.#read(now),
      (state) => this.#onState(state),
    );
    this.#clip = new Clip(view.stage.video);

    find("[data-testid=camera-start]").addEventListener("click", () =>
      this.start(canRetry(this.#shownState) ? this.#deviceId : undefined),
    );
    find("[data-testid=camera-stop]").addEventListener("click", () => beginTask());
    toggle("mirror", (mirrored) => view.stage.mirror(mirrored));
    toggle("pause", (paused) => this.#camera.pause(paused));
    find(".cameras").addEventListener("change", ({ target }) =>
      this.start(/** @type {HTMLSelectElement} */ (target).value),
    );
    document.addEventListener("visibilitychange", () => this.#onVisibilityChange());
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#onDeviceChange());
  }

  /** Hides the best moments: something else is shown. */
  leave() {
    this.#strip.hide();
  }

  /** Writes words again, in another language. */
  refresh() {
    this.#strip.refresh();
  }

  /** @param {string} [deviceId] which camera, if not the browser's choice */
  async start(deviceId) {
    const wasCamera = this.#view.name === "camera" || this.#isResting;
    const signal = this.#beginTask();
    signal.addEventListener("abort", () => {
      this.#camera.stop();
      this.#timeline.refresh();
    });
    this.#signal = signal;
    this.#deviceId = deviceId;
    this.#isReady = false;
    this.#isResting = false;
    this.#isShown &&= wasCamera;
    if (wasCamera) this.#view.enter("camera"); // the same controls while the camera starts again
    try {
      await Promise.all([this.#prepare(signal), this.#camera.start(deviceId)]);
      if (!signal.aborted) await this.#offerCameras();
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Prepares an analyzer that remembers no earlier faces. @param {AbortSignal} signal */
  async #prepare(signal) {
    const analyzer = await this.#analyzer();
    if (signal.aborted) return;
    if (this.#timeline.source !== "camera") {
      await analyzer.reset();
      if (signal.aborted) return;
      this.#timeline.begin("camera");
    }
    this.#crashes = 0;
    this.#isReady = true;
  }

  /** Ends the live view, and says why. @param {unknown} error */
  #fail(error) {
    this.#beginTask();
    this.#view.fail(error);
  }

  /** @param {CameraState} state */
  #onState(state) {
    if (state === "starting" && document.hidden) {
      this.#rest();
    } else if (state !== "running") {
      this.#showState(state === "off" && this.#isResting ? "resting" : state);
      if (state === "paused") this.#settle();
    } else if (this.#view.stage.source !== this.#view.stage.video) {
      this.#showCamera();
    }
  }

  /**
   * The only place that shows the camera's state. It is shown as running only once an answer has come.
   *
   * @param {CameraState | 'resting'} state
   */
  #showState(state) {
    const view = this.#view;
    this.#shownState = state;
    press("pause", state === "paused");
    write(find("[data-testid=camera-start]"), canRetry(state) ? "camera.again" : "camera.start");
    if (state === "running") {
      view.status.overcome();
      return view.mark(state);
    }
    this.#onHalt();
    this.#clip.stop();
    if (state !== "paused") this.#game.end();
    if (this.#isShown && (state === "off" || state === "lost")) this.#strip.show(this.#moments, "best.title");
    const { kind, title, hint = "", note } = WORDS[state];
    if (state === "stalled") view.recall();
    if (state === "lost") {
      view.recall();
      view.hold();
      this.#timeline.refresh();
    } else if (state === "starting" || state === "silent") {
      view.enter("camera");
      press("mirror", this.#camera.facesUser);
    }
    view.status.showTiming("");
    view.mark(this.#isShown || view.name === "camera" ? state : "", this.#isShown ? note : "");
    this.#lowLight.hidden = true;
    this.#pace.reset();
    const at = new Date();
    if (kind === "failure") return view.status.fail({ title, hint, values: {} });
    const isRecorded = state === "off" && this.#isShown && !this.#timeline.isEmpty;
    return view.status.show(kind, title, () => ({ time: sayTime(at) }), isRecorded ? "status.recorded-hint" : hint);
  }

  /** Shows the camera in place of what was shown: its first frame has come, or the first after a stall. */
  #showCamera() {
    const { stage } = this.#view;
    this.#isShown = true;
    this.#onShow();
    this.leave();
    this.#view.set("camera");
    stage.showLive();
    stage.mirror(isPressed("mirror"));
    if (!this.#isReady) this.#view.status.show("busy", "status.loading");
  }

  /** @param {number} now */
  async #read(now) {
    if (this.#isFrameInFlight || !this.#isReady) return;
    this.#isFrameInFlight = true;
    const signal = this.#signal;
    const timestampMs = Math.max(now, this.#lastMs);
    this.#lastMs = timestampMs;
    try {
      const { stage, status } = this.#view;
      const analyzer = await this.#analyzer();
      const found = await analyzer.analyzeFrame(stage.video, { timestampMs, signal });
      if (!found) return;
      const faces = this.#within(found);
      this.#crashes = 0;
      const { state } = this.#camera;
      if (state === "paused") this.#view.showFaces(faces, "faces.none-frame");
      if (state !== "running") return; // a camera that was lost meanwhile may have given a black frame
      if (this.#shownState !== "running") this.#showState("running");
      this.#view.showLive(faces, timestampMs);
      const isMirrored = isPressed("mirror");
      this.#clip.follow(faces, isMirrored);
      this.#moments.add(faces, stage.video, isMirrored);
      this.#game.follow(faces, timestampMs, stage.video, isMirrored);
      this.#timeline.add({ timeMs: timestampMs, faces });
      this.#onAnswer(analyzer);
      this.#lowLight.hidden = !analyzer.isTooDark;
      const answered = performance.now();
      this.#pace.add(answered, answered - now);
      const { ms, fps } = this.#pace;
      status.showTiming("timing.live", () => ({ ms, fps }));
    } catch (error) {
      if (signal.aborted) return;
      this.#crashes += 1;
      if (isCrash(error) && this.#crashes <= MOST_CRASHES) return; // the next frame starts the worker again
      this.#fail(error);
    } finally {
      this.#isFrameInFlight = false;
    }
  }

  /** Reads the paused picture until the smoothed answer has settled. */
  async #settle() {
    const end = performance.now() + SETTLE_MS;
    while (this.#camera.state === "paused" && this.#isShown && performance.now() < end) {
      await this.#read(performance.now());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** A hidden page does not need the camera; it starts again when the page is shown. */
  #onVisibilityChange() {
    if (document.hidden && this.#view.name === "camera") this.#rest();
    else if (!document.hidden && this.#isResting) this.start(this.#deviceId);
  }

  #rest() {
    this.#isResting = true;
    this.#beginTask();
  }

  /** After a camera was lost, offers one that has been connected since. */
  async #onDeviceChange() {
    if (this.#view.name === "camera") return this.#offerCameras();
    if (this.#shownState !== "lost" || (await Camera.list()).length === 0 || this.#shownState !== "lost")
      return undefined;
    return this.#view.status.fail({ title: "failure.camera-lost", hint: "failure.camera-back-hint", values: {} });
  }

  /** Lets the visitor choose where there is more than one camera. */
  async #offerCameras() {
    /** @type {HTMLSelectElement} */
    const select = find(".cameras");
    const cameras = await Camera.list();
    select.hidden = cameras.length < 2;
    const options = cameras.map(({ deviceId, label }, index) => {
      const option = new Option(label, deviceId, false, deviceId === this.#camera.deviceId);
      return label ? option : write(option, "camera.numbered", () => ({ number: index + 1 }));
    });
    select.replaceChildren(...options);
  }
}

/** Whether starting the same camera again may help. @param {CameraState | 'resting'} state */
function canRetry(state) {
  return state === "silent" || state === "stalled";
}

/**
 * Makes a button a switch.
 *
 * @param {string} action
 * @param {(pressed: boolean) => void} onToggle
 */
function toggle(action, onToggle) {
  find(`[data-action=${action}]`).addEventListener("click", () => {
    const pressed = !isPressed(action);
    press(action, pressed);
    onToggle(pressed);
  });
}

/**
 * @param {string} action
 * @param {boolean} pressed
 */
function press(action, pressed) {
  find(`[data-action=${action}]`).setAttribute("aria-pressed", String(pressed));
}

/** @param {string} action */
function isPressed(action) {
  return find(`[data-action=${action}]`).getAttribute("aria-pressed") === "true";
}
