//! IEEE half precision, to and from single.
//!
//! Written out, because the `half` crate would bring zerocopy and its derive macros into the library's tree for two
//! functions.

/// 2^112, the ratio of the two formats' exponent biases.
const F16_REBIAS: f32 = f32::from_bits((127 + 112) << 23);

/// Widens a half. Infinities and NaN stay what they are in kind.
pub(super) fn f16_to_f32(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let magnitude = u32::from(half & 0x7FFF) << 13;
    let value = if half & 0x7C00 == 0x7C00 {
        f32::from_bits(magnitude | 0x7F80_0000)
    } else {
        // The multiplication also puts subnormal halves right.
        f32::from_bits(magnitude) * F16_REBIAS
    };
    f32::from_bits(value.to_bits() | sign)
}

/// Rounds to the nearest half, ties to even; what is too large becomes infinite.
pub(super) fn f32_to_f16(value: f32) -> u16 {
    let sign = (value.to_bits() >> 16) as u16 & 0x8000;
    let magnitude = value.abs();
    let half = if magnitude.is_nan() {
        0x7E00
    } else if magnitude >= 65_520.0 {
        0x7C00
    } else if magnitude < f32::from_bits((127 - 14) << 23) {
        // Subnormal halves are multiples of 2^-24.
        (magnitude * f32::from_bits((127 + 24) << 23)).round_ties_even() as u16
    } else {
        let bits = magnitude.to_bits() - (112 << 23);
        ((bits + 0x0FFF + (bits >> 13 & 1)) >> 13) as u16
    };
    half | sign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_survives_and_every_single_rounds_to_the_nearest_half() {
        for bits in 0..=u16::MAX {
            let value = f16_to_f32(bits);
            if value.is_nan() {
                assert_eq!(f32_to_f16(value) & 0x7C00, 0x7C00);
                continue;
            }
            assert_eq!(f32_to_f16(value), bits);
            let next = f16_to_f32(bits.wrapping_add(1));
            if next.is_finite() && bits & 0x7FFF < 0x7BFF {
                let middle = f32::midpoint(value, next);
                let even = bits + (bits & 1);
                assert_eq!(f32_to_f16(middle), even, "{bits:#x}");
                let inside = f32::from_bits(middle.to_bits() - 1);
                assert_eq!(f32_to_f16(inside), bits, "{bits:#x}");
                let outside = f32::from_bits(middle.to_bits() + 1);
                assert_eq!(f32_to_f16(outside), bits + 1, "{bits:#x}");
            }
        }
        assert_eq!(f16_to_f32(0x3C00), 1.0);
        assert_eq!(f16_to_f32(0x0001), 2.0_f32.powi(-24));
        assert_eq!(f16_to_f32(0xFBFF), -65_504.0);
        assert!(f16_to_f32(0x7C00).is_infinite() && f16_to_f32(0x7E00).is_nan());
    }
}
