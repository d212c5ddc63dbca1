//! From a face chip to probabilities.

use crate::appearance::{Appearance, AppearanceCorrection};
use crate::chip::{CHIP_SIDE, FaceChip};
use crate::emotion::{Emotion, Expressions};
use crate::error::{Error, ErrorKind};
#[cfg(not(any(feature = "burn-flex", feature = "burn-ndarray")))]
use crate::express::EmotionEngine as Engine;
#[cfg(any(feature = "burn-flex", feature = "burn-ndarray"))]
use crate::network::BurnEngine as Engine;
use crate::other::OtherCalibration;
use crate::probabilities::{Emotion8Probabilities, EmotionProbabilities, Probabilities};
use crate::weights::Weights;
use std::fmt;

/// The answers of both heads to one face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answers {
    /// Of the main head.
    pub four: EmotionProbabilities,
    /// Of the second head, where the model has one. It was trained on other labels, so the two need not agree.
    pub eight: Option<Emotion8Probabilities>,
    /// The calibrated probability, 0..=1, that the face shows none of the four expressions, where the model has the
    /// second head.
    pub other: Option<f32>,
    /// How the face looks, which the main head's answer takes into account where the model says how.
    pub appearance: Appearance,
}

impl Answers {
    /// The second head's answer, and the probability of "other" that comes from it.
    pub(crate) fn second(&self) -> Result<(Emotion8Probabilities, f32), Error> {
        let without = || Error::new(ErrorKind::ModelLoad, "the model has no second head, over eight expressions");
        self.eight.zip(self.other).ok_or_else(without)
    }
}

/// Reads the expression of a face chip.
#[derive(Clone)]
pub struct EmotionClassifier {
    engine: Engine,
    temperature: f32,
    /// The second head's, if the model has one.
    temperature_eight: Option<f32>,
    /// What makes the second head's answer the probability of "other"; none where the model has none.
    other: Option<OtherCalibration>,
    /// What the face's appearance does to the main head's answer, if the model says so.
    correction: Option<AppearanceCorrection>,
    mirrored_too: bool,
}

impl EmotionClassifier {
    /// A classifier with these weights, calibrated by their metadata `temperature` and, where there is a second head,
    /// `temperature_eight`, `other_scale` and `other_offset`; and corrected for a face's appearance by their
    /// `appearance_centres`, `appearance_spreads` and `appearance_weights`, where they have them.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`] when a tensor is missing or of another shape, the metadata `classes` does not list
    /// [`Emotion::ALL`], or a number of the calibration is missing or
    /// outside its range.
    pub fn new(weights: &Weights<'_>) -> Result<Self, Error> {
        let invalid = |message: String| Error::new(ErrorKind::ModelLoad, message);
        let classes = weights.metadata("classes").unwrap_or_default();
        if !classes.split(',').eq(Emotion::ALL.map(Emotion::name)) {
            return Err(invalid(format!("the model's classes are {classes:?}, not those of this library")));
        }
        let number = |key: &str| {
            let stated = weights.metadata(key).unwrap_or_default();
            let value = stated.parse().ok().filter(|value: &f32| value.is_finite());
            value.ok_or_else(|| invalid(format!("the model's {key} {stated:?} is not a number")))
        };
        let positive = |key: &str| match number(key)? {
            value if value.is_normal() && value > 0.0 => Ok(value),
            value => Err(invalid(format!("the model's {key} must be above 0, not {value}"))),
        };
        let engine = Engine::new(weights)?;
        let other = || {
            let (scale, offset) = (positive("other_scale")?, number("other_offset")?);
            Ok::<_, Error>(OtherCalibration { scale, offset })
        };
        let correction = weights.metadata("appearance_weights").map(|correction| {
            let list = |key: &str| weights.metadata(key).unwrap_or_default();
            AppearanceCorrection::parse(list("appearance_centres"), list("appearance_spreads"), correction)
        });
        Ok(Self {
            correction: correction.transpose()?,
            temperature: positive("temperature")?,
            temperature_eight: engine.has_eight().then(|| positive("temperature_eight")).transpose()?,
            other: engine.has_eight().then(other).transpose()?,
            engine,
            mirrored_too: false,
        })
    }

    /// Whether the model has the second head, over eight expressions.
    pub const fn has_eight(&self) -> bool {
        self.temperature_eight.is_some()
    }

    /// Whether to average each answer with that of the mirrored face: a little more accurate for twice the time.
    #[must_use]
    pub fn with_mirror(mut self, mirrored_too: bool) -> Self {
        self.mirrored_too = mirrored_too;
        self
    }

    /// The probabilities of the four expressions.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when the network's answer is not finite.
    pub fn classify(&mut self, chip: &FaceChip) -> Result<EmotionProbabilities, Error> {
        self.answers(chip).map(|answers| answers.four)
    }

    /// What both heads answer, in one pass through the network.
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when the network's answer is not finite.
    pub fn answers(&mut self, chip: &FaceChip) -> Result<Answers, Error> {
        self.answers_to(chip, Appearance::of(chip))
    }

    /// The same, as for a face that looks like this.
    pub(crate) fn answers_to(&mut self, chip: &FaceChip, appearance: Appearance) -> Result<Answers, Error> {
        let straight = self.answers_once(chip, appearance)?;
        if !self.mirrored_too {
            return Ok(straight);
        }
        let mirrored = self.answers_once(&mirror(chip), appearance)?;
        let eight = straight.eight.zip(mirrored.eight).map(|(straight, mirrored)| straight.midpoint(&mirrored));
        let other = straight.other.zip(mirrored.other).map(|(straight, mirrored)| f32::midpoint(straight, mirrored));
        Ok(Answers { four: straight.four.midpoint(&mirrored.four), eight, other, appearance })
    }

    fn answers_once(&mut self, chip: &FaceChip, appearance: Appearance) -> Result<Answers, Error> {
        let logits = self.engine.logits(chip);
        let eight = logits.eight.zip(self.temperature_eight);
        let eight = eight.map(|(logits, temperature)| calibrated(logits, temperature)).transpose()?;
        let other = self.other.zip(eight).map(|(calibration, eight)| calibration.apply(&eight));
        let four = match &self.correction {
            Some(correction) => {
                let scaled = logits.four.map(|logit| logit / self.temperature);
                calibrated(correction.apply(&appearance, scaled), 1.0)
            }
            None => calibrated(logits.four, self.temperature),
        };
        Ok(Answers { four: four?, eight, other, appearance })
    }
}

impl fmt::Debug for EmotionClassifier {
    /// Without the weights.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmotionClassifier")
            .field("temperature", &self.temperature)
            .field("temperature_eight", &self.temperature_eight)
            .field("mirrored_too", &self.mirrored_too)
            .finish_non_exhaustive()
    }
}

fn calibrated<E: Expressions<N>, const N: usize>(
    logits: [f32; N],
    temperature: f32,
) -> Result<Probabilities<E, N>, Error> {
    if !logits.iter().all(|logit| logit.is_finite()) {
        return Err(Error::new(ErrorKind::Inference, format!("the network answered {logits:?}")));
    }
    Probabilities::new(softmax(logits, temperature))
}

fn mirror(chip: &FaceChip) -> FaceChip {
    let mut grey = *chip.grey();
    for row in grey.chunks_exact_mut(CHIP_SIDE) {
        row.reverse();
    }
    FaceChip::from_grey(grey)
}

/// The softmax of `logits / temperature`, for finite logits and a temperature above 0.
fn softmax<const N: usize>(logits: [f32; N], temperature: f32) -> [f32; N] {
    let largest = logits.into_iter().fold(f32::NEG_INFINITY, f32::max);
    // In double precision neither the difference nor the quotient can overflow.
    let exponentials = logits.map(|logit| ((f64::from(logit) - f64::from(largest)) / f64::from(temperature)).exp());
    let sum: f64 = exponentials.iter().sum();
    exponentials.map(|exponential| (exponential / sum) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_higher_temperature_flattens() {
        let sharp = softmax([2.0, 1.0, 0.0, -1.0], 1.0);
        let flat = softmax([2.0, 1.0, 0.0, -1.0], 4.0);
        assert!((sharp[0] - 0.643_914_3).abs() < 1e-6);
        assert!(flat[0] < sharp[0] && flat[0] > flat[1] && flat[3] > sharp[3]);
    }

    proptest! {
        #[test]
        fn softmax_of_any_finite_logits_is_a_distribution(
            logits in proptest::array::uniform4(proptest::num::f32::NORMAL | proptest::num::f32::ZERO),
            temperature in 0.01..100.0_f32,
        ) {
            prop_assert!(calibrated::<Emotion, 4>(logits, temperature).is_ok());
        }
    }
}
