//! `runs`

use std::path::PathBuf;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::Args;
use countenance_training::data::dataset;
use countenance_training::json;
use countenance_training::judge::evaluate;
use countenance_training::network::model::JointNet;
use countenance_training::network::store::Source;
use countenance_training::report::runs::{RunFigures, table};
use countenance_training::run::record::Training;

/// Judges finished runs, such as those of several seeds, and prints them as a table.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A run's folder. May be given several times.
    #[arg(long, required = true)]
    run: Vec<PathBuf>,
    /// The validation split: a folder of <class>/*.jpg|png.
    #[arg(long)]
    data: PathBuf,
    /// The FER+ votes, fer2013new.csv.
    #[arg(long)]
    votes: Option<PathBuf>,
    /// Rows with a twin in the training data, one a line.
    #[arg(long)]
    leak_list: Option<PathBuf>,
    /// The JSON to write. In a model's folder the card shows `runs.json` (other seeds and recipes of the network) and
    /// `baselines.json` (other networks).
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let mut samples = dataset::load_folder(&arguments.data)?;
    if let Some(votes) = &arguments.votes {
        dataset::attach_votes(&mut samples, votes)?;
    }
    let leaked = arguments.leak_list.as_deref().map(dataset::read_rows).transpose()?;
    let options = evaluate::Options { leaked, ..evaluate::Options::default() };
    let judge = |run: &PathBuf| -> Result<RunFigures> {
        let training: Training = json::read(&run.join("training.json"))?;
        let device = Device::flex();
        let net = JointNet::load(&training.run.recipe.network(), &device, &Source::read(run)?.tensors)?;
        let report = evaluate::evaluate_network(&net, training.calibration.temperature, &samples, &options, &device)?;
        Ok(RunFigures::new(&training, &report))
    };
    let judged = arguments.run.iter().map(|run| judge(run).with_context(|| run.display().to_string()));
    let runs = judged.collect::<Result<Vec<_>>>()?;
    if let Some(out) = &arguments.out {
        json::write(&runs, out)?;
    }
    print!("{}", table(&runs));
    Ok(())
}
