//! The detection network's input: a picture in 16-bit integers with the padding its first convolution needs.

use fearless_simd::{SimdNarrow, f32x4, i16x8, i32x4, u8x16};

use crate::resample::Pixel;
use crate::simd::{Bytes, ROUNDING, Simd, SimdBase, SimdFloat, round_to_int};

/// Red, green, blue.
pub(super) const INPUT_CHANNELS: usize = 3;

/// What stands for 1 in the input: 255 still fits 16 bits.
pub(super) const ONE: f32 = 128.0;

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

    /// Width in pixels, with the padding at the right.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, with the padding below.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// The three rows, padding included, under row `y` of a 3x3 convolution with stride 2.
    pub(super) fn rows_under(&self, y: usize) -> [&[[i16; 2]]; 3] {
        let length = (self.width + 2) * INPUT_CHANNELS;
        std::array::from_fn(|row| self.values[(2 * y + row) * length..][..length].as_chunks().0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::noise;
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
}
