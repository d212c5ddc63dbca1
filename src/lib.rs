//! Reads the expression a face displays, wholly on the device.
//!
//! ```text
//! Frame (RGBA) -> detect -> crop -> FaceChip (48x48 grey) -> engine -> EmotionProbabilities
//! ```
pub mod calibrate;
pub mod classify;
pub mod crop;
pub mod decode;
pub mod detect;
pub mod emotion;
pub mod engine;
pub mod error;
pub mod explain;
pub mod frame;
#[cfg(feature = "burn")]
pub mod network;
pub mod pipeline;
mod resample;
pub mod smooth;
pub mod track;
#[cfg(target_family = "wasm")]
pub mod wasm_api;
pub mod weights;

pub use calibrate::PersonalCalibration;
pub use classify::{Answers, Emotion8Probabilities, EmotionClassifier, EmotionProbabilities, Probabilities};
pub use crop::{CHIP_SIDE, FaceChip, chip_from_frame, crop_face};
pub use decode::Picture;
pub use detect::{BoundingBox, DetectOptions, FaceDetection, FaceDetector, Landmarks};
pub use emotion::{Emotion, Emotion8, Expressions};
pub use error::{Error, ErrorKind};
pub use explain::{Explanation, Explanations, explain};
pub use frame::Frame;
pub use pipeline::{EmotionPipeline, FaceEmotion, PipelineOptions};
pub use smooth::{ProbabilitySmoother, Reading, Reading8, SmootherOptions, shown_emotion};
pub use track::{DetectionPlan, FaceTracker, TrackedFace, TrackerOptions};
