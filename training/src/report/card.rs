//! The model card: the template with the figures of the model's own files in it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::json;
use crate::judge::eight::Eight;
use crate::judge::evaluate::Report;
use crate::judge::interval::{Difference, Proportion};
use crate::judge::metrics::Metrics;
use crate::judge::other::OtherFigures;
use crate::judge::robustness::{Damage, Figures, Robustness};
use crate::judge::slices::{Gap, Grouping, Slices};
use crate::network::store::sha256;
use crate::report::runs::{self, RunFigures};
use crate::run::interpolate::{Choice, Interpolation};
use crate::run::record::{Calibrated, Training};
use crate::run::teacher::Provenance;

const TEMPLATE: &str = include_str!("model_card.md");

/// Validation loss and accuracy that the report of this network gives for what it compared.
const REPORTED: [(&str, f64, f64); 5] = [
    ("`complex_cnn_model_1`, the same network", 0.60, 0.76),
    ("grey baseline CNN", 0.62, 0.76),
    ("ResNet50V2, pretrained, colour", 0.99, 0.58),
    ("VGG16, pretrained, colour", 1.05, 0.54),
    ("EfficientNetV2B2, pretrained, colour", 1.36, 0.37),
];

/// The files whose hashes the card names.
const HASHED: [&str; 2] = ["weights.cnw", "model.safetensors"];

/// The card of the model in a folder, from its `metrics.json` and `training.json` and, where they are there,
/// `metrics_detected.json`, `robustness.json`, `slices.json`, `eight.json`, `other.json`, `precisions.json`, `runs.json`,
/// `baselines.json` and `ablations.md`.
///
/// # Errors
/// Where one of the first two is absent, one is damaged, or one was measured with another model or on other pictures
/// than `metrics.json`.
pub fn card(folder: &Path) -> Result<String> {
    let metrics: Report = json::read(&folder.join("metrics.json"))?;
    let training: Training = json::read(&folder.join("training.json"))?;
    let measured = Measured::read(folder)?;
    measured.check(&metrics)?;
    let mut files = String::new();
    for name in HASHED {
        let path = folder.join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let _ = write!(files, "`{name}`, {} bytes, sha256 `{}`<br>", bytes.len(), sha256(&bytes));
    }
    let seconds: f64 = training.run.history.iter().map(|epoch| epoch.seconds).sum();
    let leaked = metrics.leak_free.as_ref().map_or(0, |clean| metrics.all.count - clean.count);
    let values = BTreeMap::from([
        ("id", metrics.model.clone()),
        ("temperature", format!("{:.3}", training.calibration.temperature)),
        ("files", files.trim_end_matches("<br>").to_owned()),
        ("figures", figures(&metrics, &measured)),
        ("leaked", leaked.to_string()),
        ("report", metrics.all.report().trim_end().to_owned()),
        ("robustness", measured.robustness.as_ref().map_or_else(String::new, robustness_section)),
        ("slices", measured.slices.as_ref().map_or_else(String::new, slices_section)),
        ("eight", measured.eight.as_ref().map_or_else(String::new, eight_section)),
        ("other", measured.other.as_ref().map_or_else(String::new, other_section)),
        ("precisions", measured.precisions.as_deref().map_or_else(String::new, precisions_section)),
        ("ablations", measured.ablations.as_deref().map_or_else(String::new, ablations_section)),
        ("runs", measured.runs.as_deref().map_or_else(String::new, runs_section)),
        ("baselines", measured.baselines.as_deref().map_or_else(String::new, baselines_section)),
        ("reported", reported(&metrics)),
        (
            "pictures",
            match training.further_pictures {
                0 => format!(
                    "Trained on {} pictures, with {} held back.",
                    training.pictures, training.development_pictures
                ),
                further => format!(
                    "Trained on {} pictures, with {} held back, and on {further} further ones (`--more` in the command below).",
                    training.pictures - further,
                    training.development_pictures
                ),
            },
        ),
        ("development", format!("{:.0}%", 100.0 * training.run.recipe.development)),
        ("command", training.command.clone()),
        ("seed", training.run.seed.to_string()),
        ("epochs", training.run.history.len().to_string()),
        ("hours", format!("{:.1}", seconds / 3600.0)),
        ("hardware", training.hardware.clone()),
        ("recipe", training.recipe_file.clone()),
        ("interpolation", training.interpolation.as_ref().map_or_else(String::new, interpolation_section)),
        ("calibrated", training.calibrated.as_ref().map_or_else(String::new, calibrated_section)),
        ("description", training.run.recipe.description.clone()),
        (
            "teacher",
            training.run.teacher.as_ref().map_or_else(String::new, |teacher| teacher_section(teacher, &training)),
        ),
    ]);
    let mut text = TEMPLATE.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), &value);
    }
    ensure!(!text.contains("{{"), "the card's template names a value that is not known");
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    Ok(text)
}

/// How the two heads were mixed when the run was over.
fn interpolation_section(interpolation: &Interpolation) -> String {
    let Interpolation { command, share, choices, .. } = interpolation;
    format!(
        "Afterwards {:.0}% of the weights of the head over eight expressions, those for the four, went into the head over \
         four. Both heads are linear on the same features, so this mixes their logits and adds nothing to the network. It \
         moves the answers from FER2013's labels towards the votes of the annotators. The share was chosen by its effect \
         on the development part:\n\n```sh\n{command}\n```\n\n{}",
        100.0 * share,
        Choice::table(choices)
    )
}

/// What was fitted to the weights once they shipped.
fn calibrated_section(calibrated: &Calibrated) -> String {
    format!(
        "The weights are those of an earlier model, unchanged (`weights.cnw` with sha256 `{}`). What turns the second head's \
         answer into the probability of \"other\" was fitted to them afterwards:\n\n```sh\n{}\n```",
        calibrated.from, calibrated.command
    )
}

/// Who else's answers the network learned.
fn teacher_section(teacher: &Provenance, training: &Training) -> String {
    let share = 100.0 * training.run.recipe.target.teacher;
    let who = match &teacher.origin {
        Some(origin) => format!("{origin}, to {} pictures", teacher.pictures),
        None => format!(
            "{} networks of this kind to the same pictures, the mean over {} views of each",
            teacher.models.len(),
            teacher.views
        ),
    };
    format!("**Teacher**: {share:.0}% of the training targets were the answers of {who}.")
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
    /// The largest difference of a probability from that of the f32 weights.
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

/// A cell with a figure, where there is one.
fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

/// The main figures: all that a reader wants to know first.
fn figures(report: &Report, measured: &Measured) -> String {
    let clean = report.leak_free.as_ref();
    let mut table =
        format!("| | all {} | leak-free {} |\n|---|---|---|\n", report.all.count, clean.map_or(0, |clean| clean.count));
    let mut row = |name: &str, all: Option<f64>, clean: Option<f64>| {
        let _ = writeln!(table, "| {name} | {} | {} |", cell(all), cell(clean));
    };
    let mut both = |name: &str, of: fn(&Metrics) -> f64| row(name, Some(of(&report.all)), clean.map(of));
    both("accuracy", |metrics| metrics.accuracy);
    both("cross-entropy loss", |metrics| metrics.loss);
    both("macro F1", |metrics| metrics.macro_f1);
    both("expected calibration error (15 bins)", |metrics| metrics.expected_calibration_error);
    both("accuracy on the surest 80%", |metrics| metrics.accuracy_at_80_percent_coverage);
    row(
        "agreement with the FER+ majority",
        report.fer_plus.map(|share| share.accuracy),
        report.fer_plus_leak_free.map(|share| share.accuracy),
    );
    if let Some(flipped) = &report.flip_averaged {
        row("accuracy, answers to face and mirror image averaged", Some(flipped.accuracy), None);
        row("loss, so averaged", Some(flipped.loss), None);
    }
    if let Some(detected) = &measured.detected {
        let missed = detected.missed.unwrap_or_default();
        let name = format!("accuracy after detection and cropping ({missed} faces not found)");
        row(&name, Some(detected.all.accuracy), detected.leak_free.as_ref().map(|clean| clean.accuracy));
    }
    if let Some(robustness) = &measured.robustness {
        let name = format!("mean accuracy on damaged pictures ({} kinds, 5 strengths)", robustness.corruptions.len());
        row(&name, Some(robustness.mean.accuracy), None);
    }
    if let Some(eight) = &measured.eight {
        let name = format!("eight expressions: agreement with the FER+ majority, on {}", eight.accuracy.count);
        row(&name, Some(eight.accuracy.accuracy), None);
    }
    table.trim_end().to_owned()
}

fn robustness_section(robustness: &Robustness) -> String {
    let Figures { accuracy, expected_calibration_error } = robustness.mean;
    let mut text = format!(
        "### On damaged pictures\nThe same {} pictures, damaged on purpose in {} ways at five strengths: whole 48 x 48 \
         frames, without detection. Accuracy falls from {:.3} to a mean of {accuracy:.3}, with a calibration error of \
         {expected_calibration_error:.3}.\n\n![Accuracy by strength](robustness.svg)\n\n\
         <details><summary>Every strength</summary>\n\n\
         | damage | amount | 1 | 2 | 3 | 4 | 5 | mean | calibration error |\n|---|---|---|---|---|---|---|---|---|\n",
        robustness.count,
        robustness.corruptions.len(),
        robustness.clean.accuracy
    );
    for Damage { name, amount, mean, strengths } in &robustness.corruptions {
        let amounts: Vec<String> = strengths.iter().map(|strength| strength.amount.to_string()).collect();
        let cells: String = strengths.iter().map(|strength| format!(" {:.3} |", strength.figures.accuracy)).collect();
        let (accuracy, error) = (mean.accuracy, mean.expected_calibration_error);
        let amounts = amounts.join(", ");
        let _ = writeln!(text, "| {name} | {amount}: {amounts} |{cells} {accuracy:.3} | {error:.3} |");
    }
    text + "\n`training/src/judge/corrupt.rs` says where the amounts come from.\n\n</details>"
}

fn slices_section(slices: &Slices) -> String {
    let mut text = format!(
        "### By groups of pictures\n{} The groups below can be read from pictures and votes. The 95% confidence intervals \
         are Wilson's for shares and Newcombe's for the gap between the best and the worst group; they do not allow for \
         having picked out these two. Groups differ in their mix of expressions too.\n\n![Accuracy by group](slices.svg)\n\n\
         | grouping | gap | from | to |\n|---|---|---|---|\n",
        slices.unknown
    );
    for Grouping { name, gap, .. } in &slices.groupings {
        if let Some(Gap { best, worst, difference: Difference { value, low, high } }) = gap {
            let _ = writeln!(text, "| {name} | {value:.3} ({low:.3} to {high:.3}) | {worst} | {best} |");
        }
    }
    text.push_str(
        "\n<details><summary>Every group</summary>\n\n| grouping | group | faces | accuracy | mean probability of the \
         answer |\n|---|---|---|---|---|\n",
    );
    for Grouping { name, what, slices, .. } in &slices.groupings {
        for (slice, index) in slices.iter().zip(0..) {
            let Proportion { count, accuracy, low, high } = slice.accuracy;
            let first = if index == 0 { format!("{name}: {what}") } else { String::new() };
            let _ = writeln!(
                text,
                "| {first} | {} | {count} | {accuracy:.3} ({low:.3} to {high:.3}) | {:.3} |",
                slice.name, slice.confidence
            );
        }
    }
    text + "\n`evaluate --slices attributes.csv` does the same for attributes of your own pictures (training/README.md).\n\n</details>"
}

/// Below this recall an expression counts as hardly ever recognised.
const HARDLY_EVER: f64 = 0.1;

fn eight_section(eight: &Eight) -> String {
    let is_missed = |class: &&String| eight.per_class.get(*class).is_some_and(|figures| figures.recall < HARDLY_EVER);
    let missed: Vec<&str> = eight.classes.iter().filter(is_missed).map(String::as_str).collect();
    let missed = match missed.is_empty() {
        true => String::new(),
        false => format!(" **Hardly ever recognised: {}.**", missed.join(", ")),
    };
    format!(
        "### Eight expressions\nThe second head, on the pictures of all classes of the validation split, against the \
         strict majority of the ten FER+ annotators; {} pictures have no such majority and are left out. The loss is the \
         cross-entropy with the shares of the votes, which cannot be below {:.3}.{missed}\n\n```text\n{}\n```\n\n\
         ![Confusion matrix of eight expressions](confusion_matrix_eight.svg)",
        eight.without_majority,
        eight.least_loss,
        eight.text().trim_end()
    )
}

fn other_section(figures: &OtherFigures) -> String {
    let OtherFigures {
        other_from, uncertain_below, asserted, asserted_without, recognised, turned_away, answered, ..
    } = figures;
    let percent = |share: &Proportion| {
        format!("{:.1}% ({:.1} to {:.1})", 100.0 * share.accuracy, 100.0 * share.low, 100.0 * share.high)
    };
    format!(
        "### None of the four\nEvery answer carries `other`, the probability that the face shows none of the four \
         expressions, from the second head. Two numbers that make it so were fitted on the development part. These \
         figures are over the faces of the validation split of which more than half of the ten FER+ annotators chose the \
         same expression: {} show none of the four, {} one of them. A face is labelled \"other\" from {other_from} on, \
         and an expression is named only when the face shows it with a probability of {uncertain_below} or more, `other` \
         counted.\n\n\
         | | share (95% interval) |\n|---|---|\n\
         | of those that show none of the four: labelled \"other\" | {} |\n\
         | labelled with one of the four all the same | {} |\n\
         | the same without `other` | {} |\n\
         | of those that show one of the four: labelled \"other\" | {} |\n\
         | labelled with one of the four | {} |\n\n\
         The area under the ROC curve is {:.3}, the expected calibration error of `other` {:.3}.\n\n\
         | Probability of \"other\" | Turning more or fewer away |\n|---|---|\n\
         | ![Reliability of other](other_reliability.svg) | ![Recognised by share turned away](other_curve.svg) |",
        recognised.count,
        answered.count,
        percent(recognised),
        percent(asserted),
        percent(asserted_without),
        percent(turned_away),
        percent(answered),
        figures.auroc,
        figures.expected_calibration_error
    )
}

fn precisions_section(precisions: &[StoredAs]) -> String {
    let mut text = String::from(
        "### In fewer bits\nThe same weights in every precision. `model.safetensors` holds those of the row f16; the differences are \
         from the f32 weights that the run ended with.\n\n| weights stored as | bytes | whole module, Brotli | accuracy | \
         calibration error | largest difference of a probability |\n|---|---|---|---|---|---|\n",
    );
    for row in precisions {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.3} | {:.3} | {:.3} |",
            row.precision,
            row.weights_bytes,
            row.module_brotli_bytes,
            row.accuracy,
            row.calibration_error,
            row.worst_probability_difference
        );
    }
    text
}

fn ablations_section(table: &str) -> String {
    format!(
        "### What each choice is worth\nSo short a schedule favours what learns fast: rows about augmentation and \
         smoothing show how much these slow learning down, not what they are worth in a long run.\n\n{table}"
    )
}

fn runs_section(runs: &[RunFigures]) -> String {
    format!(
        "### Other runs\nFinished runs, evaluated with their f32 weights on the same pictures.\n\n{}",
        runs::table(runs)
    )
}

fn baselines_section(runs: &[RunFigures]) -> String {
    format!(
        "The report's networks, trained here from scratch on one short schedule and evaluated alike, in f32: the grey \
         baseline (684,036 parameters), this network (1,839,876) and the second complex one (3,408,196). The report \
         gives their parameters but not all of their layers; `training/src/network/architecture.rs` says what was chosen.\n\n{}",
        runs::table(runs)
    )
}

/// The report's own comparison beside this model.
fn reported(metrics: &Report) -> String {
    let mut text = String::from("| network | loss | accuracy | |\n|---|---|---|---|\n");
    let mut row = |name: &str, loss: f64, accuracy: f64, whence: &str| {
        let _ = writeln!(text, "| {name} | {loss:.3} | {accuracy:.3} | {whence} |");
    };
    row(&format!("**{}**", metrics.model), metrics.all.loss, metrics.all.accuracy, "measured here");
    for (name, loss, accuracy) in REPORTED {
        let _ = writeln!(text, "| {name} | {loss:.2} | {accuracy:.2} | as reported |");
    }
    text.trim_end().to_owned()
}
