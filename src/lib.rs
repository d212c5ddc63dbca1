//! Reads the expression a face displays, wholly on the device.
//!
//! ```text
//! Frame (RGBA) -> detect -> crop -> FaceChip (48x48 grey) -> express -> EmotionProbabilities
//! ```
//!
//! A picture of faces:
//! ```
//! use countenance::{EmotionPipeline, Label, Picture, PipelineOptions};
//!
//! let picture = Picture::decode(&std::fs::read("tests/fixtures/astronaut.png")?)?;
//! let mut pipeline = EmotionPipeline::new(PipelineOptions::default())?;
//! let faces = pipeline.analyze_image(&picture.frame())?;
//! assert_eq!(faces.len(), 1);
//! assert_eq!(faces[0].emotion, Some(Label::Happy));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A video, here of one grey frame: faces keep their ids, and what is shown of them is steadied over time.
//! ```
//! use countenance::{EmotionPipeline, Frame, PipelineOptions};
//!
//! let mut pipeline = EmotionPipeline::new(PipelineOptions { uncertain_below: 0.6, ..PipelineOptions::default() })?;
//! let rgba = vec![128; 640 * 480 * 4];
//! for face in pipeline.analyze_frame(&Frame::from_rgba(&rgba, 640, 480)?, 0.0)? {
//!     println!("{}: {:?} {:?}", face.id, face.emotion, face.probabilities);
//! }
//! # Ok::<(), countenance::Error>(())
//! ```
//!
//! With the feature `serde`, faces and [options](PipelineOptions) are serialised with the keys of the JavaScript API.
//!
//! A pipeline owns all its state and scratch memory: there are no globals, so make one for each thread. Weights are
//! compiled in ([`weights`]); nothing is read from disk or network. It reports which expression a face *displays*,
//! never what the person feels.

/// The README's Rust code is compiled and run with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod appearance;
mod calibrate;
mod chip;
mod classify;
mod colour;
mod container;
mod crop;
mod detect;
mod emotion;
mod error;
mod exif;
mod explain;
#[cfg_attr(any(feature = "burn-flex", feature = "burn-ndarray"), allow(dead_code, reason = "Burn answers instead"))]
mod express;
mod face;
mod frame;
mod geometry;
mod gif;
mod jpeg;
mod light;
mod live;
#[cfg(feature = "burn")]
pub mod network;
mod other;
mod picture;
mod pipeline;
mod probabilities;
mod quality;
mod range;
mod record;
mod resample;
#[cfg(feature = "serde")]
mod serialise;
mod simd;
mod smooth;
mod track;
mod turn;
#[cfg(target_family = "wasm")]
pub mod wasm_api;
pub mod weights;

pub use appearance::Appearance;
pub use calibrate::{MIN_FRAMES, PersonalCalibration};
pub use chip::{CHIP_SIDE, FaceChip};
pub use classify::{Answers, EmotionClassifier};
pub use crop::{chip_from_frame, crop_face, crop_turned_face};
pub use detect::{DetectOptions, FaceDetector};
pub use emotion::{Emotion, Emotion8, Expressions, Label, UNCERTAIN};
pub use error::{Error, ErrorKind};
pub use explain::{Explanation, Explanations, explain};
pub use face::{Expression, FaceEmotion};
pub use frame::{Frame, MAX_PIXELS, MAX_SIDE};
pub use geometry::{BoundingBox, FaceDetection, Landmarks};
pub use picture::Picture;
pub use pipeline::{EmotionPipeline, PipelineOptions, SearchSize};
pub use probabilities::{Emotion8Probabilities, EmotionProbabilities, LabelProbabilities, Probabilities};
pub use quality::{FaceQuality, Reason};
pub use record::{CalibrationRecorder, RECORDING_ORDER, Recording};
pub use smooth::{ProbabilitySmoother, Reading, Reading8, SmootherOptions, shown_emotion};
pub use track::{DetectionPlan, FaceTracker, TrackedFace, TrackerOptions};
