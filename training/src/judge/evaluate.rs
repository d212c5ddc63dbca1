//! Judges weights on labelled faces.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use countenance::weights::Weights;
use countenance::{CHIP_SIDE, Emotion, EmotionClassifier};
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::answers;
use crate::judge::metrics::{Answer, Metrics, softmax};
use crate::judge::robustness;
use crate::network::model::{JointNet, logits};

/// Everything measured on a set of faces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The weights' id.
    pub model: String,
    /// On all faces of the four expressions.
    #[serde(flatten)]
    pub all: Metrics,
    /// Faces of other expressions, which were left out.
    pub left_out: usize,
    /// Pictures in which no face was found, where faces were looked for; all figures are without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<usize>,
    /// On the faces that have no twin in the training data, where a list of twins was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak_free: Option<Metrics>,
    /// Against the strict majority of the FER+ annotators, on the faces where that is one of the four expressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fer_plus: Option<Share>,
    /// The same without the twins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fer_plus_leak_free: Option<Share>,
    /// On all faces, with the answers of each face and its mirror image averaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flip_averaged: Option<Metrics>,
    /// Under corruptions, where that was measured too; `robustness.json` has every figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robustness: Option<robustness::Summary>,
}

impl Report {
    /// Measures the answers to the faces of the four expressions among `samples` ones, but for mirror images.
    fn new(model: &str, samples: usize, judged: &[(&Sample, Answer)], options: &Options) -> Self {
        let metrics = |judged: &[(&Sample, Answer)]| {
            let answers: Vec<Answer> = judged.iter().map(|(_, answer)| *answer).collect();
            Metrics::new(&answers)
        };
        let clean: Option<Vec<(&Sample, Answer)>> = options.leaked.as_ref().map(|leaked| {
            let is_clean = |sample: &Sample| sample.row.is_none_or(|row| !leaked.contains(&row));
            judged.iter().filter(|(sample, _)| is_clean(sample)).copied().collect()
        });
        Self {
            model: model.to_owned(),
            all: metrics(judged),
            left_out: samples - judged.len(),
            missed: options.missed,
            leak_free: clean.as_deref().map(metrics),
            fer_plus: against_votes(judged),
            fer_plus_leak_free: clean.as_deref().and_then(against_votes),
            flip_averaged: None,
            robustness: None,
        }
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut text = self.all.report();
        let mut line = |name: &str, figures: String| text.push_str(&format!("{name:>12} {figures}\n"));
        if let Some(clean) = &self.leak_free {
            let figures = format!("accuracy {:.3}, loss {:.3} on {}", clean.accuracy, clean.loss, clean.count);
            line("leak-free", figures);
        }
        for (name, share) in [("FER+", self.fer_plus), ("leak-free", self.fer_plus_leak_free)] {
            if let Some(share) = share {
                line(name, format!("agreement with the FER+ majority {:.3} on {}", share.accuracy, share.count));
            }
        }
        if let Some(flipped) = &self.flip_averaged {
            line("with mirror", format!("accuracy {:.3}, loss {:.3}", flipped.accuracy, flipped.loss));
        }
        if let Some(missed) = self.missed {
            line("missed", format!("no face found in {missed} pictures"));
        }
        text
    }
}

/// A share of right answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Of how many answers.
    pub count: usize,
    /// The share.
    pub accuracy: f64,
}

/// What to measure beside the answers to all faces.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Rows of faces that have a twin in the training data.
    pub leaked: Option<BTreeSet<u32>>,
    /// Whether to average over mirror images too: the shipped engine alone does.
    pub flip: bool,
    /// Pictures in which no face was found, where faces were looked for.
    pub missed: Option<usize>,
}

/// Judges weights on the samples of the four expressions, with the engine that ships. Gives the report, and the answers
/// by source.
///
/// # Errors
/// Where no sample is of the four expressions, or the weights are no such network.
pub fn evaluate(
    weights: &Weights<'_>,
    samples: &[Sample],
    options: &Options,
) -> Result<(Report, BTreeMap<String, Answer>)> {
    let faces = faces(samples)?;
    let classifier = EmotionClassifier::new(weights)?;
    let plain = |(sample, label): &(&Sample, Emotion)| Ok((sample.chip.clone(), *label));
    let answers = answers::of_engine(&classifier, &faces, plain)?;
    let flip_averaged = match options.flip {
        true => Some(Metrics::new(&answers::of_engine(&classifier.with_mirror(true), &faces, plain)?)),
        false => None,
    };
    let judged: Vec<(&Sample, Answer)> = faces.iter().map(|(sample, _)| *sample).zip(answers).collect();
    let mut report = Report::new(weights.id(), samples.len(), &judged, options);
    report.flip_averaged = flip_averaged;
    let by_source = judged.into_iter().map(|(sample, answer)| (sample.source.clone(), answer)).collect();
    Ok((report, by_source))
}

/// Judges any of the architectures, in f32 and one pass a face, with Burn.
///
/// # Errors
/// Where no sample is of the four expressions.
pub fn evaluate_network(
    net: &JointNet,
    temperature: f64,
    samples: &[Sample],
    options: &Options,
    device: &Device,
) -> Result<Report> {
    let (faces, labels): (Vec<Sample>, Vec<Emotion>) =
        faces(samples)?.into_iter().map(|(sample, label)| (sample.clone(), label)).unzip();
    let answers = logits(net, &faces, CHIP_SIDE, device)
        .into_iter()
        .zip(labels)
        .map(|((four, _), label)| Answer { label, probabilities: softmax(four, temperature) });
    let judged: Vec<(&Sample, Answer)> = faces.iter().zip(answers).collect();
    Ok(Report::new("", samples.len(), &judged, options))
}

/// The samples of the four expressions, with those.
fn faces(samples: &[Sample]) -> Result<Vec<(&Sample, Emotion)>> {
    let faces: Vec<_> = samples.iter().filter_map(|sample| Some((sample, sample.emotion()?))).collect();
    ensure!(
        !faces.is_empty(),
        "none of the {} faces is labelled {}",
        samples.len(),
        Emotion::ALL.map(Emotion::name).join(", ")
    );
    Ok(faces)
}

/// The share of answers that equal the strict majority of all ten FER+ columns, where that is one of the four
/// expressions; `None` where there are no votes.
fn against_votes(judged: &[(&Sample, Answer)]) -> Option<Share> {
    let agreements: Vec<bool> = judged
        .iter()
        .filter_map(|(sample, answer)| Some(sample.votes?.majority()?.emotion()? == answer.best()))
        .collect();
    let right = agreements.iter().filter(|&&right| right).count();
    (!agreements.is_empty())
        .then(|| Share { count: agreements.len(), accuracy: right as f64 / agreements.len() as f64 })
}

/// The largest difference of a probability from those in a table with the columns image (a path's end), happy, neutral,
/// sad, surprise.
///
/// # Errors
/// Where the table is absent, malformed, or names an image that was not answered.
pub fn compare(answers: &BTreeMap<String, Answer>, table: &Path) -> Result<(usize, f32)> {
    let mut reader = csv::Reader::from_path(table).with_context(|| format!("cannot read {}", table.display()))?;
    let (mut count, mut largest) = (0, 0.0f32);
    for record in reader.deserialize() {
        let (image, expected): (String, [f32; Emotion::COUNT]) = record.with_context(|| table.display().to_string())?;
        let answer = answers.iter().find(|(source, _)| source.ends_with(&image));
        let (_, answer) = answer.with_context(|| format!("{}: no answer to {image}", table.display()))?;
        for (probability, expected) in answer.probabilities.into_iter().zip(expected) {
            largest = largest.max((probability - expected).abs());
        }
        count += 1;
    }
    ensure!(count > 0, "{} has no rows", table.display());
    Ok((count, largest))
}
