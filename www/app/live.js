/**
 * The live view: the camera's frames go to the analyzer as fast as it answers, and its answers to the view.
 *
 * @module
 */

import { EmotionError } from "../lib/index.js";
import { Camera } from "./camera.js";
import { download } from "./export.js";
import { PageFailure } from "./failures.js";
import { find } from "./html.js";
import { LowLight } from "./low-light.js";
import { Pace } from "./pace.js";
import { write } from "./words.js";

/** @typedef {import('../lib/index.js').EmotionAnalyzer} EmotionAnalyzer */
/** @typedef {import('../lib/index.js').FaceEmotion} FaceEmotion */

/** A worker that dies is started again; one that dies at once thereafter is not. */
const MOST_CRASHES = 1;

/** @param {unknown} error */
export function isCrash(error) {
  return error instanceof EmotionError && error.code === "worker-crashed";
}

export class LiveView {
  #view;
  #analyzer;
  #timeline;
  #beginTask;
  #within;
  #onFaces;
  #camera;
  #pace = new Pace();
  #lowLight = new LowLight(find(".low-light span"));
  #signal = AbortSignal.abort();
  #isFrameInFlight = false;
  #crashes = 0;

  /**
   * @param {import('./view.js').View} view
   * @param {() => Promise<EmotionAnalyzer>} analyzer
   * @param {import('./timeline.js').Timeline} timeline
   * @param {() => AbortSignal} beginTask
   * @param {(found: FaceEmotion[]) => FaceEmotion[]} within gives as many of them as are wanted
   * @param {(faces: FaceEmotion[], timestampMs: number) => void} onFaces hears of every answer
   */
  constructor(view, analyzer, timeline, beginTask, within, onFaces) {
    this.#view = view;
    this.#analyzer = analyzer;
    this.#timeline = timeline;
    this.#beginTask = beginTask;
    this.#within = within;
    this.#onFaces = onFaces;
    this.#camera = new Camera(
      view.stage.video,
      (now) => this.#read(now),
      () => this.#end(() => view.fail(new PageFailure("camera-lost"))),
    );

    for (const button of document.querySelectorAll("[data-testid=camera-start], [data-action=camera]")) {
      button.addEventListener("click", () => this.start());
    }
    find("[data-testid=camera-stop]").addEventListener("click", () =>
      this.#end(() =>
        view.status.show("ready", "status.camera-stopped", undefined, timeline.isEmpty ? "" : "status.recorded-hint"),
      ),
    );
    toggle("mirror", (mirrored) => view.stage.mirror(mirrored));
    toggle("pause", (paused) => this.#pause(paused));
    find("[data-action=snapshot]").addEventListener("click", async () => {
      const picture = await view.stage.snapshot();
      if (picture) download("countenance.png", picture);
    });
    find(".cameras").addEventListener("change", ({ target }) =>
      this.start(/** @type {HTMLSelectElement} */ (target).value),
    );
    document.addEventListener("visibilitychange", () => this.#onVisibilityChange());
  }

  /** @param {string} [deviceId] which camera, if not the browser's choice */
  async start(deviceId) {
    const signal = this.#beginTask();
    signal.addEventListener("abort", () => {
      this.#camera.stop();
      this.#lowLight.reset();
      this.#timeline.refresh();
    });
    this.#signal = signal;
    const { status, stage } = this.#view;
    status.show("busy", "status.camera-starting");
    this.#view.showFaces([], ""); // those of what was before are no longer read
    try {
      const [analyzer] = await Promise.all([this.#analyzer(), this.#camera.start(deviceId)]);
      if (this.#timeline.source !== "camera") {
        await analyzer.reset();
        this.#timeline.begin("camera");
      }
      if (signal.aborted) return;
      this.#crashes = 0;
      this.#pace.reset();
      this.#view.set("camera");
      this.#view.showFaces([], "faces.none-live");
      stage.showLive();
      press("mirror", this.#camera.facesUser);
      stage.mirror(this.#camera.facesUser);
      press("pause", false);
      await this.#offerCameras();
    } catch (error) {
      if (!signal.aborted) this.#end(() => this.#view.fail(error));
    }
  }

  /** @param {() => void} tell says why, once all is switched off */
  #end(tell) {
    this.#beginTask();
    this.#view.set("empty");
    tell();
  }

  /** @param {number} now */
  async #read(now) {
    const signal = this.#signal;
    if (this.#isFrameInFlight || this.#view.name !== "camera") return;
    this.#isFrameInFlight = true;
    try {
      const { stage, status } = this.#view;
      this.#lowLight.look(stage.video, now);
      const found = await (await this.#analyzer()).analyzeFrame(stage.video, { timestampMs: now, signal });
      if (!found) return;
      const faces = this.#within(found);
      this.#crashes = 0;
      this.#view.showFaces(faces, "faces.none-live");
      this.#timeline.add({ timeMs: now, faces });
      this.#onFaces(faces, now);
      const answered = performance.now();
      this.#pace.add(answered, answered - now);
      const { ms, fps } = this.#pace;
      status.showTiming("timing.live", () => ({ ms, fps }));
      this.#view.tellWhenStable(faces, now);
    } catch (error) {
      if (signal.aborted) return;
      this.#crashes += 1;
      if (isCrash(error) && this.#crashes <= MOST_CRASHES) return; // the next frame starts the worker again
      this.#end(() => this.#view.fail(error));
    } finally {
      this.#isFrameInFlight = false;
    }
  }

  /** Holds the picture as it is. @param {boolean} paused */
  #pause(paused) {
    this.#camera.pause(paused);
    if (paused) this.#view.status.show("ready", "status.paused");
  }

  /** A hidden page has no use for the camera; its return starts it again. */
  #onVisibilityChange() {
    if (this.#view.name !== "camera") return;
    if (document.hidden) {
      this.#beginTask();
      this.#view.showFaces([], "");
      this.#view.status.show("ready", "status.camera-paused");
    } else {
      this.start();
    }
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

/**
 * Has a button that is pressed or not do as it shows.
 *
 * @param {string} action
 * @param {(pressed: boolean) => void} onToggle
 */
function toggle(action, onToggle) {
  const button = find(`[data-action=${action}]`);
  button.addEventListener("click", () => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
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
