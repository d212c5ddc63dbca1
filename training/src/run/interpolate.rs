//! Gives the first head, taught mostly by FER2013's labels, a share of what the second learned from the annotators' votes.
//!
//! Both heads are linear on the same features: mixing the first one's weights with those of the second for the same
//! expressions mixes their logits, and adds nothing to the network.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use countenance::network::NamedTensor;
use countenance::{CHIP_SIDE, Emotion, Emotion8};
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::metrics::{Answer, accuracy, loss, softmax};
use crate::network::model::{JointNet, SECOND_HEAD, logits};
use crate::run::calibration;

/// How a model's heads were mixed, in its `training.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interpolation {
    /// The command that did it.
    pub command: String,
    /// SHA-256 of the weights before.
    pub from: String,
    /// Share of the second head in the first, 0..1.
    pub share: f64,
    /// What this and other shares give.
    pub choices: Vec<Choice>,
}

/// What a share gives on the development part's pictures of the four expressions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Share of the second head in the first, 0..1.
    pub share: f64,
    /// Share of answers that equal the label.
    pub accuracy: f64,
    /// Cross-entropy with the labels, at the temperature fitted on the same pictures.
    pub loss: f64,
    /// Share of answers that equal the strict majority of the FER+ annotators, where that is one of the four; 0 without
    /// votes.
    pub fer_plus: f64,
}

impl Choice {
    /// Choices as a Markdown table.
    pub fn table(choices: &[Self]) -> String {
        let mut table = String::from("| share | accuracy | loss | FER+ majority |\n|---|---|---|---|\n");
        for Self { share, accuracy, loss, fer_plus } in choices {
            let _ = writeln!(table, "| {share:.1} | {accuracy:.4} | {loss:.4} | {fer_plus:.4} |");
        }
        table
    }
}

/// The weights with this share of the second head's in the first's.
///
/// # Errors
/// Where the share is not from 0 to 1, or there is no second head.
pub fn interpolate(tensors: &[NamedTensor], share: f64) -> Result<Vec<NamedTensor>> {
    ensure!((0.0..=1.0).contains(&share), "the share must be from 0 to 1, not {share}");
    let mixed = |tensor: &NamedTensor| {
        let Some(kind) = first_head(tensor) else { return Ok(tensor.clone()) };
        let second = format!("{SECOND_HEAD}{kind}");
        let second = tensors.iter().find(|other| other.name == second);
        let second = second.with_context(|| format!("the weights have no tensor {SECOND_HEAD}{kind}"))?;
        let features = tensor.values.len() / Emotion::COUNT;
        let rows = Emotion::ALL.map(|emotion| Emotion8::from(emotion).index() * features);
        let values = rows.into_iter().flat_map(|row| &second.values[row..row + features]);
        let mix = |(a, b): (&f32, &f32)| ((1.0 - share) * f64::from(*a) + share * f64::from(*b)) as f32;
        Ok(NamedTensor { values: tensor.values.iter().zip(values).map(mix).collect(), ..tensor.clone() })
    };
    tensors.iter().map(mixed).collect()
}

/// `weight` or `bias` for those of the first head, which is the dense layer with an output for each expression.
fn first_head(tensor: &NamedTensor) -> Option<&str> {
    let (layer, kind) = tensor.name.split_once('.')?;
    (layer.starts_with("dense") && tensor.shape.first() == Some(&Emotion::COUNT)).then_some(kind)
}

/// What shares from 0 to 1 give on the development part.
pub fn choices(net: &JointNet, development: &[Sample], device: &Device) -> Vec<Choice> {
    let judged: Vec<_> = logits(net, development, CHIP_SIDE, device)
        .into_iter()
        .zip(development)
        .filter_map(|(logits, sample)| {
            Some((logits, sample.emotion()?, sample.votes.and_then(|votes| votes.majority())))
        })
        .collect();
    let choice = |tenths: u8| {
        let share = f64::from(tenths) / 10.0;
        let logits: Vec<_> = judged.iter().map(|((four, eight), ..)| mix_logits(four, eight, share)).collect();
        let labels: Vec<_> = judged.iter().map(|(_, label, _)| label.index()).collect();
        let temperature = calibration::fit(&logits, &labels);
        let answer =
            |label, logits: &[f32; Emotion::COUNT]| Answer { label, probabilities: softmax(*logits, temperature) };
        let answers: Vec<_> =
            judged.iter().zip(&logits).map(|((_, label, _), logits)| answer(*label, logits)).collect();
        let majorities = judged.iter().zip(&logits);
        let majorities: Vec<_> = majorities
            .filter_map(|((.., majority), logits)| Some(answer(majority.as_ref()?.emotion()?, logits)))
            .collect();
        Choice { share, accuracy: accuracy(&answers), loss: loss(&answers), fer_plus: accuracy(&majorities) }
    };
    (0..=10).map(choice).collect()
}

fn mix_logits(four: &[f32; Emotion::COUNT], eight: &[f32; Emotion8::COUNT], share: f64) -> [f32; Emotion::COUNT] {
    Emotion::ALL.map(|emotion| {
        let (first, second) = (four[emotion.index()], eight[Emotion8::from(emotion).index()]);
        ((1.0 - share) * f64::from(first) + share * f64::from(second)) as f32
    })
}

#[cfg(test)]
mod tests {
    use countenance::FaceChip;
    use countenance::network::EmotionNetConfig;

    use super::*;
    use crate::data::dataset::Votes;

    fn sample(label: Emotion8, votes: Emotion8, seed: usize) -> Sample {
        let mut classes = [0.0; Emotion8::COUNT];
        classes[votes.index()] = 8.0;
        Sample {
            source: String::new(),
            row: None,
            class: label,
            votes: Some(Votes { classes, unknown: 2.0, not_a_face: 0.0 }),
            chip: FaceChip::from_grey(std::array::from_fn(|index| (index * (seed + 3) % 251) as u8)),
        }
    }

    #[test]
    fn mixing_the_weights_mixes_the_logits() {
        let (config, device) = (EmotionNetConfig::default(), Device::flex());
        device.seed(7);
        let net = JointNet::new(&config, &device);
        let samples: Vec<_> = (0..6).map(|seed| sample(Emotion8::Happy, Emotion8::Happy, seed)).collect();
        for share in [0.25, 0.5, 1.0] {
            let tensors = interpolate(&net.tensors(), share).unwrap();
            let changed = net.tensors().into_iter().zip(&tensors).filter(|(before, after)| before != *after);
            // The biases of new heads are all zero.
            assert_eq!(changed.map(|(tensor, _)| tensor.name).collect::<Vec<_>>(), ["dense3.weight"]);
            let mixed = logits(&JointNet::load(&config, &device, &tensors).unwrap(), &samples, CHIP_SIDE, &device);
            for ((mixed, _), before) in mixed.iter().zip(logits(&net, &samples, CHIP_SIDE, &device)) {
                let expected = mix_logits(&before.0, &before.1, share);
                assert!(mixed.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{mixed:?} {expected:?}");
            }
        }
    }

    #[test]
    fn a_share_out_of_range_and_weights_without_a_second_head_are_refused() {
        let net = JointNet::new(&EmotionNetConfig::default(), &Device::flex());
        let refused = |tensors: &[NamedTensor], share| format!("{:#}", interpolate(tensors, share).unwrap_err());
        assert!(refused(&net.tensors(), 1.5).contains("from 0 to 1"));
        assert!(refused(&net.tensors(), f64::NAN).contains("from 0 to 1"));
        assert!(refused(&net.emotion.tensors(), 0.5).contains("eight.weight"));
    }

    #[test]
    fn choices_count_labels_and_majorities_apart() {
        let (config, device) = (EmotionNetConfig::default(), Device::flex());
        let mut tensors = JointNet::new(&config, &device).tensors();
        // Biases decide: the first head always says happy, the second neutral.
        for tensor in &mut tensors {
            match tensor.name.as_str() {
                "dense3.weight" | "eight.weight" => tensor.values.fill(0.0),
                "dense3.bias" => tensor.values[Emotion::Happy.index()] = 1.0,
                "eight.bias" => tensor.values[Emotion8::Neutral.index()] = 1.0,
                _ => {}
            }
        }
        let net = JointNet::load(&config, &device, &tensors).unwrap();
        let samples = [
            sample(Emotion8::Happy, Emotion8::Neutral, 0),
            sample(Emotion8::Happy, Emotion8::Neutral, 1),
            sample(Emotion8::Neutral, Emotion8::Happy, 2),
            // Neither its label nor its majority is one of the four.
            sample(Emotion8::Angry, Emotion8::Angry, 3),
        ];
        let choices = choices(&net, &samples, &device);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert_eq!(choices.len(), 11);
        assert!(close(choices[0].accuracy, 2.0 / 3.0) && close(choices[0].fer_plus, 1.0 / 3.0), "{choices:?}");
        assert!(close(choices[10].accuracy, 1.0 / 3.0) && close(choices[10].fer_plus, 2.0 / 3.0), "{choices:?}");
        assert!(Choice::table(&choices).contains("| 0.0 | 0.6667 | "), "{}", Choice::table(&choices));
    }
}
