//! Temperature scaling: one number by which logits are divided, so that probabilities fit the share of right answers.

use burn::tensor::Device;
use countenance::CHIP_SIDE;

use crate::data::dataset::Sample;
use crate::judge::metrics::softmax;
use crate::network::model::{JointNet, logits};

/// The temperatures tried; beyond them something else is wrong with the network.
const RANGE: [f64; 2] = [0.25, 4.0];
/// The search ends when it has narrowed the temperature to this factor.
const PRECISION: f64 = 1.0001;

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

/// The temperatures of both heads for full-size faces, fitted on the development part: that of the first on its
/// pictures of the four expressions; that of the second on all, with the annotators' majority for the right answer
/// where there is one.
pub fn fit_both(net: &JointNet, development: &[Sample], device: &Device) -> (f64, f64) {
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
    (fit(&four, &emotions), fit(&eight, &classes))
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
