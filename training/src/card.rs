//! The model card: the template with the figures of the model's own files in it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::evaluate::Report;
use crate::train::State;

const TEMPLATE: &str = include_str!("model_card.md");

/// The files whose hashes the card names.
const HASHED: [&str; 2] = ["weights.cnw", "model.safetensors"];

/// The content of a model's `training.json`: how its weights came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The command that trained it.
    pub command: String,
    /// The recipe's file name.
    pub recipe_file: String,
    /// The machine and backend.
    pub hardware: String,
    /// Pictures trained on.
    pub pictures: usize,
    /// Pictures held back.
    pub development_pictures: usize,
    /// The temperature fitted on them.
    pub temperature: f64,
    /// That of the second head, where it was trained.
    pub temperature_eight: Option<f64>,
    /// Recipe, seed and history.
    pub run: State,
}

/// The card of the model in a folder, from its `metrics.json`, `training.json` and, where there is one,
/// `metrics_detected.json`.
///
/// # Errors
/// Where one is absent or damaged.
pub fn card(folder: &Path) -> Result<String> {
    let metrics: Report = read_json(&folder.join("metrics.json"))?;
    let training: Training = read_json(&folder.join("training.json"))?;
    let detected_path = folder.join("metrics_detected.json");
    let detected: Option<Report> = detected_path.exists().then(|| read_json(&detected_path)).transpose()?;
    let mut files = String::new();
    for name in HASHED {
        let path = folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = write!(files, "`{name}`, {} bytes, sha256 `{hash}`<br>", bytes.len());
    }
    let seconds: f64 = training.run.history.iter().map(|epoch| epoch.seconds).sum();
    let leaked = metrics.leak_free.as_ref().map_or(0, |clean| metrics.all.count - clean.count);
    let values = BTreeMap::from([
        ("id", metrics.model.clone()),
        ("temperature", format!("{:.3}", training.temperature)),
        ("files", files.trim_end_matches("<br>").to_owned()),
        ("figures", figures(&metrics)),
        ("leaked", leaked.to_string()),
        ("detected", detected.map_or_else(String::new, |detected| detection(&detected))),
        ("report", metrics.all.report().trim_end().to_owned()),
        (
            "pictures",
            format!("Trained on {} pictures, {} held back.", training.pictures, training.development_pictures),
        ),
        ("development", format!("{:.0}%", 100.0 * training.run.recipe.development)),
        ("command", training.command.clone()),
        ("seed", training.run.seed.to_string()),
        ("epochs", training.run.history.len().to_string()),
        ("hours", format!("{:.1}", seconds / 3600.0)),
        ("hardware", training.hardware.clone()),
        ("recipe", training.recipe_file.clone()),
    ]);
    let mut text = TEMPLATE.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), &value);
    }
    ensure!(!text.contains("{{"), "the card's template names a value that is not known");
    Ok(text)
}

/// Reads a JSON file.
///
/// # Errors
/// Where it is absent or of another form.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
}

fn figures(report: &Report) -> String {
    let clean = report.leak_free.as_ref();
    let mut table =
        format!("| | all {} | leak-free {} |\n|---|---|---|\n", report.all.count, clean.map_or(0, |clean| clean.count));
    let mut row = |name: &str, all: Option<f64>, clean: Option<f64>| {
        let cell = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
        let _ = writeln!(table, "| {name} | {} | {} |", cell(all), cell(clean));
    };
    let all = &report.all;
    row("accuracy", Some(all.accuracy), clean.map(|m| m.accuracy));
    row("cross-entropy loss", Some(all.loss), clean.map(|m| m.loss));
    row("macro F1", Some(all.macro_f1), clean.map(|m| m.macro_f1));
    row(
        "agreement with the FER+ majority",
        report.fer_plus.map(|share| share.accuracy),
        report.fer_plus_leak_free.map(|share| share.accuracy),
    );
    row(
        "expected calibration error (15 bins)",
        Some(all.expected_calibration_error),
        clean.map(|m| m.expected_calibration_error),
    );
    row(
        "accuracy on the surest 80%",
        Some(all.accuracy_at_80_percent_coverage),
        clean.map(|m| m.accuracy_at_80_percent_coverage),
    );
    if let Some(flipped) = &report.flip_averaged {
        row("accuracy, answers to face and mirror image averaged", Some(flipped.accuracy), None);
        row("loss, so averaged", Some(flipped.loss), None);
    }
    table.trim_end().to_owned()
}

fn detection(report: &Report) -> String {
    format!(
        "Through the whole pipeline (each picture enlarged to 192 pixels, the face found and cut out again), accuracy is \
         {:.3} on the {} pictures in which a face is found; in {} none is.",
        report.all.accuracy,
        report.all.count,
        report.missed.unwrap_or_default()
    )
}
