//! Dense layers: the two hidden ones with their epilogue, and the last that gives logits.

use super::epilogue::Epilogue;
use crate::simd::{Simd, SimdBase, SimdFloat, lanes, load, splat};

/// Vectors of outputs that a block of weights holds: enough independent sums to hide the latency of a multiply-add.
const NV: usize = 8;

/// Reorders `[outputs][inputs]` weights into blocks of `NV` vectors of outputs: `[block][inputs][outputs of block]`.
#[inline(always)]
pub(crate) fn pack<S: Simd>(_: S, weights: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
    let width = NV * lanes::<S>();
    let mut packed = Vec::with_capacity(weights.len());
    for block in (0..outputs).step_by(width) {
        for input in 0..inputs {
            packed.extend((block..block + width).map(|output| weights[output * inputs + input]));
        }
    }
    packed
}

/// A hidden layer with its ReLU and BatchNorm.
#[inline(always)]
pub(crate) fn hidden<S: Simd>(simd: S, input: &[f32], packed: &[f32], epilogue: &Epilogue, output: &mut [f32]) {
    let width = NV * lanes::<S>();
    let blocks = packed.chunks_exact(input.len() * width).zip(output.chunks_exact_mut(width));
    for (block, (weights, target)) in blocks.enumerate() {
        let mut sums = [splat(simd, 0.0); NV];
        for (value, weights) in input.iter().zip(weights.chunks_exact(width)) {
            let value = splat(simd, *value);
            for n in 0..NV {
                sums[n] = value.mul_add(load(simd, weights, n * lanes::<S>()), sums[n]);
            }
        }
        epilogue.channels(simd, block * width).activate(simd, &sums, target);
    }
}

/// The output layer, from row-major `[outputs][inputs]` weights.
#[inline(always)]
pub(crate) fn logits<S: Simd, const OUTPUTS: usize>(
    simd: S,
    input: &[f32],
    weights: &[f32],
    bias: &[f32; OUTPUTS],
) -> [f32; OUTPUTS] {
    let mut logits = *bias;
    for (logit, row) in logits.iter_mut().zip(weights.chunks_exact(input.len())) {
        let mut sum = splat(simd, 0.0);
        for (values, weights) in input.chunks_exact(lanes::<S>()).zip(row.chunks_exact(lanes::<S>())) {
            sum = S::f32s::from_slice(simd, values).mul_add(S::f32s::from_slice(simd, weights), sum);
        }
        *logit += sum.as_slice().iter().sum::<f32>();
    }
    logits
}
