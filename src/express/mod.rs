//! Fused inference of the expression network, without a framework.
//!
//! ```text
//! 48x48 grey -> conv1 32 -> conv2 64 -> conv3 128 -> conv4 256 -> conv5 512 -> dense 256 -> dense 512 -> 4 (and 8) logits
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
mod kernel_tests;
mod quantised;
#[cfg(test)]
mod reference;
mod winograd;

use crate::chip::{CHIP_SIDE, FaceChip};
use crate::emotion::{Emotion, Emotion8};
use crate::error::Error;
use crate::simd::{Level, Simd, dispatch};
use crate::weights::{BLOCK, Weights};
use epilogue::Epilogue;
use quantised::Block;
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
    weights: Packed,
    epilogue: Epilogue,
}

/// Reorders `[outputs][inputs][..]` weights, given with both counts.
type Pack<S> = fn(S, &[f32], usize, usize) -> Vec<f32>;

/// Reordered weights.
#[derive(Debug, Clone)]
enum Packed {
    Float(Vec<f32>),
    Quantised(quantised::Packed),
}

#[derive(Debug, Clone)]
struct Layers {
    convolutions: [Layer; 5],
    dense: [Layer; 2],
    four: Head<{ Emotion::COUNT }>,
    eight: Option<Head<{ Emotion8::COUNT }>>,
}

/// A last layer, from the features to logits.
#[derive(Debug, Clone)]
struct Head<const N: usize> {
    weights: Vec<f32>,
    bias: [f32; N],
}

impl<const N: usize> Head<N> {
    fn new(weights: &Weights<'_>, name: &str) -> Result<Self, Error> {
        let mut bias = [0.0; N];
        bias.copy_from_slice(&weights.f32(&format!("{name}.bias"), &[N])?);
        Ok(Self { weights: weights.f32(&format!("{name}.weight"), &[N, DENSE[2]])?, bias })
    }
}

/// The logits of both heads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Logits {
    /// In the order of [`Emotion::ALL`].
    pub four: [f32; Emotion::COUNT],
    /// In the order of [`Emotion8::ALL`], where the model has that head.
    pub eight: Option<[f32; Emotion8::COUNT]>,
}

#[derive(Debug, Clone)]
struct Buffers {
    /// The input of each convolution, inside a border of one zero pixel.
    maps: [Vec<f32>; 5],
    features: Vec<f32>,
    hidden: [Vec<f32>; 2],
    /// The input of a quantised layer, rounded.
    blocks: Vec<Block>,
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

    /// Whether the model has the second head, over eight expressions.
    pub const fn has_eight(&self) -> bool {
        self.layers.eight.is_some()
    }

    /// The logits of a face.
    pub fn logits(&mut self, chip: &FaceChip) -> Logits {
        let Self { level, layers, buffers } = self;
        dispatch!(*level, simd => layers.forward(simd, chip, buffers))
    }

    /// Runs one stage on what the last call left in memory: 0 to 4 the convolutions, 5 the dense layers. For benchmarks.
    #[doc(hidden)]
    pub fn run_stage(&mut self, stage: usize) {
        let Self { level, layers, buffers } = self;
        dispatch!(*level, simd => match stage {
            0..5 => layers.convolve(simd, stage, buffers),
            _ => {
                let _ = layers.classify(simd, buffers);
            }
        });
    }
}

impl Layers {
    #[inline(always)]
    fn new<S: Simd>(simd: S, weights: &Weights<'_>) -> Result<Self, Error> {
        let layer = |name: &str, shape: &[usize], batch_norm: Option<String>, in_bytes: bool, pack: Pack<S>| {
            let tensor = weights.tensor(&format!("{name}.weight"), shape)?;
            let quantised = if in_bytes { quantised::Packed::new(simd, tensor) } else { None };
            let packed = match quantised {
                Some(packed) => Packed::Quantised(packed),
                None => Packed::Float(pack(simd, &tensor.to_f32(), shape[0], shape[1])),
            };
            Ok(Layer { weights: packed, epilogue: Epilogue::new(weights, name, batch_norm.as_deref(), shape[0])? })
        };
        let convolution = |number: usize, in_bytes, pack: Pack<S>| {
            let shape = [CHANNELS[number], CHANNELS[number - 1], 3, 3];
            let batch_norm = (number > 1).then(|| format!("bn{number}"));
            layer(&format!("conv{number}"), &shape, batch_norm, in_bytes, pack)
        };
        let dense = |number: usize| {
            let shape = [DENSE[number], DENSE[number - 1]];
            layer(&format!("dense{number}"), &shape, Some(format!("dense_bn{number}")), true, dense::pack::<S>)
        };
        Ok(Self {
            convolutions: [
                convolution(1, false, convolution::pack::<S>)?,
                convolution(2, false, winograd::pack::<S, F4, 6, 4, 2>)?,
                convolution(3, false, winograd::pack::<S, F4, 6, 4, 1>)?,
                convolution(4, true, winograd::pack::<S, F2, 4, 2, 1>)?,
                convolution(5, true, convolution::pack::<S>)?,
            ],
            dense: [dense(1)?, dense(2)?],
            four: Head::new(weights, "dense3")?,
            eight: weights.contains("eight.weight").then(|| Head::new(weights, "eight")).transpose()?,
        })
    }

    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, chip: &FaceChip, buffers: &mut Buffers) -> Logits {
        load_chip(chip, &mut buffers.maps[0]);
        for layer in 0..self.convolutions.len() {
            self.convolve(simd, layer, buffers);
        }
        self.classify(simd, buffers)
    }

    /// Runs one convolution with its epilogue, counted from 0. Each is a function of its own ([`Simd::vectorize`]):
    /// together they would be too large for compilers to keep their sums in registers.
    #[inline(always)]
    fn convolve<S: Simd>(&self, simd: S, layer: usize, buffers: &mut Buffers) {
        let Layer { weights, epilogue } = &self.convolutions[layer];
        let Buffers { maps: [map0, map1, map2, map3, map4], features, blocks, scratch, .. } = buffers;
        match (layer, weights) {
            (0, Packed::Float(weights)) => simd.vectorize(
                #[inline(always)]
                || convolution::first::<S, { CHIP_SIDE + 2 }, 32>(simd, map0, weights, epilogue, map1),
            ),
            (1, Packed::Float(weights)) => simd.vectorize(
                #[inline(always)]
                || winograd::convolve::<S, F4, 6, 4, 24, 32, 64, 6, 2>(simd, map1, weights, epilogue, map2, scratch),
            ),
            (2, Packed::Float(weights)) => simd.vectorize(
                #[inline(always)]
                || winograd::convolve::<S, F4, 6, 4, 12, 64, 128, 9, 1>(simd, map2, weights, epilogue, map3, scratch),
            ),
            (3, Packed::Float(weights)) => simd.vectorize(
                #[inline(always)]
                || winograd::convolve::<S, F2, 4, 2, 6, 128, 256, 9, 1>(simd, map3, weights, epilogue, map4, scratch),
            ),
            (3, Packed::Quantised(weights)) => simd.vectorize(
                #[inline(always)]
                || {
                    quantised::quantise(simd, map3, blocks);
                    quantised::convolve6::<S, 2, 256>(simd, blocks, weights, epilogue, map4);
                },
            ),
            (_, Packed::Float(weights)) => simd.vectorize(
                #[inline(always)]
                || convolution::last::<S, 256>(simd, map4, weights, epilogue, features),
            ),
            (_, Packed::Quantised(weights)) => simd.vectorize(
                #[inline(always)]
                || {
                    quantised::quantise(simd, map4, blocks);
                    quantised::last::<S, 4>(simd, blocks, weights, epilogue, features);
                },
            ),
        }
    }

    /// Runs the dense layers.
    #[inline(always)]
    fn classify<S: Simd>(&self, simd: S, buffers: &mut Buffers) -> Logits {
        let Buffers { features, hidden: [hidden1, hidden2], blocks, .. } = buffers;
        let [dense1, dense2] = &self.dense;
        simd.vectorize(
            #[inline(always)]
            || {
                hidden(simd, dense1, features, hidden1, blocks);
                hidden(simd, dense2, hidden1, hidden2, blocks);
                Logits {
                    four: dense::logits(simd, hidden2, &self.four.weights, &self.four.bias),
                    eight: self.eight.as_ref().map(|head| dense::logits(simd, hidden2, &head.weights, &head.bias)),
                }
            },
        )
    }
}

#[inline(always)]
fn hidden<S: Simd>(simd: S, layer: &Layer, input: &[f32], output: &mut [f32], blocks: &mut [Block]) {
    let Layer { weights, epilogue } = layer;
    match weights {
        Packed::Float(weights) => dense::hidden(simd, input, weights, epilogue, output),
        Packed::Quantised(weights) => {
            let blocks = &mut blocks[..input.len() / BLOCK];
            quantised::quantise(simd, input, blocks);
            quantised::hidden(simd, blocks, weights, epilogue, output);
        }
    }
}

impl Buffers {
    fn new() -> Self {
        let map = |layer: usize| vec![0.0; (SIDES[layer] + 2).pow(2) * CHANNELS[layer]];
        Self {
            maps: [map(0), map(1), map(2), map(3), map(4)],
            features: vec![0.0; DENSE[0]],
            hidden: [vec![0.0; DENSE[1]], vec![0.0; DENSE[2]]],
            // The fourth convolution has the most: 8x8 pixels of 128 channels.
            blocks: vec![Block::ZERO; 8 * 8 * 128 / BLOCK],
            // The second convolution needs most: 36 tiles of 6x6.
            scratch: Scratch::new(36 * 36 * 32),
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

    pub(super) use crate::simd::levels;

    fn chips() -> Vec<FaceChip> {
        let mut noise = reference::noise(7);
        let noisy = std::array::from_fn(|_| (noise() * 127.0 + 128.0) as u8);
        let ramp = std::array::from_fn(|i| (i % CHIP_SIDE * 3 + i / CHIP_SIDE * 2) as u8);
        [[0; CHIP_SIDE * CHIP_SIDE], [255; CHIP_SIDE * CHIP_SIDE], noisy, ramp].map(FaceChip::from_grey).to_vec()
    }

    fn probabilities<const N: usize>(logits: [f64; N]) -> [f64; N] {
        let sum: f64 = logits.iter().map(|logit| logit.exp()).sum();
        logits.map(|logit| logit.exp() / sum)
    }

    #[test]
    fn the_network_equals_its_definition_with_every_instruction_set() {
        for dtype in [DType::F32, DType::F16, DType::Int8, DType::Int4, DType::Int3] {
            let bytes = reference::random_network(1, dtype);
            let weights = Weights::parse(&bytes).unwrap();
            let expected: Vec<_> = chips()
                .iter()
                .map(|chip| {
                    let (four, eight) = reference::logits(&weights, chip);
                    (probabilities(four), probabilities(eight))
                })
                .collect();
            let is_open = |(four, eight): &([f64; 4], [f64; 8])| four.iter().chain(eight).all(|p| *p < 0.99);
            assert!(expected.iter().any(is_open), "saturated answers would hide differences");
            for level in levels() {
                let mut engine = EmotionEngine::at_level(&weights, level).unwrap();
                for (chip, (four, eight)) in chips().iter().zip(&expected) {
                    let found = engine.logits(chip);
                    let found_four = probabilities(found.four.map(f64::from));
                    let found_eight = probabilities(found.eight.unwrap().map(f64::from));
                    let found = found_four.iter().chain(&found_eight);
                    for (found, expected) in found.zip(four.iter().chain(eight)) {
                        assert!((found - expected).abs() < 1e-4, "{dtype:?} {level:?}: {found} for {expected}");
                    }
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
