//! `lesson`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use countenance_training::run::lesson;

use super::options::Lesson;

/// Writes the pictures and targets of a recipe into a file, for a teacher of another kind.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) lesson: Lesson,
    /// The file to write, .safetensors.
    #[arg(long)]
    pub(super) out: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (recipe, training, development) = arguments.lesson.load()?;
    lesson::write(&training, &development, &recipe.target, &arguments.out)
}
