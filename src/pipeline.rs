//! The whole flow, on one screen: frame -> detect -> crop -> classify, and for live video -> track -> smooth.

use crate::classify::{EmotionClassifier, EmotionProbabilities};
use crate::crop::{FaceChip, crop_face};
use crate::detect::{DetectOptions, FaceDetection, FaceDetector};
use crate::emotion::Emotion;
use crate::error::{Error, ErrorKind};
use crate::frame::Frame;
use crate::weights::{detector_model, emotion_model};

/// How a pipeline looks for faces and when it calls an answer uncertain.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineOptions {
    /// The least detector confidence of a face, 0..=1.
    pub min_confidence: f32,
    /// The top probability below which the answer is uncertain, 0..=1. The probabilities are calibrated, so this is
    /// the least accuracy one wants of a single answer.
    pub uncertain_below: f32,
    /// The long side at which pictures are searched, 160..=640 pixels.
    pub picture_size: u32,
    /// The long side at which live frames are searched, 160..=640 pixels.
    pub live_size: u32,
    /// The most faces answered for, 1..=1000, the most confident first.
    pub max_faces: usize,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        let (picture, live) = (DetectOptions::picture(), DetectOptions::live());
        Self {
            min_confidence: picture.min_confidence,
            uncertain_below: 0.5,
            picture_size: picture.long_side,
            live_size: live.long_side,
            max_faces: 64,
        }
    }
}

impl PipelineOptions {
    fn check(&self) -> Result<(), Error> {
        let invalid = |message: String| Err(Error::new(ErrorKind::InvalidOptions, message));
        for (name, value) in [("minimum confidence", self.min_confidence), ("uncertain below", self.uncertain_below)] {
            if !(0.0..=1.0).contains(&value) {
                return invalid(format!("{name} is 0 to 1, not {value}"));
            }
        }
        for (name, size) in [("picture size", self.picture_size), ("live size", self.live_size)] {
            if !(160..=640).contains(&size) {
                return invalid(format!("{name} is 160 to 640 pixels, not {size}"));
            }
        }
        if !(1..=1000).contains(&self.max_faces) {
            return invalid(format!("at most 1 to 1000 faces are answered for, not {}", self.max_faces));
        }
        Ok(())
    }
}

/// One face and the expression it displays.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceEmotion {
    /// In live video the same face keeps its id; in a picture faces are numbered from 1.
    pub id: u64,
    /// Where the face is, in frame pixels, and how sure the detector is of it.
    pub detection: FaceDetection,
    /// How probable each expression is; in live video smoothed over time.
    pub probabilities: EmotionProbabilities,
    /// The most probable expression, or none when it is less probable than
    /// [`uncertain_below`](PipelineOptions::uncertain_below).
    pub emotion: Option<Emotion>,
}

/// Finds the faces of a frame and reads the expression each displays. Holds its scratch memory: make one and keep it.
#[derive(Debug)]
pub struct EmotionPipeline {
    options: PipelineOptions,
    detector: FaceDetector,
    classifier: EmotionClassifier,
    faces: Vec<FaceEmotion>,
    last_timestamp_ms: Option<f64>,
}

impl EmotionPipeline {
    /// A pipeline with the compiled-in models.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] when an option is outside its range, [`ErrorKind::ModelLoad`] when the weights
    /// that were compiled in are no such networks.
    pub fn new(options: PipelineOptions) -> Result<Self, Error> {
        options.check()?;
        Ok(Self {
            options,
            detector: FaceDetector::new(&detector_model()?)?,
            classifier: EmotionClassifier::new(&emotion_model()?)?,
            faces: Vec::new(),
            last_timestamp_ms: None,
        })
    }

    /// The faces of a picture, the most confident first. No face is an empty answer.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when a network's answer is not finite.
    pub fn analyze_image(&mut self, frame: &Frame<'_>) -> Result<&[FaceEmotion], Error> {
        let options = DetectOptions {
            long_side: self.options.picture_size,
            min_confidence: self.options.min_confidence,
            ..DetectOptions::picture()
        };
        self.analyze(frame, &options)
    }

    /// The faces of the next frame of a live video.
    ///
    /// # Errors
    /// As [`analyze_image`](Self::analyze_image), and [`ErrorKind::InvalidTimestamp`] when the time is not finite or
    /// before the last one.
    pub fn analyze_frame(&mut self, frame: &Frame<'_>, timestamp_ms: f64) -> Result<&[FaceEmotion], Error> {
        if !timestamp_ms.is_finite() || self.last_timestamp_ms.is_some_and(|last| timestamp_ms < last) {
            return Err(Error::new(ErrorKind::InvalidTimestamp, format!("{timestamp_ms} is no time after the last")));
        }
        self.last_timestamp_ms = Some(timestamp_ms);
        let options = DetectOptions {
            long_side: self.options.live_size,
            min_confidence: self.options.min_confidence,
            ..DetectOptions::live()
        };
        self.analyze(frame, &options)
    }

    /// The expression of a face already cut out.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when the network's answer is not finite.
    pub fn classify_face(&mut self, chip: &FaceChip) -> Result<(EmotionProbabilities, Option<Emotion>), Error> {
        let probabilities = self.classifier.classify(chip)?;
        Ok((probabilities, label(&probabilities, self.options.uncertain_below)))
    }

    /// Forgets every tracked face and the time, for a new video.
    pub fn reset(&mut self) {
        self.last_timestamp_ms = None;
    }

    fn analyze(&mut self, frame: &Frame<'_>, options: &DetectOptions) -> Result<&[FaceEmotion], Error> {
        self.faces.clear();
        let detections = self.detector.detect(frame, options)?;
        for (detection, id) in detections.iter().take(self.options.max_faces).zip(1..) {
            let chip = crop_face(frame, &detection.bounding_box)?;
            let probabilities = self.classifier.classify(&chip)?;
            let emotion = label(&probabilities, self.options.uncertain_below);
            self.faces.push(FaceEmotion { id, detection: *detection, probabilities, emotion });
        }
        Ok(&self.faces)
    }
}

fn label(probabilities: &EmotionProbabilities, uncertain_below: f32) -> Option<Emotion> {
    let (emotion, probability) = probabilities.top();
    (probability >= uncertain_below).then_some(emotion)
}
