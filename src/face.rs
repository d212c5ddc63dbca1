//! The answer for one face.

use crate::emotion::{Emotion, Emotion8, Label};
use crate::geometry::FaceDetection;
use crate::probabilities::EmotionProbabilities;
use crate::quality::FaceQuality;
use crate::smooth::Reading8;

/// The expression a face displays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expression {
    /// How probable each of the four expressions is, if it is one of them.
    pub probabilities: EmotionProbabilities,
    /// The calibrated probability, 0..=1, that the face shows none of the four.
    pub other: f32,
    /// The most probable of the expressions that are not among the four: what the face looks like if it is none of them.
    pub other_expression: Emotion8,
    /// The label: "other" when that is at least as probable as [`other_from`](crate::PipelineOptions::other_from); else
    /// the most probable of the four; or none when the probability that the face displays it, `other` counted, is below
    /// [`uncertain_below`](crate::PipelineOptions::uncertain_below).
    pub emotion: Option<Label>,
    /// The same over the eight expressions, where they are [asked for](crate::PipelineOptions::eight). The second head
    /// was trained on other labels, so the two need not agree.
    pub eight: Option<Reading8>,
}

impl Expression {
    /// The expression shown, if it is one of the four; else the most probable of them.
    pub fn likeliest(&self) -> Emotion {
        self.emotion.and_then(Label::emotion).unwrap_or_else(|| self.probabilities.top().0)
    }
}

/// One face and the expression it displays.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceEmotion {
    /// In live video the same face keeps its id; in a picture faces are numbered from 1.
    pub id: u64,
    /// Where the face is, in frame pixels, and how sure the detector is of it.
    pub detection: FaceDetection,
    /// How well it is seen, and so [why](FaceQuality::reasons) the answer may be unsure. In live video of the last frame
    /// that shows it.
    pub quality: FaceQuality,
    /// The model's own answer to this frame: neither calibrated nor smoothed.
    pub raw: EmotionProbabilities,
    /// How probable each expression is: calibrated where there is a calibration, in live video smoothed over time.
    pub probabilities: EmotionProbabilities,
    /// See [`Expression::other`].
    pub other: f32,
    /// See [`Expression::other_expression`].
    pub other_expression: Emotion8,
    /// See [`Expression::emotion`]. In live video it is held steady within a margin, see
    /// [`ProbabilitySmoother`](crate::ProbabilitySmoother).
    pub emotion: Option<Label>,
    /// See [`Expression::eight`].
    pub eight: Option<Reading8>,
}

impl FaceEmotion {
    /// The expression it displays.
    pub fn expression(&self) -> Expression {
        let Self { probabilities, other, other_expression, emotion, eight, .. } = *self;
        Expression { probabilities, other, other_expression, emotion, eight }
    }

    /// A face that displays this expression.
    pub(crate) fn new(
        id: u64,
        detection: FaceDetection,
        quality: FaceQuality,
        raw: EmotionProbabilities,
        expression: Expression,
    ) -> Self {
        let Expression { probabilities, other, other_expression, emotion, eight } = expression;
        Self { id, detection, quality, raw, probabilities, other, other_expression, emotion, eight }
    }
}
