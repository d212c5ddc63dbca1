//! How a model's weights came to be: the content of its `training.json`.

use serde::{Deserialize, Serialize};

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
    /// The temperature fitted on them.
    pub temperature: f64,
    /// That of the second head, where it was trained.
    pub temperature_eight: Option<f64>,
    /// Recipe, seed and history.
    pub run: State,
    /// What was done to the heads afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpolation: Option<Interpolation>,
}
