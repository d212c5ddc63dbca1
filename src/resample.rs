//! Area-averaging resampling, shared by the detector's input and the face chip.
//!
//! Every output pixel is the mean of the source over its own footprint: a box filter as wide as the scale, and never
//! narrower than one source pixel. Scaled down this is the exact area average, which keeps small faces free of
//! aliasing; scaled up the one-pixel box is bilinear interpolation; at scale 1 on whole pixels it copies. Beyond the
//! frame the border pixels repeat.

use std::ops::Range;

use crate::frame::Frame;

/// The red, green, blue and alpha of one pixel, 0..255.
pub(crate) type Pixel = [f32; 4];

/// The pixels of one source axis under one output pixel, with their weights, which add up to 1: a run that shares one
/// weight, and where the footprint or the border cuts it off unevenly, a pixel before and one after.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    start: usize,
    end: usize,
    weight: f32,
    /// Weight of pixel `start - 1`; 0 if there is none.
    before: f32,
    /// Weight of pixel `end`; 0 if there is none.
    after: f32,
}

impl Span {
    /// The span of output pixel `index` of `count`, which together cover `start..start + extent` of a source axis of
    /// `length` pixels. Needs finite numbers, an `extent` above 0 and a `length` of at least 1.
    pub(crate) fn new(index: usize, count: usize, start: f64, extent: f64, length: usize) -> Self {
        let step = extent / count as f64;
        let centre = start + (index as f64 + 0.5) * step;
        let width = step.max(1.0);
        let (from, to) = (centre - width / 2.0, centre + width / 2.0);
        // The first and the last pixel reach to infinity: that is border replication.
        let border = length - 1;
        let first = (from.floor().max(0.0) as usize).min(border);
        let last = ((to.ceil() - 1.0).max(0.0) as usize).clamp(first, border);
        if first == last {
            return Self { start: first, end: first + 1, weight: 1.0, before: 0.0, after: 0.0 };
        }
        let weight = (1.0 / width) as f32;
        let before = ((first as f64 + 1.0 - from) / width) as f32;
        let after = ((to - last as f64) / width) as f32;
        let mut span = Self { start: first + 1, end: last, weight, before, after };
        if before == weight {
            (span.start, span.before) = (first, 0.0);
        }
        if after == weight {
            (span.end, span.after) = (last + 1, 0.0);
        }
        span
    }

    /// Every pixel with a weight.
    fn pixels(&self) -> Range<usize> {
        self.start - usize::from(self.before > 0.0)..self.end + usize::from(self.after > 0.0)
    }

    /// The weight of a pixel.
    fn weight(&self, pixel: usize) -> f32 {
        if pixel < self.start {
            self.before
        } else if pixel < self.end {
            self.weight
        } else {
            self.after
        }
    }

    /// The weighted mean of pixels, of which the first is number `start` of the axis.
    #[inline]
    fn mean(&self, pixels: &[Pixel], start: usize) -> Pixel {
        let (from, to) = (self.start - start, self.end - start);
        let mut sum = Pixel::default();
        for pixel in &pixels[from..to] {
            add(&mut sum, pixel, 1.0);
        }
        let mut mean = sum.map(|sum| sum * self.weight);
        // A pixel that does not exist has the weight 0, so any other will do.
        add(&mut mean, &pixels[from.saturating_sub(1)], self.before);
        add(&mut mean, &pixels[to.min(pixels.len() - 1)], self.after);
        mean
    }
}

/// Source columns that are processed together: their means stay in the first-level cache.
const STRIP: usize = 256;

/// How many rows of bytes have a sum that fits 16 bits.
const SUMMABLE_ROWS: usize = 257;

/// Averages one output row and writes it to `output`: source rows by `row`, source columns by `columns`, one span an
/// output pixel from left to right.
pub(crate) fn average_row(frame: &Frame<'_>, row: &Span, columns: &[Span], output: &mut [Pixel]) {
    if let Some(factor) = whole_factor(row, columns) {
        return average_whole_row(frame, row, columns[0].start, factor, output);
    }
    let mut means = [Pixel::default(); STRIP];
    let (mut columns, mut output) = (columns, output);
    while let Some(first) = columns.first() {
        let start = first.pixels().start;
        let count = columns.partition_point(|span| span.pixels().end <= start + STRIP).max(1);
        let (group, rest) = columns.split_at(count);
        let (targets, rest_of_output) = output.split_at_mut(count);
        let end = group[count - 1].pixels().end;
        if end - start <= STRIP {
            let means = &mut means[..end - start];
            average_columns(frame, row, start..end, means.as_flattened_mut());
            for (target, span) in targets.iter_mut().zip(group) {
                *target = span.mean(means, start);
            }
        } else {
            // One output pixel over more columns than a strip has.
            let mut sum = Pixel::default();
            for start in (start..end).step_by(STRIP) {
                let strip = start..(start + STRIP).min(end);
                let means = &mut means[..strip.len()];
                average_columns(frame, row, strip.clone(), means.as_flattened_mut());
                for (column, mean) in strip.zip(means) {
                    add(&mut sum, mean, first.weight(column));
                }
            }
            targets[0] = sum;
        }
        (columns, output) = (rest, rest_of_output);
    }
}

/// The source columns an output pixel has, if each has the same whole count of them, and of whole rows: then their mean
/// is one of integers.
fn whole_factor(row: &Span, columns: &[Span]) -> Option<usize> {
    let (first, last) = (columns.first()?, columns.last()?);
    let factor = first.end - first.start;
    let whole = [row, first, last].iter().all(|span| span.before == 0.0 && span.after == 0.0);
    let even = last.end - first.start == factor * columns.len();
    (whole && even && factor <= STRIP && row.end - row.start <= SUMMABLE_ROWS).then_some(factor)
}

/// Averages one output row of `factor` whole source columns a pixel, from column `start` on.
fn average_whole_row(frame: &Frame<'_>, row: &Span, start: usize, factor: usize, output: &mut [Pixel]) {
    let weight = 1.0 / ((row.end - row.start) * factor) as f32;
    let mut sums = [0; 4 * STRIP];
    let mut parts = [Pixel::default(); STRIP];
    let mut start = start;
    for targets in output.chunks_mut(STRIP / factor) {
        let end = start + targets.len() * factor;
        let (sums, parts) = (&mut sums[..4 * (end - start)], &mut parts[..end - start]);
        sum_rows(frame, row.start..row.end, start..end, sums);
        for (part, &sum) in parts.as_flattened_mut().iter_mut().zip(sums.iter()) {
            *part = weight * f32::from(sum);
        }
        for (target, parts) in targets.iter_mut().zip(parts.chunks_exact(factor)) {
            *target = parts[0];
            for part in &parts[1..] {
                add(target, part, 1.0);
            }
        }
        start = end;
    }
}

/// Sums at most [`SUMMABLE_ROWS`] source rows of a strip of columns.
fn sum_rows(frame: &Frame<'_>, rows: Range<usize>, strip: Range<usize>, sums: &mut [u16]) {
    let width = frame.width() as usize;
    sums.fill(0);
    for y in rows {
        let source = &frame.pixels()[4 * (y * width + strip.start)..4 * (y * width + strip.end)];
        for (sum, &value) in sums.iter_mut().zip(source) {
            *sum += u16::from(value);
        }
    }
}

/// Averages the source rows under `row`, of a strip of at most [`STRIP`] columns.
fn average_columns(frame: &Frame<'_>, row: &Span, strip: Range<usize>, means: &mut [f32]) {
    let width = frame.width() as usize;
    let source = |y: usize| &frame.pixels()[4 * (y * width + strip.start)..4 * (y * width + strip.end)];
    let mut sums = [0; 4 * STRIP];
    let sums = &mut sums[..means.len()];
    means.fill(0.0);
    for start in (row.start..row.end).step_by(SUMMABLE_ROWS) {
        sum_rows(frame, start..(start + SUMMABLE_ROWS).min(row.end), strip.clone(), sums);
        for (mean, &sum) in means.iter_mut().zip(sums.iter()) {
            *mean += row.weight * f32::from(sum);
        }
    }
    let edges = [(row.start.wrapping_sub(1), row.before), (row.end, row.after)];
    for (y, weight) in edges.into_iter().filter(|(_, weight)| *weight > 0.0) {
        for (mean, &value) in means.iter_mut().zip(source(y)) {
            *mean += weight * f32::from(value);
        }
    }
}

fn add(sum: &mut Pixel, pixel: &Pixel, weight: f32) {
    for (sum, value) in sum.iter_mut().zip(pixel) {
        *sum += weight * value;
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
                for pixel in span.pixels() {
                    weights[pixel] = f64::from(span.weight(pixel));
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
            let frame = Frame::from_opaque(pixels.as_flattened(), 13, 9).unwrap();
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

    proptest! {
        #[test]
        fn whole_factors_are_the_exact_mean(
            factor in 1_usize..5, rows in 1_usize..5, count in 1_usize..150, left in 0_usize..3, seed: u8,
        ) {
            let width = left + count * factor + 2;
            let pixels: Vec<u8> = (0..width * rows * 4).map(|index| (index * 31 % 251) as u8 ^ seed).collect();
            let frame = Frame::from_opaque(&pixels, width as u32, rows as u32).unwrap();
            let span = |index| Span::new(index, count, left as f64, (count * factor) as f64, width);
            let columns: Vec<_> = (0..count).map(span).collect();
            let row = Span::new(0, 1, 0.0, rows as f64, rows);
            prop_assert_eq!(whole_factor(&row, &columns), Some(factor));
            let mut output = vec![Pixel::default(); count];
            average_row(&frame, &row, &columns, &mut output);
            for (index, pixel) in output.iter().enumerate() {
                for (channel, value) in pixel.iter().enumerate() {
                    let mut sum = 0.0;
                    for (y, x) in (0..rows).flat_map(|y| (0..factor).map(move |x| (y, x))) {
                        sum += f32::from(pixels[4 * (y * width + left + index * factor + x) + channel]);
                    }
                    let expected = sum / (rows * factor) as f32;
                    prop_assert!((value - expected).abs() < 1e-3, "{} is not {}", value, expected);
                }
            }
        }
    }

    #[test]
    fn same_size_copies() {
        let pixels: Vec<u8> = (0..7 * 3 * 4).map(|value| value as u8 * 3).collect();
        let frame = Frame::from_opaque(&pixels, 7, 3).unwrap();
        let columns: Vec<_> = (0..7).map(|index| Span::new(index, 7, 0.0, 7.0, 7)).collect();
        let mut output = [Pixel::default(); 7];
        for y in 0..3 {
            average_row(&frame, &Span::new(y, 3, 0.0, 3.0, 3), &columns, &mut output);
            let expected: Vec<f32> = pixels[y * 28..(y + 1) * 28].iter().map(|&value| f32::from(value)).collect();
            assert_eq!(output.as_flattened(), expected);
        }
    }
}
