//! What makes a network's probabilities fit the share of right answers: a temperature for each head, by which its logits
//! are divided, what makes the second head's answer the probability of "other", and what takes back the effect of a
//! face's appearance.

use burn::tensor::Device;
use countenance::CHIP_SIDE;
use serde::{Deserialize, Serialize};

use crate::data::dataset::Sample;
use crate::judge::metrics::softmax;
use crate::network::model::{JointNet, logits};
use crate::network::store::{self, Metadata};
use crate::run::appearance::AppearanceFit;
use crate::run::other::Other;

/// The temperatures tried; beyond them something else is wrong with the network.
const RANGE: [f64; 2] = [0.25, 4.0];
/// The search ends when it has narrowed the temperature to this factor.
const PRECISION: f64 = 1.0001;

/// The numbers that ship with the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The first head's temperature.
    pub temperature: f64,
    /// The second head's, where it was trained.
    pub temperature_eight: Option<f64>,
    /// What makes the second head's answer the probability of "other".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Other>,
    /// What takes back the effect of a face's appearance; `calibrate` fits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appearance: Option<AppearanceFit>,
}

impl Calibration {
    /// Fits everything for full-size faces on the development part: the first head's temperature on its pictures of the
    /// four expressions; the second head's on all, with the annotators' majority for the right answer where there is one.
    pub fn fit(net: &JointNet, development: &[Sample], device: &Device) -> Self {
        let all = logits(net, development, CHIP_SIDE, device);
        let (mut four, mut emotions, mut eight, mut classes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for ((logits_four, logits_eight), sample) in all.into_iter().zip(development) {
            if let Some(emotion) = sample.emotion() {
                four.push(logits_four);
                emotions.push(emotion.index());
            }
            eight.push(logits_eight);
            classes.push(sample.votes.and_then(|votes| votes.majority()).unwrap_or(sample.class).index());
        }
        let temperature_eight = fit(&eight, &classes);
        let answers = eight.iter().map(|logits| softmax(*logits, temperature_eight));
        Self {
            temperature: fit(&four, &emotions),
            temperature_eight: Some(temperature_eight),
            other: Some(Other::fit(development.iter().zip(answers))),
            appearance: None,
        }
    }

    /// That of a network whose second head was not trained: it is noise, and does not ship.
    #[must_use]
    pub fn without_second_head(self) -> Self {
        Self { temperature_eight: None, other: None, ..self }
    }

    /// As the weights state it.
    pub fn metadata(&self) -> Metadata {
        let entries = [
            ("temperature", Some(self.temperature)),
            (store::SECOND_TEMPERATURE, self.temperature_eight),
            (store::OTHER_SCALE, self.other.map(|other| other.scale)),
            (store::OTHER_OFFSET, self.other.map(|other| other.offset)),
        ];
        let mut metadata: Metadata =
            entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_string()))).collect();
        metadata.extend(self.appearance.iter().flat_map(AppearanceFit::metadata));
        metadata
    }
}

/// The temperature with the least cross-entropy on these logits and the right answers' indexes, by golden-section search
/// over its logarithm (the loss has a single minimum in it); 1 where there are none.
pub fn fit<const N: usize>(logits: &[[f32; N]], labels: &[usize]) -> f64 {
    if labels.is_empty() {
        return 1.0;
    }
    let loss_at = |log_temperature: f64| {
        let losses = logits.iter().zip(labels).map(|(logits, label)| {
            let probability = softmax(*logits, log_temperature.exp())[*label];
            -f64::from(probability.max(f32::MIN_POSITIVE)).ln()
        });
        losses.sum::<f64>()
    };
    let golden = (5f64.sqrt() - 1.0) / 2.0;
    let [mut low, mut high] = RANGE.map(f64::ln);
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut loss_left, mut loss_right) = (loss_at(left), loss_at(right));
    while high - low > PRECISION.ln() {
        if loss_left < loss_right {
            (high, right, loss_right) = (right, left, loss_left);
            left = high - golden * (high - low);
            loss_left = loss_at(left);
        } else {
            (low, left, loss_left) = (left, right, loss_right);
            right = low + golden * (high - low);
            loss_right = loss_at(right);
        }
    }
    ((low + high) / 2.0).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 answers that are right with the softmax probability of logits [2, 0, 0, 0]: 0.711.
    #[test]
    fn finds_the_factor_by_which_logits_were_blown_up() {
        let honest = [2.0f32, 0.0, 0.0, 0.0];
        let share = softmax(honest, 1.0);
        let counts = share.map(|p| (f64::from(p) * 10_000.0).round() as usize);
        let labels: Vec<usize> =
            counts.into_iter().enumerate().flat_map(|(index, n)| std::iter::repeat_n(index, n)).collect();
        let logits = vec![honest.map(|logit| logit * 2.5); labels.len()];
        assert!((fit(&logits, &labels) - 2.5).abs() < 0.01);
        assert_eq!(fit::<4>(&[], &[]), 1.0);
    }
}
