//! `calibrate`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::Args;
use countenance::weights::Weights;
use countenance::{Appearance, EmotionClassifier, Error, FaceChip};
use countenance_training::data::dataset::Sample;
use countenance_training::json;
use countenance_training::judge::corrupt::Corruption;
use countenance_training::judge::golden::golden;
use countenance_training::network::store::{self, WEIGHTS, sha256};
use countenance_training::report::plots;
use countenance_training::run::appearance::{AppearanceFit, Seen};
use countenance_training::run::calibration::Calibration;
use countenance_training::run::other::Other;
use countenance_training::run::record::{Calibrated, Training};
use rayon::prelude::*;

use super::files::{make_folder, shown, write};
use super::options::Lesson;

/// Makes a new model of another one's weights: fits, to the shipped engine's answers on the development part, what makes
/// the second head's answer the probability of "other", and what takes back the effect of a face's appearance. Weights
/// and temperatures stay.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    lesson: Lesson,
    /// The model folder.
    #[arg(long)]
    from: PathBuf,
    /// The new model's id.
    #[arg(long)]
    id: String,
    /// The pictures for golden.json.
    #[arg(long, default_value = "tests/fixtures")]
    fixtures: PathBuf,
    /// The new model's folder. Default: models/<id>
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let training: Training = json::read(&arguments.from.join("training.json"))?;
    ensure!(training.calibration.temperature_eight.is_some(), "the head over eight expressions was not trained");
    let read = |name: &str| {
        let path = arguments.from.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (container, exact) = (read("weights.cnw")?, read(WEIGHTS)?);
    let weights = Weights::parse(&container)?;
    let (_, _, development) = arguments.lesson.load()?;

    let identity = Calibration {
        other: Some(Other::IDENTITY),
        appearance: Some(AppearanceFit::identity()),
        ..training.calibration.clone()
    };
    let uncalibrated = store::annotate(&weights, &arguments.id, &identity.metadata())?;
    let mut classifier = EmotionClassifier::new(&Weights::parse(&uncalibrated)?)?;
    let mut faces = Vec::with_capacity(development.len());
    for sample in &development {
        let eight = classifier.answers(&sample.chip)?.eight.context("the second head gave no answer")?;
        faces.push((sample, *eight.as_array()));
    }
    let other = Other::fit(faces);
    println!("other: scale {}, offset {}", other.scale, other.offset);
    let [undamaged, damaged] = seen(&classifier, &development)?;
    let appearance = AppearanceFit::fit(&undamaged, &damaged)?;
    println!("appearance: {appearance:?}");

    let out = arguments.out.clone().unwrap_or_else(|| ["models", &arguments.id].iter().collect());
    make_folder(&out)?;
    let calibration = Calibration { other: Some(other), appearance: Some(appearance), ..training.calibration };
    let calibrated = store::annotate(&weights, &arguments.id, &calibration.metadata())?;
    write(&out.join("weights.cnw"), &calibrated)?;
    write(&out.join(WEIGHTS), &store::annotate_safetensors(&exact, &calibration.metadata())?)?;
    let command = format!(
        "cargo run --release -p countenance-training -- calibrate \\\n  --from {} --id {} \\\n  {}",
        shown(&arguments.from),
        arguments.id,
        arguments.lesson.options()
    );
    let calibrated_by = Calibrated { command, from: sha256(&container) };
    let training = Training { calibration, calibrated: Some(calibrated_by), ..training };
    json::write(&training, &out.join("training.json"))?;
    let answers = golden(&Weights::parse(&calibrated)?, &arguments.fixtures, &Device::flex())?;
    json::write(&answers, &out.join("golden.json"))?;
    plots::curves(&training.run.history, &out)
}

/// The answers to the faces of the four expressions, undamaged, and with every kind of damage at every strength.
fn seen(classifier: &EmotionClassifier, development: &[Sample]) -> Result<[Vec<Seen>; 2]> {
    let faces = development.iter().filter_map(|sample| Some((sample, sample.emotion()?)));
    let faces: Vec<_> = (0..).zip(faces).collect();
    let seen = faces.par_iter().map_init(
        || classifier.clone(),
        |classifier, (place, (sample, label))| {
            let mut see = |chip: &FaceChip| {
                let probabilities = classifier.classify(chip)?;
                let logits = probabilities.as_array().map(|probability| probability.max(f32::MIN_POSITIVE).ln());
                Ok::<_, Error>(Seen { measures: Appearance::of(chip).measures(), logits, label: *label })
            };
            let undamaged = see(&sample.chip)?;
            let mut damaged = Vec::new();
            for corruption in Corruption::ALL {
                for amount in corruption.scale().amounts {
                    let chip = corruption.of_picture(&sample.chip, amount, sample.row.map_or(*place, u64::from))?;
                    damaged.push(see(&chip)?);
                }
            }
            Ok((undamaged, damaged))
        },
    );
    let (undamaged, damaged): (Vec<_>, Vec<_>) = seen.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    Ok([undamaged, damaged.concat()])
}
