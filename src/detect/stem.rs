//! The detection network's first convolution: 3x3, stride 2, ReLU. In 16-bit integers, as the
//! [pointwise](super::pointwise) convolutions are.

use fearless_simd::{SimdInt, SimdIntWiden};

use super::input::{INPUT_CHANNELS, Input, ONE};
use super::pointwise::RoundedWeights;
use super::unit::Rows;
use crate::error::Error;
use crate::simd::{Simd, SimdBase, SimdFloat, lanes, larger_size, largest_lane, load, relu, splat, splat_pair, store};
use crate::weights::Weights;

/// Output channels.
pub(super) const STEM_CHANNELS: usize = 16;

/// Input values under one kernel row.
const TAPS: usize = 3 * INPUT_CHANNELS;

/// Pairs of input values under one kernel row; of the last pair the second value has weight 0.
const PAIRS: usize = TAPS.div_ceil(2);

/// Output pixels computed together, and the pairs of input values under their kernel rows. A pixel starts three pairs
/// after the one before. With one vector of outputs their four sums, the five weights of a kernel row and the pairs that
/// pixels share fit the sixteen registers of wasm engines on x86-64; with two they do not.
const TILE: usize = 4;
const TILE_PAIRS: usize = (TILE - 1) * INPUT_CHANNELS + PAIRS;

/// The convolution's weights.
#[derive(Debug)]
pub(super) struct Stem {
    /// By kernel row and pair of the input's values.
    weights: RoundedWeights<STEM_CHANNELS>,
    bias: Vec<f32>,
}

impl Stem {
    /// Rounds and packs the weights of `backbone.0.conv`.
    pub(super) fn load(weights: &Weights<'_>) -> Result<Self, Error> {
        let kernels = weights.f32("backbone.0.conv.weight", &[STEM_CHANNELS, INPUT_CHANNELS, 3, 3])?;
        // As the input's rows run; the file has blue first.
        let reordered: Vec<f32> = (0..STEM_CHANNELS * 3 * 2 * PAIRS)
            .map(|index| {
                let (output, row, tap) = (index / (6 * PAIRS), index / (2 * PAIRS) % 3, index % (2 * PAIRS));
                let channel = INPUT_CHANNELS - 1 - tap % INPUT_CHANNELS;
                let kernel = &kernels[(output * INPUT_CHANNELS + channel) * 9..][..9];
                if tap < TAPS { kernel[row * 3 + tap / INPUT_CHANNELS] } else { 0.0 }
            })
            .collect();
        Ok(Self {
            weights: RoundedWeights::new(&reordered, 6 * PAIRS),
            bias: weights.f32("backbone.0.conv.bias", &[STEM_CHANNELS])?,
        })
    }

    /// Computes one output row and gives its largest value.
    #[inline(never)]
    fn row<S: Simd>(&self, simd: S, input: &Input, y: usize, output: &mut [f32]) -> f32 {
        simd.vectorize(
            #[inline(always)]
            || {
                let [upper, middle, lower] =
                    input.rows_under(y).map(|row| row.array_windows::<TILE_PAIRS>().step_by(TILE * INPUT_CHANNELS));
                let weights = &self.weights.pairs[..3 * PAIRS];
                let mut largest = splat(simd, 0.0);
                let (tiles, _) = output.as_chunks_mut::<STEM_CHANNELS>().0.as_chunks_mut::<TILE>();
                for (((tile, upper), middle), lower) in tiles.iter_mut().zip(upper).zip(middle).zip(lower) {
                    for at in (0..STEM_CHANNELS).step_by(lanes::<S>()) {
                        let mut sums = [S::i32s::splat(simd, 0); TILE];
                        for (row, weights) in [upper, middle, lower].into_iter().zip(weights.chunks_exact(PAIRS)) {
                            for (k, weights) in weights.iter().enumerate() {
                                let weights = S::i16s::from_slice(simd, weights[at..][..lanes::<S>()].as_flattened());
                                for (pixel, sum) in sums.iter_mut().enumerate() {
                                    let pair = splat_pair(simd, row[pixel * INPUT_CHANNELS + k]);
                                    *sum += pair.pairwise_dot_product(weights);
                                }
                            }
                        }
                        let scale = load(simd, &self.weights.scales, at) * splat(simd, 1.0 / ONE);
                        let bias = load(simd, &self.bias, at);
                        for (pixel, sum) in tile.iter_mut().zip(sums) {
                            let sum: S::f32s = sum.to_float();
                            let value = relu(simd, sum.mul_add(scale, bias));
                            largest = larger_size::<S>(largest, value);
                            store::<S>(value, pixel, at);
                        }
                    }
                }
                largest_lane::<S>(largest)
            },
        )
    }
}

/// The stem's output, computed a row at a time: its map, one of the two largest of the network, is never written.
#[derive(Debug)]
pub(super) struct StemRows<'a> {
    stem: &'a Stem,
    input: &'a Input,
    row: &'a mut [f32],
}

impl<'a> StemRows<'a> {
    /// The rows of this input, one after the other in `row`.
    pub(super) fn new(stem: &'a Stem, input: &'a Input, row: &'a mut Vec<f32>) -> Self {
        row.resize(input.width() / 2 * STEM_CHANNELS, 0.0);
        Self { stem, input, row }
    }
}

impl Rows<STEM_CHANNELS> for StemRows<'_> {
    fn width(&self) -> usize {
        self.input.width() / 2
    }

    fn height(&self) -> usize {
        self.input.height() / 2
    }

    fn row<S: Simd>(&mut self, simd: S, y: usize) -> (&[f32], f32) {
        let largest = self.stem.row(simd, self.input, y, self.row);
        (self.row, largest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reference::{Reference, container, noise};
    use super::*;
    use crate::simd::{dispatch, levels};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_stem_equals_its_definition(width in 1_usize..40, height in 1_usize..20, seed: u64) {
            let mut noise = noise(seed);
            let mut random = |count: usize| -> Vec<f32> { (0..count).map(|_| noise()).collect() };
            let (kernels, bias) = (random(STEM_CHANNELS * 27), random(STEM_CHANNELS));
            let bytes = container(&[
                ("backbone.0.conv.weight", &[STEM_CHANNELS, INPUT_CHANNELS, 3, 3], &kernels),
                ("backbone.0.conv.bias", &[STEM_CHANNELS], &bias),
            ]);
            let stem = Stem::load(&Weights::parse(&bytes).unwrap()).unwrap();

            let mut input = Input::default();
            // A picture of another size before it must leave nothing behind.
            input.reshape(33, 33, 8);
            (0..33).for_each(|y| input.picture_row_mut(y).fill([i16::MIN; 3]));
            input.reshape(width, height, 8);
            let (padded_width, padded_height) = (width.next_multiple_of(8), height.next_multiple_of(8));
            // Blue comes first in the file's weights.
            let mut blue_first = vec![0.0; padded_width * padded_height * 3];
            for y in 0..height {
                for (x, pixel) in input.picture_row_mut(y).iter_mut().enumerate() {
                    let brightness: [f32; 3] = std::array::from_fn(|_| 127.5 * (1.0 + noise()));
                    *pixel = brightness.map(Input::value);
                    for channel in 0..3 {
                        blue_first[(y * padded_width + x) * 3 + channel] = f64::from(brightness[2 - channel]);
                    }
                }
            }
            let expected = Reference { width: padded_width, height: padded_height, channels: 3, values: blue_first }
                .convolution(&kernels, &bias, 2);
            for level in levels() {
                let mut row = vec![];
                let mut rows = StemRows::new(&stem, &input, &mut row);
                let height = rows.height();
                let mut found: Vec<f32> = vec![];
                for y in 0..height {
                    let (values, largest) = dispatch!(level, simd => rows.row(simd, y));
                    prop_assert_eq!(values.iter().copied().fold(0.0, f32::max), largest);
                    found.extend(values);
                }
                // Eleven standard deviations: weights are off by up to 1e-4 of the largest, times brightnesses to 255.
                expected.check(found.into_iter(), 0.5)?;
            }
        }
    }
}
