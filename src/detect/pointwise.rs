//! The pointwise (1x1) convolution, in 16-bit integers: on processors without fused multiply-add, and so in all of
//! today's wasm, an integer dot product multiplies and adds four times as much an instruction as floats do.
//!
//! A row of activations shares one scale, an output's weights share another. The sums are exact: the weights' scale is
//! such that they fit 32 bits whatever the activations are.

use fearless_simd::{Bytes, SimdInt, SimdIntWiden, SimdNarrow};

use crate::error::Error;
use crate::simd::{Simd, SimdBase, SimdFloat, lanes, load, round_to_ints, splat, store};
use crate::weights::Weights;

/// Pixels whose results are computed together. With two vectors of outputs their eight sums, two weights and one pair
/// of inputs fit the sixteen registers of wasm engines on x86-64.
const TILE: usize = 4;

/// What is given as the largest activation of a row becomes this.
const LARGEST_ACTIVATION: f32 = i16::MAX as f32;

/// What the sizes of an output's weights add up to at most, so that no sum can overflow.
const LARGEST_WEIGHT_SUM: f32 = (i32::MAX / i16::MAX as i32) as f32;

/// One row of activations as integers.
#[derive(Debug, Default)]
pub(super) struct RoundedRow {
    /// Pairs of neighbouring channels, the even one in the low half.
    pairs: Vec<i32>,
    /// What 1 stands for.
    scale: f32,
}

impl RoundedRow {
    /// Takes a row, an even count of values, none of a size above `largest`.
    #[inline(never)]
    pub(super) fn round<S: Simd>(&mut self, simd: S, values: &[f32], largest: f32) {
        simd.vectorize(
            #[inline(always)]
            || {
                self.pairs.resize(values.len() / 2, 0);
                let (vectors, rest) = values.split_at(values.len() - values.len() % (2 * lanes::<S>()));
                self.scale = largest / LARGEST_ACTIVATION;
                let inverse = if largest > 0.0 { LARGEST_ACTIVATION / largest } else { 0.0 };

                let (targets, rest_of_targets) = self.pairs.split_at_mut(vectors.len() / 2);
                for (values, target) in
                    vectors.chunks_exact(2 * lanes::<S>()).zip(targets.chunks_exact_mut(lanes::<S>()))
                {
                    let low = round_to_ints::<S>(simd, load(simd, values, 0) * splat(simd, inverse));
                    let high = round_to_ints::<S>(simd, load(simd, values, lanes::<S>()) * splat(simd, inverse));
                    let pairs: S::i32s = low.saturating_narrow(high).bitcast();
                    pairs.store_slice(target);
                }
                for ([low, high], target) in rest.as_chunks().0.iter().zip(rest_of_targets) {
                    let [low, high] = [low, high].map(|value| (value * inverse).round_ties_even() as i16);
                    *target = i32::from(high) << 16 | i32::from(low as u16);
                }
            },
        );
    }
}

/// Weights as integers.
#[derive(Debug)]
pub(super) struct RoundedWeights<const OUTPUTS: usize> {
    /// By pair of inputs, then by output: the weights of both.
    pub(super) pairs: Vec<[[i16; 2]; OUTPUTS]>,
    /// By output: what 1 stands for.
    pub(super) scales: Vec<f32>,
}

impl<const OUTPUTS: usize> RoundedWeights<OUTPUTS> {
    /// Rounds weights that lie by output, then by input, an even count of inputs.
    pub(super) fn new(weights: &[f32], inputs: usize) -> Self {
        let mut pairs = vec![[[0; 2]; OUTPUTS]; inputs / 2];
        let mut scales = vec![0.0; OUTPUTS];
        for (output, (weights, scale)) in weights.chunks_exact(inputs).zip(&mut scales).enumerate() {
            let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            let sum: f32 = weights.iter().map(|weight| weight.abs()).sum();
            // Rounding may add half to each.
            *scale = (largest / f32::from(i16::MAX)).max(sum / (LARGEST_WEIGHT_SUM - inputs as f32));
            for (pair, rounded) in weights.as_chunks::<2>().0.iter().zip(&mut pairs) {
                // Where every weight is 0, 0 / 0 becomes 0 again.
                rounded[output] = pair.map(|weight| (weight / *scale).round_ties_even() as i16);
            }
        }
        Self { pairs, scales }
    }
}

/// The convolution's weights.
#[derive(Debug)]
pub(super) struct Pointwise<const INPUTS: usize, const OUTPUTS: usize> {
    weights: RoundedWeights<OUTPUTS>,
    bias: Vec<f32>,
}

impl<const INPUTS: usize, const OUTPUTS: usize> Pointwise<INPUTS, OUTPUTS> {
    /// Rounds and packs the weights of one convolution, or of several over the same inputs as one: `(name, outputs)`.
    pub(super) fn load(weights: &Weights<'_>, parts: &[(&str, usize)]) -> Result<Self, Error> {
        let (mut exact, mut bias) = (vec![], vec![]);
        for &(name, outputs) in parts {
            exact.extend(weights.f32(&format!("{name}.pw.weight"), &[outputs, INPUTS, 1, 1])?);
            bias.extend(weights.f32(&format!("{name}.pw.bias"), &[outputs])?);
        }
        Ok(Self { weights: RoundedWeights::new(&exact, INPUTS), bias })
    }

    /// Computes one row: by vector of outputs, then by pixel, with a pixel left alone at either end.
    #[inline(never)]
    pub(super) fn row<S: Simd>(&self, simd: S, input: &RoundedRow, output: &mut [f32]) {
        simd.vectorize(
            #[inline(always)]
            || {
                if 2 * lanes::<S>() <= OUTPUTS {
                    self.row_by_vectors::<S, 2>(simd, input, output);
                } else {
                    self.row_by_vectors::<S, 1>(simd, input, output);
                }
            },
        );
    }

    /// Computes one row, `NV` vectors of outputs at a time.
    #[inline(always)]
    fn row_by_vectors<S: Simd, const NV: usize>(&self, simd: S, input: &RoundedRow, output: &mut [f32]) {
        let width = input.pairs.len() / (INPUTS / 2);
        let plane = (width + 2) * lanes::<S>();
        // Counted, not enumerated: so the compiler sees that no block of weights can lie outside.
        for block in 0..OUTPUTS / (NV * lanes::<S>()) {
            let planes = &mut output[block * NV * plane..][..NV * plane];
            let tiles = input.pairs.chunks_exact(TILE * INPUTS / 2);
            let rest = tiles.remainder();
            let mut at = lanes::<S>();
            for tile in tiles {
                self.tile::<S, NV, TILE>(simd, tile, input.scale, block, planes, at);
                at += TILE * lanes::<S>();
            }
            for pixel in rest.chunks_exact(INPUTS / 2) {
                self.tile::<S, NV, 1>(simd, pixel, input.scale, block, planes, at);
                at += lanes::<S>();
            }
        }
    }

    /// `P` pixels and `NV` vectors of outputs.
    #[inline(always)]
    fn tile<S: Simd, const NV: usize, const P: usize>(
        &self,
        simd: S,
        pairs: &[i32],
        scale: f32,
        block: usize,
        planes: &mut [f32],
        at: usize,
    ) {
        let first = block * NV * lanes::<S>();
        let pairs = &pairs[..P * (INPUTS / 2)];
        let mut sums = [[S::i32s::splat(simd, 0); NV]; P];
        for (k, weights) in self.weights.pairs[..INPUTS / 2].iter().enumerate() {
            let weights = weights[first..][..NV * lanes::<S>()].as_flattened();
            for (pixel, sums) in sums.iter_mut().enumerate() {
                let pair: S::i16s = S::i32s::splat(simd, pairs[pixel * (INPUTS / 2) + k]).bitcast();
                for (n, sum) in sums.iter_mut().enumerate() {
                    let weights = S::i16s::from_slice(simd, &weights[n * S::i16s::LEN..][..S::i16s::LEN]);
                    *sum += pair.pairwise_dot_product(weights);
                }
            }
        }
        let plane = planes.len() / NV;
        for (n, plane) in planes.chunks_exact_mut(plane).enumerate() {
            let channel = first + n * lanes::<S>();
            let (scale, bias) =
                (load(simd, &self.weights.scales, channel) * splat(simd, scale), load(simd, &self.bias, channel));
            let target = &mut plane[at..][..P * lanes::<S>()];
            for (pixel, sums) in sums.iter().enumerate() {
                let sum: S::f32s = sums[n].to_float();
                store::<S>(sum.mul_add(scale, bias), target, pixel * lanes::<S>());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reference::{container, noise};
    use super::*;
    use crate::simd::{dispatch, levels};

    /// Compares a row with the same integers added up one by one, and their sums with the bound.
    fn compare<const INPUTS: usize, const OUTPUTS: usize>(
        width: usize,
        seed: u64,
        magnitude: f32,
    ) -> Result<(), TestCaseError> {
        let mut noise = noise(seed);
        let mut random = |count: usize| -> Vec<f32> { (0..count).map(|_| magnitude * noise()).collect() };
        let (exact, bias, values) = (random(INPUTS * OUTPUTS), random(OUTPUTS), random(width * INPUTS));
        let bytes =
            container(&[("unit.pw.weight", &[OUTPUTS, INPUTS, 1, 1], &exact), ("unit.pw.bias", &[OUTPUTS], &bias)]);
        let pointwise =
            Pointwise::<INPUTS, OUTPUTS>::load(&Weights::parse(&bytes).unwrap(), &[("unit", OUTPUTS)]).unwrap();
        let integer = |value: f32, scale: f32| (value / scale).round() as i64;
        for level in levels() {
            let mut rounded = RoundedRow { pairs: vec![7; 999], scale: 7.0 };
            let mut output = vec![f32::NAN; (width + 2) * OUTPUTS];
            dispatch!(level, simd => {
                rounded.round(simd, &values, magnitude);
                pointwise.row(simd, &rounded, &mut output);
            });
            let lanes = dispatch!(level, simd => lanes_of(simd));
            for pixel in 0..width {
                let inputs = &values[pixel * INPUTS..][..INPUTS];
                for channel in 0..OUTPUTS {
                    let weights = &exact[channel * INPUTS..][..INPUTS];
                    let scale = pointwise.weights.scales[channel];
                    let sizes: i64 = weights.iter().map(|weight| integer(*weight, scale).abs()).sum();
                    prop_assert!(sizes * i64::from(i16::MAX) <= i64::from(i32::MAX), "{} can overflow", sizes);
                    let products = inputs.iter().zip(weights).map(|(input, weight)| {
                        integer(*input, rounded.scale) as f64
                            * f64::from(rounded.scale)
                            * integer(*weight, scale) as f64
                    });
                    let expected = products.sum::<f64>() * f64::from(scale) + f64::from(bias[channel]);
                    let plane = channel / lanes * (width + 2) * lanes;
                    let found = output[plane + (pixel + 1) * lanes + channel % lanes];
                    // An input halfway between two integers may become either, and the result is rounded.
                    let halfway = f64::from(2.0 * rounded.scale * scale * f32::from(i16::MAX));
                    let difference = (f64::from(found) - expected).abs();
                    prop_assert!(
                        difference <= halfway + 1e-6 * expected.abs(),
                        "{:?}: {} for {}",
                        level,
                        found,
                        expected
                    );
                }
            }
        }
        Ok(())
    }

    fn lanes_of<S: Simd>(_: S) -> usize {
        lanes::<S>()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn rows_are_the_sums_of_integers(
            width in 1_usize..14, seed: u64, magnitude in prop::sample::select(vec![1e-6_f32, 1.0, 1e6]),
        ) {
            compare::<16, 16>(width, seed, magnitude)?;
            compare::<32, 64>(width, seed, magnitude)?;
            compare::<64, 16>(width, seed, magnitude)?;
            compare::<64, 64>(width, seed, magnitude)?;
        }
    }

    #[test]
    fn the_largest_sums_fit() {
        for sign in [1.0, -1.0] {
            let bytes = container(&[
                ("unit.pw.weight", &[16, 64, 1, 1], &[sign * 0.3; 16 * 64]),
                ("unit.pw.bias", &[16], &[0.0; 16]),
            ]);
            let pointwise = Pointwise::<64, 16>::load(&Weights::parse(&bytes).unwrap(), &[("unit", 16)]).unwrap();
            for level in levels() {
                let (mut rounded, mut output) = (RoundedRow::default(), vec![0.0; 3 * 16]);
                dispatch!(level, simd => {
                    rounded.round(simd, &[5.0; 64], 5.0);
                    pointwise.row(simd, &rounded, &mut output);
                });
                let sums: Vec<_> = output.iter().filter(|sum| **sum != 0.0).collect();
                assert_eq!(sums.len(), 16);
                assert!(sums.iter().all(|sum| (**sum - sign * 96.0).abs() < 0.05), "{sums:?}");
            }
        }
    }

    #[test]
    fn nothing_but_zeros_stays_zero() {
        let bytes =
            container(&[("unit.pw.weight", &[16, 16, 1, 1], &[0.0; 16 * 16]), ("unit.pw.bias", &[16], &[3.0; 16])]);
        let pointwise = Pointwise::<16, 16>::load(&Weights::parse(&bytes).unwrap(), &[("unit", 16)]).unwrap();
        for (level, value) in levels().into_iter().flat_map(|level| [(level, 0.0), (level, 2.0)]) {
            let (mut rounded, mut output) = (RoundedRow::default(), vec![3.0; 4 * 16]);
            dispatch!(level, simd => {
                rounded.round(simd, &[value; 32], value);
                pointwise.row(simd, &rounded, &mut output);
            });
            assert_eq!(output, [3.0; 4 * 16]);
        }
    }
}
