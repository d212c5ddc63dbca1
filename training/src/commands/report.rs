//! `report`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use countenance::weights::Weights;
use countenance_training::data::dataset;
use countenance_training::json;
use countenance_training::judge::evaluate;
use countenance_training::network::store;
use countenance_training::report::findings::{Findings, Measures};

use super::card;

/// Measures everything about a model of this repository, and writes it and the card into the model's folder.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The model folder.
    folder: PathBuf,
    /// The validation split: a folder of <class>/*.jpg|png.
    #[arg(long)]
    data: PathBuf,
    /// The FER+ votes, fer2013new.csv.
    #[arg(long)]
    votes: PathBuf,
    /// Rows with a twin in the training data, one a line.
    #[arg(long)]
    leak_list: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let path = arguments.folder.join("weights.cnw");
    let bytes = store::read(&path)?;
    let weights = Weights::parse(&bytes)?;
    let leaked = dataset::read_rows(&arguments.leak_list)?;
    let measure = |(mut samples, missed): (Vec<_>, Option<usize>), everything: bool| {
        dataset::attach_votes(&mut samples, &arguments.votes)?;
        let options = evaluate::Options { leaked: Some(leaked.clone()), flip: everything, missed };
        let slices = everything.then_some(None);
        let measures = Measures { options, robustness: everything, slices, eight: everything };
        Findings::new(&weights, &samples, &measures)
    };
    let (found, missed) = dataset::detect_folder(&arguments.data)?;
    let detected = measure((found, Some(missed)), false)?;
    json::write(&detected.report, &arguments.folder.join("metrics_detected.json"))?;
    let findings = measure((dataset::load_folder(&arguments.data)?, None), true)?;
    findings.write(&arguments.folder)?;
    print!("{}", findings.text());
    card::write_card(&arguments.folder)
}
