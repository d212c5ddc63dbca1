//! Convolution and dense layers whose weights stay signed bytes in memory: a quarter of the memory to stream, and
//! integer dot products that do twice the multiplications an instruction.
//!
//! Activations become 16-bit integers with one scale for every [`BLOCK`] channels of a pixel, which leaves an error of at
//! most 2^-16 of the block's largest value. Sums over a block are exact: 64 x 127 x 32,767 fits 32 bits. Every block's
//! sum is then multiplied by both scales and added up in single precision.

use super::epilogue::Epilogue;
use crate::simd::{Simd, SimdBase, SimdFloat, lanes, load, splat};
use crate::weights::{BLOCK, Tensor};
use fearless_simd::{Bytes, SimdInt, SimdIntWiden, SimdNarrow, SimdWiden};

/// Vectors of outputs a block of weights holds: a vector of bytes is two weights each for two vectors of sums.
const NV: usize = 2;

/// [`BLOCK`] channels of one pixel: 16-bit integers in pairs, the even channel in the low half, and their scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pairs: [i32; BLOCK / 2],
    scale: f32,
}

impl Block {
    /// All zero, as a border needs it.
    pub(crate) const ZERO: Self = Self { pairs: [0; BLOCK / 2], scale: 0.0 };

    /// What the integers stand for.
    #[cfg(test)]
    pub(crate) fn values(&self) -> impl Iterator<Item = f32> {
        self.pairs
            .iter()
            .flat_map(|pair| [*pair as i16, (*pair >> 16) as i16].map(|value| f32::from(value) * self.scale))
    }
}

/// Rounds activations, [`BLOCK`] by [`BLOCK`], to 16 bits.
#[inline(always)]
pub(crate) fn quantise<S: Simd>(simd: S, input: &[f32], blocks: &mut [Block]) {
    for (values, block) in input.chunks_exact(BLOCK).zip(blocks) {
        let mut largest = splat(simd, 0.0);
        for at in (0..BLOCK).step_by(lanes::<S>()) {
            let value = load(simd, values, at);
            largest = largest.max(value.max(-value));
        }
        let largest = largest.as_slice().iter().fold(0.0_f32, |largest, value| largest.max(*value));
        block.scale = largest / 32_767.0;
        let inverse = splat(simd, if largest > 0.0 { 32_767.0 / largest } else { 0.0 });
        let pairs = block.pairs.chunks_exact_mut(lanes::<S>());
        for (values, pairs) in values.chunks_exact(2 * lanes::<S>()).zip(pairs) {
            let low: S::i32s = (load(simd, values, 0) * inverse).round_ties_even().to_int();
            let high: S::i32s = (load(simd, values, lanes::<S>()) * inverse).round_ties_even().to_int();
            let pair: S::i32s = low.narrow(high).bitcast();
            pair.store_slice(pairs);
        }
    }
}

/// A quantised tensor `[outputs][inputs]` or `[outputs][inputs][3][3]`, inputs a multiple of [`BLOCK`], reordered.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    /// `[block of outputs][kernel position][block of inputs][pair of inputs][output][2]`.
    values: Vec<i8>,
    /// `[block of outputs][kernel position][block of inputs][output]`.
    scales: Vec<f32>,
}

impl Packed {
    /// Reorders the tensor, if it is a quantised one.
    pub(crate) fn new<S: Simd>(_: S, tensor: &Tensor<'_>) -> Option<Self> {
        let (stored_scales, stored) = tensor.quantised()?;
        let parts: usize = tensor.shape()[1..].iter().product::<usize>() / BLOCK;
        let width = NV * lanes::<S>();
        let mut values = vec![0; stored.len()];
        let mut scales = vec![0.0; stored_scales.len()];
        let (pairs, _) = values.as_chunks_mut::<2>();
        for (from, part) in stored.chunks_exact(BLOCK).enumerate() {
            let (output, part_of_output) = (from / parts, from % parts);
            let (to, lane) = (output / width * parts + part_of_output, output % width);
            scales[to * width + lane] = stored_scales[from];
            let targets = pairs[to * BLOCK / 2 * width..][..BLOCK / 2 * width].iter_mut().skip(lane).step_by(width);
            for (target, pair) in targets.zip(part.as_chunks::<2>().0) {
                *target = *pair;
            }
        }
        Some(Self { values, scales })
    }
}

/// Adds the products of one block of inputs of `MR` pixels to their sums.
#[inline(always)]
fn accumulate<S: Simd, const MR: usize>(
    simd: S,
    inputs: [&Block; MR],
    weights: &[i8],
    scales: &[f32],
    sums: [&mut [S::f32s; NV]; MR],
) {
    let mut products = [[S::i32s::splat(simd, 0); NV]; MR];
    for (k, weights) in (0..BLOCK / 2).zip(weights.chunks_exact(S::i8s::LEN)) {
        let (low, high) = S::i8s::from_slice(simd, weights).widen();
        for r in 0..MR {
            let pair: S::i16s = S::i32s::splat(simd, inputs[r].pairs[k]).bitcast();
            products[r][0] += pair.pairwise_dot_product(low);
            products[r][1] += pair.pairwise_dot_product(high);
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        let scale = splat(simd, inputs[r].scale);
        for n in 0..NV {
            let products: S::f32s = products[r][n].to_float();
            sums[n] = products.mul_add(scale * load(simd, scales, n * lanes::<S>()), sums[n]);
        }
    }
}

/// A 3x3 convolution of `SIDE` x `SIDE` pixels of `BLOCKS` blocks, inside a border of one zero pixel, with its epilogue,
/// into `SIDE / 2` x `SIDE / 2` pixels of `COUT` channels with a border of `BORDER` pixels. Kernel positions that read
/// the border alone are skipped.
#[inline(always)]
pub(crate) fn convolve6<S: Simd, const BLOCKS: usize, const COUT: usize>(
    simd: S,
    input: &[Block],
    packed: &Packed,
    epilogue: &Epilogue,
    output: &mut [f32],
) {
    const SIDE: usize = 6;
    let width = NV * lanes::<S>();
    let (input, _) = input.as_chunks::<BLOCKS>();
    let (output, _) = output.as_chunks_mut::<COUT>();
    let blocks = packed.values.chunks_exact(9 * BLOCKS * BLOCK * width);
    for (block, (weights, scales)) in blocks.zip(packed.scales.chunks_exact(9 * BLOCKS * width)).enumerate() {
        let epilogue = epilogue.channels(simd, block * width);
        for y in 0..SIDE / 2 {
            let mut sums = [[[splat(simd, 0.0); NV]; SIDE]; 2];
            for tap in 0..9 {
                for (row, sums) in sums.iter_mut().enumerate() {
                    let from = 2 * y + row + tap / 3;
                    if from == 0 || from == SIDE + 1 {
                        continue;
                    }
                    let pixels = &input[from * (SIDE + 2) + tap % 3..][..SIDE];
                    for part in 0..BLOCKS {
                        let weights = &weights[(tap * BLOCKS + part) * BLOCK * width..][..BLOCK * width];
                        let scales = &scales[(tap * BLOCKS + part) * width..][..width];
                        let [a, b, c, d, e, f] = sums;
                        let [p, q, r, s, t, u] = [0, 1, 2, 3, 4, 5].map(|x| &pixels[x][part]);
                        match tap % 3 {
                            0 => accumulate(simd, [q, r, s, t, u], weights, scales, [b, c, d, e, f]),
                            1 => accumulate(simd, [p, q, r, s, t, u], weights, scales, [a, b, c, d, e, f]),
                            _ => accumulate(simd, [p, q, r, s, t], weights, scales, [a, b, c, d, e]),
                        }
                    }
                }
            }
            for x in 0..SIDE / 2 {
                let window = [sums[0][2 * x], sums[0][2 * x + 1], sums[1][2 * x], sums[1][2 * x + 1]];
                let pixel = &mut output[(y + 1) * (SIDE / 2 + 2) + x + 1];
                epilogue.pool(simd, &window, &mut pixel[block * width..]);
            }
        }
    }
}

/// As [`super::convolution::last`]: the upper left 2x2 of 3x3 pixels.
#[inline(always)]
pub(crate) fn last<S: Simd, const BLOCKS: usize>(
    simd: S,
    input: &[Block],
    packed: &Packed,
    epilogue: &Epilogue,
    output: &mut [f32],
) {
    let width = NV * lanes::<S>();
    let (input, _) = input.as_chunks::<BLOCKS>();
    let blocks = packed.values.chunks_exact(9 * BLOCKS * BLOCK * width);
    let blocks = blocks.zip(packed.scales.chunks_exact(9 * BLOCKS * width)).zip(output.chunks_exact_mut(width));
    for (block, ((weights, scales), target)) in blocks.enumerate() {
        let mut sums = [[splat(simd, 0.0); NV]; 4];
        for tap in 0..9 {
            let pixels = &input[tap / 3 * 5 + tap % 3..][..7];
            for part in 0..BLOCKS {
                let weights = &weights[(tap * BLOCKS + part) * BLOCK * width..][..BLOCK * width];
                let scales = &scales[(tap * BLOCKS + part) * width..][..width];
                let [a, b, c, d] = &mut sums;
                let [p, q, r, s] = [0, 1, 5, 6].map(|x| &pixels[x][part]);
                match (tap / 3 > 0, tap % 3 > 0) {
                    (true, true) => accumulate(simd, [p, q, r, s], weights, scales, [a, b, c, d]),
                    (true, false) => accumulate(simd, [q, s], weights, scales, [b, d]),
                    (false, true) => accumulate(simd, [r, s], weights, scales, [c, d]),
                    (false, false) => accumulate(simd, [s], weights, scales, [d]),
                }
            }
        }
        epilogue.channels(simd, block * width).pool(simd, &sums, target);
    }
}

/// A hidden dense layer with its ReLU and BatchNorm.
#[inline(always)]
pub(crate) fn hidden<S: Simd>(simd: S, input: &[Block], packed: &Packed, epilogue: &Epilogue, output: &mut [f32]) {
    let width = NV * lanes::<S>();
    let blocks = packed.values.chunks_exact(input.len() * BLOCK * width);
    let blocks = blocks.zip(packed.scales.chunks_exact(input.len() * width)).zip(output.chunks_exact_mut(width));
    for (block, ((weights, scales), target)) in blocks.enumerate() {
        let mut sums = [splat(simd, 0.0); NV];
        let parts = weights.chunks_exact(BLOCK * width).zip(scales.chunks_exact(width));
        for (input, (weights, scales)) in input.iter().zip(parts) {
            accumulate(simd, [input], weights, scales, [&mut sums]);
        }
        epilogue.channels(simd, block * width).activate(simd, &sums, target);
    }
}
