//! `export`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use countenance::weights::{Precision, Weights};
use countenance_training::json;
use countenance_training::judge::golden::golden;
use countenance_training::network::store::{self, WEIGHTS};
use countenance_training::report::plots;
use countenance_training::run::record::Training;

use super::files::{make_folder, write};

/// Makes a model folder from a run: weights.cnw, which the module compiles in, model.safetensors in f16, golden.json,
/// training.json and plots.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The run's folder.
    #[arg(long)]
    run: PathBuf,
    /// The model's id.
    #[arg(long)]
    id: String,
    /// How weights.cnw stores kernels and matrices.
    #[arg(long, value_parser = precision, default_value = Precision::Int8.name())]
    precision: Precision,
    /// The pictures for golden.json.
    #[arg(long, default_value = "tests/fixtures")]
    fixtures: PathBuf,
    /// The machine that trained, for the card.
    #[arg(long)]
    hardware: String,
    /// The model folder. Default: models/<id>
    #[arg(long)]
    out: Option<PathBuf>,
}

fn precision(name: &str) -> Result<Precision, String> {
    let names = Precision::ALL.map(Precision::name).join(", ");
    Precision::from_name(name).ok_or_else(|| format!("must be one of {names}"))
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let out = arguments.out.clone().unwrap_or_else(|| ["models", &arguments.id].iter().collect());
    make_folder(&out)?;
    let source = arguments.run.join(WEIGHTS);
    let bytes =
        fs::read(&source).with_context(|| format!("cannot read {}: `train` writes it at its end", source.display()))?;
    let container = store::convert(&bytes, Some(&arguments.id), arguments.precision)?;
    write(&out.join("weights.cnw"), &container)?;
    write(&out.join(WEIGHTS), &store::to_f16(&bytes)?)?;
    let training =
        Training { hardware: arguments.hardware.clone(), ..json::read(&arguments.run.join("training.json"))? };
    json::write(&training, &out.join("training.json"))?;
    let answers = golden(&Weights::parse(&container)?, &arguments.fixtures, &Device::flex())?;
    json::write(&answers, &out.join("golden.json"))?;
    plots::curves(&training.run.history, &out)?;
    println!("{} bytes of weights in {}", container.len(), out.join("weights.cnw").display());
    Ok(())
}
