//! Options that several commands take: the backend, the data, and a recipe with its data.

use std::path::PathBuf;

use anyhow::Result;
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use countenance_training::data::dataset::{self, Sample};
use countenance_training::run::recipe::Recipe;

use super::files::shown;

/// A recipe and its data.
#[derive(Args, Clone)]
pub(super) struct Lesson {
    /// A recipe, such as training/recipes/emotion-1.toml.
    #[arg(long)]
    pub(super) recipe: PathBuf,
    #[command(flatten)]
    pub(super) data: Data,
}

/// What is trained on.
#[derive(Args, Clone)]
pub(super) struct Data {
    /// A folder with train/<class>/*.jpg|png or <class>/*.jpg|png, or a fer2013.csv.
    #[arg(long)]
    pub(super) data: PathBuf,
    /// The FER+ votes, fer2013new.csv.
    #[arg(long)]
    pub(super) votes: Option<PathBuf>,
    /// Rows of fer2013.csv never to train on, one a line.
    #[arg(long)]
    pub(super) exclude: Option<PathBuf>,
    /// Rows of fer2013.csv to hold back for development, one a line, instead of the recipe's share.
    #[arg(long)]
    pub(super) development: Option<PathBuf>,
}

impl Lesson {
    /// The recipe, the pictures to train on and those held back.
    pub(super) fn load(&self) -> Result<(Recipe, Vec<Sample>, Vec<Sample>)> {
        let recipe = Recipe::read(&self.recipe)?;
        let (training, development) = self.data.load(&recipe)?;
        Ok((recipe, training, development))
    }

    /// As options of a command on another machine.
    pub(super) fn options(&self) -> String {
        let Data { data, votes, exclude, development } = &self.data;
        let mut options = format!("--recipe {} --data {}", shown(&self.recipe), shown(data));
        for (option, path) in [("votes", votes), ("exclude", exclude), ("development", development)] {
            if let Some(path) = path {
                options.push_str(&format!(" --{option} {}", shown(path)));
            }
        }
        options
    }
}

impl Data {
    /// The pictures that a recipe trains on, and those it holds back.
    pub(super) fn load(&self, recipe: &Recipe) -> Result<(Vec<Sample>, Vec<Sample>)> {
        let mut samples = dataset::load(&self.data, "train")?;
        if let Some(votes) = &self.votes {
            dataset::attach_votes(&mut samples, votes)?;
        }
        if let Some(exclude) = &self.exclude {
            let excluded = dataset::read_rows(exclude)?;
            samples.retain(|sample| sample.row.is_none_or(|row| !excluded.contains(&row)));
        }
        samples.retain(|sample| {
            let not_a_face = sample.votes.is_some_and(|votes| f64::from(votes.not_a_face) >= recipe.target.not_a_face);
            !not_a_face && (recipe.target.eight_weight > 0.0 || sample.emotion().is_some())
        });
        let (training, development) = match &self.development {
            Some(rows) => dataset::split_rows(samples, &dataset::read_rows(rows)?),
            None => dataset::split_development(samples, recipe.development),
        };
        println!("{} pictures to train on, {} held back for development", training.len(), development.len());
        Ok((training, development))
    }
}

/// The backend that training runs on.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Backend {
    /// Burn's own CPU backend.
    Flex,
    /// libtorch on the CPU: several times faster.
    #[cfg(feature = "tch")]
    Libtorch,
    /// A CUDA card.
    #[cfg(feature = "cuda")]
    Cuda,
    /// Any graphics card.
    #[cfg(feature = "wgpu")]
    Wgpu,
}

impl Backend {
    /// Its name as an option, and the option of cargo that builds it in.
    pub(super) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Flex => ("flex", ""),
            #[cfg(feature = "tch")]
            Self::Libtorch => ("libtorch", " --features tch"),
            #[cfg(feature = "cuda")]
            Self::Cuda => ("cuda", " --features cuda"),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => ("wgpu", " --features wgpu"),
        }
    }

    #[cfg_attr(feature = "tch", allow(deprecated))]
    pub(super) fn device(self) -> Device {
        match self {
            Self::Flex => Device::flex(),
            #[cfg(feature = "tch")]
            Self::Libtorch => Device::libtorch(),
            #[cfg(feature = "cuda")]
            Self::Cuda => Device::cuda(0),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        }
    }
}
