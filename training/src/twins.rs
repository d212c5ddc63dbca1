//! Finds training pictures that are the same picture as one of another split.

use burn::tensor::{Device, Tensor, TensorData};
use countenance::CHIP_SIDE;

use crate::dataset::Sample;

const PIXELS: usize = CHIP_SIDE * CHIP_SIDE;
/// Rows of a block: bounds the memory.
const BLOCK: usize = 1024;
/// Pictures whose standard deviation is below this, in grey levels, are blank.
const BLANK: f32 = 0.02;

/// The samples that correlate by at least `least` with one of `others` or its mirror image, or are blank.
pub fn find<'a>(samples: &'a [Sample], others: &[Sample], least: f32, device: &Device) -> Vec<&'a Sample> {
    let others = matrix(others.iter().flat_map(|sample| [normalised(sample, false), normalised(sample, true)]), device);
    let mut twins = Vec::new();
    for block in samples.chunks(BLOCK) {
        let rows = matrix(block.iter().map(|sample| normalised(sample, false)), device);
        let best = rows.matmul(others.clone().transpose()).max_dim(1).into_data();
        let is_twin = |(sample, best): &(&Sample, f32)| *best >= least || is_blank(sample);
        twins.extend(block.iter().zip(best.iter::<f32>()).filter(is_twin).map(|(sample, _)| sample));
    }
    twins
}

fn matrix(rows: impl Iterator<Item = Vec<f32>>, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = rows.flatten().collect();
    let shape = [values.len() / PIXELS, PIXELS];
    Tensor::from_data(TensorData::new(values, shape), device)
}

/// The pixels with mean 0 and length 1, so that a product of two is their correlation.
fn normalised(sample: &Sample, mirrored: bool) -> Vec<f32> {
    let mut values: Vec<f32> = sample.chip.grey().iter().map(|value| f32::from(*value)).collect();
    if mirrored {
        values.chunks_exact_mut(CHIP_SIDE).for_each(<[f32]>::reverse);
    }
    let mean = values.iter().sum::<f32>() / PIXELS as f32;
    values.iter_mut().for_each(|value| *value -= mean);
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    values.iter_mut().for_each(|value| *value /= length);
    values
}

fn is_blank(sample: &Sample) -> bool {
    let values = sample.chip.grey().map(f32::from);
    let mean = values.iter().sum::<f32>() / PIXELS as f32;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / PIXELS as f32;
    variance.sqrt() < BLANK
}
