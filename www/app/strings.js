/**
 * Every word the page shows, in English, and where its other languages are. `{name}` is filled in; a value that is an
 * object holds plural forms by `{count}`.
 *
 * @module
 */

/** @typedef {string | { [form in Intl.LDMLPluralRule]?: string } & { other: string }} Phrase */

/** @type {Record<string, Phrase>} */
const en = {
  promise: "Nothing leaves this page",

  close: "Close",

  "privacy.title": "Nothing leaves this page",
  "privacy.text":
    "Pictures and camera frames are read by a program that was loaded with this page and runs inside it. They are sent to no server. You need not take our word for it:",
  "privacy.requests": {
    one: "{count} request since the page was loaded.",
    other: "{count} requests since the page was loaded.",
  },
  "privacy.online": "You are online. Switch your network off and read another picture: nothing changes.",
  "privacy.offline": "You are offline, and everything here still works.",
  "privacy.policy": "The policy your browser enforces",
  "privacy.policy-text":
    "Nothing is allowed but what is named here. 'self' is the address this page came from; no other can be reached, by the page or by its worker.",
  "privacy.imports": {
    one: "The {count} function that the module can call",
    other: "The {count} functions that the module can call",
  },
  "privacy.imports-text":
    "A WebAssembly module can compute, and call what it is given. None of these sends anything anywhere.",

  documentation: "Documentation",

  "check.open": "Self-check",
  "check.title": "Self-check",
  "check.text":
    "Runs the model's reference faces in your browser and compares the answers with those it must give. Copy the report into a bug report.",
  "check.running": "Checking …",
  "check.passed": {
    one: "{count} reference answer matches.",
    other: "All {count} reference answers match.",
  },
  "check.failed": "{failed} of {count} reference answers differ by more than allowed.",
  "check.impossible": "The check could not run: {message}",
  "check.report": "Report",
  "check.copy": "Copy the report",
  "check.copied": "Copied.",
  "models.text": "Models {emotion} and {detector}",

  "accuracy.open": "How often it errs",
  "accuracy.title": "How often it errs",
  "accuracy.summary":
    "On {count} labelled faces that it was not trained on, its answer was the label's in {accuracy} of cases. If it may abstain on the fifth it is least sure of, in {covered}.",
  "accuracy.how": "Each row: of the faces labelled so, how many got which answer.",
  "accuracy.labelled": "Labelled",
  "accuracy.beyond":
    "The labels are people's guesses, and people often disagree. On your pictures it may err more: in other light, from other angles, on faces unlike those it was trained on.",
  "accuracy.robustness":
    "With the same faces made worse on purpose (darker, blurred, covered and so on), {mean} on average. Worst: {list}.",
  "accuracy.missing": "The figures could not be loaded: {message}",

  "worse.darkness": "darkness",
  "worse.overexposure": "too much light",
  "worse.low contrast": "low contrast",
  "worse.gamma": "odd brightness",
  "worse.noise": "noise",
  "worse.blur": "blur",
  "worse.motion blur": "motion blur",
  "worse.JPEG": "strong JPEG compression",
  "worse.low resolution": "few pixels",
  "worse.rotation": "a tilted head",
  "worse.scale": "a wrong size",
  "worse.shift": "a face off the middle",
  "worse.glasses": "dark glasses",
  "worse.mask": "a mask",
  "worse.hand": "a hand before the face",
  "worse.text": "writing across the face",

  "language.label": "Language",
  licences: "Licences of what is inside",

  "invitation.title": "What does this face show?",
  "invitation.text":
    "A small neural network inside this page finds each face and reads the expression it displays. Your pictures stay on this device.",
  "invitation.hint": "You can also drop pictures or a video anywhere on the page, or paste one.",
  "pictures.choose": "Choose a picture",
  "pictures.another": "Another picture",
  "pictures.folder": "Read a whole folder",
  "camera.start": "Use the camera",
  "camera.stop": "Stop the camera",
  "camera.mirror": "Mirror",
  "camera.pause": "Pause",
  "camera.snapshot": "Save picture",
  "camera.choose": "Camera",
  "camera.numbered": "Camera {number}",
  "stage.label": "Picture",
  "stage.drop": "Let go to read this picture",
  "toolbar.label": "Controls",
  "picture.alt": "The picture you chose",

  "status.loading": "Loading the model …",
  progress: "Progress",
  "status.ready": "Ready.",
  "status.reading": "Reading the picture …",
  "status.video": "Reading the video …",
  "status.cancelled": "Cancelled.",
  "status.video-read": {
    one: "{frames} frames read, with {count} face.",
    other: "{frames} frames read, with {count} faces.",
  },
  "status.camera-starting": "Starting the camera …",
  "status.camera-stopped": "The camera is off.",
  "status.recorded-hint": "What was recorded is under Timeline, yours to save or discard.",
  "status.paused": "Paused.",
  "status.camera-paused": "The camera rests while this page is hidden.",
  "status.restarting": "The worker stopped unexpectedly. Starting it again …",
  "status.no-face": "No face found.",
  "status.no-face-hint": "Faces seen from the side, very small or mostly covered are often missed.",
  "status.no-face-live": "No face in view.",
  "status.low-light": "It is too dark here to read a face well. More light from the front helps.",
  "status.faces": { one: "{count} face: {list}.", other: "{count} faces: {list}." },

  "timing.picture": "{ms} ms",
  "timing.live": "{ms} ms · {fps} fps",
  percent: "{share}",

  "faces.label": "Expressions",
  "faces.title": "Expressions",
  "faces.empty": "Each face gets a card here, with the expressions and how probable the network holds each.",
  "faces.none": "No face found in this picture.",
  "faces.none-live": "Look into the camera.",
  "faces.none-frame": "No face in this frame.",
  "faces.number": "Face {number}",

  "why.ask": "Why?",
  "why.seen": "What the network saw",
  "why.map": "What mattered",
  "why.text":
    "Warm parts spoke for {emotion}, cool ones against it. With the part that mattered most hidden, its odds change by a factor of {factor}. Second comes {other}.",

  "threshold.label": "Say “uncertain” below",

  "expressions.label": "Tell apart",
  "expressions.4": "four expressions",
  "expressions.8": "eight expressions",

  "calibration.title": "Adjust to my face",
  "calibration.text":
    "Some faces at rest look sad or happy to the network. Look neutral into the camera and record three seconds, and it learns what is usual for you; the other expressions make it more exact. A line on each bar then marks the answer without this. What was learned, a line of numbers, stays on this device.",
  "calibration.record": "Record while you look:",
  "calibration.result": "{before} before, {after} after",
  "calibration.camera": "Start the camera first.",
  "calibration.alone": "One face alone must be in view.",
  "calibration.hold": "Hold that expression …",
  "calibration.recording": "Recording: {share} …",
  "calibration.checking": "Learned. Hold it a moment longer …",
  "calibration.done": "Done. The answers are adjusted to your face.",
  "calibration.in-use": "The answers are adjusted to your face.",
  "calibration.erased": "Erased. The answers are the network's own.",
  "calibration.refused": "This adjustment can't be used: {message}.",
  "calibration.export": "Save as a file",
  "calibration.import": "Load a file",
  "calibration.erase": "Erase",

  "batch.label": "Pictures",
  "batch.title": "Pictures",
  "batch.cancel": "Cancel",
  "batch.name": "Picture",
  "batch.faces": "Faces",
  "batch.emotion": "Expression",
  "batch.probability": "Probability",
  "batch.no-face": "No face",
  "batch.progress": "{done} of {count} read …",
  "batch.done": { one: "{count} picture read.", other: "{count} pictures read." },
  "batch.cancelled": "Cancelled after {done} of {count}.",

  "timeline.label": "Timeline",
  "timeline.title": "Timeline",
  "timeline.window": "How much of the past to show",
  "timeline.10s": "10 seconds",
  "timeline.1min": "1 minute",
  "timeline.all": "Everything",
  "timeline.camera": "Camera",
  "timeline.summary": {
    one: "{source}, {duration}: {frames} frames read, {count} face. {list}",
    other: "{source}, {duration}: {frames} frames read, {count} faces. {list}",
  },
  "timeline.clear": "Discard",
  "timeline.hint": "Kept in this page's memory only, until you discard it or close the page.",

  happy: "Happy",
  neutral: "Neutral",
  sad: "Sad",
  surprise: "Surprise",
  angry: "Angry",
  disgusted: "Disgusted",
  fearful: "Fearful",
  contempt: "Contempt",
  uncertain: "Uncertain",

  "help.privacy": "What proves that nothing is sent",
  "help.choose": "JPEG, PNG or WebP pictures, one or many, or a video",
  "help.camera": "Reads faces live; the browser asks for your permission first",
  "help.folder": "Reads every picture in a folder into a table",
  "help.video-cancel": "Stops here; what was read stays in the timeline",
  "help.stop": "Switches the camera off; the timeline stays",
  "help.pause": "Holds the picture as it is; the camera stays on",
  "help.snapshot": "Saves this picture with its boxes as a PNG file",
  "help.cameras": "Which camera to use",
  "help.mirror": "Shows you as a mirror does; labels stay readable",
  "help.batch-cancel": "Stops here; what was read stays in the table",
  "help.csv": "Saves a table for a spreadsheet",
  "help.json": "Saves everything for a program, with model and settings",
  "help.window": "How much of the past the strips show",
  "help.clear": "Forgets what was recorded, for good",
  "help.threshold": "An answer less probable than this is shown as uncertain",
  "help.expressions": "Eight adds angry, disgusted, fearful and contempt",
  "help.calibration": "Teaches the network what is usual for your face",
  "help.calibration-export": "To use it on another device",
  "help.calibration-import": "One that was saved here or on another device",
  "help.calibration-erase": "Back to the network's own answers",
  "help.accuracy": "Measured figures, and which expressions are confused",
  "help.check": "Whether this browser computes what it should",
  "help.check-copy": "Puts the report on the clipboard",
  "help.language": "The language of this page",

  "failure.not-a-picture": "“{name}” can't be read as a picture.",
  "failure.not-a-picture-hint": "It may be damaged or cut off, or no picture at all. JPEG, PNG and WebP files work.",
  "failure.heic": "“{name}” is a HEIC photo, which this browser can't open.",
  "failure.heic-hint":
    "Save or share it as JPEG first. On an iPhone: Settings, Camera, Formats, Most Compatible. Safari opens HEIC directly.",
  "failure.too-large": "“{name}” is too large to be read.",
  "failure.too-large-hint": "Make it smaller first; a few megapixels are plenty to read a face.",
  "failure.not-a-video": "“{name}” can't be played as a video.",
  "failure.not-a-video-hint":
    "It may be damaged, hold sound alone, or be of a kind this browser doesn't know. MP4 (H.264) and WebM work in most.",
  "failure.video-among-pictures": "“{name}” is a video.",
  "failure.video-among-pictures-hint": "Choose it alone, and its frames are read one after the other.",
  "failure.no-file": "There was no picture in that.",
  "failure.no-file-hint": "Drop or paste a picture file. A link to a picture won't do: this page fetches nothing.",
  "failure.camera-denied": "The camera is blocked for this page.",
  "failure.camera-denied-hint":
    "Allow it with the symbol beside the address, then start again. Pictures work without it.",
  "failure.camera-missing": "No camera was found.",
  "failure.camera-missing-hint": "Connect one and start again, or choose a picture instead.",
  "failure.camera-busy": "The camera is in use by another program.",
  "failure.camera-busy-hint": "Close the other program or tab that shows the camera, then start again.",
  "failure.camera-lost": "The camera was disconnected, or its permission taken back.",
  "failure.camera-lost-hint": "Connect or allow it again, then start again.",
  "failure.camera-insecure": "Browsers give the camera only to pages from https:// or localhost.",
  "failure.camera-insecure-hint": "Open this page from such an address. Pictures work here as they are.",
  "failure.camera-other": "The camera could not be started.",
  "failure.camera-other-hint": "The browser says: {message}",
  "failure.worker-crashed": "The worker stopped, and again after a new start.",
  "failure.worker-crashed-hint": "Your device may be short of memory. Close other tabs, or try a smaller picture.",
  "failure.worker-unavailable": "This browser lets no worker start.",
  "failure.worker-unavailable-hint": "Some lockdown modes do that. Allow it for this page and reload.",
  "failure.out-of-memory": "There is not enough memory.",
  "failure.out-of-memory-hint": "Close other tabs, or try a smaller picture.",
  "failure.simd-unavailable": "This browser is too old: it lacks WebAssembly SIMD.",
  "failure.simd-unavailable-hint": "Chrome 91, Firefox 89, Safari 16.4 and everything newer have it.",
  "failure.wasm-unavailable": "WebAssembly is switched off in this browser.",
  "failure.wasm-unavailable-hint": "Some lockdown modes do that. Allow it for this page and reload.",
  "failure.wasm-blocked": "A security policy keeps WebAssembly from running here.",
  "failure.wasm-blocked-hint": "A browser extension or the server adds that policy. Without it, the page works.",
  "failure.model-load": "The model could not be loaded.",
  "failure.model-load-hint": "Check the connection and reload the page. ({message})",
  "failure.other": "Something went wrong.",
  "failure.other-hint": "Reload the page, and please tell who made it: {message}",

  "about.reads.title": "What it reads",
  "about.reads.text":
    "The expression a face displays, as one network sees it in 48 by 48 grey pixels: happy, neutral, sad or surprise, each with a probability; four more on request. When none stands out, it says uncertain.",
  "about.limits.title": "What it can't know",
  "about.limits.text":
    "What a person feels. A face does not reveal an inner state, and the network errs more on faces, ages, lighting and angles it saw less of in training.",
  "about.limits.source": "The evidence: Barrett and others, 2019",
  "about.never.title": "What it's not for",
  "about.never.text":
    "Judging people. In the European Union, inferring emotions at work or in education is prohibited (AI Act, Article 5); elsewhere, people must be told.",
  "about.never.source": "The AI Act, Regulation (EU) 2024/1689",
};

/** The languages there are, each named in itself; the words of those but the first are loaded when they are wanted. */
export const languages = {
  en: { name: "English", direction: "ltr", load: async () => en },
  ar: { name: "العربية", direction: "rtl", load: async () => (await import("./strings.ar.js")).phrases },
};
