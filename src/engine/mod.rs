//! Fused inference of the expression network, without a framework.
//!
//! ```text
//! 48x48 grey -> conv1 32 -> conv2 64 -> conv3 128 -> conv4 256 -> conv5 512 -> dense 256 -> dense 512 -> 4 logits
//!        side:       24         12          6            3            1
//! ```
//! Activations lie channels-last inside a border of one zero pixel, so that no kernel has an edge case. Every
//! convolution leaves its epilogue's result (bias, ReLU, BatchNorm, LeakyReLU, max pool) and nothing else in memory.
//! Weights are reordered once at start; no call allocates.

#![expect(clippy::needless_range_loop, reason = "kernels index several arrays of vectors at once, see simd.rs")]

mod convolution;
mod dense;
mod epilogue;
#[cfg(test)]
mod reference;
pub(crate) mod simd;
mod winograd;

use crate::crop::{CHIP_SIDE, FaceChip};
use crate::emotion::Emotion;
use crate::error::Error;
use crate::weights::Weights;
use epilogue::Epilogue;
use simd::{Level, Simd, dispatch};
use winograd::{F2, F4, Scratch};

const CHANNELS: [usize; 6] = [1, 32, 64, 128, 256, 512];
const SIDES: [usize; 5] = [CHIP_SIDE, 24, 12, 6, 3];
const DENSE: [usize; 3] = [512, 256, 512];

/// The expression network, ready to run: packed weights and all the memory it needs.
#[derive(Debug, Clone)]
pub struct EmotionEngine {
    level: Level,
    layers: Layers,
    buffers: Buffers,
}

/// A layer's packed weights and what follows it.
#[derive(Debug, Clone)]
struct Layer {
    weights: Vec<f32>,
    epilogue: Epilogue,
}

#[derive(Debug, Clone)]
struct Layers {
    convolutions: [Layer; 5],
    dense: [Layer; 2],
    output_weights: Vec<f32>,
    output_bias: [f32; Emotion::COUNT],
}

#[derive(Debug, Clone)]
struct Buffers {
    /// The input of each convolution, inside a border of one zero pixel.
    maps: [Vec<f32>; 5],
    features: Vec<f32>,
    hidden: [Vec<f32>; 2],
    scratch: Scratch,
}

impl EmotionEngine {
    /// Packs the weights.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a tensor is missing or of another shape.
    pub fn new(weights: &Weights<'_>) -> Result<Self, Error> {
        Self::at_level(weights, Level::new())
    }

    /// As [`EmotionEngine::new`], with these instructions.
    fn at_level(weights: &Weights<'_>, level: Level) -> Result<Self, Error> {
        let layers = dispatch!(level, simd => Layers::new(simd, weights))?;
        Ok(Self { level, layers, buffers: Buffers::new() })
    }

    /// The four logits of a face, in the order of [`Emotion::ALL`].
    pub fn logits(&mut self, chip: &FaceChip) -> [f32; Emotion::COUNT] {
        let Self { level, layers, buffers } = self;
        dispatch!(*level, simd => layers.forward(simd, chip, buffers))
    }
}

impl Layers {
    #[inline(always)]
    fn new<S: Simd>(_: S, weights: &Weights<'_>) -> Result<Self, Error> {
        let convolution = |number: usize, pack: fn(&[f32], usize, usize) -> Vec<f32>| {
            let (inputs, outputs) = (CHANNELS[number - 1], CHANNELS[number]);
            let name = format!("conv{number}");
            let kernels = weights.f32(&format!("{name}.weight"), &[outputs, inputs, 3, 3])?;
            let batch_norm = (number > 1).then(|| format!("bn{number}"));
            let epilogue = Epilogue::new(weights, &name, batch_norm.as_deref(), outputs)?;
            Ok(Layer { weights: pack(&kernels, outputs, inputs), epilogue })
        };
        let dense = |number: usize| {
            let (inputs, outputs) = (DENSE[number - 1], DENSE[number]);
            let name = format!("dense{number}");
            let matrix = weights.f32(&format!("{name}.weight"), &[outputs, inputs])?;
            let epilogue = Epilogue::new(weights, &name, Some(&format!("dense_bn{number}")), outputs)?;
            Ok(Layer { weights: dense::pack::<S>(&matrix, outputs, inputs), epilogue })
        };
        let mut output_bias = [0.0; Emotion::COUNT];
        output_bias.copy_from_slice(&weights.f32("dense3.bias", &[Emotion::COUNT])?);
        Ok(Self {
            convolutions: [
                convolution(1, convolution::pack::<S>)?,
                convolution(2, winograd::pack::<S, F4, 6, 4, 2>)?,
                convolution(3, winograd::pack::<S, F4, 6, 4, 1>)?,
                convolution(4, winograd::pack::<S, F2, 4, 2, 1>)?,
                convolution(5, convolution::pack::<S>)?,
            ],
            dense: [dense(1)?, dense(2)?],
            output_weights: weights.f32("dense3.weight", &[Emotion::COUNT, DENSE[2]])?,
            output_bias,
        })
    }

    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, chip: &FaceChip, buffers: &mut Buffers) -> [f32; Emotion::COUNT] {
        let Buffers { maps: [input, maps @ ..], features, hidden, scratch } = buffers;
        load_chip(chip, input);
        let [conv1, conv2, conv3, conv4, conv5] = &self.convolutions;
        simd.vectorize(
            #[inline(always)]
            || convolution::first::<S, 48, 32>(simd, input, &conv1.weights, &conv1.epilogue, &mut maps[0]),
        );
        let [map1, map2, map3, map4] = maps;
        simd.vectorize(
            #[inline(always)]
            || {
                let Layer { weights, epilogue } = conv2;
                winograd::convolve::<S, F4, 6, 4, 24, 32, 64, 6, 2>(simd, map1, weights, epilogue, map2, scratch);
            },
        );
        simd.vectorize(
            #[inline(always)]
            || {
                let Layer { weights, epilogue } = conv3;
                winograd::convolve::<S, F4, 6, 4, 12, 64, 128, 9, 1>(simd, map2, weights, epilogue, map3, scratch);
            },
        );
        simd.vectorize(
            #[inline(always)]
            || {
                let Layer { weights, epilogue } = conv4;
                winograd::convolve::<S, F2, 4, 2, 6, 128, 256, 9, 1>(simd, map3, weights, epilogue, map4, scratch);
            },
        );
        simd.vectorize(
            #[inline(always)]
            || convolution::last::<S, 256>(simd, map4, &conv5.weights, &conv5.epilogue, features),
        );
        simd.vectorize(
            #[inline(always)]
            || {
                let [dense1, dense2] = &self.dense;
                let [hidden1, hidden2] = hidden;
                dense::hidden(simd, features, &dense1.weights, &dense1.epilogue, hidden1);
                dense::hidden(simd, hidden1, &dense2.weights, &dense2.epilogue, hidden2);
                dense::logits(simd, hidden2, &self.output_weights, &self.output_bias)
            },
        )
    }
}

impl Buffers {
    fn new() -> Self {
        let map = |layer: usize| vec![0.0; (SIDES[layer] + 2).pow(2) * CHANNELS[layer]];
        Self {
            maps: [map(0), map(1), map(2), map(3), map(4)],
            features: vec![0.0; DENSE[0]],
            hidden: [vec![0.0; DENSE[1]], vec![0.0; DENSE[2]]],
            // The second convolution needs most of both: 36 tiles of 6x6.
            scratch: Scratch::new(36 * 36 * 32, 36 * 36 * 32),
        }
    }
}

/// Spreads grey bytes over 0..=1 inside the border.
fn load_chip(chip: &FaceChip, input: &mut [f32]) {
    let rows = input.chunks_exact_mut(CHIP_SIDE + 2).skip(1);
    for (row, grey) in rows.zip(chip.grey().chunks_exact(CHIP_SIDE)) {
        for (value, grey) in row[1..].iter_mut().zip(grey) {
            *value = f32::from(*grey) / 255.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::DType;

    /// Every instruction set this machine has.
    pub(super) fn levels() -> Vec<Level> {
        let best = Level::new();
        let mut levels = vec![Level::baseline(), best];
        #[cfg(target_arch = "x86_64")]
        levels.extend([best.as_sse4_2().map(Level::Sse4_2), best.as_avx2().map(Level::Avx2)].into_iter().flatten());
        levels
    }

    fn chips() -> Vec<FaceChip> {
        let mut noise = reference::noise(7);
        let noisy = std::array::from_fn(|_| (noise() * 127.0 + 128.0) as u8);
        let ramp = std::array::from_fn(|i| (i % CHIP_SIDE * 3 + i / CHIP_SIDE * 2) as u8);
        [[0; CHIP_SIDE * CHIP_SIDE], [255; CHIP_SIDE * CHIP_SIDE], noisy, ramp].map(FaceChip::from_grey).to_vec()
    }

    fn probabilities(logits: [f64; Emotion::COUNT]) -> [f64; Emotion::COUNT] {
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        logits.map(|logit| logit.exp() / sum)
    }

    #[test]
    fn the_network_equals_its_definition_with_every_instruction_set() {
        let bytes = reference::random_network(1, DType::F32);
        let weights = Weights::parse(&bytes).unwrap();
        let expected: Vec<_> = chips().iter().map(|chip| probabilities(reference::logits(&weights, chip))).collect();
        assert!(expected.iter().any(|p| p.iter().all(|p| *p < 0.99)), "a saturated answer would hide differences");
        for level in levels() {
            let mut engine = EmotionEngine::at_level(&weights, level).unwrap();
            for (chip, expected) in chips().iter().zip(&expected) {
                let found = probabilities(engine.logits(chip).map(f64::from));
                for (found, expected) in found.iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-4, "{level:?}: {found} for {expected}");
                }
            }
        }
    }

    #[test]
    fn an_answer_does_not_depend_on_the_one_before() {
        let bytes = reference::random_network(2, DType::F32);
        let mut engine = EmotionEngine::new(&Weights::parse(&bytes).unwrap()).unwrap();
        let first: Vec<_> = chips().iter().map(|chip| engine.logits(chip)).collect();
        let again: Vec<_> = chips().iter().rev().map(|chip| engine.logits(chip)).collect();
        assert!(first.iter().eq(again.iter().rev()));
    }

    #[test]
    fn a_network_that_lacks_a_tensor_is_refused() {
        let weights = crate::weights::detector_model().unwrap();
        assert_eq!(EmotionEngine::new(&weights).unwrap_err().kind(), crate::ErrorKind::ModelLoad);
    }
}
