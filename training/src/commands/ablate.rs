//! `ablate`

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use countenance_training::json;
use countenance_training::run::ablate::{Ablations, Figures, Plan, Row};
use countenance_training::run::teacher::Teacher;
use countenance_training::run::train::{Run, train};

use super::files::{make_folder, write};
use super::options::{Backend, Data};

/// Trains with one choice of a recipe changed at a time, for several seeds each, and compares on the development part.
/// Finished runs are not repeated.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What to change, such as training/recipes/ablations.toml.
    #[arg(long)]
    plan: PathBuf,
    #[command(flatten)]
    data: Data,
    /// A teacher's answers, written by `label`, for the choices that have one.
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// Where the runs go, and ablations.json and ablations.md.
    #[arg(long)]
    out: PathBuf,
    /// The backend to compute on.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (plan, recipes) = Plan::read(&arguments.plan)?;
    let teacher = arguments.teacher.as_deref().map(Teacher::read).transpose()?;
    let rows = recipes.iter().map(|(name, _)| Row { name: name.clone(), runs: Vec::new() }).collect();
    let mut ablations = Ablations { base: plan.base, phases: plan.phases, pictures: 0, rows };
    make_folder(&arguments.out)?;
    for seed in plan.seeds {
        for (index, (name, recipe)) in recipes.iter().enumerate() {
            let folder = arguments.out.join(format!("{name}, seed {seed}"));
            let done = folder.join("figures.json");
            if !done.exists() {
                let teacher = if recipe.target.teacher > 0.0 { teacher.clone() } else { None };
                let run = Run { recipe: recipe.clone(), seed, folder, stop_after: None, from: None, teacher };
                let figures = measure(&run, arguments).with_context(|| name.clone())?;
                json::write(&figures, &done)?;
            }
            let (pictures, figures) = json::read(&done)?;
            ablations.pictures = pictures;
            ablations.rows[index].runs.push(figures);
            json::write(&ablations, &arguments.out.join("ablations.json"))?;
            write(&arguments.out.join("ablations.md"), ablations.table().as_bytes())?;
        }
    }
    print!("{}", ablations.table());
    Ok(())
}

/// One run, and how many pictures its figures are from. Leaves no checkpoint.
fn measure(run: &Run, arguments: &Arguments) -> Result<(usize, Figures)> {
    println!("{}", run.folder.display());
    let (training, development) = arguments.data.load(&run.recipe)?;
    let (_, state) = train(run, &training, &development, &arguments.backend.device())?;
    fs::remove_dir_all(run.folder.join("checkpoint"))?;
    let last = state.history.last().context("the run has no epochs")?;
    let pictures = development.iter().filter(|sample| sample.emotion().is_some()).count();
    Ok((pictures, Figures { seed: run.seed, loss: last.development_loss, accuracy: last.development_accuracy }))
}
