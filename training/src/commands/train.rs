//! `train`

use std::path::PathBuf;
use std::slice::from_ref;

use anyhow::Result;
use clap::Args;
use countenance_training::data::dataset::{self, Sample};
use countenance_training::json;
use countenance_training::judge::change::{Change, Changes};
use countenance_training::network::model::JointNet;
use countenance_training::network::store::{Source, WEIGHTS};
use countenance_training::report::plots;
use countenance_training::run::calibration::Calibration;
use countenance_training::run::record::Training;
use countenance_training::run::teacher::{Teacher, Views};
use countenance_training::run::train::{Run, train};

use super::files::{file_name, shown, write_weights};
use super::options::{Backend, Lesson};

/// Trains the network. A run found in --out resumes where it stopped.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) lesson: Lesson,
    /// Further pictures to train on, none of which is held back: a folder of <class>/*.jpg|png.
    #[arg(long)]
    pub(super) more: Option<PathBuf>,
    /// Weights to begin with instead of random ones: a model.safetensors, or the folder of a model or run.
    #[arg(long)]
    pub(super) from: Option<PathBuf>,
    /// A teacher's answers, written by `label`, where the recipe's target.teacher is above 0. Without them the weights of
    /// --from are the teacher.
    #[arg(long)]
    pub(super) teacher: Option<PathBuf>,
    /// A folder of <class>/*.jpg|png that the weights of --from are good at: measures how much of that is lost.
    #[arg(long, requires = "from")]
    pub(super) guard: Option<PathBuf>,
    /// Where checkpoints and results go.
    #[arg(long)]
    pub(super) out: PathBuf,
    /// Seed of every random draw.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Stop after this many epochs; the same command without this option resumes the run.
    #[arg(long)]
    pub(super) stop_after: Option<usize>,
    /// The backend to compute on.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    pub(super) backend: Backend,
}

impl Arguments {
    /// The command as another machine would give it.
    fn command(&self) -> String {
        let (backend, features) = self.backend.names();
        let mut command =
            format!("cargo run --release -p countenance-training{features} -- train \\\n  {}", self.lesson.options());
        for (option, path) in
            [("from", &self.from), ("guard", &self.guard), ("more", &self.more), ("teacher", &self.teacher)]
        {
            if let Some(path) = path {
                command.push_str(&format!(" --{option} {}", shown(path)));
            }
        }
        command.push_str(&format!(" \\\n  --seed {} --backend {backend} --out {}", self.seed, shown(&self.out)));
        command
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let (recipe, mut training, development) = arguments.lesson.load()?;
    let further = arguments.more.as_deref().map(dataset::load_folder).transpose()?.unwrap_or_default();
    let further_pictures = further.len();
    if further_pictures > 0 {
        println!("{further_pictures} further pictures to train on");
    }
    training.extend(further);
    let device = arguments.backend.device();
    let from = arguments.from.as_deref().map(Source::read).transpose()?;
    let before = from.as_ref().map(|source| JointNet::load(&recipe.network(), &device, &source.tensors)).transpose()?;
    let teacher = match (&arguments.teacher, &from, &before) {
        (Some(path), ..) => Some(Teacher::read(path)?),
        (None, Some(source), Some(net)) if recipe.target.teacher > 0.0 => {
            let views = Views { count: 2, augmentation: &recipe.augmentation, seed: arguments.seed };
            Some(Teacher::consult(from_ref(source), from_ref(net), &training, &views, &device))
        }
        _ => None,
    };
    let guard = arguments.guard.as_deref().map(dataset::load_folder).transpose()?;
    let run = Run {
        recipe,
        seed: arguments.seed,
        folder: arguments.out.clone(),
        stop_after: arguments.stop_after,
        from,
        teacher,
    };
    let (net, state) = train(&run, &training, &development, &device)?;
    if let Some(before) = before {
        let change = |samples: &[Sample]| Change::measure(&before, &net, samples, &device);
        let changes = Changes { held_back: change(&development), guard: change(guard.as_deref().unwrap_or_default()) };
        json::write(&changes, &arguments.out.join("change.json"))?;
        print!("{}", changes.text());
    }
    let calibration = Calibration::fit(&net, &development, &device);
    let has_second_head = state.recipe.target.eight_weight > 0.0;
    let calibration = if has_second_head { calibration } else { calibration.without_second_head() };
    write_weights(&net, &calibration, &arguments.out)?;
    plots::curves(&state.history, &arguments.out)?;
    let training = Training {
        command: arguments.command(),
        recipe_file: file_name(&arguments.lesson.recipe),
        hardware: String::new(),
        pictures: training.len(),
        further_pictures,
        development_pictures: development.len(),
        calibration: calibration.clone(),
        run: state,
        interpolation: None,
        calibrated: None,
    };
    json::write(&training, &arguments.out.join("training.json"))?;
    println!(
        "temperature {:.4}; the weights are in {}",
        calibration.temperature,
        arguments.out.join(WEIGHTS).display()
    );
    Ok(())
}
