//! Judges "other": how well the network knows that a face shows none of the four expressions.

use anyhow::{Context, Result};
use countenance::weights::Weights;
use countenance::{EmotionClassifier, SmootherOptions};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::interval::Proportion;
use crate::judge::metrics::CalibrationBin;

/// Bins of the reliability diagram.
const BINS: usize = 15;

/// Whether a face shows none of the four expressions: more than half of its FER+ votes are for one expression, and that
/// is, or is not, among the four. `None` where no expression has so many.
pub fn truth(sample: &Sample) -> Option<bool> {
    let votes = sample.votes?;
    let all = votes.classes.iter().sum::<f32>() + votes.unknown + votes.not_a_face;
    let majority = votes.majority().filter(|class| votes.classes[class.index()] > all / 2.0)?;
    Some(majority.emotion().is_none())
}

/// Figures of "other": the content of `other.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherFigures {
    /// The weights' id.
    pub model: String,
    /// The probability from which a face is labelled "other", the default.
    pub other_from: f32,
    /// The least probability of an expression that is asserted, the default.
    pub uncertain_below: f32,
    /// The area under the receiver's operating curve: how often a face that shows none of the four is given a higher
    /// probability than one that shows one of them.
    pub auroc: f64,
    /// Of the faces that show none of the four, the share that is labelled "other".
    pub recognised: Proportion,
    /// Of the same, the share that is labelled with one of the four all the same.
    pub asserted: Proportion,
    /// The same without "other": what the four expressions alone would assert.
    pub asserted_without: Proportion,
    /// Of the faces that show one of the four, the share that is labelled "other".
    pub turned_away: Proportion,
    /// Of the same, the share that is labelled with one of the four.
    pub answered: Proportion,
    /// Mean distance of the probability from the share that it stands for, over the bins below.
    pub expected_calibration_error: f64,
    /// Faces by the probability of "other".
    pub calibration: Vec<CalibrationBin>,
    /// What is lost by turning away more or fewer, from the strictest threshold on.
    pub curve: Vec<Tradeoff>,
}

/// One point of the risk-coverage curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Tradeoff {
    /// The threshold.
    pub other_from: f64,
    /// The share of faces of one of the four that it turns away.
    pub turned_away: f64,
    /// The share of faces of none of the four that it recognises.
    pub recognised: f64,
}

/// What is known of one face and answered to it.
#[derive(Debug, Clone, Copy)]
struct Judged {
    is_other: bool,
    other: f64,
    /// The largest probability of the four, if it is one of them.
    top: f64,
}

/// Judges the samples whose votes say whether they show one of the four; `None` where the weights have no second head, or
/// not both kinds are among the samples.
///
/// # Errors
/// Where the weights are not such a network.
pub fn other(weights: &Weights<'_>, samples: &[Sample]) -> Result<Option<OtherFigures>> {
    let classifier = EmotionClassifier::new(weights)?;
    if !classifier.has_eight() {
        return Ok(None);
    }
    let faces: Vec<_> = samples.iter().filter_map(|sample| Some((sample, truth(sample)?))).collect();
    let judged = faces.par_iter().map_init(
        || classifier.clone(),
        |classifier, (sample, is_other)| {
            let answers = classifier.answers(&sample.chip).with_context(|| sample.source.clone())?;
            let other = f64::from(answers.other.context("the second head gave no answer")?);
            Ok(Judged { is_other: *is_other, other, top: f64::from(answers.four.top().1) })
        },
    );
    let judged = judged.collect::<Result<Vec<_>>>()?;
    let both = [true, false].iter().all(|kind| judged.iter().any(|face| face.is_other == *kind));
    Ok(both.then(|| OtherFigures::new(weights.id(), &judged, SmootherOptions::default())))
}

impl OtherFigures {
    fn new(model: &str, judged: &[Judged], options: SmootherOptions) -> Self {
        let SmootherOptions { other_from, uncertain_below, .. } = options;
        let (from, below) = (f64::from(other_from), f64::from(uncertain_below));
        let share = |is_other: bool, holds: &dyn Fn(&Judged) -> bool| {
            let those = judged.iter().filter(|face| face.is_other == is_other);
            Proportion::new(those.clone().filter(|face| holds(face)).count(), those.count())
        };
        let is_other = |face: &Judged| face.other >= from;
        let is_asserted = |face: &Judged| !is_other(face) && face.top * (1.0 - face.other) >= below;
        let calibration = bins(judged);
        let gap = |bin: &CalibrationBin| bin.count as f64 * (bin.confidence - bin.accuracy).abs();
        let curve = (1..100).rev().map(|percent| {
            let other_from = f64::from(percent) / 100.0;
            let from = |is_other| share(is_other, &|face| face.other >= other_from).accuracy;
            Tradeoff { other_from, turned_away: from(false), recognised: from(true) }
        });
        Self {
            model: model.to_owned(),
            other_from,
            uncertain_below,
            auroc: auroc(judged),
            recognised: share(true, &is_other),
            asserted: share(true, &is_asserted),
            asserted_without: share(true, &|face| face.top >= below),
            turned_away: share(false, &is_other),
            answered: share(false, &is_asserted),
            expected_calibration_error: calibration.iter().map(gap).sum::<f64>() / judged.len() as f64,
            calibration,
            curve: curve.collect(),
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut text =
            format!("other: AUROC {:.3}, calibration error {:.3}\n", self.auroc, self.expected_calibration_error);
        for (name, share) in [
            ("none of the four, recognised", self.recognised),
            ("none of the four, asserted as one", self.asserted),
            ("the same without \"other\"", self.asserted_without),
            ("one of the four, turned away", self.turned_away),
            ("one of the four, answered", self.answered),
        ] {
            let Proportion { count, accuracy, low, high } = share;
            text.push_str(&format!("{name:>36} {accuracy:.3} ({low:.3} to {high:.3}) of {count}\n"));
        }
        text
    }
}

/// The share of pairs in which the face that shows none of the four has the higher probability; ties count half.
fn auroc(judged: &[Judged]) -> f64 {
    let mut sorted: Vec<&Judged> = judged.iter().collect();
    sorted.sort_by(|a, b| a.other.total_cmp(&b.other));
    let (mut below, mut pairs) = (0.0, 0.0);
    for tied in sorted.chunk_by(|a, b| a.other == b.other) {
        let others = tied.iter().filter(|face| face.is_other).count() as f64;
        let rest = tied.len() as f64 - others;
        pairs += others * (below + rest / 2.0);
        below += rest;
    }
    pairs / (below * (sorted.len() as f64 - below))
}

fn bins(judged: &[Judged]) -> Vec<CalibrationBin> {
    let bin_of = |face: &Judged| ((face.other * BINS as f64) as usize).min(BINS - 1);
    let bin = |index: usize| {
        let inside: Vec<&Judged> = judged.iter().filter(|face| bin_of(face) == index).collect();
        let mean =
            |of: &dyn Fn(&Judged) -> f64| inside.iter().map(|face| of(face)).sum::<f64>() / inside.len().max(1) as f64;
        CalibrationBin {
            count: inside.len(),
            confidence: mean(&|face| face.other),
            accuracy: mean(&|face| f64::from(u8::from(face.is_other))),
        }
    };
    (0..BINS).map(bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(is_other: bool, other: f64, top: f64) -> Judged {
        Judged { is_other, other, top }
    }

    #[test]
    fn agrees_with_a_count_by_hand() {
        let judged = [
            face(true, 0.9, 0.9),
            face(true, 0.3, 0.9),
            face(true, 0.3, 0.6),
            face(true, 0.1, 0.4),
            face(false, 0.0, 0.9),
            face(false, 0.6, 0.9),
            face(false, 0.3, 0.9),
            face(false, 0.2, 0.55),
        ];
        let figures = OtherFigures::new("tiny", &judged, SmootherOptions::default());
        assert_eq!((figures.recognised.accuracy, figures.recognised.count), (0.25, 4));
        // 0.9 * 0.7 is enough, 0.6 * 0.7 and 0.4 are not.
        assert_eq!(figures.asserted.accuracy, 0.25);
        assert_eq!(figures.asserted_without.accuracy, 0.75);
        assert_eq!(figures.turned_away.accuracy, 0.25);
        // 0.55 * 0.8 is not enough.
        assert_eq!(figures.answered.accuracy, 0.5);
        // Of 16 pairs: 4 + (0.5 + 2) + (0.5 + 2) + 1 are in order.
        assert_eq!(figures.auroc, 10.0 / 16.0);
        assert_eq!(figures.calibration.iter().map(|bin| bin.count).sum::<usize>(), 8);
        let strict = figures.curve[9];
        assert_eq!((strict.other_from, strict.turned_away, strict.recognised), (0.9, 0.0, 0.25));
    }
}
