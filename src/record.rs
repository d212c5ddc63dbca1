//! Records the expressions of one person in live video, and learns a calibration from them.

use crate::calibrate::{MIN_FRAMES, PersonalCalibration};
use crate::emotion::Emotion;
use crate::error::Error;
use crate::face::FaceEmotion;
use crate::probabilities::EmotionProbabilities;

/// The order in which to record the expressions. The first teaches the most, for a face is neutral most of the time,
/// and alone is enough.
pub const RECORDING_ORDER: [Emotion; Emotion::COUNT] =
    [Emotion::Neutral, Emotion::Happy, Emotion::Sad, Emotion::Surprise];

/// How long an expression is learned from, in milliseconds: people hold one for a few seconds.
const LEARN_MS: f64 = 3000.0;

/// How long the calibration is then measured on frames that it was not learned from.
const CHECK_MS: f64 = 1000.0;

/// How far the recording of an expression has come.
#[derive(Debug, Clone, PartialEq)]
pub enum Recording {
    /// This frame was left out, since it does not show exactly one face.
    NotAlone,
    /// This share of the recording is done, 0..=1.
    Underway(f32),
    /// The recording has ended.
    Complete {
        /// Learned from all the expressions recorded so far.
        calibration: PersonalCalibration,
        /// The model's own mean probability of the expression, 0..=1, in frames that were not learned from.
        before: f32,
        /// The same with the calibration.
        after: f32,
    },
}

/// Records one expression after another and learns a calibration from them: [`begin`](Self::begin) with one, pass the
/// faces of every live frame to [`add`](Self::add) until it is complete, and go on with the next.
#[derive(Debug)]
pub struct CalibrationRecorder {
    model_id: String,
    recorded: Vec<(EmotionProbabilities, Emotion)>,
    take: Option<Take>,
}

/// The recording under way.
#[derive(Debug)]
struct Take {
    emotion: Emotion,
    began_ms: Option<f64>,
    learned: Vec<EmotionProbabilities>,
    checked: Vec<EmotionProbabilities>,
}

impl CalibrationRecorder {
    /// A recorder for the model of this id, see [`EmotionPipeline::model_id`](crate::EmotionPipeline::model_id).
    pub fn new(model_id: &str) -> Self {
        Self { model_id: model_id.to_owned(), recorded: Vec::new(), take: None }
    }

    /// Records this expression from the next frame on. It replaces an earlier recording of the same expression.
    pub fn begin(&mut self, emotion: Emotion) {
        self.take = Some(Take { emotion, began_ms: None, learned: Vec::new(), checked: Vec::new() });
    }

    /// Drops the recording under way and keeps those that are complete.
    pub fn cancel(&mut self) {
        self.take = None;
    }

    /// Drops every recording.
    pub fn clear(&mut self) {
        self.cancel();
        self.recorded.clear();
    }

    /// Takes the faces of the next frame as [`analyze_frame`](crate::EmotionPipeline::analyze_frame) gives them, and
    /// says how far the recording has come; nothing where none is under way.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCalibration`](crate::ErrorKind::InvalidCalibration) when the model's id is empty or has white
    /// space in it.
    pub fn add(&mut self, faces: &[FaceEmotion], timestamp_ms: f64) -> Result<Option<Recording>, Error> {
        let Some(take) = &mut self.take else { return Ok(None) };
        let [FaceEmotion { raw, .. }] = faces else { return Ok(Some(Recording::NotAlone)) };
        let passed_ms = timestamp_ms - *take.began_ms.get_or_insert(timestamp_ms);
        if passed_ms < LEARN_MS || take.learned.len() < MIN_FRAMES {
            take.learned.push(*raw);
        } else {
            take.checked.push(*raw);
        }
        if passed_ms < LEARN_MS + CHECK_MS || take.checked.is_empty() {
            let time = passed_ms / (LEARN_MS + CHECK_MS);
            let frames = take.learned.len() as f64 / MIN_FRAMES as f64;
            return Ok(Some(Recording::Underway(time.min(frames).min(1.0) as f32)));
        }

        let Some(Take { emotion, learned, checked, .. }) = self.take.take() else { return Ok(None) };
        self.recorded.retain(|(_, shown)| *shown != emotion);
        self.recorded.extend(learned.into_iter().map(|raw| (raw, emotion)));
        let calibration = PersonalCalibration::fit(&self.model_id, &self.recorded)?;
        let before = mean(checked.iter().map(|raw| raw.get(emotion)));
        let after = mean(checked.iter().map(|raw| calibration.apply(raw).get(emotion)));
        Ok(Some(Recording::Complete { calibration, before, after }))
    }
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len() as f32;
    values.sum::<f32>() / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Emotion8;
    use crate::error::ErrorKind;
    use crate::geometry::{BoundingBox, FaceDetection};
    use crate::quality::CLEAR;

    /// A face to which the model gives these probabilities.
    fn face(probabilities: [f32; Emotion::COUNT]) -> FaceEmotion {
        let bounding_box = BoundingBox { x: 0.0, y: 0.0, width: 50.0, height: 50.0 };
        let raw = EmotionProbabilities::new(probabilities).unwrap();
        FaceEmotion {
            id: 1,
            detection: FaceDetection { bounding_box, landmarks: Default::default(), confidence: 0.9, roll: 0.0 },
            quality: CLEAR,
            raw,
            probabilities: raw,
            other: 0.0,
            other_expression: Emotion8::Angry,
            emotion: None,
            eight: None,
        }
    }

    const SAD_AT_REST: [f32; 4] = [0.1, 0.3, 0.5, 0.1];

    /// Records the face every `step_ms` until the recording is complete, with the shares before that.
    fn record(recorder: &mut CalibrationRecorder, face: &FaceEmotion, step_ms: f64) -> (Vec<f32>, Recording) {
        let mut shares = Vec::new();
        for frame in 0.. {
            match recorder.add(std::slice::from_ref(face), 5000.0 + f64::from(frame) * step_ms).unwrap() {
                Some(Recording::Underway(share)) => shares.push(share),
                Some(complete) => return (shares, complete),
                None => panic!("no recording is under way"),
            }
        }
        unreachable!()
    }

    #[test]
    fn a_recording_takes_four_seconds_and_teaches_its_expression() {
        let mut recorder = CalibrationRecorder::new("m");
        recorder.begin(Emotion::Neutral);
        let (shares, complete) = record(&mut recorder, &face(SAD_AT_REST), 100.0);
        assert_eq!(shares.len(), 40);
        assert_eq!([shares[0], shares[10], shares[20]], [0.0, 0.25, 0.5]);
        assert!(shares.is_sorted());
        let frames = vec![(face(SAD_AT_REST).raw, Emotion::Neutral); 30];
        let expected = PersonalCalibration::fit("m", &frames).unwrap();
        let Recording::Complete { calibration, before, after } = complete else { panic!("{complete:?}") };
        assert_eq!(calibration, expected);
        assert!((before - 0.3).abs() < 1e-6, "{before}");
        assert!((after - expected.apply(&frames[0].0).get(Emotion::Neutral)).abs() < 1e-6, "{after}");
        assert!(after > before);
        assert_eq!(recorder.add(&[face(SAD_AT_REST)], 1e6).unwrap(), None);
    }

    #[test]
    fn few_frames_take_longer() {
        let mut recorder = CalibrationRecorder::new("m");
        recorder.begin(Emotion::Neutral);
        let (shares, _) = record(&mut recorder, &face(SAD_AT_REST), 900.0);
        assert_eq!(shares.len(), MIN_FRAMES);
        assert!(shares.is_sorted() && shares[MIN_FRAMES - 1] == 1.0, "{shares:?}");
    }

    #[test]
    fn frames_without_exactly_one_face_are_left_out() {
        let mut recorder = CalibrationRecorder::new("m");
        recorder.begin(Emotion::Neutral);
        let happy = face([0.97, 0.01, 0.01, 0.01]);
        for faces in [&[][..], &[happy.clone(), happy]] {
            assert_eq!(recorder.add(faces, 0.0).unwrap(), Some(Recording::NotAlone));
        }
        let (shares, complete) = record(&mut recorder, &face(SAD_AT_REST), 100.0);
        assert_eq!(shares.len(), 40, "the time starts with the first frame recorded");
        let Recording::Complete { before, .. } = complete else { panic!("{complete:?}") };
        assert!((before - 0.3).abs() < 1e-6, "{before}");
    }

    #[test]
    fn expressions_add_up_and_a_second_recording_replaces_the_first() {
        let (rest, smile) = (face(SAD_AT_REST), face([0.4, 0.3, 0.2, 0.1]));
        let frames = |face: &FaceEmotion, emotion| vec![(face.raw, emotion); 30];
        let both = [frames(&rest, Emotion::Neutral), frames(&smile, Emotion::Happy)].concat();
        let expected = PersonalCalibration::fit("m", &both).unwrap();
        let mut recorder = CalibrationRecorder::new("m");
        let mut learned = |emotion, face: &FaceEmotion| {
            recorder.begin(emotion);
            let Recording::Complete { calibration, .. } = record(&mut recorder, face, 100.0).1 else { panic!() };
            calibration
        };
        learned(Emotion::Neutral, &smile);
        learned(Emotion::Neutral, &rest);
        assert_eq!(learned(Emotion::Happy, &smile), expected);
    }

    #[test]
    fn what_is_cancelled_or_cleared_is_not_learned_from() {
        let (rest, smile) = (face(SAD_AT_REST), face([0.4, 0.3, 0.2, 0.1]));
        let mut recorder = CalibrationRecorder::new("m");
        recorder.begin(Emotion::Sad);
        recorder.add(std::slice::from_ref(&smile), 0.0).unwrap();
        recorder.cancel();
        assert_eq!(recorder.add(std::slice::from_ref(&smile), 100.0).unwrap(), None);
        recorder.begin(Emotion::Happy);
        record(&mut recorder, &smile, 100.0);
        recorder.clear();
        recorder.begin(Emotion::Neutral);
        let Recording::Complete { calibration, .. } = record(&mut recorder, &rest, 100.0).1 else { panic!() };
        let alone = PersonalCalibration::fit("m", &vec![(rest.raw, Emotion::Neutral); 30]).unwrap();
        assert_eq!(calibration, alone);
    }

    #[test]
    fn an_invalid_model_id_is_an_error() {
        let mut recorder = CalibrationRecorder::new("");
        recorder.begin(Emotion::Neutral);
        let errors = (0..50).find_map(|frame| recorder.add(&[face(SAD_AT_REST)], 100.0 * f64::from(frame)).err());
        assert_eq!(errors.map(|error| error.kind()), Some(ErrorKind::InvalidCalibration));
    }

    #[test]
    fn the_order_names_each_expression_once() {
        assert!(Emotion::ALL.iter().all(|emotion| RECORDING_ORDER.contains(emotion)));
    }
}
