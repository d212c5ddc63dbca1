//! `countenance read`: pictures to answers.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use countenance::{EmotionPipeline, Error, ErrorKind, Picture};
use serde_json::json;

use crate::Exit;
use crate::options::ReadingArgs;

/// Read the expressions in pictures
#[derive(Args)]
pub(crate) struct ReadArgs {
    /// Pictures
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    reading: ReadingArgs,
}

pub(crate) fn run(arguments: ReadArgs) -> Exit {
    let mut pipeline = match EmotionPipeline::new(arguments.reading.into()) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            eprintln!("{error}");
            return Exit::Usage;
        }
    };
    let mut exit = Exit::Done;
    for file in &arguments.paths {
        let answer = analyze(&mut pipeline, file).unwrap_or_else(|error| {
            exit = Exit::Failed;
            json!({ "error": { "code": error.kind().code(), "message": error.message() } })
        });
        println!("{}", json!({ "file": file.to_string_lossy(), "answer": answer }));
    }
    exit
}

fn analyze(pipeline: &mut EmotionPipeline, file: &Path) -> Result<serde_json::Value, Error> {
    let bytes = fs::read(file).map_err(|error| Error::new(ErrorKind::InvalidImage, error.to_string()))?;
    let picture = Picture::decode(&bytes)?;
    Ok(json!(pipeline.analyze_image(&picture.frame())?))
}
