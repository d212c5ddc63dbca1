//! The whole flow, on one screen: frame -> detect -> crop -> classify, and for live video -> track -> smooth.

use crate::calibrate::PersonalCalibration;
use crate::chip::FaceChip;
use crate::classify::{Answers, EmotionClassifier};
use crate::crop::crop_face;
use crate::detect::{DetectOptions, FaceDetector};
use crate::error::{Error, ErrorKind};
use crate::explain::{Explanations, explain};
use crate::face::FaceEmotion;
use crate::frame::Frame;
use crate::geometry::BoundingBox;
use crate::live::LiveVideo;
use crate::smooth::{Reading, Reading8, SmootherOptions};
use crate::track::TrackerOptions;
use crate::weights::{detector_model, emotion_model};
use std::fmt;

/// The long side at which a picture is searched for faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchSize {
    /// What finds faces 48 pixels wide in pictures of up to 24 megapixels, see [`DetectOptions::picture_of`].
    Auto,
    /// So many pixels, 160..=4096.
    Pixels(u32),
}

/// How a pipeline looks for faces and when it calls an answer uncertain.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineOptions {
    /// The least detector confidence of a face, 0..=1.
    pub min_confidence: f32,
    /// The top probability below which the answer is uncertain, 0..=1. The probabilities are calibrated, so this is
    /// the least accuracy one wants of a single answer.
    pub uncertain_below: f32,
    /// The long side at which pictures are searched.
    pub picture_size: SearchSize,
    /// The long side at which live frames are searched, 160..=1280 pixels. Time grows with the square: 640 takes 4 times
    /// as long as 320, 1280 some 25 times.
    pub live_size: u32,
    /// The most faces answered for, 1..=1000, the most confident first.
    pub max_faces: usize,
    /// One person's correction of every answer of the four expressions, if there is one.
    pub calibration: Option<PersonalCalibration>,
    /// Whether to answer in the eight expressions too.
    pub eight: bool,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        let (picture, live) = (DetectOptions::picture(), DetectOptions::live());
        Self {
            min_confidence: picture.min_confidence,
            uncertain_below: 0.5,
            picture_size: SearchSize::Auto,
            live_size: live.long_side,
            max_faces: 256,
            calibration: None,
            eight: false,
        }
    }
}

impl PipelineOptions {
    fn check(&self, model_id: &str, classifier: &EmotionClassifier) -> Result<(), Error> {
        let invalid = |message: String| Err(Error::new(ErrorKind::InvalidOptions, message));
        for (name, value) in [("minimum confidence", self.min_confidence), ("uncertain below", self.uncertain_below)] {
            if !(0.0..=1.0).contains(&value) {
                return invalid(format!("{name} is 0 to 1, not {value}"));
            }
        }
        let picture_size = match self.picture_size {
            SearchSize::Auto => 640,
            SearchSize::Pixels(size) => size,
        };
        for (name, size, most) in [("picture size", picture_size, 4096), ("live size", self.live_size, 1280)] {
            if !(160..=most).contains(&size) {
                return invalid(format!("{name} is 160 to {most} pixels, not {size}"));
            }
        }
        if !(1..=1000).contains(&self.max_faces) {
            return invalid(format!("at most 1 to 1000 faces are answered for, not {}", self.max_faces));
        }
        if self.eight && !classifier.has_eight() {
            return invalid(format!("the model {model_id} knows four expressions, not eight"));
        }
        match &self.calibration {
            Some(calibration) if calibration.model_id() != model_id => Err(Error::new(
                ErrorKind::InvalidCalibration,
                format!("the calibration was learned with {}, the model here is {model_id}", calibration.model_id()),
            )),
            _ => Ok(()),
        }
    }

    fn picture_search(&self, frame: &Frame<'_>) -> DetectOptions {
        let search = match self.picture_size {
            SearchSize::Auto => DetectOptions::picture_of(frame),
            SearchSize::Pixels(long_side) => DetectOptions { long_side, ..DetectOptions::picture() },
        };
        DetectOptions { min_confidence: self.min_confidence, ..search }
    }

    fn live_search(&self) -> DetectOptions {
        let Self { live_size: long_side, min_confidence, .. } = *self;
        DetectOptions { long_side, min_confidence, ..DetectOptions::live() }
    }

    fn tracking(&self) -> TrackerOptions {
        TrackerOptions { start_confidence: self.min_confidence, ..TrackerOptions::default() }
    }

    fn smoothing(&self) -> SmootherOptions {
        SmootherOptions { uncertain_below: self.uncertain_below, ..SmootherOptions::default() }
    }

    /// The answers to report: calibrated, and the eight only where they are asked for.
    fn reported(&self, answers: &Answers) -> Answers {
        let four = match &self.calibration {
            Some(calibration) => calibration.apply(&answers.four),
            None => answers.four,
        };
        Answers { four, eight: answers.eight.filter(|_| self.eight) }
    }
}

/// Finds the faces of a frame and reads the expression each displays. Holds its scratch memory: make one and keep it.
pub struct EmotionPipeline {
    model_id: String,
    options: PipelineOptions,
    detector: FaceDetector,
    classifier: EmotionClassifier,
    live: LiveVideo,
    faces: Vec<FaceEmotion>,
}

impl EmotionPipeline {
    /// A pipeline with the compiled-in models.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] when an option is outside its range, [`ErrorKind::InvalidCalibration`] when the
    /// calibration was learned with another model, [`ErrorKind::ModelLoad`] when the weights that were compiled in are
    /// no such networks.
    pub fn new(options: PipelineOptions) -> Result<Self, Error> {
        let model = emotion_model()?;
        let classifier = EmotionClassifier::new(&model)?;
        options.check(model.id(), &classifier)?;
        Ok(Self {
            model_id: model.id().to_owned(),
            live: LiveVideo::new(options.tracking())?,
            detector: FaceDetector::new(&detector_model()?)?,
            classifier,
            faces: Vec::new(),
            options,
        })
    }

    /// The id of the expression model, which a calibration must have been learned with.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The options in force.
    pub fn options(&self) -> &PipelineOptions {
        &self.options
    }

    /// Changes the options; the faces followed keep their ids and what was seen of them.
    ///
    /// # Errors
    /// As [`new`](Self::new); the old options then stay.
    pub fn set_options(&mut self, options: PipelineOptions) -> Result<(), Error> {
        options.check(&self.model_id, &self.classifier)?;
        self.live.set_options(options.tracking())?;
        self.options = options;
        Ok(())
    }

    /// The faces of a picture, the most confident first. No face is an empty answer.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when a network's answer is not finite.
    pub fn analyze_image(&mut self, frame: &Frame<'_>) -> Result<&[FaceEmotion], Error> {
        self.faces.clear();
        let detections = self.detector.detect(frame, &self.options.picture_search(frame))?;
        for (detection, id) in detections.iter().take(self.options.max_faces).zip(1..) {
            let chip = crop_face(frame, &detection.bounding_box)?;
            let answers = self.classifier.answers(&chip)?;
            let reported = self.options.reported(&answers);
            let below = self.options.uncertain_below;
            let Reading { probabilities, emotion } = Reading::of(reported.four, below);
            let eight = reported.eight.map(|eight| Reading::of(eight, below));
            let raw = answers.four;
            self.faces.push(FaceEmotion { id, detection: *detection, raw, probabilities, emotion, eight });
        }
        Ok(&self.faces)
    }

    /// The faces of the next frame of a live video, the one followed longest first: with ids that last, steadied boxes
    /// and smoothed probabilities. A steady face costs little, see [`FaceTracker`](crate::FaceTracker). A face that the
    /// detector misses is still reported as it was last seen for 200 ms, so that one weak frame makes nothing flicker.
    ///
    /// # Errors
    /// As [`analyze_image`](Self::analyze_image), and [`ErrorKind::InvalidTimestamp`] when the time is not finite or
    /// before the last one.
    pub fn analyze_frame(&mut self, frame: &Frame<'_>, timestamp_ms: f64) -> Result<&[FaceEmotion], Error> {
        self.faces.clear();
        self.live.follow(&mut self.detector, frame, &self.options.live_search(), timestamp_ms)?;
        for (face, memory) in self.live.faces() {
            if face.visible {
                let chip = crop_face(frame, &face.bounding_box)?;
                let answers = self.classifier.answers(&chip)?;
                let reported = self.options.reported(&answers);
                memory.see(face, answers.four, &reported, self.options.smoothing(), timestamp_ms)?;
            }
            self.faces.extend(memory.shown(timestamp_ms).cloned());
            if self.faces.len() == self.options.max_faces {
                break;
            }
        }
        Ok(&self.faces)
    }

    /// The model's own answer to a face already cut out, not calibrated, and that over the eight expressions where they
    /// are asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when the network's answer is not finite.
    pub fn classify_face(&mut self, chip: &FaceChip) -> Result<(Reading, Option<Reading8>), Error> {
        let Answers { four, eight } = self.classifier.answers(chip)?;
        let below = self.options.uncertain_below;
        let eight = eight.filter(|_| self.options.eight).map(|eight| Reading::of(eight, below));
        Ok((Reading::of(four, below), eight))
    }

    /// Which pixels of the face in this box spoke for the answers that [`analyze_image`](Self::analyze_image) reports,
    /// and the chip the network saw: see [`explain`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] for a box that cannot be cut out (see [`crop_face`]), [`ErrorKind::Inference`] when
    /// the network's answer is not finite.
    pub fn explain_face(&mut self, frame: &Frame<'_>, face: &BoundingBox) -> Result<(FaceChip, Explanations), Error> {
        let chip = crop_face(frame, face)?;
        let explanations = explain(&chip, |chip| Ok(self.options.reported(&self.classifier.answers(chip)?)))?;
        Ok((chip, explanations))
    }

    /// Forgets every tracked face and the time, for a new video.
    pub fn reset(&mut self) {
        self.live.reset();
    }
}

impl fmt::Debug for EmotionPipeline {
    /// Without weights and scratch memory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmotionPipeline")
            .field("model_id", &self.model_id)
            .field("options", &self.options)
            .field("faces", &self.faces)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_options_out_of_range() {
        let good = PipelineOptions::default();
        for bad in [
            PipelineOptions { min_confidence: 1.1, ..good.clone() },
            PipelineOptions { uncertain_below: f32::NAN, ..good.clone() },
            PipelineOptions { picture_size: SearchSize::Pixels(159), ..good.clone() },
            PipelineOptions { live_size: 1281, ..good.clone() },
            PipelineOptions { max_faces: 0, ..good.clone() },
        ] {
            assert_eq!(EmotionPipeline::new(bad).unwrap_err().kind(), ErrorKind::InvalidOptions);
        }
    }
}
