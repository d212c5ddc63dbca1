//! Weights in blocks of small integers that share a scale: from values, to values, and packed two a byte.

use super::format::{BLOCK, DType, Shape};
use super::half::{f16_to_f32, f32_to_f16};

/// Appends the payload of a tensor quantised to integers `-limit..=limit`, two a byte where they fit.
pub(super) fn quantise(shape: &Shape, values: &[f32], limit: i8, payload: &mut Vec<u8>) {
    let (runs, inputs) = shape.runs().unwrap_or_default();
    let positions = shape.positions();
    let mut quantised = Vec::with_capacity(values.len());
    let mut block = Vec::with_capacity(BLOCK);
    for run in 0..runs {
        let first = run / positions * positions * inputs + run % positions;
        let run_at = quantised.len();
        for start in (0..inputs).step_by(BLOCK) {
            let members = start..inputs.min(start + BLOCK);
            block.clear();
            block.extend(members.map(|input| values[first + input * positions]));
            let scale = best_scale(&block, limit);
            payload.extend(scale.to_le_bytes());
            quantised.extend(block.iter().map(|value| nearest(*value, f16_to_f32(scale), limit).cast_unsigned()));
        }
        if limit < 8 {
            let packed: Vec<u8> = quantised[run_at..]
                .chunks(2)
                .map(|pair| pair[0] & 0x0F | pair.get(1).copied().unwrap_or_default() << 4)
                .collect();
            quantised.truncate(run_at);
            quantised.extend(packed);
        }
    }
    payload.extend(quantised);
}

/// The integer in `-limit..=limit` that stands for the value at this scale.
fn nearest(value: f32, scale: f32, limit: i8) -> i8 {
    let limit = f32::from(limit);
    if scale == 0.0 { 0 } else { (value / scale).round().clamp(-limit, limit) as i8 }
}

/// The half-precision scale with the smallest squared error: the one that just reaches the largest magnitude, or one
/// of a few below it that clip the largest values to sharpen the others (worth it with 4 bits, hardly with 8).
fn best_scale(block: &[f32], limit: i8) -> u16 {
    let largest = block.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let full = largest / f32::from(limit);
    let error = |scale: u16| -> f32 {
        let scale = f16_to_f32(scale);
        block.iter().map(|value| (value - scale * f32::from(nearest(*value, scale, limit))).powi(2)).sum()
    };
    let candidates = (0..64).map(|step| f32_to_f16(full * (1.0 - step as f32 / 128.0)));
    candidates.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or_default()
}

/// The payload of a quantised tensor: its scales, in half precision, and its packed integers.
pub(super) fn split<'a>(shape: &Shape, payload: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let (runs, inputs) = shape.runs().unwrap_or_default();
    payload.split_at(runs * inputs.div_ceil(BLOCK) * 2)
}

/// The integers of a quantised tensor in the container's order, those of 4 bits widened.
pub(super) fn unpack(dtype: DType, shape: &Shape, packed: &[u8]) -> Vec<i8> {
    if dtype == DType::Int8 {
        return packed.iter().map(|value| value.cast_signed()).collect();
    }
    let (runs, inputs) = shape.runs().unwrap_or_default();
    let mut integers = vec![0; runs * inputs];
    for (bytes, run) in packed.chunks_exact(inputs.div_ceil(2)).zip(integers.chunks_exact_mut(inputs)) {
        let (pairs, odd_one) = run.as_chunks_mut();
        for (pair, byte) in pairs.iter_mut().zip(bytes) {
            *pair = [nibble(*byte, 0), nibble(*byte, 1)];
        }
        for (last, byte) in odd_one.iter_mut().zip(bytes.last()) {
            *last = nibble(*byte, 0);
        }
    }
    integers
}

/// The values that scales and integers in the container's order stand for, row-major.
pub(super) fn dequantise(shape: &Shape, scales: &[f32], integers: &[i8]) -> Vec<f32> {
    let (_, inputs) = shape.runs().unwrap_or_default();
    let positions = shape.positions();
    let mut output = vec![0.0; integers.len()];
    let runs = integers.chunks_exact(inputs).zip(scales.chunks_exact(inputs.div_ceil(BLOCK)));
    for (run, (integers, scales)) in runs.enumerate() {
        let first = run / positions * positions * inputs + run % positions;
        let targets = output[first..].iter_mut().step_by(positions);
        for ((input, integer), target) in integers.iter().enumerate().zip(targets) {
            *target = scales[input / BLOCK] * f32::from(*integer);
        }
    }
    output
}

/// The low (0) or high (1) 4-bit integer of a byte.
fn nibble(byte: u8, half: usize) -> i8 {
    (byte << (4 - 4 * half)).cast_signed() >> 4
}

#[cfg(test)]
mod tests {
    use super::super::sample::ramp;
    use super::super::{Weights, WeightsWriter};
    use super::*;

    const CONV: [usize; 4] = [2, 67, 1, 3];

    #[test]
    fn quantised_values_stay_near_and_in_the_right_order() {
        let values = ramp(CONV.iter().product());
        for (dtype, limit) in [(DType::Int8, 127.0), (DType::Int4, 7.0), (DType::Int3, 3.0)] {
            let mut writer = WeightsWriter::new("quantised");
            writer.tensor("conv", &CONV, &values, dtype).unwrap();
            let bytes = writer.finish().unwrap();
            let read = Weights::parse(&bytes).unwrap().f32("conv", &CONV).unwrap();
            let step = 0.5 / limit;
            let worst = values.iter().zip(&read).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Half a step by rounding; more where the best scale clips the largest value.
            assert!(worst < step * 1.5, "{dtype:?}: {worst} against a step of {step}");
        }
    }

    #[test]
    fn raw_bytes_and_scales_make_the_values() {
        let mut writer = WeightsWriter::new("raw");
        let values = ramp(2 * 130);
        writer.tensor("dense", &[2, 130], &values, DType::Int8).unwrap();
        let bytes = writer.finish().unwrap();
        let weights = Weights::parse(&bytes).unwrap();
        let tensor = weights.tensor("dense", &[2, 130]).unwrap();
        let (scales, raw) = tensor.quantised().unwrap();
        assert_eq!(scales.len(), 6, "three blocks an output: 64, 64 and 2 inputs");
        for (i, value) in tensor.to_f32().into_iter().enumerate() {
            assert_eq!(value, scales[i / 130 * 3 + i % 130 / BLOCK] * f32::from(raw[i]));
        }
    }
}
