//! `precisions`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use countenance_training::data::dataset;
use countenance_training::judge::precisions::judge;
use countenance_training::network::store::WEIGHTS;

use super::files::{make_folder, write};

/// Judges a model in every precision that weights can be stored in, and prints JSON. `npm run precisions` adds the sizes
/// of the modules and writes the card's table.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The model folder.
    folder: PathBuf,
    /// The run that the model was exported from: it has the weights in f32.
    #[arg(long)]
    run: PathBuf,
    /// The validation split: a folder of <class>/*.jpg|png.
    #[arg(long)]
    data: PathBuf,
    /// Where the weights go, as <precision>.cnw.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let read = |path: PathBuf| fs::read(&path).with_context(|| format!("cannot read the weights {}", path.display()));
    let (exact, shipped) = (read(arguments.run.join(WEIGHTS))?, read(arguments.folder.join("weights.cnw"))?);
    let judged = judge(&exact, &shipped, &dataset::load_folder(&arguments.data)?)?;
    make_folder(&arguments.out)?;
    for row in &judged {
        write(&arguments.out.join(format!("{}.cnw", row.precision)), &row.weights)?;
    }
    println!("{}", serde_json::to_string_pretty(&judged)?);
    Ok(())
}
