//! Dense layers: the hidden ones with their epilogue, and the last that gives logits.

use super::epilogue::Epilogue;
use super::layer::{Layer, Scratch, Stored};
use crate::error::Error;
use crate::simd::{Simd, SimdBase, SimdFloat, lanes, load, splat};
use std::marker::PhantomData;

/// Vectors of outputs that a block of weights holds: enough independent sums to hide the latency of a multiply-add.
const NV: usize = 8;

/// Reorders `[outputs][inputs]` weights into blocks of `NV` vectors of outputs: `[block][inputs][outputs of block]`.
#[inline(always)]
fn pack<S: Simd>(weights: &[f32], outputs: usize, inputs: usize) -> Vec<f32> {
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
#[derive(Debug, Clone)]
pub(crate) struct Dense<From, To> {
    weights: Vec<f32>,
    epilogue: Epilogue,
    sizes: PhantomData<(From, To)>,
}

impl<const INPUTS: usize, const OUTPUTS: usize> Layer for Dense<[f32; INPUTS], [f32; OUTPUTS]> {
    type Input = [f32; INPUTS];
    type Output = [f32; OUTPUTS];

    #[inline(always)]
    fn pack<S: Simd>(_: S, stored: &Stored<'_>, _: &mut Scratch) -> Result<Self, Error> {
        let weights = pack::<S>(&stored.kernels(&[OUTPUTS, INPUTS])?, OUTPUTS, INPUTS);
        Ok(Self { weights, epilogue: Epilogue::new(stored, OUTPUTS)?, sizes: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, _: &mut Scratch) {
        let width = NV * lanes::<S>();
        let blocks = self.weights.chunks_exact(INPUTS * width).zip(output.chunks_exact_mut(width));
        for (block, (weights, target)) in blocks.enumerate() {
            let mut sums = [splat(simd, 0.0); NV];
            for (value, weights) in input.iter().zip(weights.chunks_exact(width)) {
                let value = splat(simd, *value);
                for n in 0..NV {
                    sums[n] = value.mul_add(load(simd, weights, n * lanes::<S>()), sums[n]);
                }
            }
            self.epilogue.channels(simd, block * width).activate(simd, &sums, target);
        }
    }
}

/// A last layer, from the features to logits.
#[derive(Debug, Clone)]
pub(crate) struct Head<From, To> {
    /// Row-major `[outputs][inputs]`.
    weights: Vec<f32>,
    bias: To,
    inputs: PhantomData<From>,
}

impl<const INPUTS: usize, const OUTPUTS: usize> Layer for Head<[f32; INPUTS], [f32; OUTPUTS]> {
    type Input = [f32; INPUTS];
    type Output = [f32; OUTPUTS];

    #[inline(always)]
    fn pack<S: Simd>(_: S, stored: &Stored<'_>, _: &mut Scratch) -> Result<Self, Error> {
        let mut bias = [0.0; OUTPUTS];
        bias.copy_from_slice(&stored.bias(OUTPUTS)?);
        Ok(Self { weights: stored.kernels(&[OUTPUTS, INPUTS])?, bias, inputs: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, _: &mut Scratch) {
        *output = self.bias;
        for (logit, row) in output.iter_mut().zip(self.weights.chunks_exact(INPUTS)) {
            let mut sum = splat(simd, 0.0);
            for (values, weights) in input.chunks_exact(lanes::<S>()).zip(row.chunks_exact(lanes::<S>())) {
                sum = S::f32s::from_slice(simd, values).mul_add(S::f32s::from_slice(simd, weights), sum);
            }
            *logit += sum.as_slice().iter().sum::<f32>();
        }
    }
}
