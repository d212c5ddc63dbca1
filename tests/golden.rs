//! The shipped expression model answers its golden inputs as Burn does.
#![allow(clippy::unwrap_used, reason = "the lint's exception for tests does not see helpers")]

use countenance::weights::emotion_model;
use countenance::{Emotion, EmotionClassifier, FaceChip};
use serde_json::Value;
use std::path::Path;

fn golden() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(emotion_model().unwrap().id());
    serde_json::from_slice(&std::fs::read(folder.join("golden.json")).unwrap()).unwrap()
}

fn classifier() -> EmotionClassifier {
    EmotionClassifier::new(&emotion_model().unwrap()).unwrap()
}

fn chip(case: &Value) -> FaceChip {
    let text = case["grey"].as_str().unwrap();
    let bytes: Vec<u8> =
        (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect();
    FaceChip::from_grey(bytes.try_into().unwrap())
}

#[test]
fn answers_the_golden_inputs() {
    let (mut classifier, golden) = (classifier(), golden());
    let tolerance = golden["tolerance"].as_f64().unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 10);
    for case in cases {
        let answers = classifier.answers(&chip(case)).unwrap();
        let eight = answers.eight.unwrap();
        let four = answers.four.iter().map(|(emotion, found)| ("probabilities", emotion.name(), found));
        let both = four.chain(eight.iter().map(|(emotion, found)| ("eight", emotion.name(), found)));
        for (head, emotion, found) in both {
            let expected = case[head][emotion].as_f64().unwrap();
            let off = (f64::from(found) - expected).abs();
            assert!(off <= tolerance, "{}, {head}: {emotion} {found}, not {expected}", case["name"]);
        }
        let (other, expected) = (answers.other.unwrap(), case["other"].as_f64().unwrap());
        assert!((f64::from(other) - expected).abs() <= tolerance, "{}: other {other}, not {expected}", case["name"]);
    }
}

#[test]
fn the_portraits_read_as_anyone_would() {
    let (mut classifier, golden) = (classifier(), golden());
    let astronaut = golden["cases"].as_array().unwrap().iter().find(|case| case["name"] == "astronaut").unwrap();
    assert_eq!(classifier.classify(&chip(astronaut)).unwrap().top().0, Emotion::Happy);
}
