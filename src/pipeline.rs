//! The whole flow, on one screen: frame -> detect -> crop -> classify, and for live video -> track -> smooth.

use crate::appearance::Appearance;
use crate::calibrate::PersonalCalibration;
use crate::chip::FaceChip;
use crate::classify::{Answers, EmotionClassifier};
use crate::crop::{crop_found_face, crop_turned_face};
use crate::detect::{DetectOptions, FaceDetector, WHOLE_SIDE};
use crate::error::{Error, ErrorKind};
use crate::explain::{Explanations, explain};
use crate::face::{Expression, FaceEmotion};
use crate::frame::Frame;
use crate::geometry::{BoundingBox, FaceDetection};
use crate::live::LiveVideo;
use crate::other::{join, likeliest_other};
use crate::quality::FaceQuality;
use crate::range::{FACES, LIVE_SIDE, SEARCH_SIDE, SHARE};
use crate::smooth::{Reading, SmootherOptions, shown_emotion};
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
    /// the lowest accuracy you accept for a single answer. That the face may show none of the four counts too: "happy"
    /// with 0.6 where "other" has 0.3 counts as 0.42.
    pub uncertain_below: f32,
    /// The probability from which a face is labelled "other", 0..=1: see [`SmootherOptions::other_from`].
    pub other_from: f32,
    /// The long side at which pictures are searched.
    pub picture_size: SearchSize,
    /// The long side at which live frames are searched, 160..=1280 pixels. Time grows with the square: 640 takes 4 times
    /// as long as 320, 1280 some 25 times.
    pub live_size: u32,
    /// The largest number of faces reported, 1..=1000, the most confident first.
    pub max_faces: usize,
    /// One person's correction of the answers over the four expressions, if any.
    pub calibration: Option<PersonalCalibration>,
    /// Whether to report the eight expressions too.
    pub eight: bool,
}

impl Default for PipelineOptions {
    fn default() -> Self {
        let (picture, live) = (DetectOptions::picture(), DetectOptions::live());
        Self {
            min_confidence: picture.min_confidence,
            uncertain_below: 0.5,
            other_from: SmootherOptions::default().other_from,
            picture_size: SearchSize::Auto,
            live_size: live.long_side,
            max_faces: 256,
            calibration: None,
            eight: false,
        }
    }
}

impl PipelineOptions {
    fn check(&self, model_id: &str) -> Result<(), Error> {
        SHARE.check("minimum confidence", self.min_confidence)?;
        SHARE.check("uncertain below", self.uncertain_below)?;
        SHARE.check("other from", self.other_from)?;
        if let SearchSize::Pixels(size) = self.picture_size {
            SEARCH_SIDE.check("picture size", size)?;
        }
        LIVE_SIDE.check("live size", self.live_size)?;
        FACES.check("max faces", self.max_faces)?;
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
        let Self { uncertain_below, other_from, .. } = *self;
        SmootherOptions { uncertain_below, other_from, ..SmootherOptions::default() }
    }

    /// The answers with the person's calibration.
    fn calibrated(&self, answers: &Answers) -> Answers {
        match &self.calibration {
            Some(calibration) => Answers { four: calibration.apply(&answers.four), ..*answers },
            None => *answers,
        }
    }

    /// What is reported of answers that stand alone.
    fn expression(&self, answers: &Answers) -> Result<Expression, Error> {
        let (eight, other) = answers.second()?;
        let thresholds = self.smoothing();
        Ok(Expression {
            probabilities: answers.four,
            other,
            other_expression: likeliest_other(&eight),
            emotion: shown_emotion(&join(&answers.four, other), &thresholds),
            eight: self.eight.then(|| Reading::of(eight, &thresholds)),
        })
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
    /// calibration was learned with another model, [`ErrorKind::ModelLoad`] when the compiled-in weights are not those of
    /// a detector and of a network with both heads.
    pub fn new(options: PipelineOptions) -> Result<Self, Error> {
        let model = emotion_model()?;
        let classifier = EmotionClassifier::new(&model)?;
        options.check(model.id())?;
        Ok(Self {
            model_id: model.id().to_owned(),
            live: LiveVideo::new(options.tracking())?,
            detector: FaceDetector::new(&detector_model()?)?,
            classifier,
            faces: Vec::new(),
            options,
        })
    }

    /// The id of the expression model. A calibration must have been learned with it.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The options in force.
    pub fn options(&self) -> &PipelineOptions {
        &self.options
    }

    /// Changes the options. Faces that are followed keep their ids and their history.
    ///
    /// # Errors
    /// As [`new`](Self::new); the old options then stay in force.
    pub fn set_options(&mut self, options: PipelineOptions) -> Result<(), Error> {
        options.check(&self.model_id)?;
        self.live.set_options(options.tracking())?;
        self.options = options;
        Ok(())
    }

    /// The faces of a picture, the most confident first. No face is an empty answer.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when a network's answer is not finite.
    pub fn analyze_image(&mut self, frame: &Frame<'_>) -> Result<&[FaceEmotion], Error> {
        self.look(frame, &self.options.picture_search(frame), FaceDetector::detect_turned)
    }

    /// The upright faces that a look at the picture as a whole finds, to be shown until
    /// [`analyze_image`](Self::analyze_image) has looked closer: at 12 megapixels, after a seventh of the time. `None`
    /// where there is no closer look.
    ///
    /// # Errors
    /// As [`analyze_image`](Self::analyze_image).
    pub fn glance(&mut self, frame: &Frame<'_>) -> Result<Option<&[FaceEmotion]>, Error> {
        let search = self.options.picture_search(frame);
        if search.long_side.min(frame.width().max(frame.height())) <= WHOLE_SIDE {
            return Ok(None);
        }
        self.look(frame, &DetectOptions { long_side: WHOLE_SIDE, ..search }, FaceDetector::detect).map(Some)
    }

    fn look(
        &mut self,
        frame: &Frame<'_>,
        search: &DetectOptions,
        detect: impl for<'d> Fn(&'d mut FaceDetector, &Frame<'_>, &DetectOptions) -> Result<&'d [FaceDetection], Error>,
    ) -> Result<&[FaceEmotion], Error> {
        self.faces.clear();
        let detections = detect(&mut self.detector, frame, search)?;
        for (detection, id) in detections.iter().take(self.options.max_faces).zip(1..) {
            let chip = crop_found_face(frame, &detection.bounding_box, detection.roll);
            let answers = self.classifier.answers(&chip)?;
            let expression = self.options.expression(&self.options.calibrated(&answers))?;
            let quality = FaceQuality::new(frame, detection, &answers.appearance);
            self.faces.push(FaceEmotion::new(id, *detection, quality, answers.four, expression));
        }
        Ok(&self.faces)
    }

    /// The faces of the next frame of a live video, the one followed longest first: with ids that last, steadied boxes
    /// and smoothed probabilities. A steady face costs little, see [`FaceTracker`](crate::FaceTracker). A face that the
    /// detector misses is reported as it was last seen for another 200 ms, so that one bad frame causes no flicker.
    ///
    /// # Errors
    /// As [`analyze_image`](Self::analyze_image), and [`ErrorKind::InvalidTimestamp`] when the time is not finite or
    /// before the last one.
    pub fn analyze_frame(&mut self, frame: &Frame<'_>, timestamp_ms: f64) -> Result<&[FaceEmotion], Error> {
        self.faces.clear();
        self.live.follow(&mut self.detector, frame, &self.options.live_search(), timestamp_ms)?;
        for (face, memory) in self.live.faces() {
            if face.visible {
                let chip = crop_found_face(frame, &face.bounding_box, face.roll);
                let answers = self.classifier.answers(&chip)?;
                let calibrated = self.options.calibrated(&answers);
                memory.see(frame, face, answers.four, &calibrated, self.options.smoothing(), timestamp_ms)?;
            }
            let shown = memory.shown(timestamp_ms).cloned();
            self.faces
                .extend(shown.map(|face| FaceEmotion { eight: face.eight.filter(|_| self.options.eight), ..face }));
            if self.faces.len() == self.options.max_faces {
                break;
            }
        }
        Ok(&self.faces)
    }

    /// The model's own answer to a face already cut out, not calibrated, and the one over the eight expressions if they
    /// are asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when the network's answer is not finite.
    pub fn classify_face(&mut self, chip: &FaceChip) -> Result<Expression, Error> {
        self.options.expression(&self.classifier.answers(chip)?)
    }

    /// Which pixels of the face in this box, turned by this roll, supported the answers that
    /// [`analyze_image`](Self::analyze_image) reports, and the chip that the network saw: see [`explain`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidBox`] for a box that cannot be cut out (see [`crop_turned_face`]), [`ErrorKind::Inference`] when
    /// the network's answer is not finite.
    pub fn explain_face(
        &mut self,
        frame: &Frame<'_>,
        face: &BoundingBox,
        roll: f32,
    ) -> Result<(FaceChip, Explanations), Error> {
        let chip = crop_turned_face(frame, face, roll)?;
        // What is hidden to find the reasons for an answer is not a worse picture.
        let appearance = Appearance::of(&chip);
        let explanations = explain(&chip, |chip| {
            let answers = self.options.calibrated(&self.classifier.answers_to(chip, appearance)?);
            Ok(Answers { eight: answers.eight.filter(|_| self.options.eight), ..answers })
        })?;
        Ok((chip, explanations))
    }

    /// Whether the live video is too dark to read a face well: its mean brightness is below 40 of 255, and has not
    /// reached 55 since. Measured once a second of its frames' time; false before the first frame.
    pub const fn is_too_dark(&self) -> bool {
        self.live.is_too_dark()
    }

    /// Forgets all tracked faces, the light and the time, to start a new video.
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
