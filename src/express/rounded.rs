//! Activations as 16-bit integers with one scale for every [`BLOCK`] channels of a pixel, which leaves an error of at
//! most 2^-16 of the block's largest value.

use crate::simd::{Simd, SimdBase, SimdFloat, lanes, load, splat};
use crate::weights::BLOCK;
use fearless_simd::{Bytes, SimdNarrow};

/// [`BLOCK`] channels of one pixel: 16-bit integers in pairs, the even channel in the low half, and their scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) pairs: [i32; BLOCK / 2],
    pub(crate) scale: f32,
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
pub(crate) fn round<S: Simd>(simd: S, input: &[f32], blocks: &mut [Block]) {
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
