//! `countenance evaluate` on made folders that imitate the layout of each data set.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{call, folder, place, repository, status, stderr, stdout};
use serde_json::{Value, json};

/// A happy face as a TIFF file, as JAFFE has them.
fn tiff(to: PathBuf) {
    let picture = image::open(repository("tests/fixtures/astronaut_quarter.png")).unwrap().to_luma8();
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    picture.save_with_format(to, image::ImageFormat::Tiff).unwrap();
}

/// A picture without a face.
fn grey(to: PathBuf) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    image::GrayImage::from_pixel(64, 64, image::Luma([128])).save_with_format(to, image::ImageFormat::Png).unwrap();
}

fn happy(to: PathBuf) {
    place("astronaut_quarter.png", to);
}

/// A label as `numpy.save` writes it.
fn npy(to: PathBuf, label: &str) {
    let header =
        format!("{:<117}\n", format!("{{'descr': '<U{}', 'fortran_order': False, 'shape': (), }}", label.len()));
    let letters = label.chars().flat_map(|letter| u32::from(letter).to_le_bytes());
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(header.bytes());
    bytes.extend(letters);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::write(to, bytes).unwrap();
}

fn text(to: PathBuf, text: &str) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::write(to, text).unwrap();
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    let output = call(folder, [&["evaluate", ".", "--json"], arguments].concat());
    assert_eq!((status(&output), stderr(&output)), (0, ""), "{arguments:?}");
    serde_json::from_str(stdout(&output)).unwrap()
}

/// The report's numbers of right answers, of answers, and of pictures without a face.
fn counts(report: &Value) -> [f64; 3] {
    let count = report["count"].as_f64().unwrap();
    [(report["accuracy"]["share"].as_f64().unwrap() * count).round(), count, report["not_found"].as_f64().unwrap()]
}

#[test]
fn a_folder_for_each_expression() {
    let folder = folder("evaluate-folder");
    happy(folder.join("Happiness/a.jpg"));
    happy(folder.join("sad/b.png"));
    happy(folder.join("anger/c.png"));
    grey(folder.join("neutral/d.png"));
    grey(folder.join("anger/e.png"));
    text(folder.join("labels.csv"), "not a picture");

    let four = report(&folder, &[]);
    assert_eq!(counts(&four), [1.0, 2.0, 1.0]);
    assert_eq!((&four["layout"], &four["crop"], &four["expressions"]), (&json!("folder"), &json!("found"), &json!(4)));
    assert_eq!(four.get("split"), None);
    assert_eq!(four["classes"], json!(["happy", "neutral", "sad", "surprise"]));
    assert_eq!(four["confusion_matrix"], json!([[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]));
    assert_eq!(four["per_class"]["happy"], json!({ "precision": 0.5, "recall": 1.0, "f1": 2.0 / 3.0, "support": 1 }));
    let wrong = &four["accuracy_with_not_found_wrong"];
    assert_eq!((&wrong["count"], wrong["share"].as_f64().unwrap()), (&json!(3), 1.0 / 3.0));
    assert_eq!(four["none_of_the_four"]["labelled_one_of_the_four"]["share"], 1.0);
    assert_eq!(four["answered"]["share"], 1.0);
    assert_eq!(four["accuracy_of_answered"]["share"], 0.5);
    // Nothing is sure enough.
    let unsure = report(&folder, &["--uncertain-below", "1"]);
    assert_eq!((counts(&unsure), &unsure["answered"]["share"]), ([1.0, 2.0, 1.0], &json!(0.0)));

    let eight = report(&folder, &["--expressions", "8"]);
    assert_eq!(counts(&eight), [1.0, 3.0, 2.0]);
    assert_eq!(eight["confusion_matrix"][4], json!([0, 1, 0, 0, 0, 0, 0, 0]));
    assert_eq!(eight.get("none_of_the_four"), None);
    // Read whole, every picture is a face.
    assert_eq!(counts(&report(&folder, &["--crop", "whole"]))[1..], [3.0, 0.0]);
}

#[test]
fn rafdb() {
    let folder = folder("evaluate-rafdb");
    let list = "train_00001.jpg 4\ntrain_00002.jpg 5\ntest_0001.jpg 4\ntest_0002.jpg 7\n";
    text(folder.join("EmoLabel/list_patition_label.txt"), list);
    for name in ["train_00001", "train_00002", "test_0001"] {
        happy(folder.join(format!("Image/aligned/{name}_aligned.jpg")));
    }
    grey(folder.join("Image/aligned/test_0002_aligned.jpg"));
    let test = report(&folder, &["--layout", "rafdb"]);
    assert_eq!((counts(&test), &test["split"]), ([1.0, 1.0, 1.0], &json!("test")));
    assert_eq!(counts(&report(&folder, &["--layout", "rafdb", "--split", "train"])), [1.0, 2.0, 0.0]);
}

#[test]
fn affectnet() {
    let folder = folder("evaluate-affectnet");
    for (set, number, label) in [("val", 0, "1"), ("val", 1, "2"), ("val", 2, "7"), ("val", 3, "10"), ("train", 9, "1")]
    {
        happy(folder.join(format!("{set}_set/images/{number}.jpg")));
        npy(folder.join(format!("{set}_set/annotations/{number}_exp.npy")), label);
        npy(folder.join(format!("{set}_set/annotations/{number}_val.npy")), "0.5");
    }
    let four = report(&folder, &["--layout", "affectnet"]);
    assert_eq!((counts(&four), &four["left_out"]), ([1.0, 2.0, 0.0], &json!(1)));
    let eight = report(&folder, &["--layout", "affectnet", "--expressions", "8"]);
    assert_eq!((counts(&eight), &eight["per_class"]["contempt"]["support"]), ([1.0, 3.0, 0.0], &json!(1)));
    assert_eq!(counts(&report(&folder, &["--layout", "affectnet", "--split", "train"])), [1.0, 1.0, 0.0]);
    fs::remove_file(folder.join("val_set/annotations/1_exp.npy")).unwrap();
    let output = call(&folder, ["evaluate", ".", "--layout", "affectnet"]);
    assert_eq!(status(&output), 2);
    assert!(stderr(&output).contains("1_exp.npy"), "{}", stderr(&output));
}

#[test]
fn ckplus() {
    let folder = folder("evaluate-ckplus");
    let frames = folder.join("cohn-kanade-images/S005/001");
    grey(frames.join("S005_001_00000001.png"));
    happy(frames.join("S005_001_00000002.png"));
    happy(frames.join("S005_001_00000003.png"));
    text(folder.join("Emotion/S005/001/S005_001_00000003_emotion.txt"), "   5.0000000e+00\n");
    // A sequence without a label.
    happy(folder.join("cohn-kanade-images/S005/002/S005_002_00000001.png"));
    fs::create_dir_all(folder.join("Emotion/S005/002")).unwrap();
    let found = report(&folder, &["--layout", "ckplus"]);
    assert_eq!(counts(&found), [1.0, 1.0, 1.0]);
    assert_eq!(found["per_class"]["happy"]["support"], 1);
    text(folder.join("Emotion/S005/001/S005_001_00000003_emotion.txt"), "   3.0000000e+00\n");
    let eight = report(&folder, &["--layout", "ckplus", "--expressions", "8"]);
    assert_eq!(eight["per_class"]["disgusted"]["support"], 1);
}

#[test]
fn jaffe() {
    let folder = folder("evaluate-jaffe");
    tiff(folder.join("KA.HA1.29.tiff"));
    tiff(folder.join("KA.SU2.37.tiff"));
    text(folder.join("README"), "The Japanese Female Facial Expression database");
    let found = report(&folder, &["--layout", "jaffe"]);
    assert_eq!(counts(&found), [1.0, 2.0, 0.0]);
    assert_eq!(found["confusion_matrix"], json!([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]));
}

#[test]
fn reports_for_people_and_for_the_card() {
    let folder = folder("evaluate-reports");
    happy(folder.join("happy/a.png"));
    grey(folder.join("happy/b.png"));
    let text = call(&folder, ["evaluate", "."]);
    for part in [
        "over 4 expressions, on 1 faces (layout folder)",
        "Pictures without a face found: 1.",
        "accuracy                                                     1.000 (0.207 to 1.000)",
        "accuracy, faces not found counted as wrong                   0.500 (0.095 to 0.905)",
        "       happy     1.000     1.000     1.000         1\n",
        "       happy         1         0         0         0\n",
    ] {
        assert!(stdout(&text).contains(part), "{part:?} is not in\n{}", stdout(&text));
    }
    let markdown = call(&folder, ["evaluate", ".", "--markdown"]);
    for part in [
        "| | all 1 (95% interval) |\n|---|---|\n| accuracy | 1.000 (0.207 to 1.000) |\n",
        "| faces not found | 1 |\n",
        "### By expression\n```text\n             precision    recall        f1   support\n",
    ] {
        assert!(stdout(&markdown).contains(part), "{part:?} is not in\n{}", stdout(&markdown));
    }
}

#[test]
fn what_cannot_be_read_is_named_and_not_counted() {
    let folder = folder("evaluate-unreadable");
    happy(folder.join("happy/a.png"));
    text(folder.join("happy/b.png"), "not a picture");
    let output = call(&folder, ["evaluate", ".", "--json"]);
    assert_eq!(status(&output), 1);
    assert!(stderr(&output).starts_with("countenance: ./happy/b.png: "), "{}", stderr(&output));
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!((counts(&report), &report["unreadable"]), ([1.0, 1.0, 0.0], &json!(1)));
}

#[test]
fn folders_of_another_layout_are_refused() {
    let folder = folder("evaluate-other");
    happy(folder.join("joy/a.png"));
    for (arguments, message) in [
        (&[][..], "\"joy\" is not a label of this layout; they are neutral, happy, happiness"),
        (&["--layout", "rafdb"], "list_patition_label.txt: No such file"),
        (&["--layout", "affectnet"], "val_set/images: No such file"),
        (&["--layout", "ckplus"], "Emotion: No such file"),
        (&["--layout", "jaffe"], "holds no labelled pictures of this layout"),
        (&["--split", "test"], "--split is for data sets that come in parts"),
        (&["--layout", "fer"], "[possible values: folder, rafdb, affectnet, ckplus, jaffe]"),
    ] {
        let output = call(&folder, [&["evaluate", "."], arguments].concat());
        assert_eq!((status(&output), stdout(&output)), (2, ""), "{arguments:?}");
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    }
}
