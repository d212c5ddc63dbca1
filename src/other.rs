//! "Other": how probable it is that a face shows none of the four expressions, from the second head.

use crate::emotion::{Emotion, Emotion8, Label};
use crate::probabilities::{Emotion8Probabilities, EmotionProbabilities, LabelProbabilities};

/// Turns the second head's answer into the calibrated probability that a face shows none of the four expressions:
/// logistic regression over the log-odds of its four other expressions (Platt scaling), fitted with the weights.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OtherCalibration {
    pub(crate) scale: f32,
    pub(crate) offset: f32,
}

impl OtherCalibration {
    /// The probability that the face shows none of the four expressions, 0..=1.
    pub(crate) fn apply(&self, eight: &Emotion8Probabilities) -> f32 {
        let sum_where = |is_one_of_four: bool| -> f32 {
            let chosen = eight.iter().filter(|(expression, _)| expression.emotion().is_some() == is_one_of_four);
            chosen.map(|(_, probability)| probability).sum()
        };
        // From both sums: 1 - p has no digits left for a sure answer.
        let log_odds = sum_where(false).max(f32::MIN_POSITIVE).ln() - sum_where(true).max(f32::MIN_POSITIVE).ln();
        1.0 / (1.0 + (-(self.scale * log_odds + self.offset)).exp())
    }
}

/// The probabilities of the four and of "other" together: `four` says how probable each is if it is one of them.
pub(crate) fn join(four: &EmotionProbabilities, other: f32) -> LabelProbabilities {
    LabelProbabilities::derived(Label::ALL.map(|label| match label.emotion() {
        Some(emotion) => four.get(emotion) * (1.0 - other),
        None => other,
    }))
}

/// The inverse of [`join`]. Where "other" is certain, the four are equally probable.
pub(crate) fn part(labels: &LabelProbabilities) -> (EmotionProbabilities, f32) {
    let four = Emotion::ALL.map(|emotion| labels.get(emotion.into()));
    let sum: f32 = four.iter().sum();
    let four = if sum > 0.0 { four.map(|value| value / sum) } else { [1.0 / Emotion::COUNT as f32; Emotion::COUNT] };
    (EmotionProbabilities::derived(four), labels.get(Label::Other))
}

/// The most probable of the second head's expressions that are not among the four.
pub(crate) fn likeliest_other(eight: &Emotion8Probabilities) -> Emotion8 {
    let others = eight.iter().filter(|(expression, _)| expression.emotion().is_none());
    others.fold((Emotion8::Angry, -1.0), |best, next| if next.1 > best.1 { next } else { best }).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CALIBRATION: OtherCalibration = OtherCalibration { scale: 1.5, offset: -0.5 };

    fn eight(values: [f32; 8]) -> Emotion8Probabilities {
        let sum: f32 = values.iter().sum();
        Emotion8Probabilities::new(values.map(|value| value / sum)).unwrap()
    }

    #[test]
    fn agrees_with_the_formula_by_hand() {
        // Of ten parts three are of other expressions: log-odds ln(3 / 7), scaled and shifted.
        let answer = eight([4.0, 1.0, 1.0, 1.0, 1.0, 2.0, 0.0, 0.0]);
        let expected = 1.0 / (1.0 + (-(1.5 * (3.0_f32 / 7.0).ln() - 0.5)).exp());
        assert!((CALIBRATION.apply(&answer) - expected).abs() < 1e-6);
        assert_eq!(likeliest_other(&answer), Emotion8::Disgusted);
    }

    #[test]
    fn a_certain_head_is_certain_and_finite() {
        let (angry, happy) = (eight([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), eight([0., 1., 0., 0., 0., 0., 0., 0.]));
        assert_eq!((CALIBRATION.apply(&angry), CALIBRATION.apply(&happy)), (1.0, 0.0));
    }

    #[test]
    fn where_other_is_certain_the_four_are_equal() {
        let four = EmotionProbabilities::new([0.7, 0.1, 0.1, 0.1]).unwrap();
        let (four, other) = part(&join(&four, 1.0));
        assert_eq!((four.as_array(), other), (&[0.25; 4], 1.0));
    }

    proptest! {
        #[test]
        fn parting_undoes_joining(weights in prop::array::uniform4(0.001f32..1.0), other in 0.0f32..0.999) {
            let sum: f32 = weights.iter().sum();
            let four = EmotionProbabilities::new(weights.map(|weight| weight / sum)).unwrap();
            let (parted, other_again) = part(&join(&four, other));
            prop_assert_eq!(other_again, other);
            for (emotion, probability) in parted.iter() {
                prop_assert!((probability - four.get(emotion)).abs() < 1e-4);
            }
        }
    }
}
