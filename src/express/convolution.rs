//! Direct 3x3 convolutions, each with its epilogue: the first layer and the last.

use super::epilogue::Epilogue;
use super::layer::{Layer, Map, Scratch, Stored};
use crate::error::Error;
use crate::simd::{Simd, SimdFloat, lanes, load, splat};
use std::marker::PhantomData;

/// Vectors of output channels that a block of weights holds.
const NV: usize = 2;

/// Reorders `[outputs][inputs][9]` weights into blocks of `NV` vectors of outputs: `[block][9][inputs][outputs of block]`.
#[inline(always)]
fn pack<S: Simd>(weights: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    let width = NV * lanes::<S>();
    let mut packed = Vec::with_capacity(weights.len());
    for block in (0..outputs).step_by(width) {
        for tap in 0..9 {
            for input in 0..inputs {
                packed.extend((block..block + width).map(|output| weights[(output * inputs + input) * 9 + tap]));
            }
        }
    }
    packed
}

/// The first convolution: of one input channel, with the epilogue into half as many pixels.
#[derive(Debug, Clone)]
pub(crate) struct First<From, To> {
    weights: Vec<f32>,
    epilogue: Epilogue,
    sizes: PhantomData<(From, To)>,
}

impl<const SIDE: usize, const HALF: usize, const COUT: usize> Layer for First<Map<SIDE, 1>, Map<HALF, COUT>> {
    type Input = Map<SIDE, 1>;
    type Output = Map<HALF, COUT>;

    #[inline(always)]
    fn pack<S: Simd>(_: S, stored: &Stored<'_>, _: &mut Scratch) -> Result<Self, Error> {
        const { assert!(SIDE == 2 * HALF, "the pool halves the side") };
        let weights = pack::<S>(&stored.kernels(&[COUT, 1, 3, 3])?, COUT, 1);
        Ok(Self { weights, epilogue: Epilogue::new(stored, COUT)?, sizes: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, _: &mut Scratch) {
        let width = NV * lanes::<S>();
        for (block, weights) in self.weights.chunks_exact(9 * width).enumerate() {
            let epilogue = self.epilogue.channels(simd, block * width);
            for y in 0..HALF {
                let [a, b, c, d] = [0, 1, 2, 3].map(|index| {
                    let (pairs, _) = input.bordered_row(2 * y + index).as_flattened().as_chunks();
                    pairs.array_windows()
                });
                for (((a, b), (c, d)), target) in a.zip(b).zip(c.zip(d)).zip(output.row_mut(y)) {
                    let mut sums = [[splat(simd, 0.0); NV]; 4];
                    let kernel_rows = weights.chunks_exact(3 * width);
                    for (rows, weights) in [a, b, c, d].array_windows().zip(kernel_rows) {
                        first_row(simd, *rows, weights, &mut sums);
                    }
                    epilogue.pool(simd, &sums, &mut target[block * width..]);
                }
            }
        }
    }
}

/// Adds one kernel row's products to the sums of a 2x2 window, from the four values of each of the two rows that it
/// reads.
#[inline(always)]
fn first_row<S: Simd>(simd: S, rows: [&[[f32; 2]; 2]; 2], weights: &[f32], sums: &mut [[S::f32s; NV]; 4]) {
    for column in 0..3 {
        let mut taps = [splat(simd, 0.0); NV];
        for (n, tap) in taps.iter_mut().enumerate() {
            *tap = load(simd, weights, (column * NV + n) * lanes::<S>());
        }
        for pixel in 0..4 {
            let at = column + pixel % 2;
            let value = splat(simd, rows[pixel / 2][at / 2][at % 2]);
            for n in 0..NV {
                sums[pixel][n] = value.mul_add(taps[n], sums[pixel][n]);
            }
        }
    }
}

/// The last convolution: of 3x3 pixels the valid 2x2 pool reads the upper left 2x2 only, so only these four are
/// computed; and of their 36 taps only the 25 that do not read the border.
#[derive(Debug, Clone)]
pub(crate) struct Last<From, To> {
    weights: Vec<f32>,
    epilogue: Epilogue,
    sizes: PhantomData<(From, To)>,
}

impl<const CIN: usize, const COUT: usize> Layer for Last<Map<3, CIN>, [f32; COUT]> {
    type Input = Map<3, CIN>;
    type Output = [f32; COUT];

    #[inline(always)]
    fn pack<S: Simd>(_: S, stored: &Stored<'_>, _: &mut Scratch) -> Result<Self, Error> {
        let weights = pack::<S>(&stored.kernels(&[COUT, CIN, 3, 3])?, COUT, CIN);
        Ok(Self { weights, epilogue: Epilogue::new(stored, COUT)?, sizes: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, _: &mut Scratch) {
        let width = NV * lanes::<S>();
        let pixels = input.pixels();
        let blocks = self.weights.chunks_exact(9 * CIN * width).zip(output.chunks_exact_mut(width));
        for (block, (weights, target)) in blocks.enumerate() {
            let mut sums = [[splat(simd, 0.0); NV]; 4];
            tap::<S, CIN, 0, 0>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 0, 1>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 0, 2>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 1, 0>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 1, 1>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 1, 2>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 2, 0>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 2, 1>(simd, pixels, weights, &mut sums);
            tap::<S, CIN, 2, 2>(simd, pixels, weights, &mut sums);
            self.epilogue.channels(simd, block * width).pool(simd, &sums, target);
        }
    }
}

/// Adds one kernel position's products to the sums of those of the four pixels where it does not read the border.
#[inline(always)]
fn tap<S: Simd, const CIN: usize, const ROW: usize, const COLUMN: usize>(
    simd: S,
    pixels: &[[f32; CIN]],
    weights: &[f32],
    sums: &mut [[S::f32s; NV]; 4],
) {
    let width = NV * lanes::<S>();
    let weights = &weights[(ROW * 3 + COLUMN) * CIN * width..][..CIN * width];
    let at = |pixel: usize| &pixels[(ROW + pixel / 2) * 5 + COLUMN + pixel % 2];
    let inputs = [at(0), at(1), at(2), at(3)];
    let mut local = *sums;
    for (k, weights) in (0..CIN).zip(weights.chunks_exact(width)) {
        let mut vectors = [splat(simd, 0.0); NV];
        for (n, vector) in vectors.iter_mut().enumerate() {
            *vector = load(simd, weights, n * lanes::<S>());
        }
        for pixel in 0..4 {
            if ROW + pixel / 2 > 0 && COLUMN + pixel % 2 > 0 {
                let value = splat(simd, inputs[pixel][k]);
                for n in 0..NV {
                    local[pixel][n] = value.mul_add(vectors[n], local[pixel][n]);
                }
            }
        }
    }
    *sums = local;
}
