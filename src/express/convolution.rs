//! Direct 3x3 convolutions, each with its epilogue: the first layer and the last.

use super::epilogue::Epilogue;
use crate::simd::{Simd, SimdFloat, lanes, load, splat};

/// Vectors of output channels that a block of weights holds.
const NV: usize = 2;

/// Reorders `[outputs][inputs][9]` weights into blocks of `NV` vectors of outputs: `[block][9][inputs][outputs of block]`.
#[inline(always)]
pub(crate) fn pack<S: Simd>(_: S, weights: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
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

/// The first convolution: one input channel, rows of `ROW` pixels of which the outer ones are a zero border, and the
/// epilogue into half as many pixels of `COUT` channels, inside such a border too.
#[inline(always)]
pub(crate) fn first<S: Simd, const ROW: usize, const COUT: usize>(
    simd: S,
    input: &[f32],
    packed: &[f32],
    epilogue: &Epilogue,
    output: &mut [f32],
) {
    let side = const { (ROW - 2) / 2 };
    let width = NV * lanes::<S>();
    let (rows, _) = input.as_chunks::<ROW>();
    let (pixels, _) = output.as_chunks_mut::<COUT>();
    for (block, weights) in packed.chunks_exact(9 * width).enumerate() {
        let epilogue = epilogue.channels(simd, block * width);
        for y in 0..side {
            let rows = &rows[2 * y..][..4];
            let targets = &mut pixels[(y + 1) * (side + 2) + 1..][..side];
            for x in 0..side {
                let mut sums = [[splat(simd, 0.0); NV]; 4];
                let kernel_rows = weights.chunks_exact(3 * width);
                for (rows, weights) in rows.array_windows::<2>().zip(kernel_rows) {
                    first_row(simd, [&rows[0], &rows[1]], 2 * x, weights, &mut sums);
                }
                epilogue.pool(simd, &sums, &mut targets[x][block * width..]);
            }
        }
    }
}

/// Adds one kernel row's products to the sums of a 2x2 window, from the two rows that it reads.
#[inline(always)]
fn first_row<S: Simd, const ROW: usize>(
    simd: S,
    rows: [&[f32; ROW]; 2],
    x: usize,
    weights: &[f32],
    sums: &mut [[S::f32s; NV]; 4],
) {
    for column in 0..3 {
        let mut taps = [splat(simd, 0.0); NV];
        for (n, tap) in taps.iter_mut().enumerate() {
            *tap = load(simd, weights, (column * NV + n) * lanes::<S>());
        }
        for pixel in 0..4 {
            let value = splat(simd, rows[pixel / 2][x + column + pixel % 2]);
            for n in 0..NV {
                sums[pixel][n] = value.mul_add(taps[n], sums[pixel][n]);
            }
        }
    }
}

/// The last convolution: of 3x3 pixels, inside a border of one zero pixel, the valid 2x2 pool reads the upper left 2x2
/// only, so only these four are computed; and of their 36 taps only the 25 that do not read the border.
#[inline(always)]
pub(crate) fn last<S: Simd, const CIN: usize>(
    simd: S,
    input: &[f32],
    packed: &[f32],
    epilogue: &Epilogue,
    output: &mut [f32],
) {
    let width = NV * lanes::<S>();
    let (pixels, _) = input.as_chunks::<CIN>();
    let blocks = packed.chunks_exact(9 * CIN * width).zip(output.chunks_exact_mut(width));
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
        epilogue.channels(simd, block * width).pool(simd, &sums, target);
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
