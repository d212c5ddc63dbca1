//! How probable each expression is.

use crate::emotion::{Emotion, Emotion8, Expressions, Label};
use crate::error::{Error, ErrorKind};
use std::marker::PhantomData;

/// How probable each expression of a set is: values 0..=1 that add up to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probabilities<E, const N: usize> {
    values: [f32; N],
    expressions: PhantomData<E>,
}

/// How probable each of the four expressions is.
pub type EmotionProbabilities = Probabilities<Emotion, { Emotion::COUNT }>;

/// How probable each of the eight expressions is.
pub type Emotion8Probabilities = Probabilities<Emotion8, { Emotion8::COUNT }>;

/// How probable each of the four expressions is, and that a face shows none of them.
pub type LabelProbabilities = Probabilities<Label, { Label::COUNT }>;

impl<E: Expressions<N>, const N: usize> Probabilities<E, N> {
    /// Probabilities in the order of [`Expressions::ALL`].
    ///
    /// # Errors
    /// [`ErrorKind::Inference`] when a value is not finite or below 0, or they do not add up to 1 within 1e-3.
    pub fn new(values: [f32; N]) -> Result<Self, Error> {
        let sum: f32 = values.iter().sum();
        if values.iter().all(|value| value.is_finite() && *value >= 0.0) && (sum - 1.0).abs() <= 1e-3 {
            Ok(Self { values, expressions: PhantomData })
        } else {
            Err(Error::new(ErrorKind::Inference, format!("{values:?} are not probabilities")))
        }
    }

    /// Probabilities computed from others, which need no check.
    pub(crate) fn derived(values: [f32; N]) -> Self {
        debug_assert!(Self::new(values).is_ok(), "{values:?}");
        Self { values, expressions: PhantomData }
    }

    /// The probability of this expression, 0..=1.
    pub fn get(&self, expression: E) -> f32 {
        self.values[expression.index()]
    }

    /// The most probable expression and its probability; among equals the first in [`Expressions::ALL`].
    pub fn top(&self) -> (E, f32) {
        self.iter().fold((E::ALL[0], -1.0), |best, next| if next.1 > best.1 { next } else { best })
    }

    /// Every expression with its probability, in the order of [`Expressions::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (E, f32)> {
        E::ALL.into_iter().zip(self.values)
    }

    /// The probabilities in the order of [`Expressions::ALL`].
    pub const fn as_array(&self) -> &[f32; N] {
        &self.values
    }

    /// The mean of two answers.
    pub(crate) fn midpoint(&self, other: &Self) -> Self {
        Self::derived(std::array::from_fn(|index| f32::midpoint(self.values[index], other.values[index])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
