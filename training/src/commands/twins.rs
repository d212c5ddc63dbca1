//! `twins`

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use clap::Args;
use countenance_training::data::{dataset, twins};

/// Prints the rows of training pictures that are the same picture as one of the validation split, or blank.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A folder with train/ and validation/, or a fer2013.csv.
    #[arg(long)]
    data: PathBuf,
    /// Print the rows of validation pictures with a twin in training instead, for --leak-list.
    #[arg(long)]
    of_validation: bool,
    /// The least correlation of twins.
    #[arg(long, default_value_t = 0.93)]
    least: f32,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (training, validation) =
        (dataset::load(&arguments.data, "train")?, dataset::load(&arguments.data, "validation")?);
    let (samples, others) = if arguments.of_validation { (&validation, &training) } else { (&training, &validation) };
    let twins = twins::find(samples, others, arguments.least, &Device::flex());
    // Nothing is learned from blank pictures, but they can be judged.
    let blank = samples.iter().filter(|sample| !arguments.of_validation && twins::is_blank(sample));
    let rows: BTreeSet<u32> = twins.into_iter().chain(blank).filter_map(|sample| sample.row).collect();
    for row in rows {
        println!("{row}");
    }
    Ok(())
}
