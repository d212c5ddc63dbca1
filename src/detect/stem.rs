//! The detection network's input and its first convolution: 3x3, stride 2, ReLU. In 16-bit integers, as the
//! [pointwise](super::pointwise) convolutions are.

use fearless_simd::{SimdInt, SimdIntWiden, SimdNarrow, f32x4, i16x8, i32x4, u8x16};

use super::pointwise::{ROUNDING, RoundedWeights, round_to_int, splat_pair};
use super::unit::Rows;
use crate::error::Error;
use crate::resample::Pixel;
use crate::simd::{Bytes, Simd, SimdBase, SimdFloat, lanes, larger_size, largest_lane, load, relu, splat, store};
use crate::weights::Weights;

/// Red, green, blue.
const INPUT_CHANNELS: usize = 3;

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

/// What stands for 1 in the input: 255 still fits 16 bits.
const ONE: f32 = 128.0;

/// Brightness is judged by every so many pixels of every so many rows.
const SAMPLED: usize = 4;

/// How much a dark picture is brightened at most: what is left of a darker one is noise.
const MAX_GAIN: f32 = 16.0;

/// The network's input: a picture at the top left of zeros, whose sides are even, with one more zero row above and one
/// zero column at the left: all the padding that a 3x3 kernel with stride 2 needs. One more at the right makes the
/// values of a row an even count.
#[derive(Debug, Default)]
pub(super) struct Input {
    width: usize,
    height: usize,
    picture: [usize; 2],
    values: Vec<i16>,
}

impl Input {
    /// Takes a new size: that of the picture, to be written by [`Input::picture_row_mut`], and a multiple of which the
    /// sides are.
    pub(super) fn reshape(&mut self, picture_width: usize, picture_height: usize, multiple: usize) {
        let picture = [picture_width, picture_height];
        // With the same size only the same pixels are written over.
        if picture != self.picture {
            self.picture = picture;
            [self.width, self.height] = picture.map(|side| side.next_multiple_of(multiple));
            self.values.clear();
            self.values.resize((self.width + 2) * (self.height + 1) * INPUT_CHANNELS, 0);
        }
    }

    /// One row of the picture: pixels of red, green and blue, made by [`Input::value`].
    pub(super) fn picture_row_mut(&mut self, y: usize) -> &mut [[i16; INPUT_CHANNELS]] {
        &mut self.values.as_chunks_mut().0[(y + 1) * (self.width + 2) + 1..][..self.picture[0]]
    }

    /// Writes one row of the picture.
    #[inline(never)]
    pub(super) fn write_row<S: Simd>(&mut self, simd: S, y: usize, pixels: &[Pixel]) {
        let length = (self.width + 2) * INPUT_CHANNELS;
        let row = &mut self.values[(y + 1) * length..][..length][INPUT_CHANNELS..];
        simd.vectorize(
            #[inline(always)]
            || {
                // Two pixels at a time; the two alphas become zeros behind them, where the next two pixels go, or the
                // padding.
                let factors = f32x4::from_slice(simd, &[ONE, ONE, ONE, 0.0]);
                let rounding = f32x4::splat(simd, ROUNDING);
                let order = u8x16::from_slice(simd, &[0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 6, 7, 14, 15]);
                let (pairs, last) = pixels.as_chunks::<2>();
                for (index, [first, second]) in pairs.iter().enumerate() {
                    let first = f32x4::from_slice(simd, first).mul_add(factors, rounding).bitcast::<i32x4<S>>();
                    let second = f32x4::from_slice(simd, second).mul_add(factors, rounding).bitcast::<i32x4<S>>();
                    let bits = i32x4::splat(simd, ROUNDING.to_bits() as i32);
                    let values: i16x8<S> = (first - bits).saturating_narrow(second - bits);
                    values.swizzle_dyn(order).store_slice(&mut row[2 * INPUT_CHANNELS * index..][..8]);
                }
                if let [[red, green, blue, _]] = last {
                    let last = &mut row[INPUT_CHANNELS * (pixels.len() - 1)..][..INPUT_CHANNELS];
                    last.copy_from_slice(&[red, green, blue].map(|brightness| Self::value(*brightness)));
                }
            },
        );
    }

    /// How a brightness 0..=255 is kept.
    pub(super) fn value(brightness: f32) -> i16 {
        round_to_int(brightness * ONE) as i16
    }

    /// Brightens a dark picture: until a fiftieth of it is at half of full brightness, but at most [`MAX_GAIN`] times.
    /// The network hardly finds faces in very dark pictures. Where a part of the picture is bright, as a lit face at
    /// night, nothing changes, and a video that darkens slowly is brightened slowly.
    pub(super) fn brighten(&mut self) {
        let mut counts = [0_u32; 256];
        let mut total = 0;
        for y in (0..self.picture[1]).step_by(SAMPLED) {
            for [_, green, _] in self.picture_row_mut(y).iter().step_by(SAMPLED) {
                counts[usize::from((*green / ONE as i16) as u8)] += 1;
                total += 1;
            }
        }
        let mut brighter = 0;
        let bright = counts.iter().rposition(|count| {
            brighter += count;
            brighter > total / 50
        });
        let gain = (128.0 / bright.unwrap_or(0).max(1) as f32).min(MAX_GAIN);
        if gain > 1.0 {
            for y in 0..self.picture[1] {
                for value in self.picture_row_mut(y).as_flattened_mut() {
                    *value = (f32::from(*value) * gain).min(255.0 * ONE) as i16;
                }
            }
        }
    }

    /// The three rows, padding included, under row `y` of the convolution's output.
    fn rows_under(&self, y: usize) -> [&[[i16; 2]]; 3] {
        let length = (self.width + 2) * INPUT_CHANNELS;
        std::array::from_fn(|row| self.values[(2 * y + row) * length..][..length].as_chunks().0)
    }
}

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
        row.resize(input.width / 2 * STEM_CHANNELS, 0.0);
        Self { stem, input, row }
    }
}

impl Rows<STEM_CHANNELS> for StemRows<'_> {
    fn width(&self) -> usize {
        self.input.width / 2
    }

    fn height(&self) -> usize {
        self.input.height / 2
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

    #[test]
    fn a_row_is_written_without_alpha_and_its_padding_stays_zero() {
        for (width, level) in (1..18).flat_map(|width| levels().into_iter().map(move |level| (width, level))) {
            let mut noise = noise(width as u64);
            let pixels: Vec<Pixel> = (0..width).map(|_| std::array::from_fn(|_| 127.5 * (1.0 + noise()))).collect();
            let mut input = Input::default();
            input.reshape(width, 2, 8);
            dispatch!(level, simd => input.write_row(simd, 0, &pixels));
            let expected: Vec<_> = pixels.iter().map(|[r, g, b, _]| [*r, *g, *b].map(Input::value)).collect();
            assert_eq!(input.picture_row_mut(0), expected);
            input.picture_row_mut(0).fill([0; 3]);
            assert!(input.values.iter().all(|value| *value == 0), "{width} wide, {level:?}");
        }
    }

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
