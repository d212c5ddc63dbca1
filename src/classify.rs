//! From a face chip to probabilities.

use crate::crop::{CHIP_SIDE, FaceChip};
use crate::emotion::Emotion;
#[cfg(not(any(feature = "burn-flex", feature = "burn-ndarray")))]
use crate::engine::EmotionEngine as Engine;
use crate::error::{Error, ErrorKind};
#[cfg(any(feature = "burn-flex", feature = "burn-ndarray"))]
use crate::network::BurnEngine as Engine;
use crate::weights::Weights;

/// How probable each expression is: four values 0..=1 that add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmotionProbabilities([f32; Emotion::COUNT]);

impl EmotionProbabilities {
    /// Probabilities in the order of [`Emotion::ALL`].
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when a value is not finite or below 0, or they do not add up to 1 within 1e-3.
    pub fn new(values: [f32; Emotion::COUNT]) -> Result<Self, Error> {
        let sum: f32 = values.iter().sum();
        if values.iter().all(|value| value.is_finite() && *value >= 0.0) && (sum - 1.0).abs() <= 1e-3 {
            Ok(Self(values))
        } else {
            Err(Error::new(ErrorKind::Inference, format!("{values:?} are no probabilities")))
        }
    }

    /// The probability of this expression, 0..=1.
    pub const fn get(&self, emotion: Emotion) -> f32 {
        self.0[emotion.index()]
    }

    /// The most probable expression and its probability; of equals the first in [`Emotion::ALL`].
    pub fn top(&self) -> (Emotion, f32) {
        self.iter().fold((Emotion::Happy, -1.0), |best, next| if next.1 > best.1 { next } else { best })
    }

    /// Every expression with its probability, in the order of [`Emotion::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Emotion, f32)> {
        Emotion::ALL.into_iter().zip(self.0)
    }

    /// The probabilities in the order of [`Emotion::ALL`].
    pub const fn as_array(&self) -> &[f32; Emotion::COUNT] {
        &self.0
    }
}

/// Reads the expression of a face chip.
#[derive(Debug, Clone)]
pub struct EmotionClassifier {
    engine: Engine,
    temperature: f32,
    mirrored_too: bool,
}

impl EmotionClassifier {
    /// A classifier with these weights, calibrated by their metadata `temperature`.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`] when a tensor is missing or of another shape, the metadata `classes` does not list
    /// [`Emotion::ALL`], or `temperature` is no finite number above 0.
    pub fn new(weights: &Weights<'_>) -> Result<Self, Error> {
        let invalid = |message: String| Error::new(ErrorKind::ModelLoad, message);
        let classes = weights.metadata("classes").unwrap_or_default();
        if !classes.split(',').eq(Emotion::ALL.map(Emotion::name)) {
            return Err(invalid(format!("the model's classes are {classes:?}, not those of this library")));
        }
        let stated = weights.metadata("temperature").unwrap_or_default();
        let temperature = stated.parse().ok().filter(|value: &f32| value.is_normal() && *value > 0.0);
        let temperature =
            temperature.ok_or_else(|| invalid(format!("the model's temperature {stated:?} is no number above 0")))?;
        Ok(Self { engine: Engine::new(weights)?, temperature, mirrored_too: false })
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
        let straight = self.classify_once(chip)?;
        if !self.mirrored_too {
            return Ok(straight);
        }
        let mirrored = self.classify_once(&mirror(chip))?;
        EmotionProbabilities::new(
            Emotion::ALL.map(|emotion| f32::midpoint(straight.get(emotion), mirrored.get(emotion))),
        )
    }

    fn classify_once(&mut self, chip: &FaceChip) -> Result<EmotionProbabilities, Error> {
        let logits = self.engine.logits(chip);
        if !logits.iter().all(|logit| logit.is_finite()) {
            return Err(Error::new(ErrorKind::Inference, format!("the network answered {logits:?}")));
        }
        EmotionProbabilities::new(softmax(logits, self.temperature))
    }
}

fn mirror(chip: &FaceChip) -> FaceChip {
    let mut grey = *chip.grey();
    for row in grey.chunks_exact_mut(CHIP_SIDE) {
        row.reverse();
    }
    FaceChip::from_grey(grey)
}

/// The softmax of `logits / temperature`, for finite logits and a temperature above 0.
fn softmax(logits: [f32; Emotion::COUNT], temperature: f32) -> [f32; Emotion::COUNT] {
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
    fn the_top_is_the_largest_and_the_first_of_equals() {
        let probabilities = EmotionProbabilities::new([0.1, 0.2, 0.6, 0.1]).unwrap();
        assert_eq!(probabilities.top(), (Emotion::Sad, 0.6));
        assert_eq!(probabilities.get(Emotion::Neutral), 0.2);
        assert!(probabilities.iter().map(|(emotion, _)| emotion).eq(Emotion::ALL));
        assert_eq!(EmotionProbabilities::new([0.25; 4]).unwrap().top().0, Emotion::Happy);
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for values in [[0.5, 0.5, 0.5, 0.5], [1.1, -0.1, 0.0, 0.0], [f32::NAN, 0.0, 0.0, 1.0], [0.0; 4]] {
            assert_eq!(EmotionProbabilities::new(values).unwrap_err().kind(), ErrorKind::Inference);
        }
    }

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
            prop_assert!(EmotionProbabilities::new(softmax(logits, temperature)).is_ok());
        }
    }
}
