//! A recipe: everything that decides what a training run gives, besides the data. Kept as TOML in `training/recipes/`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use countenance::CHIP_SIDE;
use countenance::network::EmotionNetConfig;
use serde::{Deserialize, Serialize};

use crate::data::augment::Augmentation;
use crate::network::architecture::Architecture;

/// How to train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What it is, in a sentence.
    pub description: String,
    /// What is trained.
    #[serde(default)]
    pub architecture: Architecture,
    /// Pictures a step.
    pub batch: usize,
    /// The parts of the run, in order.
    pub phases: Vec<Phase>,
    /// Peak learning rate of Adam.
    pub learning_rate: f64,
    /// Its course over the whole run.
    pub schedule: Schedule,
    /// Epochs over which it rises from zero.
    pub warmup_epochs: f64,
    /// Decoupled weight decay of kernels and matrices (AdamW); biases and batch norms have none.
    pub weight_decay: f64,
    /// Share of the old weights in the running average of the weights, each step; 0 keeps only the newest.
    pub average: f64,
    /// Share of the weights that the run began with in its result, mixed weight by weight: keeps what they were better at
    /// (WiSE-FT; Wortsman and others, *Robust fine-tuning of zero-shot models*, CVPR 2022). 0 gives what was trained.
    #[serde(default)]
    pub beginning: f64,
    /// Standard deviation of the noise between blocks.
    pub noise: f64,
    /// Share of dropped values.
    pub dropout: f64,
    /// Weight of the new value in the batch norms' running statistics.
    pub batch_norm_momentum: f64,
    /// Share of the training split (0..1) held back for calibration and choices.
    pub development: f64,
    /// Both parameters of the beta distribution that decides how far two pictures and their targets are mixed; 0 mixes
    /// none.
    #[serde(default)]
    pub mixup: f64,
    /// The targets that answers are compared with.
    pub target: Target,
    /// What is done to the pictures.
    pub augmentation: Augmentation,
}

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// How long it lasts.
    pub epochs: usize,
    /// Side of the pictures in pixels, 32 to 63.
    pub side: usize,
}

/// The course of the learning rate after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It stays constant.
    Constant,
    /// It falls to zero along half a cosine.
    Cosine,
}

/// The training targets: the label mixed with the annotators' votes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Share of the FER+ votes in the target of the four expressions, where a picture has votes.
    pub votes: f64,
    /// Share of the target spread evenly over the four.
    pub smoothing: f64,
    /// Weight of the second head's loss; 0 trains only the four expressions, and only on their pictures.
    pub eight_weight: f64,
    /// Share of the FER+ votes in the target of the second head.
    pub eight_votes: f64,
    /// Share of the teacher's answers in the targets of both heads, the rest being what the above make; 0 has no teacher.
    #[serde(default)]
    pub teacher: f64,
    /// Pictures with at least so many votes for "not a face" are left out.
    pub not_a_face: f64,
}

impl Recipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// Where the file is missing or not a recipe, or a value is out of range.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let recipe: Self =
            toml::from_str(&text).with_context(|| format!("{} is not a valid recipe", path.display()))?;
        recipe.check().with_context(|| path.display().to_string())?;
        Ok(recipe)
    }

    /// Whether every value is in its range.
    ///
    /// # Errors
    /// Names the first value that is out of range.
    pub fn check(&self) -> Result<()> {
        ensure!(self.batch >= 2, "batch must be at least 2: batch norm needs a variance");
        ensure!(self.epochs() > 0, "phases must have at least one epoch");
        for phase in &self.phases {
            ensure!((32..=63).contains(&phase.side), "side must be from 32 to 63, not {}", phase.side);
            let fits = self.architecture.takes_any_side() || phase.side == CHIP_SIDE;
            ensure!(fits, "the baseline takes only faces of {CHIP_SIDE} pixels a side, not {}", phase.side);
        }
        let shares = [
            ("average", self.average),
            ("beginning", self.beginning),
            ("dropout", self.dropout),
            ("batch_norm_momentum", self.batch_norm_momentum),
            ("development", self.development),
            ("target.votes", self.target.votes),
            ("target.smoothing", self.target.smoothing),
            ("target.eight_votes", self.target.eight_votes),
            ("target.teacher", self.target.teacher),
        ];
        for (name, share) in shares {
            ensure!((0.0..=1.0).contains(&share), "{name} must be from 0 to 1, not {share}");
        }
        ensure!(self.mixup >= 0.0, "mixup must be at least 0, not {}", self.mixup);
        self.augmentation.check()
    }

    /// Length of the run.
    pub fn epochs(&self) -> usize {
        self.phases.iter().map(|phase| phase.epochs).sum()
    }

    /// Side of the pictures in an epoch, counted from 0.
    pub fn side(&self, epoch: usize) -> usize {
        let mut end = 0;
        for phase in &self.phases {
            end += phase.epochs;
            if epoch < end {
                return phase.side;
            }
        }
        self.phases.last().map_or(CHIP_SIDE, |phase| phase.side)
    }

    /// Learning rate at a moment of the run, counted in epochs.
    pub fn learning_rate(&self, moment: f64) -> f64 {
        if moment < self.warmup_epochs {
            return self.learning_rate * moment / self.warmup_epochs;
        }
        match self.schedule {
            Schedule::Constant => self.learning_rate,
            Schedule::Cosine => {
                let course = (moment - self.warmup_epochs) / (self.epochs() as f64 - self.warmup_epochs);
                self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * course.min(1.0)).cos())
            }
        }
    }

    /// The network's training-only settings.
    pub fn network(&self) -> EmotionNetConfig {
        EmotionNetConfig {
            layers: self.architecture.layers(),
            noise: self.noise,
            dropout: self.dropout,
            batch_norm_momentum: self.batch_norm_momentum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(name: &str) -> Recipe {
        Recipe::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes").join(name)).unwrap()
    }

    #[test]
    fn every_recipe_of_the_repository_is_sound() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
        let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.len() >= 2);
        for name in names.iter().filter(|name| *name != "ablations.toml" && *name != "chain.toml") {
            recipe(name.to_str().unwrap());
        }
    }

    #[test]
    fn the_reference_is_as_published() {
        let reference = recipe("reference.toml");
        assert_eq!((reference.batch, reference.epochs(), reference.learning_rate(17.0)), (32, 30, 1e-3));
        assert_eq!(reference.network(), EmotionNetConfig::default());
    }

    #[test]
    fn the_learning_rate_rises_then_falls_to_zero() {
        let recipe = Recipe { warmup_epochs: 1.0, learning_rate: 2.0, ..recipe("emotion-1.toml") };
        let end = recipe.epochs() as f64;
        assert_eq!(recipe.learning_rate(0.5), 1.0);
        assert_eq!(recipe.learning_rate(1.0), 2.0);
        assert!((recipe.learning_rate((1.0 + end) / 2.0) - 1.0).abs() < 1e-9, "half way down in the middle");
        assert!(recipe.learning_rate(end) < 1e-9);
    }

    #[test]
    fn phases_follow_each_other() {
        let phases = vec![Phase { epochs: 2, side: 32 }, Phase { epochs: 1, side: 48 }];
        let recipe = Recipe { phases, ..recipe("emotion-1.toml") };
        assert_eq!([0, 1, 2].map(|epoch| recipe.side(epoch)), [32, 32, 48]);
    }

    #[test]
    fn values_out_of_range_and_unknown_keys_are_refused() {
        let good = recipe("emotion-1.toml");
        let bad = Recipe { dropout: 1.5, ..good.clone() };
        assert!(format!("{:#}", bad.check().unwrap_err()).contains("dropout"));
        let bad = Recipe { phases: vec![Phase { epochs: 1, side: 24 }], ..good.clone() };
        assert!(format!("{:#}", bad.check().unwrap_err()).contains("side"));
        let text = toml::to_string(&good).unwrap();
        assert!(toml::from_str::<Recipe>(&format!("colour = 1\n{text}")).is_err());
    }
}
