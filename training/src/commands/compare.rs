//! `compare`

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use countenance_training::judge::change::Change;
use countenance_training::network::model::JointNet;
use countenance_training::network::store::{Source, largest_difference};

use super::options::{Backend, Lesson};

/// Compares weights that were trained again with the first ones, on the development part, and fails where they are not
/// as good.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) lesson: Lesson,
    /// The first weights: a model.safetensors, or the folder of a model or run.
    #[arg(long)]
    pub(super) first: PathBuf,
    /// Those trained again.
    #[arg(long)]
    pub(super) again: PathBuf,
    /// The largest difference of accuracy and of loss that is allowed.
    #[arg(long, default_value_t = TOLERANCE)]
    pub(super) tolerance: f64,
    /// The backend to compute on.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    pub(super) backend: Backend,
}

/// Another machine adds numbers in another order, so its run takes a different course and ends with slightly different
/// figures.
pub(super) const TOLERANCE: f64 = 0.01;

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (recipe, _, development) = arguments.lesson.load()?;
    let device = arguments.backend.device();
    let (first, again) = (Source::read(&arguments.first)?, Source::read(&arguments.again)?);
    let load = |source: &Source| JointNet::load(&recipe.network(), &device, &source.tensors);
    println!("largest difference of a weight: {:.2e}", largest_difference(&first.tensors, &again.tensors)?);
    let change = Change::measure(&load(&first)?, &load(&again)?, &development, &device);
    let Change { pictures, before, after } = change.context("the recipe holds back no pictures to compare on")?;
    println!(
        "on {pictures} held-back pictures: accuracy {:.4} and {:.4}, loss {:.4} and {:.4}",
        before.accuracy, after.accuracy, before.loss, after.loss
    );
    let difference = (before.accuracy - after.accuracy).abs().max((before.loss - after.loss).abs());
    ensure!(difference <= arguments.tolerance, "they differ by {difference:.4}, more than {}", arguments.tolerance);
    Ok(())
}
