//! `card`

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use countenance_training::report::card::card;

use super::files::write;

/// Writes a model's MODEL_CARD.md from its figures.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The model folder.
    folder: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    write_card(&arguments.folder)
}

pub(super) fn write_card(folder: &Path) -> Result<()> {
    write(&folder.join("MODEL_CARD.md"), card(folder)?.as_bytes())
}
