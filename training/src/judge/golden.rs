//! Inputs with the answers they must get: what every engine and platform is held to.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use countenance::network::{ConvBlock, EmotionNet, EmotionNetConfig, load_eight};
use countenance::weights::{Weights, detector_model};
use countenance::{Appearance, CHIP_SIDE, DetectOptions, Emotion, Emotion8, FaceChip, FaceDetector, crop_face};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::data::dataset::read_picture;
use crate::network::model::faces;
use crate::network::store::{
    APPEARANCE_CENTRES, APPEARANCE_SPREADS, APPEARANCE_WEIGHTS, OTHER_OFFSET, OTHER_SCALE, SECOND_TEMPERATURE,
};

/// The pictures of `tests/fixtures` whose faces are among the inputs: both in the public domain.
const PORTRAITS: [&str; 2] = ["astronaut", "grace_hopper"];

/// The content of a model's `golden.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Golden {
    /// The largest difference of a probability that is allowed.
    pub tolerance: f64,
    /// Inputs and answers.
    pub cases: Vec<Case>,
}

/// An input with its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The 48x48 grey bytes, rows from the top, in hexadecimal.
    pub grey: String,
    /// Probabilities by expression, temperature and correction for the face's appearance applied.
    pub probabilities: BTreeMap<String, f32>,
    /// Those of the eight expressions, where the model has that head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eight: Option<BTreeMap<String, f32>>,
    /// The probability that the face shows none of the four, where the model has that head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<f32>,
}

/// Synthetic patterns, and the faces of the fixtures' portraits as the pipeline crops them, with the answers of the
/// network on Burn.
///
/// # Errors
/// Where a fixture is absent or the weights are no such network.
pub fn golden(weights: &Weights<'_>, fixtures: &Path, device: &Device) -> Result<Golden> {
    let read = |name: &str, shape: &[usize]| weights.f32(name, shape);
    let config = EmotionNetConfig::default();
    let net = EmotionNet::load(&config, device, read)?;
    let second = weights.contains("eight.weight").then(|| load_eight(&config, device, read)).transpose()?;
    let mut inputs = patterns();
    for name in PORTRAITS {
        inputs.push((name.to_owned(), portrait(&fixtures.join(format!("{name}.png")))?));
    }
    let cases = inputs.into_iter().map(|(name, chip)| {
        let grey = chip.grey().iter().map(|value| f32::from(*value) / 255.0).collect();
        let features = net.embed(faces(grey, 1, CHIP_SIDE, device), ConvBlock::forward);
        let four = Emotion::ALL.map(Emotion::name);
        let eight = match &second {
            Some(head) => {
                let names = Emotion8::ALL.map(Emotion8::name);
                Some(named(&names, head.forward(features.clone()), number(weights, SECOND_TEMPERATURE)?))
            }
            None => None,
        };
        Ok(Case {
            name,
            grey: chip.grey().iter().map(|value| format!("{value:02x}")).collect(),
            probabilities: named(&four, corrected(weights, &chip, net.classify(features))?, 1.0),
            other: eight.as_ref().map(|eight| other(weights, eight)).transpose()?,
            eight,
        })
    });
    Ok(Golden { tolerance: 1e-4, cases: cases.collect::<Result<_>>()? })
}

/// The first head's logits, temperature applied, and corrected for the face's appearance where the weights say how.
fn corrected(weights: &Weights<'_>, chip: &FaceChip, logits: Tensor<2>) -> Result<Tensor<2>> {
    let logits = logits.div_scalar(number(weights, "temperature")?);
    let Some(factors) = weights.metadata(APPEARANCE_WEIGHTS) else { return Ok(logits) };
    let list = |text: &str| text.split(',').map(str::parse::<f64>).collect::<Result<Vec<_>, _>>();
    let list_of = |key| list(weights.metadata(key).unwrap_or_default());
    let (centres, spreads, factors) = (list_of(APPEARANCE_CENTRES)?, list_of(APPEARANCE_SPREADS)?, list(factors)?);
    let measures = Appearance::of(chip).measures().into_iter().zip(centres.iter().zip(spreads));
    let deviations: Vec<f64> =
        measures.map(|(measure, (centre, spread))| ((f64::from(measure) - centre) / spread).clamp(-4.0, 4.0)).collect();
    let terms = [1.0].into_iter().chain(deviations.iter().copied()).chain(deviations.iter().map(|value| value * value));
    let terms: Vec<f64> = terms.collect();
    let parts = 1 + Emotion::COUNT;
    let sum =
        |part: usize| -> f64 { terms.iter().zip(factors.chunks(parts)).map(|(term, row)| term * row[part]).sum() };
    let shifts: [f32; Emotion::COUNT] = std::array::from_fn(|index| sum(1 + index) as f32);
    Ok(logits.clone().mul_scalar(sum(0).max(0.2)) + Tensor::from_floats([shifts], &logits.device()))
}

/// The probability of "other": logistic in the log-odds of the expressions that are not among the four.
fn other(weights: &Weights<'_>, eight: &BTreeMap<String, f32>) -> Result<f32> {
    let (mut four, mut others) = (0.0, 0.0);
    for (name, probability) in eight {
        *(if Emotion::from_name(name).is_some() { &mut four } else { &mut others }) += f64::from(*probability);
    }
    let log_odds = others.ln() - four.ln();
    let exponent = number(weights, OTHER_SCALE)? * log_odds + number(weights, OTHER_OFFSET)?;
    Ok((1.0 / (1.0 + (-exponent).exp())) as f32)
}

fn number(weights: &Weights<'_>, key: &str) -> Result<f64> {
    weights
        .metadata(key)
        .and_then(|value| value.parse().ok())
        .with_context(|| format!("the weights' metadata has no valid {key}"))
}

fn named(names: &[&str], logits: Tensor<2>, temperature: f64) -> BTreeMap<String, f32> {
    let answer = softmax(logits.div_scalar(temperature), 1).into_data();
    names.iter().map(|name| (*name).to_owned()).zip(answer.iter::<f32>()).collect()
}

fn patterns() -> Vec<(String, FaceChip)> {
    let chip = |pixel: &dyn Fn(usize, usize) -> usize| {
        FaceChip::from_grey(std::array::from_fn(|index| pixel(index % CHIP_SIDE, index / CHIP_SIDE) as u8))
    };
    // A linear congruential generator (constants of Numerical Recipes) rather than a crate's generator, which another
    // version may change: every golden file holds the same picture.
    let mut state = 1u32;
    let noise = std::array::from_fn(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    [
        ("black", chip(&|_, _| 0)),
        ("white", chip(&|_, _| 255)),
        ("dark to bright, left to right", chip(&|x, _| x * 255 / 47)),
        ("dark to bright, top to bottom", chip(&|_, y| y * 255 / 47)),
        ("stripes", chip(&|x, _| x / 4 % 2 * 255)),
        ("chequers", chip(&|x, y| (x / 6 + y / 6) % 2 * 255)),
        ("corner pixel", chip(&|x, y| if (x, y) == (47, 47) { 255 } else { 0 })),
        ("noise", FaceChip::from_grey(noise)),
    ]
    .map(|(name, chip)| (name.to_owned(), chip))
    .into()
}

fn portrait(path: &Path) -> Result<FaceChip> {
    let picture = read_picture(path)?;
    let frame = picture.frame();
    let mut detector = FaceDetector::new(&detector_model()?)?;
    let found = detector.detect(&frame, &DetectOptions::picture())?;
    ensure!(found.len() == 1, "{} shows {} faces, not one", path.display(), found.len());
    Ok(crop_face(&frame, &found[0].bounding_box)?)
}
