//! Feature maps between the units of the detection network.

use crate::simd::{Simd, lanes, larger_size, load, store};

/// A feature map, channels last, whose memory is kept from frame to frame.
#[derive(Debug, Default)]
pub(super) struct Map<const CHANNELS: usize> {
    pub(super) width: usize,
    pub(super) height: usize,
    values: Vec<f32>,
    /// By row: no value is larger.
    pub(super) largest: Vec<f32>,
}

impl<const CHANNELS: usize> Map<CHANNELS> {
    /// Takes a new size; the values are whatever was there.
    pub(super) fn reshape(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.values.resize(width * height * CHANNELS, 0.0);
        self.largest.resize(height, 0.0);
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
            self.largest[y] += half.largest[y / 2];
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

    /// Becomes the maximum over 2 x 2 pixels of a map of twice the size, of values that a ReLU has left.
    pub(super) fn pool<S: Simd>(&mut self, simd: S, double: &Self) {
        self.reshape(double.width / 2, double.height / 2);
        for y in 0..self.height {
            pool_rows::<S, CHANNELS>(simd, [double.row(2 * y), double.row(2 * y + 1)], self.row_mut(y));
            self.largest[y] = double.largest[2 * y].max(double.largest[2 * y + 1]);
        }
    }
}

/// The maximum over 2 x 2 pixels of two rows, of values that a ReLU has left.
#[inline(never)]
pub(super) fn pool_rows<S: Simd, const CHANNELS: usize>(simd: S, rows: [&[f32]; 2], output: &mut [f32]) {
    simd.vectorize(
        #[inline(always)]
        || {
            let [upper, lower] = rows.map(|row| row.as_chunks::<CHANNELS>().0.as_chunks::<2>().0);
            for ((output, upper), lower) in output.as_chunks_mut::<CHANNELS>().0.iter_mut().zip(upper).zip(lower) {
                for at in (0..CHANNELS).step_by(lanes::<S>()) {
                    let upper = larger_size::<S>(load(simd, &upper[0], at), load(simd, &upper[1], at));
                    let lower = larger_size::<S>(load(simd, &lower[0], at), load(simd, &lower[1], at));
                    store::<S>(larger_size::<S>(upper, lower), output, at);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{dispatch, levels};

    fn largest(map: &Map<16>, y: usize) -> f32 {
        map.row(y).iter().copied().fold(0.0, f32::max)
    }

    fn map(width: usize, height: usize) -> Map<16> {
        let mut map = Map::default();
        map.reshape(width, height);
        for (index, value) in map.values.iter_mut().enumerate() {
            *value = (index * 7919 % 1009) as f32;
        }
        for y in 0..height {
            map.largest[y] = largest(&map, y);
        }
        map
    }

    #[test]
    fn pooling_takes_the_largest_of_four() {
        let double = map(6, 4);
        for level in levels() {
            let mut pooled = Map::default();
            dispatch!(level, simd => pooled.pool(simd, &double));
            assert_eq!((pooled.width, pooled.height), (3, 2));
            assert_eq!(pooled.largest, [largest(&pooled, 0), largest(&pooled, 1)]);
            for (index, value) in pooled.values.iter().enumerate() {
                let (x, y, channel) = (index / 16 % 3, index / 48, index % 16);
                let at = |dx: usize, dy: usize| double.values[((2 * y + dy) * 6 + 2 * x + dx) * 16 + channel];
                assert_eq!(*value, at(0, 0).max(at(1, 0)).max(at(0, 1)).max(at(1, 1)));
            }
        }
    }

    #[test]
    fn doubling_adds_each_pixel_to_four() {
        let half = map(3, 2);
        let mut sum = map(6, 4);
        let before = sum.values.clone();
        sum.add_doubled(&half);
        assert!((0..4).all(|y| sum.largest[y] >= largest(&sum, y)));
        for (index, (sum, before)) in sum.values.iter().zip(before).enumerate() {
            let (x, y, channel) = (index / 16 % 6, index / 96, index % 16);
            assert_eq!(*sum, before + half.values[(y / 2 * 3 + x / 2) * 16 + channel]);
        }
    }
}
