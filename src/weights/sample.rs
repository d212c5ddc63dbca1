//! A small container with a tensor of every type, for tests.

use super::{DType, WeightsWriter};

/// Values in no particular order, -0.5..=0.5.
pub(super) fn ramp(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 37 % 101) as f32 - 50.0) * 0.01).collect()
}

/// The container.
pub(super) fn sample() -> Vec<u8> {
    let mut writer = WeightsWriter::new("sample-1");
    writer.metadata("temperature", "1.25");
    writer.tensor("single", &[3], &[1.0, -2.0, 0.5], DType::F32).unwrap();
    writer.tensor("half", &[1, 2], &[0.25, -65_504.0], DType::F16).unwrap();
    writer.tensor("byte", &[2, 3], &ramp(6), DType::Int8).unwrap();
    writer.tensor("nibble", &[2, 3], &ramp(6), DType::Int4).unwrap();
    writer.tensor("three bits", &[2, 3], &ramp(6), DType::Int3).unwrap();
    writer.finish().unwrap()
}
