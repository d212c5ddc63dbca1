//! How a model's weights came to be: the content of its `training.json`.

use serde::{Deserialize, Serialize};

use crate::run::calibration::Calibration;
use crate::run::interpolate::Interpolation;
use crate::run::train::State;

/// The content of a model's `training.json`: how its weights came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The command that trained it.
    pub command: String,
    /// The recipe's file name.
    pub recipe_file: String,
    /// The machine and backend.
    pub hardware: String,
    /// Number of pictures trained on.
    pub pictures: usize,
    /// How many of them were given beside the data set.
    #[serde(default)]
    pub further_pictures: usize,
    /// Number of pictures held back.
    pub development_pictures: usize,
    /// What was fitted on them.
    #[serde(flatten)]
    pub calibration: Calibration,
    /// Recipe, seed and history.
    pub run: State,
    /// What was done to the heads afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpolation: Option<Interpolation>,
    /// What fitted the calibration anew, of weights that stayed as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibrated: Option<Calibrated>,
}

/// A calibration fitted to weights that ship already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The command that did it.
    pub command: String,
    /// SHA-256 of the `weights.cnw` before.
    pub from: String,
}
