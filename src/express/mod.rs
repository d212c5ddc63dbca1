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
mod layer;
mod quantised;
#[cfg(test)]
mod reference;
mod rounded;
mod winograd;

use crate::chip::{CHIP_SIDE, FaceChip};
use crate::emotion::{Emotion, Emotion8};
use crate::error::Error;
use crate::simd::{Level, Simd, dispatch};
use crate::weights::Weights;
use convolution::{First, Last};
use dense::{Dense, Head};
use layer::{Either, Layer, Map, Scratch, Stored};
use winograd::{F2, F4, Winograd};

type Pixels = Map<CHIP_SIDE, 1>;
type Map1 = Map<24, 32>;
type Map2 = Map<12, 64>;
type Map3 = Map<6, 128>;
type Map4 = Map<3, 256>;
type Features = [f32; 512];
type Hidden1 = [f32; 256];
type Hidden2 = [f32; 512];

/// The layers, each from the map in front of it to the one behind it.
#[derive(Debug, Clone)]
struct Layers {
    conv1: First<Pixels, Map1>,
    conv2: Winograd<F4, Map1, Map2, 6, 2>,
    conv3: Winograd<F4, Map2, Map3, 9, 1>,
    conv4: Either<Winograd<F2, Map3, Map4, 9, 1>, quantised::Convolution<Map3, Map4>>,
    conv5: Either<Last<Map4, Features>, quantised::Last<Map4, Features>>,
    dense1: Either<Dense<Features, Hidden1>, quantised::Dense<Features, Hidden1>>,
    dense2: Either<Dense<Hidden1, Hidden2>, quantised::Dense<Hidden1, Hidden2>>,
    four: Head<Hidden2, [f32; Emotion::COUNT]>,
    eight: Option<Head<Hidden2, [f32; Emotion8::COUNT]>>,
}

/// The maps between the layers.
#[derive(Debug, Clone)]
struct Maps {
    pixels: Pixels,
    map1: Map1,
    map2: Map2,
    map3: Map3,
    map4: Map4,
    features: Features,
    hidden1: Hidden1,
    hidden2: Hidden2,
}

/// The expression network, ready to run: packed weights and all the memory it needs.
#[derive(Debug, Clone)]
pub(crate) struct EmotionEngine {
    level: Level,
    layers: Layers,
    maps: Maps,
    scratch: Scratch,
}

/// The logits of both heads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Logits {
    /// In the order of [`Emotion::ALL`].
    pub(crate) four: [f32; Emotion::COUNT],
    /// In the order of [`Emotion8::ALL`], where the model has that head.
    pub(crate) eight: Option<[f32; Emotion8::COUNT]>,
}

impl EmotionEngine {
    /// Packs the weights.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a tensor is missing or of another shape.
    pub(crate) fn new(weights: &Weights<'_>) -> Result<Self, Error> {
        Self::at_level(weights, Level::new())
    }

    /// As [`EmotionEngine::new`], with these instructions.
    fn at_level(weights: &Weights<'_>, level: Level) -> Result<Self, Error> {
        let mut scratch = Scratch::default();
        let layers = dispatch!(level, simd => Layers::pack(simd, weights, &mut scratch))?;
        Ok(Self { level, layers, maps: Maps::new(), scratch })
    }

    /// Whether the model has the second head, over eight expressions.
    pub(crate) const fn has_eight(&self) -> bool {
        self.layers.eight.is_some()
    }

    /// The logits of a face.
    pub(crate) fn logits(&mut self, chip: &FaceChip) -> Logits {
        let Self { level, layers, maps, scratch } = self;
        dispatch!(*level, simd => layers.forward(simd, chip, maps, scratch))
    }
}

impl Layers {
    #[inline(always)]
    fn pack<S: Simd>(simd: S, weights: &Weights<'_>, scratch: &mut Scratch) -> Result<Self, Error> {
        let stored = |layer| Stored { weights, layer, batch_norm: None };
        let normed = |layer, batch_norm| Stored { weights, layer, batch_norm: Some(batch_norm) };
        Ok(Self {
            conv1: Layer::pack(simd, &stored("conv1"), scratch)?,
            conv2: Layer::pack(simd, &normed("conv2", "bn2"), scratch)?,
            conv3: Layer::pack(simd, &normed("conv3", "bn3"), scratch)?,
            conv4: Either::pack(simd, &normed("conv4", "bn4"), scratch)?,
            conv5: Either::pack(simd, &normed("conv5", "bn5"), scratch)?,
            dense1: Either::pack(simd, &normed("dense1", "dense_bn1"), scratch)?,
            dense2: Either::pack(simd, &normed("dense2", "dense_bn2"), scratch)?,
            four: Layer::pack(simd, &stored("dense3"), scratch)?,
            eight: if weights.contains("eight.weight") {
                Some(Layer::pack(simd, &stored("eight"), scratch)?)
            } else {
                None
            },
        })
    }

    #[inline(always)]
    fn forward<S: Simd>(&self, simd: S, chip: &FaceChip, maps: &mut Maps, scratch: &mut Scratch) -> Logits {
        let Maps { pixels, map1, map2, map3, map4, features, hidden1, hidden2 } = maps;
        load_chip(chip, pixels);
        self.conv1.run(simd, pixels, map1, scratch);
        self.conv2.run(simd, map1, map2, scratch);
        self.conv3.run(simd, map2, map3, scratch);
        self.conv4.run(simd, map3, map4, scratch);
        self.conv5.run(simd, map4, features, scratch);
        self.dense1.run(simd, features, hidden1, scratch);
        self.dense2.run(simd, hidden1, hidden2, scratch);
        let mut four = [0.0; Emotion::COUNT];
        self.four.run(simd, hidden2, &mut four, scratch);
        let eight = self.eight.as_ref().map(|head| {
            let mut logits = [0.0; Emotion8::COUNT];
            head.run(simd, hidden2, &mut logits, scratch);
            logits
        });
        Logits { four, eight }
    }
}

impl Maps {
    fn new() -> Self {
        Self {
            pixels: Map::new(),
            map1: Map::new(),
            map2: Map::new(),
            map3: Map::new(),
            map4: Map::new(),
            features: [0.0; _],
            hidden1: [0.0; _],
            hidden2: [0.0; _],
        }
    }
}

/// Spreads grey bytes over 0..=1.
fn load_chip(chip: &FaceChip, pixels: &mut Pixels) {
    for (y, row) in chip.grey().chunks_exact(CHIP_SIDE).enumerate() {
        for ([value], grey) in pixels.row_mut(y).iter_mut().zip(row) {
            *value = f32::from(*grey) / 255.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::DType;

    use crate::simd::levels;

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
