//! Shuffled, augmented batches, prepared ahead on their own thread.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use countenance::{Emotion, Emotion8};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use crate::data::dataset::Sample;
use crate::run::recipe::{Recipe, Target};
use crate::run::teacher::{SoftAnswer, Teacher};

/// Batches prepared ahead of the one in use.
const AHEAD: usize = 4;

/// What a batch's answers are compared with, and its pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// `[n, side, side]`.
    pub pictures: Vec<f32>,
    /// `[n, 4]`; all zero for pictures of another class.
    pub four: Vec<f32>,
    /// `[n, 8]`.
    pub eight: Vec<f32>,
    /// `[n]`: the label among the four, if it is one of them.
    pub labels: Vec<Option<Emotion>>,
    /// Side of the pictures.
    pub side: usize,
}

impl Batch {
    /// How many pictures it holds.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// The batches of an epoch: every sample once, the last incomplete batch left out. The same seed and epoch give the
/// same batches.
pub fn epoch<'scope>(
    scope: &'scope Scope<'scope, '_>,
    samples: &'scope [Sample],
    recipe: &'scope Recipe,
    teacher: Option<&'scope Teacher>,
    seed: u64,
    epoch: usize,
) -> Receiver<Batch> {
    let (sender, receiver) = sync_channel(AHEAD);
    scope.spawn(move || {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(epoch as u64);
        let mut order: Vec<usize> = (0..samples.len()).collect();
        order.shuffle(&mut rng);
        for indices in order.chunks_exact(recipe.batch) {
            let chosen = indices.iter().map(|&index| &samples[index]);
            if sender.send(batch(chosen, recipe, teacher, recipe.side(epoch), &mut rng)).is_err() {
                return; // The training loop has stopped.
            }
        }
    });
    receiver
}

/// How many batches [`epoch`] gives.
pub fn per_epoch(samples: usize, recipe: &Recipe) -> usize {
    samples / recipe.batch
}

fn batch<'a>(
    samples: impl Iterator<Item = &'a Sample>,
    recipe: &Recipe,
    teacher: Option<&Teacher>,
    side: usize,
    rng: &mut ChaCha8Rng,
) -> Batch {
    let mut batch = Batch { side, ..Batch::default() };
    for sample in samples {
        batch.pictures.extend(recipe.augmentation.apply(&sample.chip, side, rng));
        let taught = teacher.and_then(|teacher| teacher.answer(&sample.chip));
        batch.four.extend(target_four(sample, &recipe.target, taught));
        batch.eight.extend(target_eight(sample, &recipe.target, taught));
        batch.labels.push(sample.emotion());
    }
    // At 0, without mixing, the distribution does not exist.
    if let Ok(shares) = Beta::new(recipe.mixup, recipe.mixup) {
        let draw = || {
            let share: f64 = shares.sample(rng);
            share.max(1.0 - share) as f32
        };
        let shares: Vec<f32> = std::iter::repeat_with(draw).take(batch.len()).collect();
        for values in [&mut batch.pictures, &mut batch.four, &mut batch.eight] {
            mix_rows(values, &shares);
        }
    }
    batch
}

/// Mixes each row with the one that lies as far from the other end: its own share, which is the larger, and the other's.
fn mix_rows(values: &mut [f32], shares: &[f32]) {
    let length = values.len() / shares.len();
    let others: Vec<f32> = values.chunks_exact(length).rev().flatten().copied().collect();
    for ((row, other), share) in values.chunks_exact_mut(length).zip(others.chunks_exact(length)).zip(shares) {
        for (value, other) in row.iter_mut().zip(other) {
            *value = *value * share + other * (1.0 - share);
        }
    }
}

/// The target over the four expressions: zero for a picture of another class.
pub fn target_four(sample: &Sample, target: &Target, taught: Option<&SoftAnswer>) -> [f32; Emotion::COUNT] {
    let Some(emotion) = sample.emotion() else {
        return [0.0; Emotion::COUNT];
    };
    let shares = sample.votes.and_then(|votes| votes.shares(Emotion::ALL.map(Emotion8::from)));
    let smoothing = target.smoothing as f32;
    let told = mix(one_hot(emotion.index()), shares, target.votes as f32)
        .map(|value| value * (1.0 - smoothing) + smoothing / Emotion::COUNT as f32);
    mix(told, taught.map(|answer| answer.four), target.teacher as f32)
}

/// The target over the eight expressions.
pub fn target_eight(sample: &Sample, target: &Target, taught: Option<&SoftAnswer>) -> [f32; Emotion8::COUNT] {
    let shares = sample.votes.and_then(|votes| votes.shares(Emotion8::ALL));
    let told = mix(one_hot(sample.class.index()), shares, target.eight_votes as f32);
    mix(told, taught.map(|answer| answer.eight), target.teacher as f32)
}

fn one_hot<const N: usize>(index: usize) -> [f32; N] {
    let mut target = [0.0; N];
    target[index] = 1.0;
    target
}

/// The target with a share of others in it, where there are any.
fn mix<const N: usize>(mut target: [f32; N], others: Option<[f32; N]>, share: f32) -> [f32; N] {
    if let Some(others) = others {
        for (value, other) in target.iter_mut().zip(others) {
            *value = *value * (1.0 - share) + other * share;
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_mixed_with_the_opposite_ones() {
        let mut values = [1.0, 2.0, 10.0, 20.0, 5.0, 6.0];
        mix_rows(&mut values, &[0.75, 0.5, 1.0]);
        assert_eq!(values, [2.0, 3.0, 10.0, 20.0, 5.0, 6.0]);
    }
}
