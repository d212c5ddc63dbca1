//! Judges the second head, over eight expressions, by the votes of the FER+ annotators.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use countenance::weights::Weights;
use countenance::{Emotion8, EmotionClassifier};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::interval::Proportion;
use crate::judge::metrics::{ClassMetrics, class_table};

/// The least probability the loss counts with, so that one certain error does not make it infinite.
const LEAST_PROBABILITY: f64 = 1e-7;

/// Figures of the second head: the content of `eight.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Eight {
    /// The weights' id.
    pub model: String,
    /// The share of answers that equal the strict majority of the ten FER+ columns, where that is an expression.
    #[serde(flatten)]
    pub accuracy: Proportion,
    /// Faces without votes or without such a majority, which were left out of all figures.
    pub without_majority: usize,
    /// Mean over the eight classes of F1.
    pub macro_f1: f64,
    /// Mean cross-entropy of the answers with the shares of the votes.
    pub loss: f64,
    /// The least that the loss can be: the mean entropy of those shares.
    pub least_loss: f64,
    /// The classes, in the matrix's order.
    pub classes: Vec<String>,
    /// Figures by class name.
    pub per_class: BTreeMap<String, ClassMetrics>,
    /// Counts: rows are majorities, columns answers.
    pub confusion_matrix: [[usize; Emotion8::COUNT]; Emotion8::COUNT],
}

/// What annotators and network say of one face.
struct Judged {
    majority: usize,
    votes: [f32; Emotion8::COUNT],
    probabilities: [f32; Emotion8::COUNT],
}

/// Judges the second head on the samples of all classes whose votes have a majority; `None` where the weights have no
/// such head, or no sample has votes.
///
/// # Errors
/// Where no sample's votes have a majority, or the weights are no such network.
pub fn eight(weights: &Weights<'_>, samples: &[Sample]) -> Result<Option<Eight>> {
    let classifier = EmotionClassifier::new(weights)?;
    if !classifier.has_eight() || samples.iter().all(|sample| sample.votes.is_none()) {
        return Ok(None);
    }
    let faces: Vec<_> = samples
        .iter()
        .filter_map(|sample| Some((sample, sample.votes?.majority()?, sample.votes?.shares(Emotion8::ALL)?)))
        .collect();
    ensure!(!faces.is_empty(), "no face has a majority of its FER+ votes");
    let judged = faces.par_iter().map_init(
        || classifier.clone(),
        |classifier, (sample, majority, votes)| {
            let answers = classifier.answers(&sample.chip).with_context(|| sample.source.clone())?;
            let eight = answers.eight.context("the second head gave no answer")?;
            Ok(Judged { majority: majority.index(), votes: *votes, probabilities: *eight.as_array() })
        },
    );
    let judged = judged.collect::<Result<Vec<_>>>()?;
    Ok(Some(Eight::new(weights.id(), samples.len() - judged.len(), &judged)))
}

impl Eight {
    fn new(model: &str, without_majority: usize, judged: &[Judged]) -> Self {
        let mut confusion_matrix = [[0; Emotion8::COUNT]; Emotion8::COUNT];
        for face in judged {
            confusion_matrix[face.majority][best(&face.probabilities)] += 1;
        }
        let hits = (0..Emotion8::COUNT).map(|class| confusion_matrix[class][class]).sum();
        let per_class: BTreeMap<String, ClassMetrics> = Emotion8::ALL
            .into_iter()
            .map(|class| (class.name().to_owned(), ClassMetrics::new(&confusion_matrix, class.index())))
            .collect();
        let mean = |of: &dyn Fn(&Judged) -> f64| judged.iter().map(of).sum::<f64>() / judged.len() as f64;
        Self {
            model: model.to_owned(),
            accuracy: Proportion::new(hits, judged.len()),
            without_majority,
            macro_f1: per_class.values().map(|class| class.f1).sum::<f64>() / Emotion8::COUNT as f64,
            loss: mean(&|face| cross_entropy(&face.votes, &face.probabilities)),
            least_loss: mean(&|face| cross_entropy(&face.votes, &face.votes)),
            classes: Emotion8::ALL.map(|class| class.name().to_owned()).into(),
            per_class,
            confusion_matrix,
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut text = class_table(Emotion8::ALL.map(Emotion8::name), &self.per_class);
        let Proportion { count, accuracy, low, high } = self.accuracy;
        text.push_str(&format!("\n{:>12} {:>29.3} {count:>9}\n", "macro", self.macro_f1));
        text.push_str(&format!("{:>12} {accuracy:>29.3} ({low:.3} to {high:.3})\n", "accuracy"));
        text.push_str(&format!("{:>12} {:>29.3} (at least {:.3})\n", "loss", self.loss, self.least_loss));
        text
    }
}

/// The place of the largest probability; the first of equals.
fn best(probabilities: &[f32]) -> usize {
    let larger = |best: usize, next: usize| if probabilities[next] > probabilities[best] { next } else { best };
    (0..probabilities.len()).fold(0, larger)
}

fn cross_entropy(votes: &[f32], probabilities: &[f32]) -> f64 {
    let term =
        |(vote, probability): (&f32, &f32)| -f64::from(*vote) * f64::from(*probability).max(LEAST_PROBABILITY).ln();
    votes.iter().zip(probabilities).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_hot<const N: usize>(place: usize, rest: f32) -> [f32; N] {
        let mut values = [rest; N];
        values[place] = 1.0 - rest * (N - 1) as f32;
        values
    }

    #[test]
    fn agrees_with_a_count_by_hand() {
        let face =
            |majority, answer| Judged { majority, votes: one_hot(majority, 0.0), probabilities: one_hot(answer, 0.05) };
        let mut split = face(1, 1);
        split.votes = [0.4, 0.6, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let eight = Eight::new("tiny", 2, &[face(0, 0), face(4, 4), face(4, 0), split]);
        assert_eq!((eight.accuracy.count, eight.accuracy.accuracy, eight.without_majority), (4, 0.75, 2));
        assert_eq!((eight.confusion_matrix[4][0], eight.confusion_matrix[4][4]), (1, 1));
        let angry = eight.per_class["angry"];
        assert_eq!((angry.precision, angry.recall, angry.support), (1.0, 0.5, 2));
        assert!((eight.macro_f1 - (2.0 / 3.0 + 1.0 + 2.0 / 3.0) / 8.0).abs() < 1e-12);
        let (sure, unsure) = (-0.65f64.ln(), -0.05f64.ln());
        assert!((eight.loss - (2.0 * sure + unsure + 0.4 * unsure + 0.6 * sure) / 4.0).abs() < 1e-6);
        assert!((eight.least_loss - (-0.4 * 0.4f64.ln() - 0.6 * 0.6f64.ln()) / 4.0).abs() < 1e-6);
        assert!(eight.text().contains("contempt"));
    }
}
