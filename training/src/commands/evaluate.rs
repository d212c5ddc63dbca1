//! `evaluate`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use countenance::weights::Weights;
use countenance_training::data::dataset;
use countenance_training::json;
use countenance_training::judge::evaluate;
use countenance_training::network::store;
use countenance_training::report::findings::{Findings, Measures};

/// Judges weights on a folder of <class>/*.jpg|png.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A model of this repository, by its id under models/.
    #[arg(long, required_unless_present = "weights")]
    model: Option<String>,
    /// Or a weights file, .cnw or .safetensors.
    #[arg(long, conflicts_with = "model")]
    weights: Option<PathBuf>,
    /// The folder; faces of 48x48 or larger.
    #[arg(long)]
    data: PathBuf,
    /// Look for the largest face in each picture and crop it as the module does, and count the misses.
    #[arg(long)]
    detect: bool,
    /// The FER+ votes, fer2013new.csv, for files named by their row: gives the agreement with the majority too.
    #[arg(long)]
    votes: Option<PathBuf>,
    /// Rows with a twin in the training data, one a line: gives the figures without them too.
    #[arg(long)]
    leak_list: Option<PathBuf>,
    /// Classify mirror images too, and report the figures of the averaged answers.
    #[arg(long)]
    flip: bool,
    /// Compare with the answers in a table with the columns image, happy, neutral, sad, surprise.
    #[arg(long)]
    compare: Option<PathBuf>,
    /// Damage the pictures in sixteen ways at five strengths, and give the figures of that too.
    #[arg(long, conflicts_with = "detect")]
    robustness: bool,
    /// Give the accuracy by groups of pictures too: by light, size, pose and votes, and by the attributes of a table, if
    /// one is named, with the column file and any others.
    #[arg(long, num_args = 0..=1, value_name = "ATTRIBUTES", conflicts_with = "detect")]
    slices: Option<Option<PathBuf>>,
    /// Judge the second head too, over eight expressions, by the FER+ votes on all classes.
    #[arg(long, requires = "votes", conflicts_with = "detect")]
    eight: bool,
    /// Write the figures and their plots into this folder.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let path = match (&arguments.weights, &arguments.model) {
        (Some(weights), _) => weights.clone(),
        (None, model) => ["models", model.as_deref().unwrap_or_default(), "weights.cnw"].iter().collect(),
    };
    let bytes = store::read(&path)?;
    let weights = Weights::parse(&bytes)?;
    let (mut samples, missed) = if arguments.detect {
        let (samples, missed) = dataset::detect_folder(&arguments.data)?;
        (samples, Some(missed))
    } else {
        (dataset::load_folder(&arguments.data)?, None)
    };
    if let Some(votes) = &arguments.votes {
        dataset::attach_votes(&mut samples, votes)?;
    }
    let leaked = arguments.leak_list.as_deref().map(dataset::read_rows).transpose()?;
    let measures = Measures {
        options: evaluate::Options { leaked, flip: arguments.flip, missed },
        robustness: arguments.robustness,
        slices: arguments.slices.clone(),
        eight: arguments.eight,
    };
    let findings = Findings::new(&weights, &samples, &measures)?;
    if let Some(table) = &arguments.compare {
        let (count, largest) = evaluate::compare(&findings.answers, table)?;
        eprintln!("largest difference from {}: {largest:.2e} over {count} images", table.display());
    }
    match &arguments.out {
        Some(out) if arguments.detect => json::write(&findings.report, &out.join("metrics_detected.json"))?,
        Some(out) => findings.write(out)?,
        None => {}
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&findings.report)?);
    } else {
        print!("{}", findings.text());
    }
    Ok(())
}
