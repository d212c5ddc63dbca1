//! Figures about answers: how right, how sure, and how well the two fit.

use countenance::Emotion;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Bins of the calibration error, of equal width.
pub const CALIBRATION_BINS: usize = 15;

/// Points of the coverage curve: every twentieth.
pub const COVERAGE_STEPS: usize = 20;

/// The least probability the loss counts with, so that one certain error does not make it infinite.
const LEAST_PROBABILITY: f64 = 1e-7;

/// What is measured on a set of labelled answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// How many answers.
    pub count: usize,
    /// Share of answers whose likeliest class is the label.
    pub accuracy: f64,
    /// Mean of -ln(probability of the label).
    pub loss: f64,
    /// Mean over classes of F1.
    pub macro_f1: f64,
    /// Mean distance of confidence from accuracy over [`CALIBRATION_BINS`] bins, weighted by their size.
    pub expected_calibration_error: f64,
    /// Accuracy on the 80% of answers that are surest.
    pub accuracy_at_80_percent_coverage: f64,
    /// Accuracy on the surest 5%, 10%, ... 100% of answers.
    pub accuracy_by_coverage: Vec<f64>,
    /// Figures by class name.
    pub per_class: BTreeMap<String, ClassMetrics>,
    /// Counts: rows are labels, columns answers, in the order of `Emotion::ALL`.
    pub confusion_matrix: [[usize; Emotion::COUNT]; Emotion::COUNT],
    /// The calibration bins, from unsure to sure.
    pub calibration: Vec<CalibrationBin>,
}

/// Figures of one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// Share of right ones among the answers of this class; 0 where there is none.
    pub precision: f64,
    /// Share of the class's pictures that were answered so; 0 where there is none.
    pub recall: f64,
    /// Harmonic mean of the two; 0 where both are.
    pub f1: f64,
    /// Pictures of this class.
    pub support: usize,
}

/// Answers of about the same confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// How many.
    pub count: usize,
    /// Their mean probability of the likeliest class; 0 where there is none.
    pub confidence: f64,
    /// The share that is right; 0 where there is none.
    pub accuracy: f64,
}

/// One labelled answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// The true class.
    pub label: Emotion,
    /// In the order of `Emotion::ALL`, adding to 1.
    pub probabilities: [f32; Emotion::COUNT],
}

impl Answer {
    /// The likeliest class; the first of equals.
    pub fn best(&self) -> Emotion {
        let mut best = Emotion::ALL[0];
        for emotion in Emotion::ALL {
            if self.probabilities[emotion.index()] > self.probabilities[best.index()] {
                best = emotion;
            }
        }
        best
    }

    /// The probability of the likeliest class.
    pub fn confidence(&self) -> f64 {
        f64::from(self.probabilities[self.best().index()])
    }

    /// Whether the likeliest class is the label.
    pub fn is_right(&self) -> bool {
        self.best() == self.label
    }
}

/// The probabilities for logits at a temperature: the softmax of `logits / temperature`.
pub fn softmax<const N: usize>(logits: [f32; N], temperature: f64) -> [f32; N] {
    let scaled = logits.map(|logit| f64::from(logit) / temperature);
    let largest = scaled.into_iter().fold(f64::NEG_INFINITY, f64::max);
    let exponentials = scaled.map(|logit| (logit - largest).exp());
    let total: f64 = exponentials.iter().sum();
    exponentials.map(|exponential| (exponential / total) as f32)
}

/// Mean of -ln(probability of the label); 0 for no answers.
pub fn loss(answers: &[Answer]) -> f64 {
    mean(
        answers.iter().map(|answer| -f64::from(answer.probabilities[answer.label.index()]).max(LEAST_PROBABILITY).ln()),
    )
}

/// Share of right answers; 0 for none.
pub fn accuracy(answers: &[Answer]) -> f64 {
    mean(answers.iter().map(|answer| f64::from(u8::from(answer.is_right()))))
}

/// Accuracy on the surest `coverage` (0..1) of the answers.
pub fn accuracy_at_coverage(answers: &[Answer], coverage: f64) -> f64 {
    let mut sorted = answers.to_vec();
    sorted.sort_by(|a, b| b.confidence().total_cmp(&a.confidence()));
    sorted.truncate((coverage * answers.len() as f64).round() as usize);
    accuracy(&sorted)
}

impl Metrics {
    /// Measures.
    pub fn new(answers: &[Answer]) -> Self {
        let mut confusion_matrix = [[0; Emotion::COUNT]; Emotion::COUNT];
        for answer in answers {
            confusion_matrix[answer.label.index()][answer.best().index()] += 1;
        }
        let per_class: BTreeMap<_, _> = Emotion::ALL
            .into_iter()
            .map(|emotion| (emotion.name().to_owned(), ClassMetrics::new(&confusion_matrix, emotion.index())))
            .collect();
        let calibration = calibration(answers);
        let expected_calibration_error = calibration
            .iter()
            .map(|bin| bin.count as f64 / answers.len().max(1) as f64 * (bin.confidence - bin.accuracy).abs())
            .sum();
        Self {
            count: answers.len(),
            accuracy: accuracy(answers),
            loss: loss(answers),
            macro_f1: mean(per_class.values().map(|class| class.f1)),
            expected_calibration_error,
            accuracy_at_80_percent_coverage: accuracy_at_coverage(answers, 0.8),
            accuracy_by_coverage: (1..=COVERAGE_STEPS)
                .map(|step| accuracy_at_coverage(answers, step as f64 / COVERAGE_STEPS as f64))
                .collect(),
            per_class,
            confusion_matrix,
            calibration,
        }
    }

    /// The classification report as a table of text.
    pub fn report(&self) -> String {
        let mut text = class_table(Emotion::ALL.map(Emotion::name), &self.per_class);
        let _ = writeln!(text, "\n{:>12} {:>29.3} {:>9}", "macro", self.macro_f1, self.count);
        let _ = writeln!(text, "{:>12} {:>29.3} {:>9}", "accuracy", self.accuracy, self.count);
        let _ = writeln!(text, "{:>12} {:>29.3}", "loss", self.loss);
        let _ = writeln!(text, "{:>12} {:>29.3}", "calibration", self.expected_calibration_error);
        let _ = writeln!(text, "{:>12} {:>29.3}", "at 80%", self.accuracy_at_80_percent_coverage);
        text
    }
}

/// The rows of a classification report, one a class, in this order.
pub fn class_table<const N: usize>(names: [&str; N], per_class: &BTreeMap<String, ClassMetrics>) -> String {
    let mut text = format!("{:>12} {:>9} {:>9} {:>9} {:>9}\n", "", "precision", "recall", "f1", "support");
    for name in names {
        if let Some(ClassMetrics { precision, recall, f1, support }) = per_class.get(name) {
            let _ = writeln!(text, "{name:>12} {precision:>9.3} {recall:>9.3} {f1:>9.3} {support:>9}");
        }
    }
    text
}

impl ClassMetrics {
    /// Of the class at this place in a matrix of counts: rows are labels, columns answers.
    pub fn new<const N: usize>(confusion_matrix: &[[usize; N]; N], class: usize) -> Self {
        let hits = confusion_matrix[class][class] as f64;
        let support: usize = confusion_matrix[class].iter().sum();
        let answered: usize = confusion_matrix.iter().map(|row| row[class]).sum();
        let precision = ratio(hits, answered as f64);
        let recall = ratio(hits, support as f64);
        Self { precision, recall, f1: ratio(2.0 * precision * recall, precision + recall), support }
    }
}

fn calibration(answers: &[Answer]) -> Vec<CalibrationBin> {
    (0..CALIBRATION_BINS)
        .map(|bin| {
            let inside = |answer: &&Answer| {
                let index = (answer.confidence() * CALIBRATION_BINS as f64) as usize;
                index.min(CALIBRATION_BINS - 1) == bin
            };
            let members: Vec<Answer> = answers.iter().filter(inside).copied().collect();
            CalibrationBin {
                count: members.len(),
                confidence: mean(members.iter().map(Answer::confidence)),
                accuracy: accuracy(&members),
            }
        })
        .collect()
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
    use Emotion::{Happy, Neutral, Sad, Surprise};

    fn answer(label: Emotion, best: Emotion, confidence: f32) -> Answer {
        let mut probabilities = [(1.0 - confidence) / 3.0; 4];
        probabilities[best.index()] = confidence;
        Answer { label, probabilities }
    }

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-6, "{found} instead of {expected}");
    }

    /// Four of five right; the wrong one, of 0.7, gives its label 0.1.
    fn five() -> Vec<Answer> {
        vec![
            answer(Happy, Happy, 0.97),
            answer(Happy, Happy, 0.97),
            answer(Neutral, Happy, 0.7),
            answer(Neutral, Neutral, 0.7),
            answer(Surprise, Surprise, 0.4),
        ]
    }

    #[test]
    fn agrees_with_a_count_by_hand() {
        let metrics = Metrics::new(&five());
        assert_eq!(metrics.count, 5);
        assert_close(metrics.accuracy, 0.8);
        assert_close(metrics.loss, -(2.0 * 0.97f64.ln() + 0.1f64.ln() + 0.7f64.ln() + 0.4f64.ln()) / 5.0);
        assert_eq!(metrics.confusion_matrix, [[2, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]);
        let happy = metrics.per_class["happy"];
        assert_close(happy.precision, 2.0 / 3.0);
        assert_close(happy.recall, 1.0);
        assert_close(happy.f1, 0.8);
        assert_eq!(happy.support, 2);
        let sad = metrics.per_class["sad"];
        assert_eq!((sad.precision, sad.recall, sad.f1, sad.support), (0.0, 0.0, 0.0, 0));
        assert_close(metrics.macro_f1, (0.8 + 2.0 / 3.0 + 0.0 + 1.0) / 4.0);
        // Bins: 2 of 0.97 all right, 2 of 0.7 half right, 1 of 0.4 right.
        assert_close(metrics.expected_calibration_error, (2.0 * 0.03 + 2.0 * 0.2 + 0.6) / 5.0);
        // The surest four of five leave out the right answer of 0.4.
        assert_close(metrics.accuracy_at_80_percent_coverage, 0.75);
        assert_eq!(metrics.accuracy_by_coverage.len(), COVERAGE_STEPS);
        assert_close(metrics.accuracy_by_coverage[7], 1.0);
        assert_close(metrics.accuracy_by_coverage[COVERAGE_STEPS - 1], metrics.accuracy);
    }

    #[test]
    fn certain_errors_and_no_answers_stay_finite() {
        assert_close(loss(&[answer(Sad, Happy, 1.0)]), -LEAST_PROBABILITY.ln());
        let none = Metrics::new(&[]);
        assert_eq!((none.accuracy, none.loss, none.expected_calibration_error), (0.0, 0.0, 0.0));
    }

    #[test]
    fn softmax_adds_up_and_flattens_with_temperature() {
        let sharp = softmax([1000.0, 0.0, 0.0, -1000.0], 1.0);
        assert_eq!(sharp, [1.0, 0.0, 0.0, 0.0]);
        let flat = softmax([2.0, 1.0, 0.0, 0.0], 4.0);
        assert!((flat.iter().sum::<f32>() - 1.0).abs() < 1e-6 && flat[0] < 0.4);
    }
}
