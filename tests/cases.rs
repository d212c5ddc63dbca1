//! The cases: files that once went wrong, each in a folder of tests/cases with what must come of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]

use std::fs;
use std::path::{Path, PathBuf};

use countenance::{EmotionPipeline, Error, FaceEmotion, Picture, PipelineOptions};
use serde_json::Value;

fn faces_in(pipeline: &mut EmotionPipeline, path: &Path) -> Result<Vec<FaceEmotion>, Error> {
    let picture = Picture::decode(&fs::read(path).unwrap())?;
    Ok(pipeline.analyze_image(&picture.frame()?)?.to_vec())
}

/// The faces from the left, as expected.json gives them: emotion, probability, box.
fn assert_faces(path: &Path, step: &Value, mut found: Vec<FaceEmotion>, tolerances: &Value) {
    let mut expected: Vec<&Value> = step["faces"].as_array().unwrap().iter().collect();
    expected.sort_by(|a, b| a["box"]["x"].as_f64().unwrap().total_cmp(&b["box"]["x"].as_f64().unwrap()));
    found.sort_by(|a, b| a.detection.bounding_box.x.total_cmp(&b.detection.bounding_box.x));
    assert_eq!(found.len(), expected.len(), "faces in {}", path.display());
    for (face, expected) in found.iter().zip(expected) {
        let within = |name: &str, default: &str| expected[name].as_f64().or(tolerances[default].as_f64()).unwrap();
        assert_eq!(face.emotion.unwrap().name(), expected["emotion"], "{}", path.display());
        let probability = f64::from(face.probabilities.top().1);
        let (wanted, tolerance) = (expected["probability"].as_f64().unwrap(), within("tolerance", "probability"));
        assert!((probability - wanted).abs() <= tolerance, "{}: probability {probability}", path.display());
        let shown = face.detection.bounding_box;
        let sides = [("x", shown.x), ("y", shown.y), ("width", shown.width), ("height", shown.height)];
        for (side, value) in sides {
            let off = (f64::from(value) - expected["box"][side].as_f64().unwrap()).abs();
            assert!(off <= within("boxTolerance", "box"), "{}: {side} {value}", path.display());
        }
    }
}

#[test]
fn every_case_gives_what_it_must() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let read = |path: PathBuf| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap();
    let tolerances = read(root.join("tolerances.json"));
    let mut folders: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    assert!(!folders.is_empty());
    // One for all of them: no picture may show in the answer to a later one.
    let mut pipeline = EmotionPipeline::new(PipelineOptions::default()).unwrap();
    for folder in folders {
        let case = read(folder.join("expected.json"));
        for step in case["steps"].as_array().unwrap() {
            let path = folder.join(step["file"].as_str().unwrap());
            match (faces_in(&mut pipeline, &path), step["error"].as_str()) {
                (Ok(found), None) => assert_faces(&path, step, found, &tolerances),
                (Err(error), Some(code)) => {
                    assert_eq!(error.kind().code(), code, "{}: {error}", path.display());
                    let words = step["words"].as_str().unwrap();
                    assert!(error.message().contains(words), "{}: {error}", path.display());
                }
                (Ok(found), Some(_)) => panic!("{} gave {} faces", path.display(), found.len()),
                (Err(error), None) => panic!("{}: {error}", path.display()),
            }
        }
    }
}
