//! Finds pictures that are the same picture as one of another split.

use burn::tensor::{Device, Tensor, TensorData};
use countenance::CHIP_SIDE;

use crate::data::dataset::Sample;

const PIXELS: usize = CHIP_SIDE * CHIP_SIDE;
/// Rows of a block: bounds the memory.
const BLOCK: usize = 1024;
/// Pictures whose standard deviation is below this, in grey levels, are blank.
const BLANK: f32 = 1.0;

/// The samples that correlate by at least `least` with one of `others` or its mirror image. Blank ones correlate with none.
pub fn find<'a>(samples: &'a [Sample], others: &[Sample], least: f32, device: &Device) -> Vec<&'a Sample> {
    let others = matrix(others.iter().flat_map(|sample| [normalised(sample, false), normalised(sample, true)]), device);
    let mut twins = Vec::new();
    for block in samples.chunks(BLOCK) {
        let rows = matrix(block.iter().map(|sample| normalised(sample, false)), device);
        let best = rows.matmul(others.clone().transpose()).max_dim(1).into_data();
        twins.extend(block.iter().zip(best.iter::<f32>()).filter(|(_, best)| *best >= least).map(|(sample, _)| sample));
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

/// Whether the picture shows nothing.
pub fn is_blank(sample: &Sample) -> bool {
    let values = sample.chip.grey().map(f32::from);
    let mean = values.iter().sum::<f32>() / PIXELS as f32;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / PIXELS as f32;
    variance.sqrt() < BLANK
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance::{Emotion8, FaceChip};
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// A picture whose random grain depends on its row.
    fn sample(row: u32, pixel: impl Fn(usize, u8) -> u8) -> Sample {
        let mut random = ChaCha8Rng::seed_from_u64(row.into());
        let chip = FaceChip::from_grey(std::array::from_fn(|index| pixel(index, random.random())));
        Sample { source: row.to_string(), row: Some(row), class: Emotion8::Sad, votes: None, chip }
    }

    #[test]
    fn copies_mirror_images_and_brighter_copies_are_twins_and_others_not() {
        let others = [sample(1, |_, grain| grain), sample(2, |_, grain| grain)];
        let mut mirrored = *others[1].chip.grey();
        mirrored.chunks_exact_mut(CHIP_SIDE).for_each(<[u8]>::reverse);
        let samples = [
            sample(3, |_, grain| grain),
            sample(1, |_, grain| grain / 2 + 100),
            Sample { row: Some(4), chip: FaceChip::from_grey(mirrored), ..sample(4, |_, _| 0) },
            sample(5, |_, _| 77),
        ];
        let twins = find(&samples, &others, 0.93, &Device::flex());
        assert_eq!(twins.iter().map(|twin| twin.row).collect::<Vec<_>>(), [Some(1), Some(4)]);
        // Rows of more than one block are all looked at.
        let many: Vec<Sample> = (0..BLOCK as u32 + 3).map(|row| sample(row + 10, |_, grain| grain)).collect();
        let last = [many[BLOCK + 2].clone()];
        let rows: Vec<_> = find(&many, &last, 0.93, &Device::flex()).iter().map(|twin| twin.row).collect();
        assert_eq!(rows, [last[0].row]);
    }

    #[test]
    fn a_picture_without_contrast_is_blank() {
        assert!(is_blank(&sample(1, |_, _| 77)) && is_blank(&sample(1, |index, _| 77 + u8::from(index % 40 == 0))));
        assert!(!is_blank(&sample(1, |_, grain| 100 + grain / 32)));
    }
}
