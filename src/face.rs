//! The answer for one face.

use crate::classify::EmotionProbabilities;
use crate::emotion::Emotion;
use crate::geometry::FaceDetection;
use crate::smooth::Reading8;

/// One face and the expression it displays.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceEmotion {
    /// In live video the same face keeps its id; in a picture faces are numbered from 1.
    pub id: u64,
    /// Where the face is, in frame pixels, and how sure the detector is of it.
    pub detection: FaceDetection,
    /// The model's own answer to this frame: neither calibrated nor smoothed.
    pub raw: EmotionProbabilities,
    /// How probable each expression is: calibrated where there is a calibration, in live video smoothed over time.
    pub probabilities: EmotionProbabilities,
    /// The most probable expression, or `None` when it is less probable than
    /// [`uncertain_below`](crate::PipelineOptions::uncertain_below). In live video it is held steady within a margin, see
    /// [`ProbabilitySmoother`](crate::ProbabilitySmoother).
    pub emotion: Option<Emotion>,
    /// The same over the eight expressions, where they are [asked for](crate::PipelineOptions::eight). The second head
    /// was trained on other labels, so the two need not agree.
    pub eight: Option<Reading8>,
}
