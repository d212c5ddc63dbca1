//! The depthwise-separable unit, of which the detection network is made.

use super::map::{Map, pool_rows};
use super::pointwise::{Pointwise, RoundedRow};
use crate::error::Error;
use crate::simd::{Simd, SimdFloat, lanes, larger_size, largest_lane, load, relu, splat, store};
use crate::weights::Weights;

/// Where a unit gets its input from, from the top row down.
pub(super) trait Rows<const CHANNELS: usize> {
    fn width(&self) -> usize;
    fn height(&self) -> usize;
    /// Row `y`: `width` pixels of `CHANNELS` values, and what none of them is larger than.
    fn row<S: Simd>(&mut self, simd: S, y: usize) -> (&[f32], f32);
}

impl<const CHANNELS: usize> Rows<CHANNELS> for &Map<CHANNELS> {
    fn width(&self) -> usize {
        self.width
    }

    fn height(&self) -> usize {
        self.height
    }

    #[inline(always)]
    fn row<S: Simd>(&mut self, _: S, y: usize) -> (&[f32], f32) {
        (Map::row(self, y), self.largest[y])
    }
}

/// Memory that a unit works in.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// One row of the input.
    rounded: RoundedRow,
    /// Three rows of pointwise results.
    ring: Vec<f32>,
    /// Two rows of depthwise results, to be pooled.
    pair: Vec<f32>,
}

/// A pointwise (1x1) convolution, then a depthwise 3x3 convolution with zero padding and, if `RELU`, a ReLU.
///
/// It runs by rows: of the pointwise results only three rows are there at a time, in a ring that stays in the
/// first-level cache.
#[derive(Debug)]
pub(super) struct Unit<const INPUTS: usize, const OUTPUTS: usize, const RELU: bool = true> {
    pointwise: Pointwise<INPUTS, OUTPUTS>,
    /// By kernel position, rows from the top, then by output.
    depthwise: [Vec<f32>; 9],
    depthwise_bias: Vec<f32>,
}

impl<const INPUTS: usize, const OUTPUTS: usize, const RELU: bool> Unit<INPUTS, OUTPUTS, RELU> {
    /// Packs the weights of one unit, or of several over the same inputs as one: `(name, outputs)`.
    pub(super) fn load(weights: &Weights<'_>, parts: &[(&str, usize)]) -> Result<Self, Error> {
        let (mut depthwise, mut depthwise_bias) = (vec![], vec![]);
        for &(name, outputs) in parts {
            depthwise.extend(weights.f32(&format!("{name}.dw.weight"), &[outputs, 1, 3, 3])?);
            depthwise_bias.extend(weights.f32(&format!("{name}.dw.bias"), &[outputs])?);
        }
        Ok(Self {
            pointwise: Pointwise::load(weights, parts)?,
            depthwise: std::array::from_fn(|tap| depthwise.iter().skip(tap).step_by(9).copied().collect()),
            depthwise_bias,
        })
    }

    /// Runs over a whole map.
    pub(super) fn forward<S: Simd>(
        &self,
        simd: S,
        input: impl Rows<INPUTS>,
        scratch: &mut Scratch,
        output: &mut Map<OUTPUTS>,
    ) {
        output.reshape(input.width(), input.height());
        let Scratch { rounded, ring, .. } = scratch;
        self.run(simd, input, rounded, ring, |y, ring| {
            output.largest[y] = self.depthwise_row(simd, ring, output.row_mut(y));
        });
    }

    /// Runs over a whole map of even sides and keeps the maximum over 2 x 2 pixels; needs a ReLU.
    pub(super) fn forward_pooled<S: Simd>(
        &self,
        simd: S,
        input: impl Rows<INPUTS>,
        scratch: &mut Scratch,
        output: &mut Map<OUTPUTS>,
    ) {
        output.reshape(input.width() / 2, input.height() / 2);
        let Scratch { rounded, ring, pair } = scratch;
        pair.resize(2 * input.width() * OUTPUTS, 0.0);
        let (upper, lower) = pair.split_at_mut(input.width() * OUTPUTS);
        self.run(simd, input, rounded, ring, |y, ring| {
            let largest = &mut output.largest[y / 2];
            if y % 2 == 0 {
                *largest = self.depthwise_row(simd, ring, upper);
            } else {
                *largest = largest.max(self.depthwise_row(simd, ring, lower));
                pool_rows::<S, OUTPUTS>(simd, [upper, lower], output.row_mut(y / 2));
            }
        });
    }

    /// Hands every row of pointwise results to `take`, with the row above and below; they are zero beyond the map.
    fn run<S: Simd>(
        &self,
        simd: S,
        mut input: impl Rows<INPUTS>,
        rounded: &mut RoundedRow,
        ring: &mut Vec<f32>,
        mut take: impl FnMut(usize, [&[f32]; 3]),
    ) {
        let height = input.height();
        let length = (input.width() + 2) * OUTPUTS;
        ring.clear();
        ring.resize(3 * length, 0.0);
        let (upper, rest) = ring.split_at_mut(length);
        let (middle, lower) = rest.split_at_mut(length);
        let (mut upper, mut middle, mut lower) = (upper, middle, lower);
        // The first turn only computes row 0: `middle` is then the row above the map.
        for y in 0..=height {
            if y < height {
                let (values, largest) = input.row(simd, y);
                rounded.round(simd, values, largest);
                self.pointwise.row(simd, rounded, lower);
            } else {
                lower.fill(0.0);
            }
            if y > 0 {
                take(y - 1, [&*upper, &*middle, &*lower]);
            }
            (upper, middle, lower) = (middle, lower, upper);
        }
    }

    /// The depthwise convolution of the middle one of three rows of the ring; gives the largest value, or 0.
    #[inline(never)]
    fn depthwise_row<S: Simd>(&self, simd: S, rows: [&[f32]; 3], output: &mut [f32]) -> f32 {
        simd.vectorize(
            #[inline(always)]
            || {
                let plane = rows[0].len() / OUTPUTS * lanes::<S>();
                let mut largest = splat(simd, 0.0);
                for block in 0..OUTPUTS / lanes::<S>() {
                    let first = block * lanes::<S>();
                    let bias = load(simd, &self.depthwise_bias, first);
                    // Held in registers over the whole row.
                    let mut weights = [bias; 9];
                    for (weight, values) in weights.iter_mut().zip(&self.depthwise) {
                        *weight = load(simd, values, first);
                    }
                    let rows = rows.map(|row| &row[block * plane..][..plane]);
                    let [upper, middle, lower] = rows.map(|row| row.chunks_exact(lanes::<S>()));
                    let mut columns = upper.zip(middle).zip(lower);
                    // A column of values counts for three pixels: the sums of two of them wait for the columns to come.
                    let mut waiting = [bias; 2];
                    for ((upper, middle), lower) in columns.by_ref().take(2) {
                        let parts = depthwise_parts(simd, [upper, middle, lower], &weights);
                        waiting = [waiting[1] + parts[1], bias + parts[0]];
                    }
                    for (pixel, ((upper, middle), lower)) in output.as_chunks_mut::<OUTPUTS>().0.iter_mut().zip(columns)
                    {
                        let parts = depthwise_parts(simd, [upper, middle, lower], &weights);
                        let sum = waiting[0] + parts[2];
                        waiting = [waiting[1] + parts[1], bias + parts[0]];
                        let value = if RELU { relu(simd, sum) } else { sum };
                        // Of a negative value and 0, 0 is the larger here too.
                        largest = larger_size::<S>(largest, value);
                        store::<S>(value, pixel, first);
                    }
                }
                largest_lane::<S>(largest)
            },
        )
    }
}

/// What one column of values adds to the pixels right of it, in it and left of it: it lies under the first, second and
/// third column of their kernels.
#[inline(always)]
fn depthwise_parts<S: Simd>(simd: S, column: [&[f32]; 3], weights: &[S::f32s; 9]) -> [S::f32s; 3] {
    let [upper, middle, lower] = [load(simd, column[0], 0), load(simd, column[1], 0), load(simd, column[2], 0)];
    let mut parts = [upper; 3];
    for (tap, part) in parts.iter_mut().enumerate() {
        let two = middle.mul_add(weights[3 + tap], upper * weights[tap]);
        *part = lower.mul_add(weights[6 + tap], two);
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reference::{Reference, container, noise};
    use super::*;
    use crate::simd::{dispatch, levels};

    fn check_largest<const CHANNELS: usize>(map: &Map<CHANNELS>) -> Result<(), TestCaseError> {
        for y in 0..map.height {
            prop_assert_eq!(map.row(y).iter().copied().fold(0.0, f32::max), map.largest[y]);
        }
        Ok(())
    }

    /// Compares a unit of random weights with its definition, plain and (where the sides are even) pooled, with every
    /// instruction set.
    fn compare<const INPUTS: usize, const OUTPUTS: usize, const RELU: bool>(
        width: usize,
        height: usize,
        seed: u64,
        magnitude: f32,
    ) -> Result<(), TestCaseError> {
        let mut noise = noise(seed);
        let mut random = |count: usize| -> Vec<f32> { (0..count).map(|_| magnitude * noise()).collect() };
        let (pointwise, pointwise_bias) = (random(INPUTS * OUTPUTS), random(OUTPUTS));
        let (depthwise, depthwise_bias) = (random(9 * OUTPUTS), random(OUTPUTS));
        let mut input = Map::<INPUTS>::default();
        input.reshape(width, height);
        for y in 0..height {
            input.row_mut(y).copy_from_slice(&random(width * INPUTS));
            input.largest[y] = magnitude;
        }
        let values = (0..height).flat_map(|y| input.row(y)).copied().map(f64::from).collect();
        let expected = Reference { width, height, channels: INPUTS, values }
            .pointwise(&pointwise, &pointwise_bias)
            .depthwise(&depthwise, &depthwise_bias, RELU);

        let bytes = container(&[
            ("unit.pw.weight", &[OUTPUTS, INPUTS, 1, 1], &pointwise),
            ("unit.pw.bias", &[OUTPUTS], &pointwise_bias),
            ("unit.dw.weight", &[OUTPUTS, 1, 3, 3], &depthwise),
            ("unit.dw.bias", &[OUTPUTS], &depthwise_bias),
        ]);
        let weights = Weights::parse(&bytes).unwrap();
        let unit = Unit::<INPUTS, OUTPUTS, RELU>::load(&weights, &[("unit", OUTPUTS)]).unwrap();
        // Nine standard deviations of what rounding 64 weights adds: each is off by up to 1/4096 of the largest, the sum
        // by 6e-4, and nine such sums are added up.
        let rounding = 1e-2 * f64::from(magnitude).powi(3);
        // Scratch memory that another map has left behind must not matter.
        let mut scratch = Scratch { ring: vec![f32::NAN; 999], pair: vec![f32::NAN; 999], ..Scratch::default() };
        let mut output = Map::default();
        for level in levels() {
            dispatch!(level, simd => unit.forward(simd, &input, &mut scratch, &mut output));
            check_largest(&output)?;
            expected.check((0..height).flat_map(|y| output.row(y)).copied(), rounding)?;
            if RELU && width.is_multiple_of(2) && height.is_multiple_of(2) {
                dispatch!(level, simd => unit.forward_pooled(simd, &input, &mut scratch, &mut output));
                check_largest(&output)?;
                expected.pool().check((0..height / 2).flat_map(|y| output.row(y)).copied(), rounding)?;
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn units_equal_their_definition(
            width in 1_usize..14, height in 1_usize..8, seed: u64,
            magnitude in prop::sample::select(vec![1e-6_f32, 1.0, 1e6]),
        ) {
            compare::<16, 16, true>(width, height, seed, magnitude)?;
            compare::<16, 32, true>(width, height, seed, magnitude)?;
            compare::<32, 64, true>(width, height, seed, magnitude)?;
            compare::<64, 64, true>(width, height, seed, magnitude)?;
            compare::<64, 16, false>(width, height, seed, magnitude)?;
        }
    }

    #[test]
    fn parts_are_merged_in_their_order() {
        let mut noise = noise(1);
        let mut random = |count: usize| -> Vec<f32> { (0..count).map(|_| noise()).collect() };
        let (pointwise, pointwise_bias) = (random(16 * 16), random(16));
        let (depthwise, depthwise_bias) = (random(16 * 9), random(16));
        let bytes = container(&[
            ("a.pw.weight", &[4, 16, 1, 1], &pointwise[..4 * 16]),
            ("a.pw.bias", &[4], &pointwise_bias[..4]),
            ("a.dw.weight", &[4, 1, 3, 3], &depthwise[..4 * 9]),
            ("a.dw.bias", &[4], &depthwise_bias[..4]),
            ("b.pw.weight", &[12, 16, 1, 1], &pointwise[4 * 16..]),
            ("b.pw.bias", &[12], &pointwise_bias[4..]),
            ("b.dw.weight", &[12, 1, 3, 3], &depthwise[4 * 9..]),
            ("b.dw.bias", &[12], &depthwise_bias[4..]),
            ("whole.pw.weight", &[16, 16, 1, 1], &pointwise),
            ("whole.pw.bias", &[16], &pointwise_bias),
            ("whole.dw.weight", &[16, 1, 3, 3], &depthwise),
            ("whole.dw.bias", &[16], &depthwise_bias),
        ]);
        let weights = Weights::parse(&bytes).unwrap();
        let merged = Unit::<16, 16>::load(&weights, &[("a", 4), ("b", 12)]).unwrap();
        let whole = Unit::<16, 16>::load(&weights, &[("whole", 16)]).unwrap();
        assert_eq!(format!("{merged:?}"), format!("{whole:?}"));
        assert!(Unit::<16, 16>::load(&weights, &[("a", 12), ("b", 4)]).is_err());
    }
}
