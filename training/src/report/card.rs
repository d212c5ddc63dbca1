//! The model card: `model_card.md`, a Jinja template, rendered with the figures of the model's own files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use minijinja::{Environment, UndefinedBehavior, context};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::json;
use crate::judge::eight::Eight;
use crate::judge::evaluate::Report;
use crate::judge::other::OtherFigures;
use crate::judge::robustness::Robustness;
use crate::judge::slices::Slices;
use crate::network::store::sha256;
use crate::report::runs::{self, RunFigures};
use crate::run::interpolate::Choice;
use crate::run::record::Training;

const TEMPLATE: &str = include_str!("model_card.md");

/// The files whose hashes the card names.
const HASHED: [&str; 2] = ["weights.cnw", "model.safetensors"];

/// Below this recall an expression counts as hardly ever recognised.
const HARDLY_EVER: f64 = 0.1;

/// Renders the card of the model in a folder from its `metrics.json` and `training.json` and, where they exist,
/// `metrics_detected.json`, `robustness.json`, `slices.json`, `eight.json`, `other.json`, `precisions.json`,
/// `runs.json`, `baselines.json` and `ablations.md`.
///
/// # Errors
/// Where one of the first two is missing, a file is damaged, or a file was measured with another model or on other
/// pictures than `metrics.json`.
pub fn card(folder: &Path) -> Result<String> {
    let metrics: Report = json::read(&folder.join("metrics.json"))?;
    let training: Training = json::read(&folder.join("training.json"))?;
    let measured = Measured::read(folder)?;
    measured.check(&metrics)?;
    let files = HASHED.map(|name| hashed(folder, name)).into_iter().collect::<Result<Vec<_>>>()?;
    let seconds: f64 = training.run.history.iter().map(|epoch| epoch.seconds).sum();
    let Measured { detected, robustness, slices, eight, other, precisions, runs, baselines, ablations } = &measured;
    let values = context! {
        files,
        leaked => metrics.leak_free.as_ref().map_or(0, |clean| metrics.all.count - clean.count),
        report => metrics.all.report().trim_end(),
        eight_report => eight.as_ref().map(|eight| eight.text().trim_end().to_owned()),
        missed => eight.as_ref().map(missed),
        hours => seconds / 3600.0,
        choices => training.interpolation.as_ref().map(|mixed| Choice::table(&mixed.choices).trim_end().to_owned()),
        runs => runs.as_deref().map(table),
        baselines => baselines.as_deref().map(table),
        ablations => ablations.as_deref().map(str::trim_end),
        metrics, training, detected, robustness, slices, eight, other, precisions,
    };
    render(values).context("cannot render the card's template")
}

fn render(values: minijinja::Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_keep_trailing_newline(true);
    environment.set_trim_blocks(true);
    environment.add_filter("fixed", |value: f64, digits: usize| format!("{value:.digits$}"));
    // The files hold these numbers in single precision, the template's values are doubles.
    environment.add_filter("single", |value: f64| (value as f32).to_string());
    environment.template_from_str(TEMPLATE)?.render(values)
}

/// A file the card names, with its size and hash.
fn hashed(folder: &Path, name: &str) -> Result<minijinja::Value> {
    let path = folder.join(name);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(context! { name, bytes => bytes.len(), sha256 => sha256(&bytes) })
}

/// The expressions that are hardly ever recognised.
fn missed(eight: &Eight) -> Vec<&String> {
    let is_missed = |class: &&String| eight.per_class.get(*class).is_some_and(|figures| figures.recall < HARDLY_EVER);
    eight.classes.iter().filter(is_missed).collect()
}

fn table(runs: &[RunFigures]) -> String {
    runs::table(runs).trim_end().to_owned()
}

/// What a model folder holds beside `metrics.json` and `training.json`.
struct Measured {
    detected: Option<Report>,
    robustness: Option<Robustness>,
    slices: Option<Slices>,
    eight: Option<Eight>,
    other: Option<OtherFigures>,
    precisions: Option<Vec<StoredAs>>,
    runs: Option<Vec<RunFigures>>,
    /// Those of other networks.
    baselines: Option<Vec<RunFigures>>,
    /// The table that `ablate` writes.
    ablations: Option<String>,
}

/// One row of `precisions.json`: the same weights, stored in fewer bits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredAs {
    /// The precision's name.
    pub precision: String,
    /// Size of `weights.cnw`.
    pub weights_bytes: u64,
    /// Size of the whole module under Brotli.
    pub module_brotli_bytes: u64,
    /// As in `metrics.json`.
    pub accuracy: f64,
    /// As in `metrics.json`.
    pub calibration_error: f64,
    /// The largest difference between a probability and that of the f32 weights.
    pub worst_probability_difference: f64,
}

impl Measured {
    fn read(folder: &Path) -> Result<Self> {
        Ok(Self {
            detected: read_if_there(&folder.join("metrics_detected.json"))?,
            robustness: read_if_there(&folder.join("robustness.json"))?,
            slices: read_if_there(&folder.join("slices.json"))?,
            eight: read_if_there(&folder.join("eight.json"))?,
            other: read_if_there(&folder.join("other.json"))?,
            precisions: read_if_there(&folder.join("precisions.json"))?,
            runs: read_if_there(&folder.join("runs.json"))?,
            baselines: read_if_there(&folder.join("baselines.json"))?,
            ablations: read_table(&folder.join("ablations.md"))?,
        })
    }

    /// Whether all were measured with the model and on the pictures of `metrics.json`.
    fn check(&self, metrics: &Report) -> Result<()> {
        let models = [
            ("metrics_detected.json", self.detected.as_ref().map(|report| &report.model)),
            ("robustness.json", self.robustness.as_ref().map(|robustness| &robustness.model)),
            ("slices.json", self.slices.as_ref().map(|slices| &slices.model)),
            ("eight.json", self.eight.as_ref().map(|eight| &eight.model)),
            ("other.json", self.other.as_ref().map(|other| &other.model)),
        ];
        for (file, model) in models {
            let model = model.unwrap_or(&metrics.model);
            ensure!(*model == metrics.model, "{file} is about {model}, metrics.json about {}", metrics.model);
        }
        let robustness = self.robustness.as_ref().map(Robustness::summary);
        ensure!(robustness == metrics.robustness, "robustness.json and metrics.json were not written together");
        let accuracy = self.slices.as_ref().map_or(metrics.all.accuracy, |slices| slices.all.accuracy);
        ensure!(accuracy == metrics.all.accuracy, "slices.json and metrics.json were not written together");
        Ok(())
    }
}

fn read_table(path: &Path) -> Result<Option<String>> {
    path.exists()
        .then(|| fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display())))
        .transpose()
}

fn read_if_there<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    path.exists().then(|| json::read(path)).transpose()
}
