//! Figures about labelled answers, defined as in the model card (training/src/judge/metrics.rs and interval.rs).

use std::collections::BTreeMap;

use countenance::{Expressions, Probabilities};
use serde::Serialize;

/// Bins of the calibration error, of equal width.
const CALIBRATION_BINS: usize = 15;
/// The least probability the loss counts with, so that one certain error does not make it infinite.
const LEAST_PROBABILITY: f64 = 1e-7;
/// The share of the surest answers whose accuracy is reported.
const COVERAGE: f64 = 0.8;
/// The 97.5% quantile of the standard normal distribution: intervals cover 95%.
const Z: f64 = 1.959_963_984_540_054;

/// One labelled answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<E, const N: usize> {
    pub(super) label: E,
    pub(super) probabilities: Probabilities<E, N>,
}

impl<E: Expressions<N>, const N: usize> Answer<E, N> {
    fn is_right(&self) -> bool {
        self.probabilities.top().0 == self.label
    }

    fn confidence(&self) -> f64 {
        self.probabilities.top().1.into()
    }
}

/// What is measured on a set of labelled answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Metrics {
    /// How many answers.
    pub(super) count: usize,
    /// The share of answers whose likeliest expression is the label.
    pub(super) accuracy: Proportion,
    /// Mean of -ln(probability of the label).
    pub(super) loss: f64,
    /// Mean of F1 over the expressions that have pictures.
    pub(super) macro_f1: f64,
    /// Mean distance of confidence from accuracy over [`CALIBRATION_BINS`] bins, weighted by their size.
    pub(super) expected_calibration_error: f64,
    /// Accuracy on the surest answers.
    pub(super) accuracy_at_80_percent_coverage: f64,
    /// Figures by expression.
    pub(super) per_class: BTreeMap<&'static str, ClassMetrics>,
    /// The order of the matrix's rows and columns.
    pub(super) classes: Vec<&'static str>,
    /// Counts: rows are labels, columns answers.
    pub(super) confusion_matrix: Vec<Vec<usize>>,
}

/// Figures of one expression.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct ClassMetrics {
    /// The share of right ones among the answers of this expression; 0 where there is none.
    pub(super) precision: f64,
    /// The share of the expression's pictures that were answered so; 0 where there is none.
    pub(super) recall: f64,
    /// Harmonic mean of the two; 0 where both are.
    pub(super) f1: f64,
    /// Pictures of this expression.
    pub(super) support: usize,
}

/// A share with its 95% confidence interval by Wilson's score method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Proportion {
    /// Of how many.
    pub(super) count: usize,
    /// 0 of none.
    pub(super) share: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Proportion {
    /// Where `count` is 0 the interval is 0 to 1.
    pub(super) fn new(hits: usize, count: usize) -> Self {
        if count == 0 {
            return Self { count, share: 0.0, low: 0.0, high: 1.0 };
        }
        let n = count as f64;
        let share = hits as f64 / n;
        let scale = 1.0 + Z * Z / n;
        let middle = (share + Z * Z / (2.0 * n)) / scale;
        let half = Z / scale * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        // Rounding must not push the share itself out.
        Self { count, share, low: (middle - half).clamp(0.0, share), high: (middle + half).clamp(share, 1.0) }
    }

    /// The share of those that fit.
    pub(super) fn of<T>(all: &[T], fits: impl Fn(&T) -> bool) -> Self {
        Self::new(all.iter().filter(|each| fits(each)).count(), all.len())
    }
}

impl Metrics {
    pub(super) fn new<E: Expressions<N>, const N: usize>(answers: &[Answer<E, N>]) -> Self {
        let mut matrix = vec![vec![0; N]; N];
        for answer in answers {
            matrix[answer.label.index()][answer.probabilities.top().0.index()] += 1;
        }
        let class = |expression: E| (expression.name(), ClassMetrics::new(&matrix, expression.index()));
        let per_class: BTreeMap<_, _> = E::ALL.into_iter().map(class).collect();
        let losses =
            answers.iter().map(|answer| -f64::from(answer.probabilities.get(answer.label)).max(LEAST_PROBABILITY).ln());
        let mut surest = answers.to_vec();
        surest.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()));
        surest.truncate((COVERAGE * answers.len() as f64).round() as usize);
        let present: Vec<_> = per_class.values().filter(|class| class.support > 0).map(|class| class.f1).collect();
        Self {
            count: answers.len(),
            accuracy: Proportion::of(answers, Answer::is_right),
            loss: mean(losses),
            macro_f1: mean(present.into_iter()),
            expected_calibration_error: calibration_error(answers),
            accuracy_at_80_percent_coverage: Proportion::of(&surest, Answer::is_right).share,
            classes: E::ALL.map(E::name).to_vec(),
            confusion_matrix: matrix,
            per_class,
        }
    }
}

impl ClassMetrics {
    fn new(matrix: &[Vec<usize>], class: usize) -> Self {
        let hits = matrix[class][class] as f64;
        let support: usize = matrix[class].iter().sum();
        let answered: usize = matrix.iter().map(|row| row[class]).sum();
        let precision = ratio(hits, answered as f64);
        let recall = ratio(hits, support as f64);
        Self { precision, recall, f1: ratio(2.0 * precision * recall, precision + recall), support }
    }
}

fn calibration_error<E: Expressions<N>, const N: usize>(answers: &[Answer<E, N>]) -> f64 {
    let bin =
        |answer: &Answer<E, N>| ((answer.confidence() * CALIBRATION_BINS as f64) as usize).min(CALIBRATION_BINS - 1);
    let distances = (0..CALIBRATION_BINS).map(|number| {
        let members: Vec<_> = answers.iter().filter(|answer| bin(answer) == number).copied().collect();
        let confidence = mean(members.iter().map(Answer::confidence));
        let accuracy = Proportion::of(&members, Answer::is_right).share;
        ratio(members.len() as f64, answers.len() as f64) * (confidence - accuracy).abs()
    });
    distances.sum()
}

fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    ratio(values.sum(), count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance::Emotion::{self, Happy, Neutral, Sad, Surprise};
    use countenance::EmotionProbabilities;

    fn answer(label: Emotion, best: Emotion, confidence: f32) -> Answer<Emotion, 4> {
        let mut probabilities = [(1.0 - confidence) / 3.0; 4];
        probabilities[best.index()] = confidence;
        Answer { label, probabilities: EmotionProbabilities::new(probabilities).unwrap() }
    }

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    }

    /// The case that the training's figures are counted on by hand.
    #[test]
    fn agrees_with_the_cards_definitions() {
        let metrics = Metrics::new(&[
            answer(Happy, Happy, 0.97),
            answer(Happy, Happy, 0.97),
            answer(Neutral, Happy, 0.7),
            answer(Neutral, Neutral, 0.7),
            answer(Surprise, Surprise, 0.4),
        ]);
        assert_close(metrics.accuracy.share, 0.8);
        assert_close(metrics.loss, -(2.0 * 0.97f64.ln() + 0.1f64.ln() + 0.7f64.ln() + 0.4f64.ln()) / 5.0);
        assert_eq!(metrics.confusion_matrix, [[2, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]);
        let happy = metrics.per_class["happy"];
        assert_close(happy.precision, 2.0 / 3.0);
        assert_close(happy.recall, 1.0);
        assert_close(happy.f1, 0.8);
        assert_eq!((happy.support, metrics.per_class["sad"].support), (2, 0));
        // Sad has no pictures.
        assert_close(metrics.macro_f1, (0.8 + 2.0 / 3.0 + 1.0) / 3.0);
        assert_close(metrics.expected_calibration_error, (2.0 * 0.03 + 2.0 * 0.2 + 0.6) / 5.0);
        assert_close(metrics.accuracy_at_80_percent_coverage, 0.75);
    }

    #[test]
    fn certain_errors_and_no_answers_stay_finite() {
        assert_close(Metrics::new(&[answer(Sad, Happy, 1.0)]).loss, -LEAST_PROBABILITY.ln());
        let none = Metrics::new::<Emotion, 4>(&[]);
        assert_eq!((none.accuracy.share, none.loss, none.expected_calibration_error), (0.0, 0.0, 0.0));
    }

    /// The examples of Newcombe's paper of 1998 on single proportions.
    #[test]
    fn intervals_are_those_published() {
        for (hits, count, low, high) in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)] {
            let found = Proportion::new(hits, count);
            assert!((found.low - low).abs() < 5e-5 && (found.high - high).abs() < 5e-5, "{found:?}");
        }
    }
}
