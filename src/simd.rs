//! The few words every kernel is written in, over `fearless_simd`: the widest vectors the processor has (4 lanes in
//! wasm, up to 16 natively), chosen once at start, without `unsafe`.
//!
//! Every kernel is `#[inline(always)]` and runs inside [`Simd::vectorize`], because only there may the compiler use
//! the instructions that `S` stands for. Closures and iterator adaptors over vectors are avoided for the same reason.

pub(crate) use fearless_simd::{Bytes, Level, Simd, SimdBase, SimdFloat, dispatch};

/// Lanes of a native vector of `f32`.
#[inline(always)]
pub(crate) const fn lanes<S: Simd>() -> usize {
    S::f32s::LEN
}

/// The most lanes there can be (AVX-512).
pub(crate) const MAX_LANES: usize = 16;

/// A vector of one value.
#[inline(always)]
pub(crate) fn splat<S: Simd>(simd: S, value: f32) -> S::f32s {
    S::f32s::splat(simd, value)
}

/// The vector at `from[at..]`.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, from: &[f32], at: usize) -> S::f32s {
    S::f32s::from_slice(simd, &from[at..][..S::f32s::LEN])
}

/// Writes the vector to `to[at..]`.
#[inline(always)]
pub(crate) fn store<S: Simd>(value: S::f32s, to: &mut [f32], at: usize) {
    value.store_slice(&mut to[at..][..S::f32s::LEN]);
}

/// The larger of each two lanes, neither negative: then the larger float is the larger integer too, see [`relu`].
#[inline(always)]
pub(crate) fn larger_size<S: Simd>(a: S::f32s, b: S::f32s) -> S::f32s {
    a.bitcast::<S::i32s>().max(b.bitcast::<S::i32s>()).bitcast()
}

/// The largest lane, none negative.
#[inline(always)]
pub(crate) fn largest_lane<S: Simd>(value: S::f32s) -> f32 {
    value.as_slice().iter().copied().fold(0.0, f32::max)
}

/// The smaller of each two lanes, neither negative.
#[inline(always)]
pub(crate) fn smaller_size<S: Simd>(a: S::f32s, b: S::f32s) -> S::f32s {
    a.bitcast::<S::i32s>().min(b.bitcast::<S::i32s>()).bitcast()
}

/// The larger of each lane and 0. As integers, negative floats are negative too, and wasm has an instruction for the
/// larger integer; the larger float takes it eight on x86-64.
#[inline(always)]
pub(crate) fn relu<S: Simd>(simd: S, value: S::f32s) -> S::f32s {
    value.bitcast::<S::i32s>().max(S::i32s::splat(simd, 0)).bitcast()
}

/// Added to a float of at most 2^22, it leaves the nearest integer in its last bits. wasm's own conversion, which looks
/// at every value's range, takes a processor several instructions.
pub(crate) const ROUNDING: f32 = 1.5 * (1 << 23) as f32;

/// The nearest integer to a value of at most 2^22.
#[inline(always)]
pub(crate) fn round_to_int(value: f32) -> i32 {
    (value + ROUNDING).to_bits() as i32 - ROUNDING.to_bits() as i32
}

/// The nearest integers to values of at most 2^22.
#[inline(always)]
pub(crate) fn round_to_ints<S: Simd>(simd: S, values: S::f32s) -> S::i32s {
    (values + splat(simd, ROUNDING)).bitcast::<S::i32s>() - S::i32s::splat(simd, ROUNDING.to_bits() as i32)
}

/// Two neighbouring activations, over and over.
#[inline(always)]
pub(crate) fn splat_pair<S: Simd>(simd: S, [low, high]: [i16; 2]) -> S::i16s {
    S::i32s::splat(simd, i32::from(high) << 16 | i32::from(low as u16)).bitcast()
}

/// Every instruction set this machine has.
#[cfg(test)]
pub(crate) fn levels() -> Vec<Level> {
    let best = Level::new();
    let mut levels = vec![Level::baseline(), best];
    #[cfg(target_arch = "x86_64")]
    levels.extend([best.as_sse4_2().map(Level::Sse4_2), best.as_avx2().map(Level::Avx2)].into_iter().flatten());
    levels
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounding_is_to_the_nearest(value in -4e6_f32..4e6) {
            prop_assert_eq!(round_to_int(value), value.round_ties_even() as i32);
        }
    }
}
