//! Feature maps between the units of the detection network.

use crate::engine::simd::{Simd, SimdBase, lanes, load, store};

/// A feature map, channels last, whose memory is kept from frame to frame.
#[derive(Debug, Default)]
pub(super) struct Map<const CHANNELS: usize> {
    pub(super) width: usize,
    pub(super) height: usize,
    values: Vec<f32>,
}

impl<const CHANNELS: usize> Map<CHANNELS> {
    /// Takes a new size; the values are whatever was there.
    pub(super) fn reshape(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.values.resize(width * height * CHANNELS, 0.0);
    }

    /// One row: `width` pixels of `CHANNELS` values.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        let length = self.width * CHANNELS;
        &self.values[y * length..(y + 1) * length]
    }

    pub(super) fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let length = self.width * CHANNELS;
        &mut self.values[y * length..(y + 1) * length]
    }

    /// Adds a map of half the size, each pixel of it to four.
    pub(super) fn add_doubled(&mut self, half: &Self) {
        for y in 0..self.height {
            let pairs = self.row_mut(y).as_chunks_mut::<CHANNELS>().0.chunks_exact_mut(2);
            for (pair, addend) in pairs.zip(half.row(y / 2).as_chunks::<CHANNELS>().0) {
                for pixel in pair {
                    for (value, addend) in pixel.iter_mut().zip(addend) {
                        *value += addend;
                    }
                }
            }
        }
    }

    /// Becomes the maximum over 2 x 2 pixels of a map of twice the size.
    pub(super) fn pool<S: Simd>(&mut self, simd: S, double: &Self) {
        self.reshape(double.width / 2, double.height / 2);
        simd.vectorize(
            #[inline(always)]
            || {
                for y in 0..self.height {
                    pool_rows::<S, CHANNELS>(simd, [double.row(2 * y), double.row(2 * y + 1)], self.row_mut(y));
                }
            },
        );
    }
}

/// The maximum over 2 x 2 pixels of two rows.
#[inline(always)]
pub(super) fn pool_rows<S: Simd, const CHANNELS: usize>(simd: S, rows: [&[f32]; 2], output: &mut [f32]) {
    let [upper, lower] = rows.map(|row| row.as_chunks::<CHANNELS>().0.as_chunks::<2>().0);
    for ((output, upper), lower) in output.as_chunks_mut::<CHANNELS>().0.iter_mut().zip(upper).zip(lower) {
        for at in (0..CHANNELS).step_by(lanes::<S>()) {
            let upper = load(simd, &upper[0], at).max(load(simd, &upper[1], at));
            let lower = load(simd, &lower[0], at).max(load(simd, &lower[1], at));
            store::<S>(upper.max(lower), output, at);
        }
    }
}
