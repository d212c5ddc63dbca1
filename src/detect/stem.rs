//! The detection network's input and its first convolution: 3x3, stride 2, ReLU.

use super::unit::Rows;
use crate::engine::simd::{Simd, SimdFloat, lanes, load, relu, splat, store};
use crate::error::Error;
use crate::weights::Weights;

/// Red, green, blue.
const INPUT_CHANNELS: usize = 3;

/// Output channels.
pub(super) const STEM_CHANNELS: usize = 16;

/// Input values under one kernel row.
const TAPS: usize = 3 * INPUT_CHANNELS;

/// Output pixels computed together, and the input values under their kernel rows.
const TILE: usize = 4;
const TILE_INPUTS: usize = (2 * TILE + 1) * INPUT_CHANNELS;

/// Brightness is judged by every so many pixels of every so many rows.
const SAMPLED: usize = 4;

/// How much a dark picture is brightened at most: what is left of a darker one is noise.
const MAX_GAIN: f32 = 16.0;

/// The network's input: a picture at the top left of zeros, whose sides are even, with one more zero row above and one
/// zero column at the left: all the padding that a 3x3 kernel with stride 2 needs.
#[derive(Debug, Default)]
pub(super) struct Input {
    width: usize,
    height: usize,
    picture: [usize; 2],
    values: Vec<f32>,
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
            self.values.resize((self.width + 1) * (self.height + 1) * INPUT_CHANNELS, 0.0);
        }
    }

    /// One row of the picture: pixels of red, green and blue, 0..=255.
    pub(super) fn picture_row_mut(&mut self, y: usize) -> &mut [[f32; INPUT_CHANNELS]] {
        &mut self.values.as_chunks_mut().0[(y + 1) * (self.width + 1) + 1..][..self.picture[0]]
    }

    /// Brightens a dark picture: until a fiftieth of it is at half of full brightness, but at most [`MAX_GAIN`] times.
    /// The network hardly finds faces in very dark pictures. Where a part of the picture is bright, as a lit face at
    /// night, nothing changes, and a video that darkens slowly is brightened slowly.
    pub(super) fn brighten(&mut self) {
        let mut counts = [0_u32; 256];
        let mut total = 0;
        for y in (0..self.picture[1]).step_by(SAMPLED) {
            for [_, green, _] in self.picture_row_mut(y).iter().step_by(SAMPLED) {
                counts[*green as usize] += 1;
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
                    *value = (*value * gain).min(255.0);
                }
            }
        }
    }

    /// The three rows, padding included, under row `y` of the convolution's output.
    fn rows_under(&self, y: usize) -> [&[f32]; 3] {
        let length = (self.width + 1) * INPUT_CHANNELS;
        std::array::from_fn(|row| &self.values[(2 * y + row) * length..][..length])
    }
}

/// The convolution's weights.
#[derive(Debug)]
pub(super) struct Stem {
    /// By kernel row, kernel column and input channel, as the input's rows run, then by output.
    weights: Vec<[f32; STEM_CHANNELS]>,
    bias: Vec<f32>,
}

impl Stem {
    /// Packs the weights of `backbone.0.conv`.
    pub(super) fn load(weights: &Weights<'_>) -> Result<Self, Error> {
        let kernels = weights.f32("backbone.0.conv.weight", &[STEM_CHANNELS, INPUT_CHANNELS, 3, 3])?;
        let weight = |tap: usize, output: usize| {
            // The file has blue first.
            let (position, channel) = (tap / INPUT_CHANNELS, INPUT_CHANNELS - 1 - tap % INPUT_CHANNELS);
            kernels[(output * INPUT_CHANNELS + channel) * 9 + position]
        };
        Ok(Self {
            weights: (0..3 * TAPS).map(|tap| std::array::from_fn(|output| weight(tap, output))).collect(),
            bias: weights.f32("backbone.0.conv.bias", &[STEM_CHANNELS])?,
        })
    }

    /// Computes one output row.
    #[inline(always)]
    fn row<S: Simd>(&self, simd: S, input: &Input, y: usize, output: &mut [f32]) {
        if 2 * lanes::<S>() <= STEM_CHANNELS {
            self.row_by_vectors::<S, 2>(simd, input, y, output);
        } else {
            self.row_by_vectors::<S, 1>(simd, input, y, output);
        }
    }

    /// Computes one output row, `NV` vectors of outputs at a time.
    #[inline(always)]
    fn row_by_vectors<S: Simd, const NV: usize>(&self, simd: S, input: &Input, y: usize, output: &mut [f32]) {
        let rows = input.rows_under(y);
        let (weights, _) = self.weights.as_chunks::<TAPS>();
        let (tiles, _) = output.as_chunks_mut::<STEM_CHANNELS>().0.as_chunks_mut::<TILE>();
        for (index, tile) in tiles.iter_mut().enumerate() {
            let rows = rows.map(|row| &row[index * 2 * TILE * INPUT_CHANNELS..][..TILE_INPUTS]);
            for block in (0..STEM_CHANNELS).step_by(NV * lanes::<S>()) {
                let mut sums = [[splat(simd, 0.0); NV]; TILE];
                for sums in &mut sums {
                    for (n, sum) in sums.iter_mut().enumerate() {
                        *sum = load(simd, &self.bias, block + n * lanes::<S>());
                    }
                }
                for (row, weights) in rows.into_iter().zip(weights) {
                    for (tap, weights) in weights.iter().enumerate() {
                        for (pixel, sums) in sums.iter_mut().enumerate() {
                            let value = splat(simd, row[pixel * 2 * INPUT_CHANNELS + tap]);
                            for (n, sum) in sums.iter_mut().enumerate() {
                                *sum = value.mul_add(load(simd, weights, block + n * lanes::<S>()), *sum);
                            }
                        }
                    }
                }
                for (pixel, sums) in tile.iter_mut().zip(sums) {
                    for (n, sum) in sums.into_iter().enumerate() {
                        store::<S>(relu(simd, sum), pixel, block + n * lanes::<S>());
                    }
                }
            }
        }
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

    #[inline(always)]
    fn row<S: Simd>(&mut self, simd: S, y: usize) -> &[f32] {
        self.stem.row(simd, self.input, y, self.row);
        self.row
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reference::{Reference, container, noise};
    use super::*;
    use crate::engine::simd::{dispatch, levels};

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
            (0..33).for_each(|y| input.picture_row_mut(y).fill([f32::NAN; 3]));
            input.reshape(width, height, 8);
            let (padded_width, padded_height) = (width.next_multiple_of(8), height.next_multiple_of(8));
            // Blue comes first in the file's weights.
            let mut blue_first = vec![0.0; padded_width * padded_height * 3];
            for y in 0..height {
                for (x, pixel) in input.picture_row_mut(y).iter_mut().enumerate() {
                    *pixel = [100.0 * noise(), 100.0 * noise(), 100.0 * noise()];
                    for channel in 0..3 {
                        blue_first[(y * padded_width + x) * 3 + channel] = f64::from(pixel[2 - channel]);
                    }
                }
            }
            let expected = Reference { width: padded_width, height: padded_height, channels: 3, values: blue_first }
                .convolution(&kernels, &bias, 2);
            for level in levels() {
                let mut row = vec![];
                let mut rows = StemRows::new(&stem, &input, &mut row);
                let height = rows.height();
                let found: Vec<f32> =
                    (0..height).flat_map(|y| dispatch!(level, simd => rows.row(simd, y)).to_vec()).collect();
                expected.check(found.into_iter())?;
            }
        }
    }
}
