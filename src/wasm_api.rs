//! The JavaScript boundary: thin, and the only file that uses wasm-bindgen.
//!
//! Plain objects go out, because instances cannot be cloned to another thread and must be freed. Every error is an
//! `Error` named `EmotionError` with a `code` (see [`ErrorKind::code`]). The conversions are written out: through
//! serde-wasm-bindgen a wrong argument would lose that code, and serde would come into the module.

use std::ops::Range;

use image::metadata::Orientation;
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use wasm_bindgen::Clamped;
use wasm_bindgen::prelude::*;
use web_sys::{ImageBitmap, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use crate::calibrate::PersonalCalibration;
use crate::chip::{CHIP_SIDE, FaceChip};
use crate::crop::crop_square;
use crate::emotion::{Emotion, Emotion8, Expressions, Label, UNCERTAIN};
use crate::error::{Error, ErrorKind};
use crate::exif;
use crate::explain::{Explanation, Explanations};
use crate::face::{Expression, FaceEmotion};
use crate::frame::Frame;
use crate::geometry::BoundingBox;
use crate::picture::{self, Picture};
use crate::pipeline::{self, PipelineOptions, SearchSize};
use crate::probabilities::{EmotionProbabilities, Probabilities};
use crate::quality::FaceQuality;
use crate::record::{CalibrationRecorder, RECORDING_ORDER, Recording};
use crate::weights::{detector_model, emotion_model};

/// The longest side at which a live frame's pixels are read, and those of a picture to be searched at fewer: a larger
/// copy would only take memory.
const MAX_BITMAP_SIDE: u32 = 2048;

/// The most pixels of a picture that are read where small faces are searched: 96 MB.
const MAX_BITMAP_PIXELS: f32 = 24e6;

/// The most pixels drawn at a time, of which every browser's canvas holds four times as many.
const MAX_CANVAS_PIXELS: u32 = MAX_BITMAP_SIDE * MAX_BITMAP_SIDE;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** An expression that the model distinguishes. */
export type Emotion = "happy" | "neutral" | "sad" | "surprise";
/** An expression of the model's second head; it was trained on other labels, so the two need not agree. */
export type Emotion8 = "neutral" | "happy" | "surprise" | "sad" | "angry" | "disgusted" | "fearful" | "contempt";
/** An expression that is not among the four. */
export type OtherExpression = Exclude<Emotion8, Emotion>;
/** A rectangle in picture pixels, origin at the top left. It may reach beyond the picture's border. */
export interface Box { x: number; y: number; width: number; height: number }
/** A face's box, with its `roll` where it is turned: `{ ...face.box, roll: face.roll }`. */
export interface TurnedBox extends Box { roll?: number }
/** Each expression's probability, 0..1; together 1. */
export type Probabilities = Record<Emotion, number>;
/** How well a face is seen. */
export interface FaceQuality {
  /** Side, in picture pixels, of the square around the face that is scaled to the network's 48 x 48. */
  size: number;
  /**
   * How fine the detail is along the axis, across or down, that has less of it: 0 for a smooth picture, 1 for noise. Sharp
   * faces have 0.12 to 0.3.
   */
  sharpness: number;
  /** Mean brightness of the face, 0 (black) to 1 (white). */
  light: number;
  /** Standard deviation of the brightness, 0..0.5. */
  contrast: number;
  /** Degrees turned in the picture's plane, clockwise, -180..180. */
  roll: number;
  /** Degrees turned to a side, above 0 towards the picture's right, -90..90: enough to know a profile. */
  yaw: number;
  /** Degrees raised, below 0 where the face is lowered, -90..90; less sure than the yaw. */
  pitch: number;
  /** The share of the face's box outside of the picture, 0..1. */
  outside: number;
  /** The natural logarithm of how much detail there is around the mouth for each part around the eyes, -4..4. */
  mouthDetail: number;
}
/** Why an answer may be unsure: too few pixels, out of focus, too little light, turned away, partly outside of the picture,
 * or a mouth that seems to be covered. */
export type Reason = "small" | "blurred" | "dark" | "turned" | "cut-off" | "covered";
/** The expression a face displays. */
export interface Expression {
  probabilities: Probabilities;
  /** The calibrated probability that the face shows none of the four expressions, 0..1. */
  other: number;
  /** What the face looks like if it shows none of the four: the most probable of the other expressions. */
  otherExpression: OtherExpression;
  /**
   * "other" when `other` is at least `otherFrom`; else the most probable of the four expressions; or "uncertain" when
   * the probability that the face shows it, `other` counted, is below `uncertainBelow`. In live video it is held steady
   * within a margin of 0.1, and never below its threshold.
   */
  emotion: Emotion | "other" | "uncertain";
  /** The expression shown; where that is "other" or "uncertain", the most probable of the four. */
  likeliest: Emotion;
  /** The same over eight expressions, where they are asked for. */
  eight?: {
    probabilities: Record<Emotion8, number>;
    emotion: Emotion8 | "uncertain";
    likeliest: Emotion8;
  };
}
/** A frame recorded to calibrate with: the face's `raw` answer, and the expression it was asked to display. */
export interface CalibrationFrame { probabilities: Probabilities; emotion: Emotion }
/** How far the recording of an expression has come. */
export type Recording =
  /** This frame was left out, since it does not show exactly one face. */
  | { state: "not-alone" }
  /** This share of the recording is done, 0..1. */
  | { state: "underway"; share: number }
  /**
   * The recording has ended. `calibration` is for the option of that name. `before` and `after` are the mean probability
   * of the expression, 0..1, without and with it, in frames that were not learned from.
   */
  | { state: "complete"; calibration: string; before: number; after: number };
/** One face in a picture or frame. */
export interface FaceEmotion extends Expression {
  /** In live video the same face keeps its id; in a picture faces are numbered from 1. */
  id: number;
  box: Box;
  /** Eye at the picture's left, eye at its right, nose, mouth corner at the left, at the right: [x, y] in picture pixels. */
  landmarks: [number, number][];
  /** The detector's confidence that this is a face, 0..1. */
  confidence: number;
  /** How far it is turned in the picture's plane, in degrees, clockwise: -180..180, 0 for an upright face. */
  roll: number;
  /** How well it is seen; in live video, in the last frame that shows it. */
  quality: FaceQuality;
  /** Why the answer may be unsure; empty where the face is well seen. */
  reasons: Reason[];
  /** The model's own answer to this frame: neither calibrated nor smoothed. */
  raw: Probabilities;
}
/** Which pixels of a face supported its answer. */
export interface Explanation<E extends string = Emotion> {
  /** For each pixel of the chip, -1..1: above 0 it supported the answer, below 0 it spoke against it. */
  heat: Float32Array;
  /** The change of the answer's log-odds (natural logarithm) that a heat of 1 stands for; near 0 nothing mattered. */
  strength: number;
  /** The answer explained: the most probable expression. */
  emotion: E;
  /** The second most probable expression. */
  runnerUp: E;
}
/** Why a face got its answer. */
export interface FaceExplanation extends Explanation {
  /** What the network saw: 48 x 48 grey bytes, rows from the top. */
  chip: Uint8Array;
  /** Where that lies in the picture: a square, in pixels, turned around its middle by `roll` degrees. */
  square: TurnedBox;
  /** The same for the answer over eight expressions, where they are asked for. */
  eight?: Explanation<Emotion8>;
}
/** Options of a pipeline; each may be left out. */
export interface PipelineOptions {
  /** The lowest detector confidence of a face, 0..1; 0.6 by default. */
  minConfidence?: number;
  /** The top probability below which the answer is "uncertain", 0..1; 0.5 by default. */
  uncertainBelow?: number;
  /** The probability from which a face is labelled "other", 0..1; 0.4 by default. */
  otherFrom?: number;
  /**
   * The long side at which pictures are searched, 160..4096 pixels. By default "auto": so large that faces 48 pixels wide
   * are found in pictures of up to 24 megapixels.
   */
  pictureSize?: number | "auto";
  /** The long side at which live frames are searched, 160..1280 pixels; 320 by default. */
  liveSize?: number;
  /** The largest number of faces reported, 1..1000, the most confident first; 256 by default. */
  maxFaces?: number;
  /** A person's calibration, as returned by `fitCalibration`; "" means none. */
  calibration?: string;
  /** 8 adds the answer over eight expressions; 4 by default. */
  expressions?: 4 | 8;
}
/** A picture as it is read, small enough to be drawn at once, with the size of the whole. */
export interface Preview { bitmap: ImageBitmap; width: number; height: number }
/** Which models are compiled in. */
export interface ModelInfo {
  emotion: {
    id: string;
    sha256: string;
    classes: Emotion[];
    /** The order in which to record them for a calibration; the first teaches the most, and alone is enough. */
    recordingOrder: Emotion[];
    /** The classes of the second head, in its order; empty where the model has none. */
    eight: Emotion8[];
  };
  detector: { id: string; sha256: string };
}
"#;

#[wasm_bindgen]
extern "C" {
    /// A `PipelineOptions` object or undefined.
    #[wasm_bindgen(typescript_type = "PipelineOptions | undefined")]
    pub type JsOptions;
    /// An array of `FaceEmotion`.
    #[wasm_bindgen(typescript_type = "FaceEmotion[]")]
    pub type JsFaces;
    /// An `Expression`.
    #[wasm_bindgen(typescript_type = "Expression")]
    pub type JsExpression;
    /// A `FaceExplanation`.
    #[wasm_bindgen(typescript_type = "FaceExplanation")]
    pub type JsExplanation;
    /// A `TurnedBox`.
    #[wasm_bindgen(typescript_type = "TurnedBox")]
    pub type JsBox;
    /// A `Recording`.
    #[wasm_bindgen(typescript_type = "Recording")]
    pub type JsRecording;
    /// An array of `CalibrationFrame`.
    #[wasm_bindgen(typescript_type = "CalibrationFrame[]")]
    pub type JsCalibrationFrames;
    /// A `Preview`.
    #[wasm_bindgen(typescript_type = "Preview")]
    pub type JsPreview;
    /// A `ModelInfo`.
    #[wasm_bindgen(typescript_type = "ModelInfo")]
    pub type JsModelInfo;
}

/// Sends panics to the console with their message and place instead of a bare "unreachable".
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// The ids and hashes of the models compiled into this module.
#[wasm_bindgen(js_name = modelInfo)]
pub fn model_info() -> Result<JsModelInfo, JsValue> {
    let model = |id: &str, sha256: &str| object(&[("id", id.into()), ("sha256", sha256.into())]);
    let emotion = emotion_model().map_err(to_js)?;
    let detector = detector_model().map_err(to_js)?;
    let emotion_info = model(emotion.id(), crate::weights::EMOTION_MODEL_SHA256);
    set(&emotion_info, "classes", &names(&Emotion::ALL));
    set(&emotion_info, "recordingOrder", &names(&RECORDING_ORDER));
    let has_eight = emotion.contains("eight.weight");
    set(&emotion_info, "eight", &names(if has_eight { &Emotion8::ALL[..] } else { &[] }));
    let detector_info = model(detector.id(), crate::weights::DETECTOR_MODEL_SHA256);
    Ok(JsValue::from(object(&[("emotion", emotion_info.into()), ("detector", detector_info.into())])).unchecked_into())
}

/// Makes a file's EXIF blocks unreadable, in place, and gives the orientation that they state, 1..=8. Every browser then
/// decodes the pixels as they are stored; `analyzeBitmap` and its like take the orientation and turn the bitmap.
#[wasm_bindgen(js_name = hideExif)]
pub fn hide_exif(file: &Uint8Array) -> Result<u8, JsValue> {
    let mut bytes = Vec::new();
    copy_bytes(file, &mut bytes).map_err(to_js)?;
    let orientation = exif::orientation(&bytes).to_exif();
    if exif::hide(&mut bytes) {
        file.copy_from(&bytes);
    }
    Ok(orientation)
}

/// Whether a picture's file has its end. Of a file without its end, browsers show a part, or nothing; `decodeImage` reads
/// or refuses it.
#[wasm_bindgen(js_name = hasItsEnd)]
pub fn has_its_end(file: &Uint8Array) -> Result<bool, JsValue> {
    let mut bytes = Vec::new();
    copy_bytes(file, &mut bytes).map_err(to_js)?;
    Ok(picture::has_its_end(&bytes))
}

/// The pixels of a JPEG, PNG, WebP or GIF file, upright and on white. Throws `invalid-image` and `image-too-large`.
#[wasm_bindgen(js_name = decodeImage)]
pub fn decode_image(bytes: &Uint8Array) -> Result<ImageData, JsValue> {
    let picture = decode(bytes).map_err(to_js)?;
    let frame = picture.frame();
    ImageData::new_with_u8_clamped_array_and_sh(Clamped(frame.pixels()), frame.width(), frame.height())
}

/// Finds faces and reads the expression each displays. Holds its scratch memory: make one and keep it.
///
/// `www/lib/pipeline.js` wraps it and passes on only plain values of the right types.
#[wasm_bindgen]
#[derive(Debug)]
pub struct EmotionPipeline {
    pipeline: pipeline::EmotionPipeline,
    canvas: Option<(OffscreenCanvas, OffscreenCanvasRenderingContext2d)>,
    pixels: Vec<u8>,
    recorder: CalibrationRecorder,
    recording: Option<Recording>,
}

#[wasm_bindgen]
impl EmotionPipeline {
    /// A pipeline with the compiled-in models. Throws `invalid-options`, `invalid-calibration` and `model-load`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: Option<JsOptions>) -> Result<Self, JsValue> {
        let options = options_from(options.as_deref()).map_err(to_js)?;
        let pipeline = pipeline::EmotionPipeline::new(options).map_err(to_js)?;
        let recorder = CalibrationRecorder::new(pipeline.model_id());
        Ok(Self { pipeline, canvas: None, pixels: Vec::new(), recorder, recording: None })
    }

    /// Takes these options, and the default of each one left out. Faces followed keep their ids. Throws as the
    /// constructor does; the old options then stay.
    pub fn configure(&mut self, options: Option<JsOptions>) -> Result<(), JsValue> {
        let options = options_from(options.as_deref()).map_err(to_js)?;
        self.pipeline.set_options(options).map_err(to_js)
    }

    /// Learns one person's calibration from frames of their face and gives it as a line of text, for the option
    /// `calibration`. Throws `invalid-calibration` for fewer than 10 frames of an expression.
    #[wasm_bindgen(js_name = fitCalibration)]
    pub fn fit_calibration(&self, frames: &JsCalibrationFrames) -> Result<String, JsValue> {
        let frames = calibration_frames_from(frames).map_err(to_js)?;
        let calibration = PersonalCalibration::fit(self.pipeline.model_id(), &frames).map_err(to_js)?;
        Ok(calibration.to_string())
    }

    /// The faces in a picture of `width * height * 4` RGBA bytes, the most confident first; none is an empty array.
    #[wasm_bindgen(js_name = analyzeImage, unchecked_return_type = "FaceEmotion[]")]
    pub fn analyze_image(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array | Uint8ClampedArray")] rgba: &Uint8Array,
        width: f64,
        height: f64,
    ) -> Result<JsFaces, JsValue> {
        let mut pixels = Vec::new();
        copy_bytes(rgba, &mut pixels).map_err(to_js)?;
        let frame = frame_from(&pixels, width, height).map_err(to_js)?;
        self.pipeline.analyze_image(&frame).map(|faces| faces_to_js(faces, 1.0)).map_err(to_js)
    }

    /// The same for the next frame of a live video: ids are kept and probabilities smoothed over time. `timestampMs`
    /// must not run backwards; `reset` starts anew.
    #[wasm_bindgen(js_name = analyzeFrame, unchecked_return_type = "FaceEmotion[]")]
    pub fn analyze_frame(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array | Uint8ClampedArray")] rgba: &Uint8Array,
        width: f64,
        height: f64,
        #[wasm_bindgen(js_name = timestampMs)] timestamp_ms: f64,
    ) -> Result<JsFaces, JsValue> {
        copy_bytes(rgba, &mut self.pixels).map_err(to_js)?;
        let frame = frame_from(&self.pixels, width, height).map_err(to_js)?;
        let faces = self.pipeline.analyze_frame(&frame, timestamp_ms).map_err(to_js)?;
        self.recording = self.recorder.add(faces, timestamp_ms).map_err(to_js)?;
        Ok(faces_to_js(faces, 1.0))
    }

    /// The faces in the bytes of a JPEG, PNG, WebP or GIF file, in pixels of the upright picture. Throws
    /// `invalid-image` and `image-too-large`.
    #[wasm_bindgen(js_name = analyzeBytes, unchecked_return_type = "FaceEmotion[]")]
    pub fn analyze_bytes(&mut self, bytes: &Uint8Array) -> Result<JsFaces, JsValue> {
        let picture = decode(bytes).map_err(to_js)?;
        let frame = picture.frame();
        self.pipeline.analyze_image(&frame).map(|faces| faces_to_js(faces, 1.0)).map_err(to_js)
    }

    /// The faces in a bitmap stored in this EXIF orientation, in pixels of the upright picture. The pixels are read
    /// here, never by JavaScript.
    #[wasm_bindgen(js_name = analyzeBitmap, unchecked_return_type = "FaceEmotion[]")]
    pub fn analyze_bitmap(&mut self, bitmap: &ImageBitmap, orientation: u8) -> Result<JsFaces, JsValue> {
        let scale = self.picture_scale(bitmap);
        let (width, height) = self.read_bitmap(bitmap, orientation, scale)?;
        let frame = Frame::from_opaque(&self.pixels, width, height).map_err(to_js)?;
        self.pipeline.analyze_image(&frame).map(|faces| faces_to_js(faces, scale)).map_err(to_js)
    }

    /// The faces that a look at the whole of a bitmap finds, to be shown until `analyzeBitmap` has looked closer;
    /// undefined where there is no closer look.
    #[wasm_bindgen(js_name = glanceBitmap, unchecked_return_type = "FaceEmotion[] | undefined")]
    pub fn glance_bitmap(&mut self, bitmap: &ImageBitmap, orientation: u8) -> Result<Option<JsFaces>, JsValue> {
        let scale = scale_to_side(bitmap, MAX_BITMAP_SIDE);
        let (width, height) = self.read_bitmap(bitmap, orientation, scale)?;
        let frame = Frame::from_opaque(&self.pixels, width, height).map_err(to_js)?;
        glance_to_js(&mut self.pipeline, &frame, scale)
    }

    /// The same for a picture of `width * height * 4` RGBA bytes.
    #[wasm_bindgen(js_name = glanceImage, unchecked_return_type = "FaceEmotion[] | undefined")]
    pub fn glance_image(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array | Uint8ClampedArray")] rgba: &Uint8Array,
        width: f64,
        height: f64,
    ) -> Result<Option<JsFaces>, JsValue> {
        let mut pixels = Vec::new();
        copy_bytes(rgba, &mut pixels).map_err(to_js)?;
        glance_to_js(&mut self.pipeline, &frame_from(&pixels, width, height).map_err(to_js)?, 1.0)
    }

    /// The same for the bytes of a JPEG, PNG, WebP or GIF file.
    #[wasm_bindgen(js_name = glanceBytes, unchecked_return_type = "FaceEmotion[] | undefined")]
    pub fn glance_bytes(&mut self, bytes: &Uint8Array) -> Result<Option<JsFaces>, JsValue> {
        let picture = decode(bytes).map_err(to_js)?;
        glance_to_js(&mut self.pipeline, &picture.frame(), 1.0)
    }

    /// The same for the next frame of a live video, see `analyzeFrame`.
    #[wasm_bindgen(js_name = analyzeBitmapFrame, unchecked_return_type = "FaceEmotion[]")]
    pub fn analyze_bitmap_frame(
        &mut self,
        bitmap: &ImageBitmap,
        #[wasm_bindgen(js_name = timestampMs)] timestamp_ms: f64,
    ) -> Result<JsFaces, JsValue> {
        let scale = scale_to_side(bitmap, MAX_BITMAP_SIDE);
        let (width, height) = self.read_bitmap(bitmap, UPRIGHT, scale)?;
        let frame = Frame::from_opaque(&self.pixels, width, height).map_err(to_js)?;
        let faces = self.pipeline.analyze_frame(&frame, timestamp_ms).map_err(to_js)?;
        self.recording = self.recorder.add(faces, timestamp_ms).map_err(to_js)?;
        Ok(faces_to_js(faces, scale))
    }

    /// Whether the live video is too dark to read a face well: its mean brightness is below 40 of 255, and has not
    /// reached 55 since. Measured once a second.
    #[wasm_bindgen(getter, js_name = isTooDark)]
    pub fn is_too_dark(&self) -> bool {
        self.pipeline.is_too_dark()
    }

    /// Records this expression from the next live frame on, for a calibration. Throws `invalid-calibration` where the
    /// model has no such expression.
    #[wasm_bindgen(js_name = recordCalibration)]
    pub fn record_calibration(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Emotion")] emotion: &JsValue,
    ) -> Result<(), JsValue> {
        let emotion = emotion.as_string().and_then(|name| Emotion::from_name(&name)).ok_or_else(|| {
            to_js(Error::new(ErrorKind::InvalidCalibration, "only an expression of this model can be recorded"))
        })?;
        self.recorder.begin(emotion);
        Ok(())
    }

    /// How far the recording has come with the last live frame; undefined where none was under way.
    #[wasm_bindgen(getter, unchecked_return_type = "Recording | undefined")]
    pub fn recording(&self) -> Option<JsRecording> {
        self.recording.as_ref().map(recording_to_js)
    }

    /// Drops the recording under way and keeps those that are complete.
    #[wasm_bindgen(js_name = cancelRecording)]
    pub fn cancel_recording(&mut self) {
        self.recorder.cancel();
        self.recording = None;
    }

    /// Drops every recording.
    #[wasm_bindgen(js_name = clearRecordings)]
    pub fn clear_recordings(&mut self) {
        self.recorder.clear();
        self.recording = None;
    }

    /// The model's own answer to a face already cut out, not calibrated: 2,304 grey bytes, 48 x 48, rows from the top.
    /// Throws `invalid-frame` for any other length.
    #[wasm_bindgen(js_name = classifyFace, unchecked_return_type = "Expression")]
    pub fn classify_face(&mut self, grey: &Uint8Array) -> Result<JsExpression, JsValue> {
        let mut bytes = Vec::new();
        copy_bytes(grey, &mut bytes).map_err(to_js)?;
        let chip = chip_from(&bytes).map_err(to_js)?;
        let expression = Object::new();
        set_expression(&expression, &self.pipeline.classify_face(&chip).map_err(to_js)?);
        Ok(JsValue::from(expression).unchecked_into())
    }

    /// Which pixels of the face in this box supported its answer from `analyzeImage`. Takes 65 classifications.
    /// Throws `invalid-box` for a box that is not one, or lies outside of the picture.
    #[wasm_bindgen(js_name = explainImage, unchecked_return_type = "FaceExplanation")]
    pub fn explain_image(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Uint8Array | Uint8ClampedArray")] rgba: &Uint8Array,
        width: f64,
        height: f64,
        #[wasm_bindgen(js_name = box)] face: &JsBox,
    ) -> Result<JsExplanation, JsValue> {
        let mut pixels = Vec::new();
        copy_bytes(rgba, &mut pixels).map_err(to_js)?;
        let frame = frame_from(&pixels, width, height).map_err(to_js)?;
        explain(&mut self.pipeline, &frame, box_from(face), 1.0).map_err(to_js)
    }

    /// The same for the bytes of a JPEG, PNG, WebP or GIF file; the box is in pixels of the upright picture.
    #[wasm_bindgen(js_name = explainBytes, unchecked_return_type = "FaceExplanation")]
    pub fn explain_bytes(
        &mut self,
        bytes: &Uint8Array,
        #[wasm_bindgen(js_name = box)] face: &JsBox,
    ) -> Result<JsExplanation, JsValue> {
        let picture = decode(bytes).map_err(to_js)?;
        let frame = picture.frame();
        explain(&mut self.pipeline, &frame, box_from(face), 1.0).map_err(to_js)
    }

    /// The same for a bitmap stored in this EXIF orientation; the box is in pixels of the upright picture.
    #[wasm_bindgen(js_name = explainBitmap, unchecked_return_type = "FaceExplanation")]
    pub fn explain_bitmap(
        &mut self,
        bitmap: &ImageBitmap,
        orientation: u8,
        #[wasm_bindgen(js_name = box)] face: &JsBox,
    ) -> Result<JsExplanation, JsValue> {
        let (face, roll) = box_from(face);
        let (full_width, full_height) = upright_size(bitmap, orientation);
        // Before it is scaled, so that the message states the caller's numbers.
        face.check_within(full_width, full_height).map_err(to_js)?;
        let scale = self.picture_scale(bitmap);
        let (width, height) = self.read_bitmap(bitmap, orientation, scale)?;
        let frame = Frame::from_opaque(&self.pixels, width, height).map_err(to_js)?;
        let BoundingBox { x, y, width, height } = face;
        let face = BoundingBox { x: x / scale, y: y / scale, width: width / scale, height: height / scale };
        explain(&mut self.pipeline, &frame, (face, roll), scale).map_err(to_js)
    }

    /// Forgets every tracked face; the next frame starts a new video.
    pub fn reset(&mut self) {
        self.pipeline.reset();
    }

    /// What `analyzeBitmap` reads of a bitmap stored in this EXIF orientation, for people to see: upright, on white, at
    /// most 2048 pixels a side.
    #[wasm_bindgen(js_name = previewBitmap, unchecked_return_type = "Preview")]
    pub fn preview_bitmap(&mut self, bitmap: &ImageBitmap, orientation: u8) -> Result<JsPreview, JsValue> {
        let (width, height) = upright_size(bitmap, orientation);
        let (_, drawn_height) = scaled(width, height, scale_to_side(bitmap, MAX_BITMAP_SIDE));
        let (canvas, _) = self.draw(bitmap, orientation, scale_to_side(bitmap, MAX_BITMAP_SIDE), 0..drawn_height)?;
        let drawn = canvas.transfer_to_image_bitmap()?;
        let preview = object(&[("bitmap", drawn.into()), ("width", width.into()), ("height", height.into())]);
        Ok(JsValue::from(preview).unchecked_into())
    }

    /// How many pixels of a picture's bitmap, along a side, one pixel of the frame to be searched stands for.
    fn picture_scale(&self, bitmap: &ImageBitmap) -> f32 {
        match self.pipeline.options().picture_size {
            SearchSize::Auto => {
                let pixels = bitmap.width() as f32 * bitmap.height() as f32;
                (pixels / MAX_BITMAP_PIXELS).sqrt().max(1.0)
            }
            SearchSize::Pixels(size) => scale_to_side(bitmap, size.max(MAX_BITMAP_SIDE)),
        }
    }

    /// Copies the pixels of the bitmap, drawn as [`draw`](Self::draw) does, into `self.pixels`. Gives the copy's size.
    fn read_bitmap(&mut self, bitmap: &ImageBitmap, orientation: u8, scale: f32) -> Result<(u32, u32), JsValue> {
        let (width, height) = upright_size(bitmap, orientation);
        let (width, height) = scaled(width, height, scale);
        let bytes_of = |rows: u32| width as usize * rows as usize * 4;
        resize(&mut self.pixels, bytes_of(height)).map_err(to_js)?;
        let rows = (MAX_CANVAS_PIXELS / width).clamp(1, height);
        for top in (0..height).step_by(rows as usize) {
            let context = self.draw(bitmap, orientation, scale, top..top + rows)?.1.clone();
            let rows = rows.min(height - top);
            let image = context.get_image_data(0.0, 0.0, f64::from(width), f64::from(rows))?;
            // `ImageData::data` would copy into a fresh Vec at every frame.
            let data: Uint8Array = Reflect::get(&image, &"data".into())?.unchecked_into();
            data.copy_to(&mut self.pixels[bytes_of(top)..][..bytes_of(rows)]);
        }
        Ok((width, height))
    }

    /// Draws these rows of the bitmap on white on the canvas, upright and scaled down by the factor.
    fn draw(
        &mut self,
        bitmap: &ImageBitmap,
        orientation: u8,
        scale: f32,
        rows: Range<u32>,
    ) -> Result<&(OffscreenCanvas, OffscreenCanvasRenderingContext2d), JsValue> {
        if bitmap.width() == 0 || bitmap.height() == 0 {
            return Err(to_js(Error::new(ErrorKind::InvalidFrame, "the bitmap is empty or was closed")));
        }
        let (full_width, full_height) = upright_size(bitmap, orientation);
        let (width, height) = scaled(full_width, full_height, scale);

        let drawn = match self.canvas.take() {
            Some(kept) => self.canvas.insert(kept),
            None => self.canvas.insert(new_canvas()?),
        };
        let (canvas, context) = &*drawn;
        if (canvas.width(), canvas.height()) != (width, rows.len() as u32) {
            canvas.set_width(width);
            canvas.set_height(rows.len() as u32);
            // Resizing resets the context's state.
            set(context, "imageSmoothingQuality", &"high".into());
            set(context, "fillStyle", &"white".into());
        }
        let (right, bottom) = (f64::from(width), f64::from(height));
        context.fill_rect(0.0, 0.0, right, bottom);
        let (across, down) = if is_sideways(orientation) { (bottom, right) } else { (right, bottom) };
        let [a, b, c, d, e, f] = upright_transform(orientation, right, bottom);
        context.set_transform(a, b, c, d, e, f - f64::from(rows.start))?;
        let result = context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, across, down);
        context.reset_transform()?;
        result?;
        Ok(drawn)
    }
}

/// The EXIF orientation of a picture stored as it is to be seen.
const UPRIGHT: u8 = 1;

/// Whether a picture in this EXIF orientation is stored on its side.
const fn is_sideways(orientation: u8) -> bool {
    orientation >= 5
}

/// How many pixels of a bitmap, along a side, one pixel of a copy stands for whose sides are at most this.
fn scale_to_side(bitmap: &ImageBitmap, side: u32) -> f32 {
    (bitmap.width().max(bitmap.height()) as f32 / side as f32).max(1.0)
}

/// The size of a copy of which one pixel stands for so many along a side.
fn scaled(width: u32, height: u32, scale: f32) -> (u32, u32) {
    let scaled = |side: u32| ((side as f32 / scale).round() as u32).max(1);
    (scaled(width), scaled(height))
}

/// The size of a bitmap once it is upright.
fn upright_size(bitmap: &ImageBitmap, orientation: u8) -> (u32, u32) {
    let (width, height) = (bitmap.width(), bitmap.height());
    if is_sideways(orientation) { (height, width) } else { (width, height) }
}

/// The canvas transform (a, b, c, d, e, f) that turns a picture stored in this EXIF orientation upright and onto a
/// canvas of this size.
fn upright_transform(orientation: u8, width: f64, height: f64) -> [f64; 6] {
    match Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms) {
        Orientation::NoTransforms => [1.0, 0.0, 0.0, 1.0, 0.0, 0.0],
        Orientation::FlipHorizontal => [-1.0, 0.0, 0.0, 1.0, width, 0.0],
        Orientation::Rotate180 => [-1.0, 0.0, 0.0, -1.0, width, height],
        Orientation::FlipVertical => [1.0, 0.0, 0.0, -1.0, 0.0, height],
        Orientation::Rotate90FlipH => [0.0, 1.0, 1.0, 0.0, 0.0, 0.0],
        Orientation::Rotate90 => [0.0, 1.0, -1.0, 0.0, width, 0.0],
        Orientation::Rotate270FlipH => [0.0, -1.0, -1.0, 0.0, width, height],
        Orientation::Rotate270 => [0.0, -1.0, 1.0, 0.0, 0.0, height],
    }
}

/// A canvas that stays in main memory, since it is only ever read back.
fn new_canvas() -> Result<(OffscreenCanvas, OffscreenCanvasRenderingContext2d), JsValue> {
    let canvas = OffscreenCanvas::new(0, 0)?; // the first picture sets its size, and the context's state with it
    let settings = object(&[("willReadFrequently", true.into()), ("alpha", false.into())]);
    let context = canvas
        .get_context_with_context_options("2d", &settings)?
        .ok_or_else(|| to_js(Error::new(ErrorKind::InvalidFrame, "this browser has no canvas to read pixels with")))?;
    Ok((canvas, context.unchecked_into()))
}

/// Copies the bytes of a `Uint8Array` or `Uint8ClampedArray`. Too little memory for them is an error here, because a
/// failed allocation would end the module.
fn copy_bytes(from: &Uint8Array, to: &mut Vec<u8>) -> Result<(), Error> {
    resize(to, from.length() as usize)?;
    from.copy_to(to);
    Ok(())
}

fn resize(bytes: &mut Vec<u8>, length: usize) -> Result<(), Error> {
    bytes.try_reserve(length.saturating_sub(bytes.len())).map_err(|_| {
        Error::new(ErrorKind::OutOfMemory, format!("there is not enough memory for {length} bytes of a picture"))
    })?;
    bytes.resize(length, 0);
    Ok(())
}

fn decode(bytes: &Uint8Array) -> Result<Picture, Error> {
    let mut encoded = Vec::new();
    copy_bytes(bytes, &mut encoded)?;
    Picture::decode(&encoded)
}

/// A frame whose sides are JavaScript numbers; a fraction or a negative number is not a size.
fn frame_from(rgba: &[u8], width: f64, height: f64) -> Result<Frame<'_>, Error> {
    let is_size = |side: f64| side.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&side);
    if !is_size(width) || !is_size(height) {
        let message = format!("a frame's sides must be whole numbers of pixels, not {width} x {height}");
        return Err(Error::new(ErrorKind::InvalidFrame, message));
    }
    Frame::from_rgba(rgba, width as u32, height as u32)
}

fn chip_from(grey: &[u8]) -> Result<FaceChip, Error> {
    let grey: [u8; CHIP_SIDE * CHIP_SIDE] = grey.try_into().map_err(|_| {
        Error::new(
            ErrorKind::InvalidFrame,
            format!(
                "a face must be {CHIP_SIDE} x {CHIP_SIDE} grey bytes, {}, not {}",
                CHIP_SIDE * CHIP_SIDE,
                grey.len()
            ),
        )
    })?;
    Ok(FaceChip::from_grey(grey))
}

/// A box given in picture pixels, and its roll, 0 where none is given. What is missing or not a number becomes NaN, which
/// no crop accepts.
fn box_from(face: &JsValue) -> (BoundingBox, f32) {
    let value = |key: &str| Reflect::get(face, &key.into()).unwrap_or(JsValue::UNDEFINED);
    let number = |value: JsValue| value.as_f64().map_or(f32::NAN, |number| number as f32);
    let side = |key: &str| number(value(key));
    let roll = value("roll");
    let roll = if roll.is_undefined() { 0.0 } else { number(roll) };
    (BoundingBox { x: side("x"), y: side("y"), width: side("width"), height: side("height") }, roll)
}

/// Reads the options that are given; anything but a known name with a value of its kind is refused.
fn options_from(given: Option<&JsValue>) -> Result<PipelineOptions, Error> {
    let mut options = PipelineOptions::default();
    let Some(given) = given.filter(|given| !given.is_undefined() && !given.is_null()) else { return Ok(options) };
    let invalid = |message: String| Error::new(ErrorKind::InvalidOptions, message);
    if !given.is_object() {
        return Err(invalid("options must be an object".into()));
    }
    for key in Object::keys(given.unchecked_ref::<Object>()).iter().filter_map(|key| key.as_string()) {
        let value = Reflect::get(given, &JsValue::from(&key)).unwrap_or(JsValue::UNDEFINED);
        if value.is_undefined() {
            continue;
        }
        if key == "calibration" {
            let text = value.as_string().ok_or_else(|| invalid("the option calibration must be a string".into()))?;
            options.calibration = if text.is_empty() { None } else { Some(text.parse()?) };
            continue;
        }
        if key == "pictureSize" && value.as_string().as_deref() == Some("auto") {
            options.picture_size = SearchSize::Auto;
            continue;
        }
        let number = value.as_f64().ok_or_else(|| invalid(format!("the option {key} must be a number")))?;
        let whole = || {
            if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
                Ok(number as u32)
            } else {
                Err(invalid(format!("the option {key} must be a whole number, not {number}")))
            }
        };
        match key.as_str() {
            "minConfidence" => options.min_confidence = number as f32,
            "uncertainBelow" => options.uncertain_below = number as f32,
            "otherFrom" => options.other_from = number as f32,
            "pictureSize" => options.picture_size = SearchSize::Pixels(whole()?),
            "liveSize" => options.live_size = whole()?,
            "maxFaces" => options.max_faces = whole()? as usize,
            "expressions" => {
                options.eight = match number {
                    4.0 => false,
                    8.0 => true,
                    _ => return Err(invalid(format!("the option expressions must be 4 or 8, not {number}"))),
                }
            }
            _ => return Err(invalid(format!("there is no option {key}"))),
        }
    }
    Ok(options)
}

/// The frames to calibrate with; anything but probabilities and a known expression is refused.
fn calibration_frames_from(given: &JsValue) -> Result<Vec<(EmotionProbabilities, Emotion)>, Error> {
    let invalid = |message: String| Error::new(ErrorKind::InvalidCalibration, message);
    if !Array::is_array(given) {
        return Err(invalid("the frames to calibrate with must be an array".into()));
    }
    let property = |object: &JsValue, key: &str| Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED);
    let frames = given.unchecked_ref::<Array>().iter().enumerate().map(|(index, frame)| {
        let shown = property(&frame, "emotion").as_string().and_then(|name| Emotion::from_name(&name));
        let shown = shown.ok_or_else(|| invalid(format!("frame {index} does not name an expression of this model")))?;
        let probabilities = property(&frame, "probabilities");
        let values = Emotion::ALL.map(|emotion| property(&probabilities, emotion.name()).as_f64().unwrap_or(f64::NAN));
        let probabilities = EmotionProbabilities::new(values.map(|value| value as f32))
            .map_err(|error| invalid(format!("frame {index}: {}", error.message())))?;
        Ok((probabilities, shown))
    });
    frames.collect()
}

/// The faces as plain objects, their pixels scaled from the frame analysed to the picture given.
/// A box of a picture that was scaled down by `scale`.
fn box_to_js(&BoundingBox { x, y, width, height }: &BoundingBox, scale: f32) -> Object {
    let sides = [("x", x), ("y", y), ("width", width), ("height", height)];
    object(&sides.map(|(name, value)| (name, JsValue::from(value * scale))))
}

fn glance_to_js(
    pipeline: &mut pipeline::EmotionPipeline,
    frame: &Frame<'_>,
    scale: f32,
) -> Result<Option<JsFaces>, JsValue> {
    pipeline.glance(frame).map(|faces| faces.map(|faces| faces_to_js(faces, scale))).map_err(to_js)
}

/// The faces of a picture that was scaled down by `scale`.
fn faces_to_js(faces: &[FaceEmotion], scale: f32) -> JsFaces {
    let faces = faces.iter().map(|face| JsValue::from(face_to_js(face, scale))).collect::<Array>();
    JsValue::from(faces).unchecked_into()
}

fn face_to_js(face: &FaceEmotion, scale: f32) -> Object {
    let number = |value: f32| JsValue::from(value * scale);
    let bounding_box = box_to_js(&face.detection.bounding_box, scale);
    let landmarks = face.detection.landmarks.iter();
    let landmarks =
        landmarks.map(|point| JsValue::from(Array::of2(&number(point[0]), &number(point[1])))).collect::<Array>();
    let result = object(&[
        ("id", (face.id as f64).into()),
        ("box", bounding_box.into()),
        ("landmarks", landmarks.into()),
        ("confidence", face.detection.confidence.into()),
        ("roll", face.detection.roll.into()),
    ]);
    set(&result, "quality", &quality_to_js(&face.quality, scale));
    let reasons = face.quality.reasons().map(|reason| JsValue::from(reason.name()));
    set(&result, "reasons", &reasons.collect::<Array>());
    set(&result, "raw", &named(&face.raw));
    set_expression(&result, &face.expression());
    result
}

fn quality_to_js(quality: &FaceQuality, scale: f32) -> Object {
    object(&[
        ("size", (quality.size * scale).into()),
        ("sharpness", quality.sharpness.into()),
        ("light", quality.light.into()),
        ("contrast", quality.contrast.into()),
        ("roll", quality.roll.into()),
        ("yaw", quality.yaw.into()),
        ("pitch", quality.pitch.into()),
        ("outside", quality.outside.into()),
        ("mouthDetail", quality.mouth_detail.into()),
    ])
}

fn set_expression(target: &Object, expression: &Expression) {
    set(target, "probabilities", &named(&expression.probabilities));
    set(target, "other", &expression.other.into());
    set(target, "otherExpression", &expression.other_expression.name().into());
    set_label(target, expression.emotion.map(Label::name), expression.likeliest());
    if let Some(reading) = &expression.eight {
        let eight = object(&[("probabilities", named(&reading.probabilities).into())]);
        set_label(&eight, reading.emotion.map(Emotion8::name), reading.likeliest());
        set(target, "eight", &eight);
    }
}

/// The label, or "uncertain", and the likeliest expression.
fn set_label<E: Expressions<N>, const N: usize>(target: &Object, label: Option<&str>, likeliest: E) {
    set(target, "emotion", &label.unwrap_or(UNCERTAIN).into());
    set(target, "likeliest", &likeliest.name().into());
}

fn recording_to_js(recording: &Recording) -> JsRecording {
    let object = match recording {
        Recording::NotAlone => object(&[("state", "not-alone".into())]),
        Recording::Underway(share) => object(&[("state", "underway".into()), ("share", (*share).into())]),
        Recording::Complete { calibration, before, after } => object(&[
            ("state", "complete".into()),
            ("calibration", calibration.to_string().into()),
            ("before", (*before).into()),
            ("after", (*after).into()),
        ]),
    };
    JsValue::from(object).unchecked_into()
}

fn explain(
    pipeline: &mut pipeline::EmotionPipeline,
    frame: &Frame<'_>,
    (face, roll): (BoundingBox, f32),
    scale: f32,
) -> Result<JsExplanation, Error> {
    let (chip, Explanations { four, eight }) = pipeline.explain_face(frame, &face, roll)?;
    let result = explanation_to_js(&four);
    let (square, roll) = crop_square(&face, roll);
    let square = box_to_js(&square, scale);
    set(&square, "roll", &roll.into());
    set(&result, "square", &square);
    set(&result, "chip", &Uint8Array::from(&chip.grey()[..]));
    if let Some(eight) = eight {
        set(&result, "eight", &explanation_to_js(&eight));
    }
    Ok(JsValue::from(result).unchecked_into())
}

fn explanation_to_js<E: Expressions<N>, const N: usize>(explanation: &Explanation<E>) -> Object {
    object(&[
        ("heat", Float32Array::from(&explanation.heat[..]).into()),
        ("strength", explanation.strength.into()),
        ("emotion", explanation.emotion.name().into()),
        ("runnerUp", explanation.runner_up.name().into()),
    ])
}

fn named<E: Expressions<N>, const N: usize>(probabilities: &Probabilities<E, N>) -> Object {
    let named = Object::new();
    for (emotion, probability) in probabilities.iter() {
        set(&named, emotion.name(), &probability.into());
    }
    named
}

fn names<E: Expressions<N>, const N: usize>(expressions: &[E]) -> Array {
    expressions.iter().map(|expression| JsValue::from(expression.name())).collect()
}

fn object(entries: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in entries {
        set(&object, key, value);
    }
    object
}

/// Sets a property of an object made here, which cannot fail.
fn set(object: &Object, key: &str, value: &JsValue) {
    let _ = Reflect::set(object, &key.into(), value);
}

fn to_js(error: Error) -> JsValue {
    let js = js_sys::Error::new(error.message());
    js.set_name("EmotionError");
    set(&js, "code", &error.kind().code().into());
    js.into()
}
