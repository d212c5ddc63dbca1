//! What is judged: the answers of the shipped engine, and those of a network on Burn.

use anyhow::Result;
use burn::tensor::Device;
use countenance::{Emotion, EmotionClassifier, FaceChip};
use rayon::prelude::*;

use crate::data::dataset::Sample;
use crate::judge::metrics::{Answer, softmax};
use crate::network::model::{JointNet, logits};

/// The shipped engine's answers to items, in their order, computed on all cores: `see` gives an item's picture and label.
///
/// # Errors
/// The first of `see` or of the network.
pub(crate) fn of_engine<T: Sync>(
    classifier: &EmotionClassifier,
    items: &[T],
    see: impl Fn(&T) -> Result<(FaceChip, Emotion)> + Sync,
) -> Result<Vec<Answer>> {
    let answers = items.par_iter().map_init(
        || classifier.clone(),
        |classifier, item| {
            let (chip, label) = see(item)?;
            Ok(Answer { label, probabilities: *classifier.classify(&chip)?.as_array() })
        },
    );
    answers.collect()
}

/// A network's answers, at temperature 1, to the samples of the four expressions.
pub(crate) fn of_network(net: &JointNet, samples: &[Sample], side: usize, device: &Device) -> Vec<Answer> {
    logits(net, samples, side, device)
        .into_iter()
        .zip(samples)
        .filter_map(|((four, _), sample)| Some(Answer { label: sample.emotion()?, probabilities: softmax(four, 1.0) }))
        .collect()
}
