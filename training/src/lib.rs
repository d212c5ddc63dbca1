//! Trains, judges and exports the expression network.
//!
//! ```text
//! data -> network -> judge -> run -> report -> commands
//! ```
//! Each room uses those before it and none after it (`tests/rooms.rs` checks that):
//!
//! - `data`: labelled faces, and what augmentation does to them;
//! - `network`: the network in training, its answers, and its weights on disk;
//! - `judge`: every figure, from answers to confidence intervals;
//! - `run`: recipes, teachers, the training loop, and the chain of runs behind the shipped model;
//! - `report`: model cards, plots and tables;
//! - `commands`, in the program alone: the command line, a file a command.
// unwrap, expect and panic are for tests alone.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod json;

/// Labelled faces: where they come from, and how training changes them.
pub mod data {
    pub mod augment;
    pub mod dataset;
    pub mod twins;
}

/// What is trained, and its weights on disk.
pub mod network {
    pub mod architecture;
    #[cfg(feature = "tch")]
    pub mod libtorch;
    pub mod model;
    pub mod store;
}

/// Figures: how good answers are.
pub mod judge {
    pub mod answers;
    pub mod change;
    pub mod corrupt;
    pub mod eight;
    pub mod evaluate;
    pub mod golden;
    pub mod interval;
    pub mod metrics;
    pub mod other;
    pub mod precisions;
    pub mod robustness;
    pub mod slices;
}

/// Training: recipes, teachers and runs.
pub mod run {
    pub mod ablate;
    pub mod appearance;
    pub mod batches;
    pub mod calibration;
    pub mod chain;
    pub mod interpolate;
    pub mod lesson;
    pub mod other;
    pub mod recipe;
    pub mod record;
    pub mod teacher;
    pub mod train;
}

/// What people read: cards, plots and tables.
pub mod report {
    pub mod card;
    pub mod findings;
    pub mod plots;
    pub mod runs;
}
