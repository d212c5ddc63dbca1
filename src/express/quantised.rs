//! Convolution and dense layers whose weights stay signed bytes in memory: a quarter of the memory to stream, and
//! integer dot products that do twice the multiplications an instruction.
//!
//! Activations are [rounded](super::rounded) to 16 bits. Sums over a block are exact: 64 x 127 x 32,767 fits 32 bits.
//! Every block's sum is then multiplied by both scales and added up in single precision.

use super::epilogue::Epilogue;
use super::layer::{Layer, Map, Scratch, Stored, make_room};
use super::rounded::{Block, round};
use crate::error::{Error, ErrorKind};
use crate::simd::{Simd, SimdBase, SimdFloat, lanes, load, splat};
use crate::weights::BLOCK;
use fearless_simd::{Bytes, SimdInt, SimdIntWiden, SimdWiden};
use std::marker::PhantomData;

/// Vectors of outputs a block of weights holds: a vector of bytes is two weights each for two vectors of sums.
const NV: usize = 2;

/// A quantised tensor `[outputs][inputs]` or `[outputs][inputs][3][3]`, inputs a multiple of [`BLOCK`], reordered.
#[derive(Debug, Clone)]
struct Packed {
    /// `[block of outputs][kernel position][block of inputs][pair of inputs][output][2]`.
    values: Vec<i8>,
    /// `[block of outputs][kernel position][block of inputs][output]`.
    scales: Vec<f32>,
}

impl Packed {
    /// Reorders the layer's tensor.
    fn new<S: Simd>(_: S, stored: &Stored<'_>, shape: &[usize]) -> Result<Self, Error> {
        let tensor = stored.tensor(shape)?;
        let (stored_scales, stored) = tensor
            .quantised()
            .ok_or_else(|| Error::new(ErrorKind::ModelLoad, format!("tensor {:?} is not quantised", tensor.name())))?;
        let parts: usize = shape[1..].iter().product::<usize>() / BLOCK;
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
        Ok(Self { values, scales })
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

/// A 3x3 convolution with its epilogue into half as many pixels. Kernel positions that read the border alone are
/// skipped.
#[derive(Debug, Clone)]
pub(crate) struct Convolution<From, To> {
    weights: Packed,
    epilogue: Epilogue,
    sizes: PhantomData<(From, To)>,
}

impl<const CIN: usize, const COUT: usize> Layer for Convolution<Map<6, CIN>, Map<3, COUT>> {
    type Input = Map<6, CIN>;
    type Output = Map<3, COUT>;

    #[inline(always)]
    fn pack<S: Simd>(simd: S, stored: &Stored<'_>, scratch: &mut Scratch) -> Result<Self, Error> {
        const { assert!(CIN.is_multiple_of(BLOCK), "pixels are whole blocks") };
        make_room(&mut scratch.blocks, Self::Input::ROW * Self::Input::ROW * CIN / BLOCK, Block::ZERO);
        let weights = Packed::new(simd, stored, &[COUT, CIN, 3, 3])?;
        Ok(Self { weights, epilogue: Epilogue::new(stored, COUT)?, sizes: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, scratch: &mut Scratch) {
        const SIDE: usize = 6;
        round(simd, input.values(), &mut scratch.blocks);
        let parts = const { CIN / BLOCK };
        let width = NV * lanes::<S>();
        let Packed { values, scales } = &self.weights;
        let blocks = values.chunks_exact(9 * parts * BLOCK * width).zip(scales.chunks_exact(9 * parts * width));
        for (block, (weights, scales)) in blocks.enumerate() {
            let epilogue = self.epilogue.channels(simd, block * width);
            for y in 0..SIDE / 2 {
                let mut sums = [[[splat(simd, 0.0); NV]; SIDE]; 2];
                for tap in 0..9 {
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let from = 2 * y + row + tap / 3;
                        if from == 0 || from == SIDE + 1 {
                            continue;
                        }
                        let pixels = &scratch.blocks[(from * (SIDE + 2) + tap % 3) * parts..][..SIDE * parts];
                        for part in 0..parts {
                            let weights = &weights[(tap * parts + part) * BLOCK * width..][..BLOCK * width];
                            let scales = &scales[(tap * parts + part) * width..][..width];
                            let [a, b, c, d, e, f] = sums;
                            let [p, q, r, s, t, u] = [0, 1, 2, 3, 4, 5].map(|x| &pixels[x * parts + part]);
                            match tap % 3 {
                                0 => accumulate(simd, [q, r, s, t, u], weights, scales, [b, c, d, e, f]),
                                1 => accumulate(simd, [p, q, r, s, t, u], weights, scales, [a, b, c, d, e, f]),
                                _ => accumulate(simd, [p, q, r, s, t], weights, scales, [a, b, c, d, e]),
                            }
                        }
                    }
                }
                let targets = output.row_mut(y);
                for x in 0..SIDE / 2 {
                    let window = [sums[0][2 * x], sums[0][2 * x + 1], sums[1][2 * x], sums[1][2 * x + 1]];
                    epilogue.pool(simd, &window, &mut targets[x][block * width..]);
                }
            }
        }
    }
}

/// As [`super::convolution::Last`]: the upper left 2x2 of 3x3 pixels.
#[derive(Debug, Clone)]
pub(crate) struct Last<From, To> {
    weights: Packed,
    epilogue: Epilogue,
    sizes: PhantomData<(From, To)>,
}

impl<const CIN: usize, const COUT: usize> Layer for Last<Map<3, CIN>, [f32; COUT]> {
    type Input = Map<3, CIN>;
    type Output = [f32; COUT];

    #[inline(always)]
    fn pack<S: Simd>(simd: S, stored: &Stored<'_>, scratch: &mut Scratch) -> Result<Self, Error> {
        const { assert!(CIN.is_multiple_of(BLOCK), "pixels are whole blocks") };
        make_room(&mut scratch.blocks, Self::Input::ROW * Self::Input::ROW * CIN / BLOCK, Block::ZERO);
        let weights = Packed::new(simd, stored, &[COUT, CIN, 3, 3])?;
        Ok(Self { weights, epilogue: Epilogue::new(stored, COUT)?, sizes: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, scratch: &mut Scratch) {
        round(simd, input.values(), &mut scratch.blocks);
        let parts = const { CIN / BLOCK };
        let width = NV * lanes::<S>();
        let Packed { values, scales } = &self.weights;
        let blocks = values.chunks_exact(9 * parts * BLOCK * width).zip(scales.chunks_exact(9 * parts * width));
        for (block, ((weights, scales), target)) in blocks.zip(output.chunks_exact_mut(width)).enumerate() {
            let mut sums = [[splat(simd, 0.0); NV]; 4];
            for tap in 0..9 {
                let pixels = &scratch.blocks[(tap / 3 * 5 + tap % 3) * parts..][..7 * parts];
                for part in 0..parts {
                    let weights = &weights[(tap * parts + part) * BLOCK * width..][..BLOCK * width];
                    let scales = &scales[(tap * parts + part) * width..][..width];
                    let [a, b, c, d] = &mut sums;
                    let [p, q, r, s] = [0, 1, 5, 6].map(|x| &pixels[x * parts + part]);
                    match (tap / 3 > 0, tap % 3 > 0) {
                        (true, true) => accumulate(simd, [p, q, r, s], weights, scales, [a, b, c, d]),
                        (true, false) => accumulate(simd, [q, s], weights, scales, [b, d]),
                        (false, true) => accumulate(simd, [r, s], weights, scales, [c, d]),
                        (false, false) => accumulate(simd, [s], weights, scales, [d]),
                    }
                }
            }
            self.epilogue.channels(simd, block * width).pool(simd, &sums, target);
        }
    }
}

/// A hidden dense layer with its ReLU and BatchNorm.
#[derive(Debug, Clone)]
pub(crate) struct Dense<From, To> {
    weights: Packed,
    epilogue: Epilogue,
    sizes: PhantomData<(From, To)>,
}

impl<const INPUTS: usize, const OUTPUTS: usize> Layer for Dense<[f32; INPUTS], [f32; OUTPUTS]> {
    type Input = [f32; INPUTS];
    type Output = [f32; OUTPUTS];

    #[inline(always)]
    fn pack<S: Simd>(simd: S, stored: &Stored<'_>, scratch: &mut Scratch) -> Result<Self, Error> {
        const { assert!(INPUTS.is_multiple_of(BLOCK), "the input is whole blocks") };
        make_room(&mut scratch.blocks, INPUTS / BLOCK, Block::ZERO);
        let weights = Packed::new(simd, stored, &[OUTPUTS, INPUTS])?;
        Ok(Self { weights, epilogue: Epilogue::new(stored, OUTPUTS)?, sizes: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, scratch: &mut Scratch) {
        let input_blocks = &mut scratch.blocks[..INPUTS / BLOCK];
        round(simd, input, input_blocks);
        let width = NV * lanes::<S>();
        let Packed { values, scales } = &self.weights;
        let blocks = values.chunks_exact(INPUTS * width).zip(scales.chunks_exact(INPUTS / BLOCK * width));
        for (block, ((weights, scales), target)) in blocks.zip(output.chunks_exact_mut(width)).enumerate() {
            let mut sums = [splat(simd, 0.0); NV];
            let parts = weights.chunks_exact(BLOCK * width).zip(scales.chunks_exact(width));
            for (input, (weights, scales)) in input_blocks.iter().zip(parts) {
                accumulate(simd, [input], weights, scales, [&mut sums]);
            }
            self.epilogue.channels(simd, block * width).activate(simd, &sums, target);
        }
    }
}
