//! Shuffled, augmented batches, made ahead on a thread of their own.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use countenance::Emotion;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::class::Class;
use crate::dataset::Sample;
use crate::recipe::{Recipe, Target};

/// Batches made ahead of the one in use.
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
            if sender.send(batch(chosen, recipe, recipe.side(epoch), &mut rng)).is_err() {
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

fn batch<'a>(samples: impl Iterator<Item = &'a Sample>, recipe: &Recipe, side: usize, rng: &mut ChaCha8Rng) -> Batch {
    let mut batch = Batch { side, ..Batch::default() };
    for sample in samples {
        batch.pictures.extend(recipe.augmentation.apply(&sample.chip, side, rng));
        batch.four.extend(target_four(sample, &recipe.target));
        batch.eight.extend(target_eight(sample, &recipe.target));
        batch.labels.push(sample.emotion());
    }
    batch
}

/// The target over the four expressions: zero for a picture of another class.
pub fn target_four(sample: &Sample, target: &Target) -> [f32; Emotion::COUNT] {
    let Some(emotion) = sample.emotion() else {
        return [0.0; Emotion::COUNT];
    };
    let shares = sample.votes.and_then(|votes| votes.shares(Emotion::ALL.map(Class::from_emotion)));
    let smoothing = target.smoothing as f32;
    mix(emotion.index(), shares, target.votes as f32)
        .map(|value| value * (1.0 - smoothing) + smoothing / Emotion::COUNT as f32)
}

/// The target over the eight expressions.
pub fn target_eight(sample: &Sample, target: &Target) -> [f32; Class::COUNT] {
    let shares = sample.votes.and_then(|votes| votes.shares(Class::ALL));
    mix(sample.class.index(), shares, target.eight_votes as f32)
}

fn mix<const N: usize>(label: usize, shares: Option<[f32; N]>, weight: f32) -> [f32; N] {
    let mut target = [0.0; N];
    target[label] = 1.0;
    if let Some(shares) = shares {
        for (value, share) in target.iter_mut().zip(shares) {
            *value = *value * (1.0 - weight) + share * weight;
        }
    }
    target
}
