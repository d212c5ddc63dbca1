//! One model's weights in every precision that they can be stored in, judged on the same faces.

use anyhow::{Result, ensure};
use countenance::weights::{Precision, Weights};
use serde::Serialize;

use crate::data::dataset::Sample;
use crate::judge::evaluate::{self, evaluate};
use crate::network::store;

/// The model in one precision. A row of `precisions.json` but for the module's size, which takes a build.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InPrecision {
    /// The precision's name.
    pub precision: &'static str,
    /// The container, as `export --precision` writes it.
    #[serde(skip)]
    pub weights: Vec<u8>,
    /// Its length.
    pub weights_bytes: usize,
    /// As in `metrics.json`.
    pub accuracy: f64,
    /// As in `metrics.json`.
    pub calibration_error: f64,
    /// The largest difference between a probability and that of the f32 weights.
    pub worst_probability_difference: f32,
}

/// Judges the f32 weights of a run's `model.safetensors` in every precision, from the largest to the smallest.
///
/// # Errors
/// Where the bytes are not such a file; where `shipped`, the model's container, is not among the precisions; where no
/// sample is of the four expressions.
pub fn judge(safetensors: &[u8], shipped: &[u8], samples: &[Sample]) -> Result<Vec<InPrecision>> {
    ensure!(store::is_f32(safetensors)?, "these weights are already rounded to f16; give the run's f32 weights");
    let id = Weights::parse(shipped)?.id().to_owned();
    let convert = |precision| store::convert(safetensors, Some(&id), precision);
    let exact = evaluate(&Weights::parse(&convert(Precision::F32)?)?, samples, &evaluate::Options::default())?.1;
    let judged = Precision::ALL.map(|precision| {
        let weights = convert(precision)?;
        let (report, answers) = evaluate(&Weights::parse(&weights)?, samples, &evaluate::Options::default())?;
        let pairs = answers.values().zip(exact.values());
        let differences = pairs.flat_map(|(a, b)| a.probabilities.into_iter().zip(b.probabilities));
        Ok(InPrecision {
            precision: precision.name(),
            weights_bytes: weights.len(),
            weights,
            accuracy: report.all.accuracy,
            calibration_error: report.all.expected_calibration_error,
            worst_probability_difference: differences.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max),
        })
    });
    let judged = judged.into_iter().collect::<Result<Vec<_>>>()?;
    ensure!(
        judged.iter().any(|row| row.weights == shipped),
        "the weights of {id} were not made from this run in any precision"
    );
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use countenance::network::EmotionNetConfig;
    use countenance::{CHIP_SIDE, Emotion, Emotion8, FaceChip};

    use super::*;
    use crate::network::model::JointNet;

    /// A file of a network drawn at random, as a run leaves it.
    fn file(seed: u64) -> Vec<u8> {
        let device = Device::flex();
        device.seed(seed);
        let net = JointNet::new(&EmotionNetConfig::default(), &device);
        let classes = Emotion::ALL.map(Emotion::name).join(",");
        let metadata = [
            ("classes", classes.as_str()),
            ("temperature", "1"),
            (store::SECOND_TEMPERATURE, "1"),
            (store::OTHER_SCALE, "1"),
            (store::OTHER_OFFSET, "0"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let path = std::env::temp_dir().join(format!("countenance-precisions-{}-{seed}", std::process::id()));
        store::write_safetensors(&net, metadata.into(), &path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        bytes
    }

    #[test]
    fn fewer_bits_differ_more_and_foreign_weights_are_refused() {
        let [ours, foreign] = [1, 2].map(file);
        let shipped = |bytes: &[u8], id| store::convert(bytes, Some(id), Precision::Int4).unwrap();
        let sample = |shade: usize| Sample {
            source: shade.to_string(),
            row: None,
            class: Emotion8::Happy,
            votes: None,
            chip: FaceChip::from_grey(std::array::from_fn(|at| (at * shade % 251 + at / CHIP_SIDE) as u8 / 2)),
        };
        let samples: Vec<Sample> = (1..9).map(sample).collect();
        let judged = judge(&ours, &shipped(&ours, "ours-1"), &samples).unwrap();
        assert_eq!(judged.iter().map(|row| row.precision).collect::<Vec<_>>(), ["f32", "f16", "int8", "int4", "int3"]);
        assert!(judged.is_sorted_by(|a, b| a.weights_bytes >= b.weights_bytes));
        let [f32, f16, int8, int4, int3] = [0, 1, 2, 3, 4].map(|row| judged[row].worst_probability_difference);
        assert_eq!(f32, 0.0);
        assert!(0.0 < f16 && f16 < int8 && int8 < int4.min(int3), "{f16} {int8} {int4} {int3}");
        let refused = |bytes: &[u8], shipped: &[u8]| judge(bytes, shipped, &samples).unwrap_err().to_string();
        assert!(refused(&ours, &shipped(&foreign, "foreign-1")).contains("foreign-1"));
        let rounded = store::to_f16(&ours).unwrap();
        assert!(refused(&rounded, &shipped(&ours, "ours-1")).contains("rounded to f16"));
    }
}
