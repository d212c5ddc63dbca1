//! What a recipe teaches, as a file: the pictures and targets for a teacher of another kind, trained by another tool,
//! whose answers come back for `train --teacher`.

use std::path::Path;

use anyhow::{Context, Result};
use countenance::{CHIP_SIDE, Emotion, Emotion8};
use safetensors::tensor::{Dtype, TensorView};

use crate::data::dataset::Sample;
use crate::run::batches::{target_eight, target_four};
use crate::run::recipe::Target;
use crate::run::teacher::key;

/// The tensors of one part, as bytes.
struct Part {
    keys: Vec<u8>,
    pictures: Vec<u8>,
    labels: Vec<u8>,
    four: Vec<u8>,
    eight: Vec<u8>,
    count: usize,
}

impl Part {
    fn new(samples: &[Sample], target: &Target) -> Self {
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        Self {
            keys: samples.iter().flat_map(|sample| key(&sample.chip).to_le_bytes()).collect(),
            pictures: samples.iter().flat_map(|sample| sample.chip.grey()).copied().collect(),
            labels: samples.iter().map(|sample| sample.class.index() as u8).collect(),
            four: samples.iter().flat_map(|sample| bytes(&target_four(sample, target, None))).collect(),
            eight: samples.iter().flat_map(|sample| bytes(&target_eight(sample, target, None))).collect(),
            count: samples.len(),
        }
    }

    fn tensors(&self, name: &str) -> Result<Vec<(String, TensorView<'_>)>> {
        let count = self.count;
        let tensors = [
            ("keys", TensorView::new(Dtype::U64, vec![count], &self.keys)?),
            ("pictures", TensorView::new(Dtype::U8, vec![count, CHIP_SIDE, CHIP_SIDE], &self.pictures)?),
            ("labels", TensorView::new(Dtype::U8, vec![count], &self.labels)?),
            ("four", TensorView::new(Dtype::F32, vec![count, Emotion::COUNT], &self.four)?),
            ("eight", TensorView::new(Dtype::F32, vec![count, Emotion8::COUNT], &self.eight)?),
        ];
        Ok(tensors.map(|(tensor, view)| (format!("{name}.{tensor}"), view)).into())
    }
}

/// Writes a safetensors file with, for each of the parts `training` and `development`: `keys` `[n]` (by which a teacher's
/// answers are found), `pictures` `[n, 48, 48]` in grey, `labels` `[n]` (indices in the order of `Emotion8::ALL`), and
/// the targets `four` `[n, 4]` (zeros where the label is none of the four) and `eight` `[n, 8]`.
///
/// # Errors
/// Where the file cannot be written.
pub fn write(training: &[Sample], development: &[Sample], target: &Target, path: &Path) -> Result<()> {
    let (training, development) = (Part::new(training, target), Part::new(development, target));
    let tensors = [training.tensors("training")?, development.tensors("development")?].concat();
    safetensors::serialize_to_file(tensors, None, path).with_context(|| format!("cannot write {}", path.display()))
}
