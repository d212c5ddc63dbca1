//! Reads the expressions in pictures and prints one JSON object a line: for a whole folder, on all cores.
//!
//! ```text
//! cargo run --release --example analyze -- portrait.jpg holidays/ > answers.jsonl
//! ```
//!
//! A picture's line is `{"file": ..., "faces": [{"box": ..., "confidence": ..., "emotion": ..., "probabilities": ...}]}`,
//! or `{"file": ..., "error": {"code": ..., "message": ...}}` for what is no readable picture; the others go on. A face
//! whose answer is uncertain has the emotion `null`. Formats are recognised by their bytes, so whatever lies in a folder is
//! tried. The exit status is 1 where a file could not be read as a picture.

mod files;

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use countenance::{
    BoundingBox, Emotion, EmotionPipeline, Error, ErrorKind, FaceEmotion, Label, Picture, PipelineOptions,
};
use indicatif::ParallelProgressIterator;
use rayon::prelude::*;
use serde_json::{Value, json};

fn main() -> io::Result<ExitCode> {
    let mut files = Vec::new();
    for argument in env::args_os().skip(1) {
        files::list(Path::new(&argument), &mut files)?;
    }
    if files.is_empty() {
        eprintln!("usage: analyze PICTURE_OR_FOLDER...");
        return Ok(ExitCode::from(2));
    }
    let answers: Vec<(&PathBuf, Result<Value, Error>)> = files
        .par_iter()
        .progress_count(files.len() as u64)
        // A pipeline holds scratch memory: one a thread, not one a picture.
        .map_init(
            || EmotionPipeline::new(PipelineOptions::default()),
            |pipeline, file| {
                let answer = match pipeline {
                    Ok(pipeline) => analyze(pipeline, file),
                    Err(error) => Err(error.clone()),
                };
                (file, answer)
            },
        )
        .collect();

    let mut out = io::stdout().lock();
    let mut failed = 0;
    for (file, answer) in answers {
        let line = match answer {
            Ok(faces) => json!({ "file": file, "faces": faces }),
            Err(error) => {
                failed += 1;
                json!({ "file": file, "error": { "code": error.kind().code(), "message": error.message() } })
            }
        };
        writeln!(out, "{line}")?;
    }
    if failed > 0 && io::stderr().is_terminal() {
        eprintln!("{failed} of {} files could not be read as pictures", files.len());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn analyze(pipeline: &mut EmotionPipeline, file: &Path) -> Result<Value, Error> {
    let bytes = fs::read(file).map_err(|error| Error::new(ErrorKind::InvalidImage, error.to_string()))?;
    let picture = Picture::decode(&bytes)?;
    let faces = pipeline.analyze_image(&picture.frame())?;
    Ok(faces.iter().map(face).collect())
}

fn face(face: &FaceEmotion) -> Value {
    let BoundingBox { x, y, width, height } = face.detection.bounding_box;
    let probabilities: BTreeMap<&str, f32> =
        Emotion::ALL.into_iter().map(|emotion| (emotion.name(), face.probabilities.get(emotion))).collect();
    json!({
        "box": { "x": x, "y": y, "width": width, "height": height },
        "confidence": face.detection.confidence,
        "emotion": face.emotion.map(Label::name),
        "probabilities": probabilities,
    })
}
