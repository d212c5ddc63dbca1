//! Trains, evaluates and exports the expression network.
//!
//! ```text
//! Dataset -> augment -> Batch -> JointNet (EmotionNet + eight-expression head) -> run folder -> export -> models/<id>/
//!                                                         evaluate: any folder of faces -> metrics.json, plots, card
//! ```
// unwrap, expect and panic are for tests alone.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod ablate;
pub mod architecture;
pub mod augment;
pub mod batches;
pub mod card;
pub mod corrupt;
pub mod dataset;
pub mod eight;
pub mod evaluate;
pub mod findings;
pub mod finetune;
pub mod golden;
pub mod interpolate;
pub mod interval;
pub mod lesson;
#[cfg(feature = "tch")]
pub mod libtorch;
pub mod metrics;
pub mod model;
pub mod plots;
pub mod precisions;
pub mod recipe;
pub mod robustness;
pub mod runs;
pub mod slices;
pub mod store;
pub mod teacher;
pub mod temperature;
pub mod train;
pub mod twins;
