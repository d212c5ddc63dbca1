//! `interpolate`

use std::path::PathBuf;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::Args;
use countenance_training::json;
use countenance_training::network::model::JointNet;
use countenance_training::network::store::Source;
use countenance_training::run::calibration::Calibration;
use countenance_training::run::interpolate::{Choice, Interpolation, choices, interpolate};
use countenance_training::run::record::Training;

use super::files::{make_folder, shown, write_weights};
use super::options::Lesson;

/// Mixes a share of the head over eight expressions into the head over four, and prints what shares give on the
/// development part.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) lesson: Lesson,
    /// The folder of a model or run.
    #[arg(long)]
    pub(super) from: PathBuf,
    /// Share of the second head in the first, 0 to 1.
    #[arg(long)]
    pub(super) share: f64,
    /// The folder of a run, for `export`.
    #[arg(long)]
    pub(super) out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let training: Training = json::read(&arguments.from.join("training.json"))?;
    ensure!(training.calibration.temperature_eight.is_some(), "the head over eight expressions was not trained");
    ensure!(training.interpolation.is_none(), "the heads are already mixed: start from the weights of the run");
    let (recipe, _, development) = arguments.lesson.load()?;
    let device = Device::flex();
    let source = Source::read(&arguments.from)?;
    let load = |tensors| JointNet::load(&recipe.network(), &device, tensors);
    let choices = choices(&load(&source.tensors)?, &development, &device);
    print!("{}", Choice::table(&choices));
    let net = load(&interpolate(&source.tensors, arguments.share)?)?;
    let calibration = Calibration::fit(&net, &development, &device);
    make_folder(&arguments.out)?;
    write_weights(&net, &calibration, &arguments.out)?;
    let command = format!(
        "cargo run --release -p countenance-training -- interpolate \\\n  --from {} --share {} \\\n  {} --out {}",
        shown(&arguments.from),
        arguments.share,
        arguments.lesson.options(),
        shown(&arguments.out)
    );
    let interpolation = Interpolation { command, from: source.sha256, share: arguments.share, choices };
    let training = Training { calibration, interpolation: Some(interpolation), ..training };
    json::write(&training, &arguments.out.join("training.json"))
}
