//! The commands, a file each, and what several of them take or write.

mod ablate;
mod calibrate;
mod card;
mod compare;
mod evaluate;
mod export;
mod files;
mod interpolate;
mod label;
mod lesson;
mod options;
mod precisions;
mod report;
mod reproduce;
mod runs;
mod train;
mod twins;

use anyhow::Result;
use clap::Subcommand;

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    Train(train::Arguments),
    Label(label::Arguments),
    Lesson(lesson::Arguments),
    Interpolate(interpolate::Arguments),
    Calibrate(calibrate::Arguments),
    Reproduce(reproduce::Arguments),
    Ablate(ablate::Arguments),
    Compare(compare::Arguments),
    Evaluate(evaluate::Arguments),
    Export(export::Arguments),
    Report(report::Arguments),
    Card(card::Arguments),
    Precisions(precisions::Arguments),
    Runs(runs::Arguments),
    Twins(twins::Arguments),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Train(arguments) => train::run(arguments),
            Self::Label(arguments) => label::run(arguments),
            Self::Lesson(arguments) => lesson::run(arguments),
            Self::Interpolate(arguments) => interpolate::run(arguments),
            Self::Calibrate(arguments) => calibrate::run(arguments),
            Self::Reproduce(arguments) => reproduce::run(arguments),
            Self::Ablate(arguments) => ablate::run(arguments),
            Self::Compare(arguments) => compare::run(arguments),
            Self::Evaluate(arguments) => evaluate::run(arguments),
            Self::Export(arguments) => export::run(arguments),
            Self::Report(arguments) => report::run(arguments),
            Self::Card(arguments) => card::run(arguments),
            Self::Precisions(arguments) => precisions::run(arguments),
            Self::Runs(arguments) => runs::run(arguments),
            Self::Twins(arguments) => twins::run(arguments),
        }
    }
}
