//! The cards of the repository's models say what their files say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use countenance_training::report::card::card;

/// The folders of models that `report` measured.
fn measured() -> Vec<PathBuf> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    let folders = fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    folders.filter(|folder| folder.join("metrics.json").exists()).collect()
}

#[test]
fn the_cards_agree_with_the_figures() {
    assert!(!measured().is_empty());
    for folder in measured() {
        let written = fs::read_to_string(folder.join("MODEL_CARD.md")).unwrap();
        let name = folder.display();
        assert!(written == card(&folder).unwrap(), "{name}: write it again, countenance-training card {name}");
    }
}

#[test]
fn the_cards_show_plots_that_are_there() {
    for folder in measured() {
        let written = fs::read_to_string(folder.join("MODEL_CARD.md")).unwrap();
        let plots: Vec<&str> =
            written.split("](").filter_map(|text| text.split_once(".svg)")).map(|(name, _)| name).collect();
        assert!(plots.len() >= 5, "{}: {plots:?}", folder.display());
        for plot in plots {
            assert!(folder.join(format!("{plot}.svg")).exists(), "{}: {plot}.svg is missing", folder.display());
        }
    }
}

/// A copy of a measured model's folder, to change files in.
fn copy(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(&measured()[0]).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    folder
}

#[test]
fn tables_of_other_commands_come_into_the_card() {
    let folder = copy("card-with-tables");
    let precisions = r#"[{"precision": "int4", "weights_bytes": 987654, "module_brotli_bytes": 1290000, "accuracy": 0.785,
        "calibration_error": 0.0097, "worst_probability_difference": 0.21}]"#;
    fs::write(folder.join("precisions.json"), precisions).unwrap();
    let figures = r#"{"accuracy": 0.78, "loss": 0.53, "macro_f1": 0.77, "expected_calibration_error": 0.02}"#;
    let runs = [7, 8].map(|seed| {
        format!(r#"{{"recipe": "a.toml", "epochs": 9, "seed": {seed}, "all": {figures}, "leak_free": {figures}, "fer_plus": 0.84}}"#)
    });
    fs::write(folder.join("runs.json"), format!("[{}]", runs.join(","))).unwrap();
    fs::write(folder.join("baselines.json"), format!("[{}]", runs[0].replace("a.toml", "small.toml"))).unwrap();
    fs::write(folder.join("ablations.md"), "| choice | accuracy |\n|---|---|\n| no blur | 0.770 |\n").unwrap();
    let card = card(&folder).unwrap();
    for line in [
        "| int4 | 987654 | 1290000 | 0.785 | 0.010 | 0.210 |",
        "| `a.toml` | 9 | 8 | 0.780 | 0.780 | 0.530 | 0.770 | 0.840 | 0.020 |",
        "| `small.toml` | 9 | 7 | 0.780 |",
        "| `a.toml` | | mean ± standard deviation | 0.780 ± 0.000 |",
        "### What each choice is worth",
        "| no blur | 0.770 |",
    ] {
        assert!(card.contains(line), "{line}");
    }
}

#[test]
fn figures_of_another_model_are_refused() {
    let folder = copy("card-of-another-model");
    card(&folder).unwrap();
    for (file, message) in [("slices.json", "is about"), ("robustness.json", "is about")] {
        let original = fs::read_to_string(folder.join(file)).unwrap();
        fs::write(folder.join(file), original.replace("\"model\": \"", "\"model\": \"other-")).unwrap();
        let error = format!("{:#}", card(&folder).unwrap_err());
        assert!(error.contains(file) && error.contains(message), "{error}");
        fs::write(folder.join(file), original).unwrap();
    }
    let metrics = fs::read_to_string(folder.join("metrics.json")).unwrap();
    let other = metrics.replacen("\"mean_accuracy\": 0.", "\"mean_accuracy\": 0.1", 1);
    assert!(other != metrics);
    fs::write(folder.join("metrics.json"), other).unwrap();
    assert!(format!("{:#}", card(&folder).unwrap_err()).contains("not written together"));
}
