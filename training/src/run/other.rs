//! Fits what turns the second head's answer into the probability of "other": that a face shows none of the four.

use countenance::Emotion8;
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::other::truth;

/// Newton's method ends when neither number moves by more than this.
const PRECISION: f64 = 1e-9;
/// It needs fewer than ten.
const MOST_STEPS: usize = 100;

/// Logistic regression over the log-odds that the second head gives to its four other expressions (Platt, 1999).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Other {
    /// The factor of the log-odds, above 0.
    pub scale: f64,
    /// What is added to them.
    pub offset: f64,
}

impl Other {
    /// Leaves the second head's answer as it is.
    pub const IDENTITY: Self = Self { scale: 1.0, offset: 0.0 };

    /// The probability that a face shows none of the four, from the second head's probabilities.
    pub fn apply(&self, eight: &[f32; Emotion8::COUNT]) -> f64 {
        sigmoid(self.scale * log_odds(eight) + self.offset)
    }

    /// Fits both numbers by maximum likelihood to the faces of which the annotators know whether they show one of the
    /// four ([`truth`]); the identity where there are none, or where no such numbers are best.
    pub fn fit<'a>(faces: impl IntoIterator<Item = (&'a Sample, [f32; Emotion8::COUNT])>) -> Self {
        let known: Vec<(f64, f64)> = faces
            .into_iter()
            .filter_map(|(sample, eight)| Some((log_odds(&eight), f64::from(u8::from(truth(sample)?)))))
            .collect();
        let Self { mut scale, mut offset } = Self::IDENTITY;
        for _ in 0..MOST_STEPS {
            let (mut gradient, mut curvature) = ([0.0; 2], [0.0; 3]);
            for (log_odds, other) in &known {
                let probability = sigmoid(scale * log_odds + offset);
                let (error, weight) = (other - probability, probability * (1.0 - probability));
                gradient[0] += error * log_odds;
                gradient[1] += error;
                curvature[0] += weight * log_odds * log_odds;
                curvature[1] += weight * log_odds;
                curvature[2] += weight;
            }
            let determinant = curvature[0] * curvature[2] - curvature[1] * curvature[1];
            let step = [
                (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant,
                (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant,
            ];
            scale += step[0];
            offset += step[1];
            // Written so that NaN ends it too.
            if !step.iter().any(|part| part.abs() >= PRECISION) {
                break;
            }
        }
        // If one threshold separates the two kinds without error, the likelihood has no maximum.
        let is_right = |(log_odds, other): &(f64, f64)| (scale * log_odds + offset > 0.0) == (*other > 0.5);
        let is_fitted = scale.is_finite() && offset.is_finite() && scale > 0.0 && !known.iter().all(is_right);
        if is_fitted { Self { scale, offset } } else { Self::IDENTITY }
    }
}

/// The natural logarithm of the odds that the face shows none of the four.
fn log_odds(eight: &[f32; Emotion8::COUNT]) -> f64 {
    let sum_where = |is_one_of_four: bool| -> f64 {
        let chosen = Emotion8::ALL.into_iter().filter(|class| class.emotion().is_some() == is_one_of_four);
        chosen.map(|class| f64::from(eight[class.index()])).sum()
    };
    let least = f64::from(f32::MIN_POSITIVE);
    sum_where(false).max(least).ln() - sum_where(true).max(least).ln()
}

fn sigmoid(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

#[cfg(test)]
mod tests {
    use countenance::{CHIP_SIDE, FaceChip};

    use super::*;
    use crate::data::dataset::Votes;

    fn sample(class: Emotion8) -> Sample {
        let mut classes = [0.0; Emotion8::COUNT];
        classes[class.index()] = 10.0;
        Sample {
            source: String::new(),
            row: None,
            class,
            votes: Some(Votes { classes, unknown: 0.0, not_a_face: 0.0 }),
            chip: FaceChip::from_grey([0; CHIP_SIDE * CHIP_SIDE]),
        }
    }

    fn answer(other: f32) -> [f32; Emotion8::COUNT] {
        let mut values = [0.0; Emotion8::COUNT];
        values[Emotion8::Happy.index()] = 1.0 - other;
        values[Emotion8::Fearful.index()] = other;
        values
    }

    /// Answers of .2 and .8 that are right as often as `1 / (1 + exp(-(2 log-odds - 1)))` says.
    #[test]
    fn finds_the_numbers_by_which_an_answer_is_wrong() {
        let mut faces = Vec::new();
        for stated in [0.2, 0.8] {
            let count = Other { scale: 2.0, offset: -1.0 }.apply(&answer(stated)) * 10_000.0;
            for index in 0..10_000 {
                let class = if f64::from(index) < count { Emotion8::Angry } else { Emotion8::Sad };
                faces.push((sample(class), answer(stated)));
            }
        }
        let fitted = Other::fit(faces.iter().map(|(sample, eight)| (sample, *eight)));
        assert!((fitted.scale - 2.0).abs() < 0.01 && (fitted.offset + 1.0).abs() < 0.01, "{fitted:?}");
    }

    #[test]
    fn without_evidence_the_answer_stays() {
        assert_eq!(Other::fit([]), Other::IDENTITY);
        // Told apart without error.
        let faces = [(sample(Emotion8::Angry), answer(0.9)), (sample(Emotion8::Happy), answer(0.1))];
        assert_eq!(Other::fit(faces.iter().map(|(sample, eight)| (sample, *eight))), Other::IDENTITY);
    }
}
