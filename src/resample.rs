//! Area-averaging resampling, shared by the detector's input and the face chip.
//!
//! Every output pixel is the mean of the source over its own footprint: a box filter as wide as the scale, and never
//! narrower than one source pixel. Scaled down this is the exact area average, which keeps small faces free of
//! aliasing; scaled up the one-pixel box is bilinear interpolation; at scale 1 on whole pixels it copies. Beyond the
//! frame the border pixels repeat.

use crate::frame::Frame;

/// The red, green, blue and alpha of one pixel, 0..255.
pub(crate) type Pixel = [f32; 4];

/// The source pixels `first..=last` of one axis under one output pixel, with their weights, which add up to 1: those
/// strictly between the two ends share `inner`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    first: usize,
    last: usize,
    first_weight: f32,
    inner_weight: f32,
    last_weight: f32,
}

impl Span {
    /// The span of output pixel `index` of `count`, which together cover `start..start + extent` of a source axis of
    /// `length` pixels. Wants finite numbers, `extent` above 0 and `length` at least 1.
    pub(crate) fn new(index: usize, count: usize, start: f64, extent: f64, length: usize) -> Self {
        let step = extent / count as f64;
        let centre = start + (index as f64 + 0.5) * step;
        let width = step.max(1.0);
        let (from, to) = (centre - width / 2.0, centre + width / 2.0);
        // The first and the last pixel reach to infinity: that is border replication.
        let end = length - 1;
        let first = (from.floor().max(0.0) as usize).min(end);
        let last = ((to.ceil() - 1.0).max(0.0) as usize).clamp(first, end);
        if first == last {
            return Self { first, last, first_weight: 1.0, inner_weight: 0.0, last_weight: 0.0 };
        }
        Self {
            first,
            last,
            first_weight: ((first as f64 + 1.0 - from) / width) as f32,
            inner_weight: (1.0 / width) as f32,
            last_weight: ((to - last as f64) / width) as f32,
        }
    }

    /// The source pixels and their weights.
    fn taps(&self) -> impl Iterator<Item = (usize, f32)> {
        (self.first..=self.last).map(|index| (index, self.weight(index)))
    }

    fn weight(&self, index: usize) -> f32 {
        if index == self.first {
            self.first_weight
        } else if index == self.last {
            self.last_weight
        } else {
            self.inner_weight
        }
    }

    /// The weighted mean of the pixels of one source row under this span.
    #[inline]
    fn mean(&self, row: &[[u8; 4]]) -> Pixel {
        let first = row[self.first];
        if self.first == self.last {
            return first.map(f32::from);
        }
        let last = row[self.last];
        // Sums of bytes stay exact in u32, and below 2^24 in f32 too: a row is at most 2^14 pixels.
        let mut inner = [0_u32; 4];
        for pixel in &row[self.first + 1..self.last] {
            for (sum, &channel) in inner.iter_mut().zip(pixel) {
                *sum += u32::from(channel);
            }
        }
        std::array::from_fn(|channel| {
            self.first_weight * f32::from(first[channel])
                + self.inner_weight * inner[channel] as f32
                + self.last_weight * f32::from(last[channel])
        })
    }
}

/// Averages one output row: source rows by `row`, source columns by `columns`, one span an output pixel.
pub(crate) fn average_row(frame: &Frame<'_>, row: &Span, columns: &[Span], output: &mut [Pixel]) {
    let (pixels, _) = frame.pixels().as_chunks::<4>();
    let width = frame.width() as usize;
    output.fill(Pixel::default());
    for (y, weight) in row.taps() {
        let source = &pixels[y * width..(y + 1) * width];
        for (sum, span) in output.iter_mut().zip(columns) {
            for (sum, mean) in sum.iter_mut().zip(span.mean(source)) {
                *sum += weight * mean;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Weights by definition: the overlap of the footprint with each pixel, the outermost pixels endless.
    fn reference_weights(index: usize, count: usize, start: f64, extent: f64, length: usize) -> Vec<f64> {
        let step = extent / count as f64;
        let width = step.max(1.0);
        let from = start + (index as f64 + 0.5) * step - width / 2.0;
        (0..length)
            .map(|pixel| {
                let left = if pixel == 0 { f64::NEG_INFINITY } else { pixel as f64 };
                let right = if pixel == length - 1 { f64::INFINITY } else { pixel as f64 + 1.0 };
                ((from + width).min(right) - from.max(left)).max(0.0) / width
            })
            .collect()
    }

    proptest! {
        #[test]
        fn weights_are_the_exact_overlaps(
            count in 1_usize..70, start in -300.0..300.0_f64, extent in 0.01..900.0_f64, length in 1_usize..400,
        ) {
            for index in 0..count {
                let span = Span::new(index, count, start, extent, length);
                let mut weights = vec![0.0; length];
                for (pixel, weight) in span.taps() {
                    weights[pixel] += f64::from(weight);
                }
                let expected = reference_weights(index, count, start, extent, length);
                for (weight, expected) in weights.iter().zip(&expected) {
                    prop_assert!((weight - expected).abs() < 1e-6, "{weights:?} is not {expected:?}");
                }
            }
        }

        #[test]
        fn rows_are_the_exact_integral(
            pixels in prop::collection::vec(any::<[u8; 4]>(), 13 * 9),
            left in -8.0..12.0_f64, top in -8.0..8.0_f64, width in 0.1..30.0_f64, height in 0.1..30.0_f64,
        ) {
            let frame = Frame::from_rgba(pixels.as_flattened(), 13, 9).unwrap();
            let columns: Vec<_> = (0..5).map(|index| Span::new(index, 5, left, width, 13)).collect();
            let mut output = [Pixel::default(); 5];
            for y in 0..4 {
                average_row(&frame, &Span::new(y, 4, top, height, 9), &columns, &mut output);
                let rows = reference_weights(y, 4, top, height, 9);
                for (x, pixel) in output.iter().enumerate() {
                    let columns = reference_weights(x, 5, left, width, 13);
                    for (channel, &value) in pixel.iter().enumerate() {
                        let mut expected = 0.0;
                        for (source, rgba) in pixels.iter().enumerate() {
                            expected += rows[source / 13] * columns[source % 13] * f64::from(rgba[channel]);
                        }
                        prop_assert!((f64::from(value) - expected).abs() < 1e-3, "{value} is not {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn same_size_copies() {
        let pixels: Vec<u8> = (0..7 * 3 * 4).map(|value| value as u8 * 3).collect();
        let frame = Frame::from_rgba(&pixels, 7, 3).unwrap();
        let columns: Vec<_> = (0..7).map(|index| Span::new(index, 7, 0.0, 7.0, 7)).collect();
        let mut output = [Pixel::default(); 7];
        for y in 0..3 {
            average_row(&frame, &Span::new(y, 3, 0.0, 3.0, 3), &columns, &mut output);
            let expected: Vec<f32> = pixels[y * 28..(y + 1) * 28].iter().map(|&value| f32::from(value)).collect();
            assert_eq!(output.as_flattened(), expected);
        }
    }
}
