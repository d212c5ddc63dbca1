//! Live video: follows faces from frame to frame, and remembers what each one displays.

use crate::classify::Answers;
use crate::detect::{DetectOptions, FaceDetector, REGION_SIZE, Settle, TURNED, TURNS};
use crate::emotion::{Emotion8, Label};
use crate::error::Error;
use crate::face::{Expression, FaceEmotion};
use crate::frame::Frame;
use crate::geometry::FaceDetection;
use crate::light::Light;
use crate::other::{join, likeliest_other, part};
use crate::probabilities::EmotionProbabilities;
use crate::quality::FaceQuality;
use crate::smooth::{ProbabilitySmoother, SmootherOptions};
use crate::track::{DetectionPlan, FaceTracker, TrackedFace, TrackerOptions};

/// The share of the minimum confidence that is enough for a face already followed: it is not lost in a weak moment (a
/// turned head, motion blur), and no new face is let in.
const CARRY_ON: f32 = 0.75;

/// How long, in milliseconds, a missed face is still reported as it was last seen: about as long as a blink or the blur
/// of a quick turn lasts.
const BRIDGE_MS: f64 = 200.0;

/// How often, in milliseconds, faces that may be turned are looked at again: each such look takes as long as up to five
/// searches of a frame.
const SETTLE_EVERY_MS: f64 = 500.0;

/// Every so many of these looks the surest face is looked at too: a small tilted one may look upright.
const CHECK_EVERY: u32 = 8;

/// The faces of a live video. The tracker is the only register of them: it keeps their [`Memory`] too.
#[derive(Debug)]
pub(crate) struct LiveVideo {
    tracker: FaceTracker<Memory>,
    light: Light,
    /// Which turn is tried next where nobody is found.
    next_turn: usize,
    /// When faces were last looked at again, and how often.
    settled: Option<(f64, u32)>,
}

impl LiveVideo {
    /// A video before its first frame.
    pub(crate) fn new(options: TrackerOptions) -> Result<Self, Error> {
        let tracker = FaceTracker::with_memory(options)?;
        Ok(Self { tracker, light: Light::default(), next_turn: 0, settled: None })
    }

    /// Changes the options and keeps the faces followed.
    pub(crate) fn set_options(&mut self, options: TrackerOptions) -> Result<(), Error> {
        self.tracker.set_options(options)
    }

    /// Finds the faces of the next frame. `options` are those for the whole frame and for faces not yet followed.
    pub(crate) fn follow(
        &mut self,
        detector: &mut FaceDetector,
        frame: &Frame<'_>,
        options: &DetectOptions,
        timestamp_ms: f64,
    ) -> Result<(), Error> {
        let plan = self.look(detector, frame, options, timestamp_ms)?;
        // A face lost in its region may have moved on: look everywhere in this same frame.
        if matches!(plan, DetectionPlan::Region(_)) && self.tracker.plan(timestamp_ms) == DetectionPlan::Full {
            self.look(detector, frame, options, timestamp_ms)?;
        }
        self.light.look(frame, timestamp_ms);
        Ok(())
    }

    /// Runs the detector where the tracker plans it.
    fn look(
        &mut self,
        detector: &mut FaceDetector,
        frame: &Frame<'_>,
        options: &DetectOptions,
        timestamp_ms: f64,
    ) -> Result<DetectionPlan, Error> {
        let least = options.min_confidence;
        let options = DetectOptions { min_confidence: least * CARRY_ON, ..*options };
        let plan = self.tracker.plan(timestamp_ms);
        let detections = match plan {
            DetectionPlan::Full => {
                let settle = self.settle(timestamp_ms);
                let turn = TURNS[self.next_turn];
                let found = detector.detect_live(frame, &options, self.tracker.faces(), least, turn, settle)?;
                let nobody = found.iter().all(|face| face.confidence < least);
                self.next_turn = if nobody { (self.next_turn + 1) % TURNS.len() } else { 0 };
                found
            }
            DetectionPlan::Region(region) => match self.tracker.faces() {
                [face] if face.roll.abs() >= TURNED => detector.detect_along(frame, face, &options),
                _ => {
                    let options = DetectOptions { long_side: REGION_SIZE, ..options };
                    detector.detect_in_region(frame, &region, &options)?
                }
            },
            DetectionPlan::Reuse => &[],
        };
        self.tracker.update(plan, detections, timestamp_ms)?;
        Ok(plan)
    }

    /// Which faces are looked at again in a frame of this time.
    fn settle(&mut self, timestamp_ms: f64) -> Settle {
        let (last_ms, count) = self.settled.unwrap_or((timestamp_ms - SETTLE_EVERY_MS, 0));
        if timestamp_ms - last_ms < SETTLE_EVERY_MS {
            return Settle::None;
        }
        self.settled = Some((timestamp_ms, count.wrapping_add(1)));
        if count % CHECK_EVERY == CHECK_EVERY - 1 { Settle::All } else { Settle::Unsure }
    }

    /// The faces followed, the longest followed first, each with its memory.
    pub(crate) fn faces(&mut self) -> impl Iterator<Item = (&TrackedFace, &mut Memory)> {
        self.tracker.faces_with_memory()
    }

    /// Whether it is too dark to read a face by.
    pub(crate) const fn is_too_dark(&self) -> bool {
        self.light.is_dark()
    }

    /// Forgets all faces, the light and the time, to start a new video.
    pub(crate) fn reset(&mut self) {
        self.tracker.reset();
        self.light = Light::default();
        (self.next_turn, self.settled) = (0, None);
    }
}

/// What is remembered about one face.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    smoothers: Option<Smoothers>,
    /// How and when it was last seen.
    last: Option<(FaceEmotion, f64)>,
}

#[derive(Debug)]
struct Smoothers {
    labels: ProbabilitySmoother<Label, { Label::COUNT }>,
    eight: ProbabilitySmoother<Emotion8, { Emotion8::COUNT }>,
}

impl Smoothers {
    fn new(options: SmootherOptions) -> Result<Self, Error> {
        Ok(Self { labels: ProbabilitySmoother::new(options)?, eight: ProbabilitySmoother::new(options)? })
    }
}

impl Memory {
    /// Takes in the answers for a frame that shows the face: the model's own, and those with the person's calibration.
    pub(crate) fn see(
        &mut self,
        frame: &Frame<'_>,
        face: &TrackedFace,
        raw: EmotionProbabilities,
        answers: &Answers,
        options: SmootherOptions,
        timestamp_ms: f64,
    ) -> Result<(), Error> {
        let (eight_now, other_now) = answers.second()?;
        let Smoothers { labels, eight } = match &mut self.smoothers {
            Some(smoothers) => smoothers,
            none => none.insert(Smoothers::new(options)?),
        };
        // They may have changed since the last frame.
        labels.set_options(options)?;
        eight.set_options(options)?;
        let labels = labels.update(&join(&answers.four, other_now), timestamp_ms)?;
        let eight = eight.update(&eight_now, timestamp_ms)?;
        let (probabilities, other) = part(&labels.probabilities);
        let other_expression = likeliest_other(&eight.probabilities);
        let emotion = labels.emotion;
        let expression = Expression { probabilities, other, other_expression, emotion, eight: Some(eight) };
        let TrackedFace { id, bounding_box, landmarks, confidence, roll, .. } = *face;
        let detection = FaceDetection { bounding_box, landmarks, confidence, roll };
        let quality = FaceQuality::new(frame, &detection, &answers.appearance);
        self.last = Some((FaceEmotion::new(id, detection, quality, raw, expression), timestamp_ms));
        Ok(())
    }

    /// The face as it is reported now, if it was seen a moment ago.
    pub(crate) fn shown(&self, now_ms: f64) -> Option<&FaceEmotion> {
        self.last.as_ref().filter(|(_, seen_ms)| now_ms - seen_ms <= BRIDGE_MS).map(|(face, _)| face)
    }
}
