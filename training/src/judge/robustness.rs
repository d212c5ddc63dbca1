//! How the answers hold when the pictures get worse: every corruption at its five strengths.

use anyhow::{Context, Result, ensure};
use countenance::weights::Weights;
use countenance::{Emotion, EmotionClassifier};
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::answers;
use crate::judge::corrupt::Corruption;
use crate::judge::metrics::Metrics;

/// Figures under every corruption: the content of `robustness.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Robustness {
    /// The weights' id.
    pub model: String,
    /// How many faces, the same ones each time: whole 48x48 pictures, without detection.
    pub count: usize,
    /// On the undamaged pictures.
    pub clean: Figures,
    /// Mean over all corruptions and strengths.
    pub mean: Figures,
    /// One by one.
    pub corruptions: Vec<Damage>,
}

/// What is measured on the damaged pictures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Share of right answers.
    pub accuracy: f64,
    /// See [`Metrics::expected_calibration_error`].
    pub expected_calibration_error: f64,
}

/// One corruption.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Damage {
    /// Its name.
    pub name: String,
    /// What the amount is, with its unit.
    pub amount: String,
    /// Mean over its strengths.
    pub mean: Figures,
    /// From weak to strong.
    pub strengths: Vec<Strength>,
}

/// One strength of a corruption.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// In the corruption's unit.
    pub amount: f32,
    /// The figures at it.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The few figures that `metrics.json` repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Accuracy on the undamaged pictures.
    pub clean_accuracy: f64,
    /// Mean accuracy over all corruptions and strengths.
    pub mean_accuracy: f64,
    /// The three corruptions that cost most, with their mean accuracy, the worst first.
    pub worst: Vec<Named>,
}

/// An accuracy and what it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// The corruption's name.
    pub name: String,
    /// Its mean accuracy.
    pub accuracy: f64,
}

/// Judges weights on the samples of the four expressions under every corruption. The damage to a picture is drawn from
/// its row, or from its place among the samples where it has none, so that it is the same for every model.
///
/// # Errors
/// Where no sample is of the four expressions, or the weights are no such network.
pub fn robustness(weights: &Weights<'_>, samples: &[Sample]) -> Result<Robustness> {
    let faces: Vec<(u64, &Sample, Emotion)> = (0..)
        .zip(samples)
        .filter_map(|(place, sample)| Some((sample.row.map_or(place, u64::from), sample, sample.emotion()?)))
        .collect();
    ensure!(!faces.is_empty(), "none of the {} faces shows one of the four expressions", samples.len());
    let classifier = EmotionClassifier::new(weights)?;
    let clean = answers::of_engine(&classifier, &faces, |(_, sample, label)| Ok((sample.chip.clone(), *label)))?;
    let corruptions = Corruption::ALL.into_iter().map(|corruption| damage(&classifier, &faces, corruption));
    let corruptions = corruptions.collect::<Result<Vec<_>>>()?;
    Ok(Robustness {
        model: weights.id().to_owned(),
        count: faces.len(),
        clean: Figures::of(&Metrics::new(&clean)),
        mean: Figures::mean(corruptions.iter().map(|damage| damage.mean)),
        corruptions,
    })
}

fn damage(classifier: &EmotionClassifier, faces: &[(u64, &Sample, Emotion)], corruption: Corruption) -> Result<Damage> {
    let scale = corruption.scale();
    let strengths = scale.amounts.into_iter().map(|amount| {
        let answers = answers::of_engine(classifier, faces, |(seed, sample, label)| {
            let chip = corruption.of_picture(&sample.chip, amount, *seed).with_context(|| sample.source.clone())?;
            Ok((chip, *label))
        })?;
        Ok(Strength { amount, figures: Figures::of(&Metrics::new(&answers)) })
    });
    let strengths = strengths.collect::<Result<Vec<_>>>()?;
    Ok(Damage {
        name: scale.name.to_owned(),
        amount: scale.amount.to_owned(),
        mean: Figures::mean(strengths.iter().map(|strength| strength.figures)),
        strengths,
    })
}

impl Figures {
    fn of(metrics: &Metrics) -> Self {
        Self { accuracy: metrics.accuracy, expected_calibration_error: metrics.expected_calibration_error }
    }

    fn mean(figures: impl ExactSizeIterator<Item = Self>) -> Self {
        let count = figures.len() as f64;
        let sum = figures.fold([0.0; 2], |[accuracy, error], each| {
            [accuracy + each.accuracy, error + each.expected_calibration_error]
        });
        Self { accuracy: sum[0] / count, expected_calibration_error: sum[1] / count }
    }
}

impl Robustness {
    /// What `metrics.json` repeats.
    pub fn summary(&self) -> Summary {
        let named = |damage: &Damage| Named { name: damage.name.clone(), accuracy: damage.mean.accuracy };
        let mut worst: Vec<Named> = self.corruptions.iter().map(named).collect();
        worst.sort_by(|a, b| a.accuracy.total_cmp(&b.accuracy));
        worst.truncate(3);
        Summary { clean_accuracy: self.clean.accuracy, mean_accuracy: self.mean.accuracy, worst }
    }

    /// A table of the accuracies.
    pub fn text(&self) -> String {
        let mut text = format!("{:>15} accuracy at strengths 1 to 5            mean calibration\n", "");
        let mut line = |name: &str, cells: &str, mean: Figures| {
            let (accuracy, error) = (mean.accuracy, mean.expected_calibration_error);
            text.push_str(&format!("{name:>15} {cells:<35} {accuracy:>8.3} {error:>11.3}\n"));
        };
        for damage in &self.corruptions {
            let cells: String = damage.strengths.iter().map(|each| format!("{:.3}  ", each.figures.accuracy)).collect();
            line(&damage.name, &cells, damage.mean);
        }
        line("all", "", self.mean);
        line("undamaged", "", self.clean);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn damage(name: &str, accuracy: f64) -> Damage {
        let figures = Figures { accuracy, expected_calibration_error: 0.1 };
        Damage { name: name.to_owned(), amount: String::new(), mean: figures, strengths: Vec::new() }
    }

    #[test]
    fn the_summary_names_the_three_worst() {
        let corruptions: Vec<Damage> =
            [("a", 0.5), ("b", 0.3), ("c", 0.7), ("d", 0.4)].map(|(name, accuracy)| damage(name, accuracy)).into();
        let clean = Figures { accuracy: 0.8, expected_calibration_error: 0.0 };
        let mean = Figures::mean(corruptions.iter().map(|damage| damage.mean));
        let summary = Robustness { model: String::new(), count: 1, clean, mean, corruptions }.summary();
        assert_eq!(summary.clean_accuracy, 0.8);
        assert!((summary.mean_accuracy - 0.475).abs() < 1e-12);
        assert_eq!(summary.worst.iter().map(|each| each.name.as_str()).collect::<Vec<_>>(), ["b", "d", "a"]);
    }
}
