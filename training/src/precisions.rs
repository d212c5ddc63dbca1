//! One model's weights in every precision that they can be stored in, judged on the same faces.

use anyhow::{Result, ensure};
use countenance::weights::{Precision, Weights};
use serde::Serialize;

use crate::dataset::Sample;
use crate::evaluate::{self, evaluate};
use crate::store;

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
    /// The largest difference of a probability from that of the f32 weights.
    pub worst_probability_difference: f32,
}

/// Judges the f32 weights of a `model.safetensors` in every precision, from the largest to the smallest.
///
/// # Errors
/// Where the bytes are no such file, none of the precisions is `shipped`, the model's container, or no sample is of the
/// four expressions.
pub fn judge(safetensors: &[u8], shipped: &[u8], samples: &[Sample]) -> Result<Vec<InPrecision>> {
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
    ensure!(judged.iter().any(|row| row.weights == shipped), "the shipped weights of {id} are none of these");
    Ok(judged)
}

#[cfg(test)]
mod tests {
    use countenance::{CHIP_SIDE, Emotion8, FaceChip};

    use super::*;

    #[test]
    fn fewer_bits_differ_more_and_foreign_weights_are_refused() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/");
        let read = |name: &str| std::fs::read(format!("{folder}{name}")).unwrap();
        let weights = read("emotion-2/model.safetensors");
        let sample = |shade: usize| Sample {
            source: shade.to_string(),
            row: None,
            class: Emotion8::Happy,
            votes: None,
            chip: FaceChip::from_grey(std::array::from_fn(|at| (at * shade % 251 + at / CHIP_SIDE) as u8 / 2)),
        };
        let samples: Vec<Sample> = (1..9).map(sample).collect();
        let judged = judge(&weights, &read("emotion-2/weights.cnw"), &samples).unwrap();
        assert_eq!(judged.iter().map(|row| row.precision).collect::<Vec<_>>(), ["f32", "f16", "int8", "int4", "int3"]);
        assert!(judged.is_sorted_by(|a, b| a.weights_bytes >= b.weights_bytes));
        let [f32, f16, int8, int4, int3] = [0, 1, 2, 3, 4].map(|row| judged[row].worst_probability_difference);
        assert_eq!(f32, 0.0);
        assert!(0.0 < f16 && f16 < int8 && int8 < int4.min(int3), "{f16} {int8} {int4} {int3}");
        let error = judge(&weights, &read("emotion-1/weights.cnw"), &samples).unwrap_err();
        assert!(error.to_string().contains("emotion-1"), "{error}");
    }
}
