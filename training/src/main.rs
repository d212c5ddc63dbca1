//! The command line: train, evaluate, export and what belongs to them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::slice::from_ref;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::{Parser, Subcommand, ValueEnum};
use countenance::Emotion;
use countenance::weights::{Precision, Weights};
use countenance_training::ablate::{Ablations, Figures, Plan, Row};
use countenance_training::card::{Training, card, read_json};
use countenance_training::dataset::{self, Sample};
use countenance_training::findings::{Findings, Measures, write_json};
use countenance_training::finetune::{Change, Changes};
use countenance_training::golden::golden;
use countenance_training::interpolate::{Choice, Interpolation, choices, interpolate};
use countenance_training::metrics::{Answer, accuracy, loss};
use countenance_training::model::JointNet;
use countenance_training::precisions::judge;
use countenance_training::recipe::Recipe;
use countenance_training::runs::{RunFigures, table};
use countenance_training::store::{Source, WEIGHTS};
use countenance_training::teacher::{Teacher, Views, ask};
use countenance_training::train::{Run, fit_temperatures, train};
use countenance_training::{evaluate, lesson, plots, store, twins};

/// Trains, evaluates and exports the expression network.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Train(TrainArguments),
    Label(LabelArguments),
    Lesson(LessonArguments),
    Ablate(AblateArguments),
    Compare(CompareArguments),
    Evaluate(EvaluateArguments),
    Interpolate(InterpolateArguments),
    Export(ExportArguments),
    Card(CardArguments),
    Precisions(PrecisionsArguments),
    Report(ReportArguments),
    Runs(RunsArguments),
    Twins(TwinsArguments),
}

/// Trains the network; a run found in --out goes on where it stopped.
#[derive(clap::Args)]
struct TrainArguments {
    #[command(flatten)]
    lesson: Lesson,
    /// Further pictures to train on, none of which is held back: a folder of <class>/*.jpg|png.
    #[arg(long)]
    more: Option<PathBuf>,
    /// Weights to begin with instead of random ones: a model.safetensors, or the folder of a model or run.
    #[arg(long)]
    from: Option<PathBuf>,
    /// A teacher's answers, which `label` wrote, where the recipe's target.teacher is above 0; without them the weights
    /// of --from are the teacher.
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// A folder of <class>/*.jpg|png that the weights of --from are good at: tells how much of that is lost.
    #[arg(long, requires = "from")]
    guard: Option<PathBuf>,
    /// Where checkpoints and results go.
    #[arg(long)]
    out: PathBuf,
    /// Decides every random draw.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stop behind this many epochs, to go on later.
    #[arg(long)]
    stop_after: Option<usize>,
    /// What computes.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
}

/// A recipe and its data.
#[derive(clap::Args)]
struct Lesson {
    /// A recipe, such as training/recipes/emotion-1.toml.
    #[arg(long)]
    recipe: PathBuf,
    #[command(flatten)]
    data: Data,
}

/// What is trained on.
#[derive(clap::Args)]
struct Data {
    /// A folder with train/<class>/*.jpg|png or <class>/*.jpg|png, or a fer2013.csv.
    #[arg(long)]
    data: PathBuf,
    /// The FER+ votes, fer2013new.csv.
    #[arg(long)]
    votes: Option<PathBuf>,
    /// Rows of fer2013.csv never to train on, one a line.
    #[arg(long)]
    exclude: Option<PathBuf>,
}

/// Trains with one choice of a recipe changed at a time, for several seeds each, and compares on the development part.
/// Runs that are finished are not repeated.
#[derive(clap::Args)]
struct AblateArguments {
    /// What to change, such as training/recipes/ablations.toml.
    #[arg(long)]
    plan: PathBuf,
    #[command(flatten)]
    data: Data,
    /// A teacher's answers, which `label` wrote, for the choices that have one.
    #[arg(long)]
    teacher: Option<PathBuf>,
    /// Where the runs go, and ablations.json and ablations.md.
    #[arg(long)]
    out: PathBuf,
    /// What computes.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
}

/// Tells whether weights trained again are as good as the first ones: compares both on the development part.
#[derive(clap::Args)]
struct CompareArguments {
    #[command(flatten)]
    lesson: Lesson,
    /// The first weights: a model.safetensors, or the folder of a model or run.
    #[arg(long)]
    first: PathBuf,
    /// Those trained again.
    #[arg(long)]
    again: PathBuf,
    /// The largest difference of accuracy and of loss that is no failure.
    #[arg(long, default_value_t = 0.01)]
    tolerance: f64,
    /// What computes.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
}

/// Asks trained networks about the pictures that a recipe trains on, for `train --teacher`, and judges their joint
/// answers on the development part.
#[derive(clap::Args)]
struct LabelArguments {
    #[command(flatten)]
    lesson: Lesson,
    /// A network to ask, as often as there are some: a model.safetensors, or the folder of a model or run.
    #[arg(long, required = true)]
    from: Vec<PathBuf>,
    /// Views of each picture: itself, its mirror image, and then as the recipe's augmentation moves it.
    #[arg(long, default_value_t = 2, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    views: usize,
    /// Decides the views.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The file of answers, .safetensors.
    #[arg(long)]
    out: PathBuf,
    /// What computes.
    #[arg(long, value_enum, default_value_t = Backend::Flex)]
    backend: Backend,
}

/// Writes the pictures and targets of a recipe into a file, for a teacher of another kind.
#[derive(clap::Args)]
struct LessonArguments {
    #[command(flatten)]
    lesson: Lesson,
    /// The file to write, .safetensors.
    #[arg(long)]
    out: PathBuf,
}

/// What computes the training.
#[derive(Clone, Copy, ValueEnum)]
enum Backend {
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
    const fn names(self) -> (&'static str, &'static str) {
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
    fn device(self) -> Device {
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

/// Judges weights on a folder of <class>/*.jpg|png.
#[derive(clap::Args)]
struct EvaluateArguments {
    /// A model of this repository, by its id under models/.
    #[arg(long, required_unless_present = "weights")]
    model: Option<String>,
    /// Or a weights file, .cnw or .safetensors.
    #[arg(long, conflicts_with = "model")]
    weights: Option<PathBuf>,
    /// The folder; faces of 48x48 or larger.
    #[arg(long)]
    data: PathBuf,
    /// Look for the largest face in each picture and crop it as the module does, and count the misses.
    #[arg(long)]
    detect: bool,
    /// The FER+ votes, fer2013new.csv, for files named by their row: gives the agreement with the majority too.
    #[arg(long)]
    votes: Option<PathBuf>,
    /// Rows with a twin in the training data, one a line: gives the figures without them too.
    #[arg(long)]
    leak_list: Option<PathBuf>,
    /// Answer mirror images too, and give the figures of the mean.
    #[arg(long)]
    flip: bool,
    /// Compare with the answers in a table with the columns image, happy, neutral, sad, surprise.
    #[arg(long)]
    compare: Option<PathBuf>,
    /// Damage the pictures in sixteen ways at five strengths, and give the figures of that too.
    #[arg(long, conflicts_with = "detect")]
    robustness: bool,
    /// Give the accuracy by groups of pictures too: by light, size, pose and votes, and by the attributes of a table with
    /// the columns file and any others, if one is named.
    #[arg(long, num_args = 0..=1, value_name = "ATTRIBUTES", conflicts_with = "detect")]
    slices: Option<Option<PathBuf>>,
    /// Judge the second head too, over eight expressions, by the FER+ votes on all classes.
    #[arg(long, requires = "votes", conflicts_with = "detect")]
    eight: bool,
    /// Write the figures and their plots into this folder.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Mixes a share of the head over eight expressions into the head over four, and prints what shares give on the
/// development part.
#[derive(clap::Args)]
struct InterpolateArguments {
    #[command(flatten)]
    lesson: Lesson,
    /// The folder of a model or run.
    #[arg(long)]
    from: PathBuf,
    /// Share of the second head in the first, 0 to 1.
    #[arg(long)]
    share: f64,
    /// The folder of a run, for `export`.
    #[arg(long)]
    out: PathBuf,
}

/// Makes a model folder from a run: the weights the module compiles in, golden.json, training.json and plots.
#[derive(clap::Args)]
struct ExportArguments {
    /// The run's folder.
    #[arg(long)]
    run: PathBuf,
    /// The model's id.
    #[arg(long)]
    id: String,
    /// How kernels and matrices are stored.
    #[arg(long, value_parser = precision, default_value = Precision::Int8.name())]
    precision: Precision,
    /// The pictures for golden.json.
    #[arg(long, default_value = "tests/fixtures")]
    fixtures: PathBuf,
    /// The machine that trained, for the card.
    #[arg(long)]
    hardware: String,
    /// The model folder; models/<id> where not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn precision(name: &str) -> Result<Precision, String> {
    let names = Precision::ALL.map(Precision::name).join(", ");
    Precision::from_name(name).ok_or_else(|| format!("must be one of {names}"))
}

/// Writes a model's MODEL_CARD.md from its figures.
#[derive(clap::Args)]
struct CardArguments {
    /// The model folder.
    folder: PathBuf,
}

/// Judges a model in every precision that weights can be stored in, and prints JSON. `npm run precisions` adds the sizes
/// of the modules and writes the card's table.
#[derive(clap::Args)]
struct PrecisionsArguments {
    /// The model folder.
    folder: PathBuf,
    /// The validation split: a folder of <class>/*.jpg|png.
    #[arg(long)]
    data: PathBuf,
    /// Where the weights go, as <precision>.cnw.
    #[arg(long)]
    out: PathBuf,
}

/// Measures everything about a model of this repository and writes it into its folder, the card with it.
#[derive(clap::Args)]
struct ReportArguments {
    /// The model folder.
    folder: PathBuf,
    /// The validation split: a folder of <class>/*.jpg|png.
    #[arg(long)]
    data: PathBuf,
    /// The FER+ votes, fer2013new.csv.
    #[arg(long)]
    votes: PathBuf,
    /// Rows with a twin in the training data, one a line.
    #[arg(long)]
    leak_list: PathBuf,
}

/// Judges finished runs, such as those of several seeds, and prints them as a table.
#[derive(clap::Args)]
struct RunsArguments {
    /// A run's folder, as often as there are some.
    #[arg(long, required = true)]
    run: Vec<PathBuf>,
    /// The validation split: a folder of <class>/*.jpg|png.
    #[arg(long)]
    data: PathBuf,
    /// The FER+ votes, fer2013new.csv.
    #[arg(long)]
    votes: Option<PathBuf>,
    /// Rows with a twin in the training data, one a line.
    #[arg(long)]
    leak_list: Option<PathBuf>,
    /// The JSON to write. In a model's folder the card tells of `runs.json` (other seeds and recipes of the network) and
    /// of `baselines.json` (other networks).
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Prints the rows of training pictures that are the same picture as one of the validation split, or blank.
#[derive(clap::Args)]
struct TwinsArguments {
    /// A folder with train/ and validation/, or a fer2013.csv.
    #[arg(long)]
    data: PathBuf,
    /// Print the rows of validation pictures with a twin in training instead, for --leak-list.
    #[arg(long)]
    of_validation: bool,
    /// The least correlation of twins.
    #[arg(long, default_value_t = 0.93)]
    least: f32,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Train(arguments) => run_training(&arguments),
        Command::Label(arguments) => run_labelling(&arguments),
        Command::Lesson(arguments) => run_lesson(&arguments),
        Command::Ablate(arguments) => run_ablation(&arguments),
        Command::Compare(arguments) => run_comparison(&arguments),
        Command::Evaluate(arguments) => run_evaluation(&arguments),
        Command::Interpolate(arguments) => run_interpolation(&arguments),
        Command::Export(arguments) => run_export(&arguments),
        Command::Card(arguments) => write_card(&arguments.folder),
        Command::Precisions(arguments) => run_precisions(&arguments),
        Command::Report(arguments) => run_report(&arguments),
        Command::Runs(arguments) => run_runs(&arguments),
        Command::Twins(arguments) => run_twins(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Lesson {
    /// The recipe, the pictures to train on and those held back.
    fn load(&self) -> Result<(Recipe, Vec<Sample>, Vec<Sample>)> {
        let recipe = Recipe::read(&self.recipe)?;
        let (training, development) = self.data.load(&recipe)?;
        Ok((recipe, training, development))
    }

    /// As options of a command, on another machine.
    fn options(&self) -> String {
        let Data { data, votes, exclude } = &self.data;
        let mut options = format!("--recipe {} --data {}", shown(&self.recipe), shown(data));
        for (option, path) in [("votes", votes), ("exclude", exclude)] {
            if let Some(path) = path {
                options.push_str(&format!(" --{option} {}", shown(path)));
            }
        }
        options
    }
}

impl Data {
    /// The pictures that a recipe trains on, and those it holds back.
    fn load(&self, recipe: &Recipe) -> Result<(Vec<Sample>, Vec<Sample>)> {
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
        let (training, development) = dataset::split_development(samples, recipe.development);
        println!("{} pictures to train on, {} held back for development", training.len(), development.len());
        Ok((training, development))
    }
}

fn run_training(arguments: &TrainArguments) -> Result<()> {
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
        write_json(&changes, &arguments.out.join("change.json"))?;
        print!("{}", changes.text());
    }
    let (temperature, temperature_eight) = fit_temperatures(&net, &development, &device);
    // A head that nothing was asked of is noise, and does not ship.
    let temperature_eight = (state.recipe.target.eight_weight > 0.0).then_some(temperature_eight);
    write_weights(&net, temperature, temperature_eight, &arguments.out)?;
    plots::curves(&state.history, &arguments.out)?;
    let training = Training {
        command: arguments.command(),
        recipe_file: file_name(&arguments.lesson.recipe),
        hardware: String::new(),
        pictures: training.len(),
        further_pictures,
        development_pictures: development.len(),
        temperature,
        temperature_eight,
        run: state,
        interpolation: None,
    };
    write_json(&training, &arguments.out.join("training.json"))?;
    println!("temperature {temperature:.4}; the weights are in {}", arguments.out.join(WEIGHTS).display());
    Ok(())
}

/// Writes the f32 weights into a run's folder.
fn write_weights(net: &JointNet, temperature: f64, temperature_eight: Option<f64>, out: &Path) -> Result<()> {
    let metadata = [
        ("classes", Some(Emotion::ALL.map(Emotion::name).join(","))),
        ("temperature", Some(temperature.to_string())),
        (store::SECOND_TEMPERATURE, temperature_eight.map(|temperature| temperature.to_string())),
    ];
    let metadata = metadata.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    store::write_safetensors(net, metadata, &out.join(WEIGHTS))
}

fn run_interpolation(arguments: &InterpolateArguments) -> Result<()> {
    let training: Training = read_json(&arguments.from.join("training.json"))?;
    ensure!(training.temperature_eight.is_some(), "the head over eight expressions was not trained");
    ensure!(training.interpolation.is_none(), "the heads were mixed before: begin with the weights of the run");
    let (recipe, _, development) = arguments.lesson.load()?;
    let device = Device::flex();
    let source = Source::read(&arguments.from)?;
    let load = |tensors| JointNet::load(&recipe.network(), &device, tensors);
    let choices = choices(&load(&source.tensors)?, &development, &device);
    print!("{}", Choice::table(&choices));
    let net = load(&interpolate(&source.tensors, arguments.share)?)?;
    let (temperature, temperature_eight) = fit_temperatures(&net, &development, &device);
    fs::create_dir_all(&arguments.out).with_context(|| format!("cannot make {}", arguments.out.display()))?;
    write_weights(&net, temperature, Some(temperature_eight), &arguments.out)?;
    let command = format!(
        "cargo run --release -p countenance-training -- interpolate \\\n  --from {} --share {} \\\n  {} --out {}",
        shown(&arguments.from),
        arguments.share,
        arguments.lesson.options(),
        shown(&arguments.out)
    );
    let interpolation = Interpolation { command, from: source.sha256, share: arguments.share, choices };
    let training = Training {
        temperature,
        temperature_eight: Some(temperature_eight),
        interpolation: Some(interpolation),
        ..training
    };
    write_json(&training, &arguments.out.join("training.json"))
}

fn run_labelling(arguments: &LabelArguments) -> Result<()> {
    let (recipe, training, development) = arguments.lesson.load()?;
    let device = arguments.backend.device();
    let sources = arguments.from.iter().map(|path| Source::read(path)).collect::<Result<Vec<_>>>()?;
    let nets = sources
        .iter()
        .map(|source| JointNet::load(&recipe.network(), &device, &source.tensors))
        .collect::<Result<Vec<_>>>()?;
    let views = Views { count: arguments.views, augmentation: &recipe.augmentation, seed: arguments.seed };
    let judge = |name: &str, nets: &[JointNet], views: &Views<'_>| {
        let answers = ask(nets, &development, views, &device);
        let answers: Vec<Answer> = development
            .iter()
            .zip(answers)
            .filter_map(|(sample, answer)| Some(Answer { label: sample.emotion()?, probabilities: answer.four }))
            .collect();
        println!("{name}: accuracy {:.4}, loss {:.4} on the development part", accuracy(&answers), loss(&answers));
    };
    let plain = Views { count: 1, ..views };
    for (path, net) in arguments.from.iter().zip(&nets) {
        judge(&path.display().to_string(), from_ref(net), &plain);
    }
    judge("all together", &nets, &plain);
    judge(&format!("all together, {} views", arguments.views), &nets, &views);
    Teacher::consult(&sources, &nets, &training, &views, &device).write(&arguments.out)
}

fn run_lesson(arguments: &LessonArguments) -> Result<()> {
    let (recipe, training, development) = arguments.lesson.load()?;
    lesson::write(&training, &development, &recipe.target, &arguments.out)
}

impl TrainArguments {
    /// The command as another machine would give it: absolute paths by their names alone.
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

fn run_ablation(arguments: &AblateArguments) -> Result<()> {
    let (plan, recipes) = Plan::read(&arguments.plan)?;
    let teacher = arguments.teacher.as_deref().map(Teacher::read).transpose()?;
    let rows = recipes.iter().map(|(name, _)| Row { name: name.clone(), runs: Vec::new() }).collect();
    let mut ablations = Ablations { base: plan.base, phases: plan.phases, pictures: 0, rows };
    fs::create_dir_all(&arguments.out).with_context(|| format!("cannot make {}", arguments.out.display()))?;
    for seed in plan.seeds {
        for (index, (name, recipe)) in recipes.iter().enumerate() {
            let folder = arguments.out.join(format!("{name}, seed {seed}"));
            let done = folder.join("figures.json");
            if !done.exists() {
                let teacher = if recipe.target.teacher > 0.0 { teacher.clone() } else { None };
                let run = Run { recipe: recipe.clone(), seed, folder, stop_after: None, from: None, teacher };
                let figures = ablation(&run, arguments).with_context(|| name.clone())?;
                write_json(&figures, &done)?;
            }
            let (pictures, figures) = read_json(&done)?;
            ablations.pictures = pictures;
            ablations.rows[index].runs.push(figures);
            write_json(&ablations, &arguments.out.join("ablations.json"))?;
            write(&arguments.out.join("ablations.md"), ablations.table().as_bytes())?;
        }
    }
    print!("{}", ablations.table());
    Ok(())
}

/// One run of an ablation, and of how many pictures its figures are. Leaves no checkpoint.
fn ablation(run: &Run, arguments: &AblateArguments) -> Result<(usize, Figures)> {
    println!("{}", run.folder.display());
    let (training, development) = arguments.data.load(&run.recipe)?;
    let (_, state) = train(run, &training, &development, &arguments.backend.device())?;
    fs::remove_dir_all(run.folder.join("checkpoint"))?;
    let last = state.history.last().context("the run has no epochs")?;
    let pictures = development.iter().filter(|sample| sample.emotion().is_some()).count();
    Ok((pictures, Figures { seed: run.seed, loss: last.development_loss, accuracy: last.development_accuracy }))
}

fn run_comparison(arguments: &CompareArguments) -> Result<()> {
    let (recipe, _, development) = arguments.lesson.load()?;
    let device = arguments.backend.device();
    let (first, again) = (Source::read(&arguments.first)?, Source::read(&arguments.again)?);
    let load = |source: &Source| JointNet::load(&recipe.network(), &device, &source.tensors);
    println!("largest difference of a weight: {:.2e}", store::largest_difference(&first.tensors, &again.tensors)?);
    let change = Change::measure(&load(&first)?, &load(&again)?, &development, &device);
    let Change { pictures, before, after } = change.context("the recipe holds back no pictures to compare on")?;
    println!(
        "on {pictures} held-back pictures: accuracy {:.4} and {:.4}, loss {:.4} and {:.4}",
        before.accuracy, after.accuracy, before.loss, after.loss
    );
    let difference = (before.accuracy - after.accuracy).abs().max((before.loss - after.loss).abs());
    ensure!(difference <= arguments.tolerance, "they differ by {difference:.4}, more than {}", arguments.tolerance);
    Ok(())
}

fn run_evaluation(arguments: &EvaluateArguments) -> Result<()> {
    let path = match (&arguments.weights, &arguments.model) {
        (Some(weights), _) => weights.clone(),
        (None, model) => ["models", model.as_deref().unwrap_or_default(), "weights.cnw"].iter().collect(),
    };
    let bytes = store::read(&path)?;
    let weights = Weights::parse(&bytes)?;
    let (mut samples, missed) = if arguments.detect {
        let (samples, missed) = dataset::detect_folder(&arguments.data)?;
        (samples, Some(missed))
    } else {
        (dataset::load_folder(&arguments.data)?, None)
    };
    if let Some(votes) = &arguments.votes {
        dataset::attach_votes(&mut samples, votes)?;
    }
    let leaked = arguments.leak_list.as_deref().map(dataset::read_rows).transpose()?;
    let measures = Measures {
        options: evaluate::Options { leaked, flip: arguments.flip, missed },
        robustness: arguments.robustness,
        slices: arguments.slices.clone(),
        eight: arguments.eight,
    };
    let findings = Findings::new(&weights, &samples, &measures)?;
    if let Some(table) = &arguments.compare {
        let (count, largest) = evaluate::compare(&findings.answers, table)?;
        eprintln!("largest difference from {}: {largest:.2e} over {count} images", table.display());
    }
    match &arguments.out {
        Some(out) if arguments.detect => write_json(&findings.report, &out.join("metrics_detected.json"))?,
        Some(out) => findings.write(out)?,
        None => {}
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&findings.report)?);
    } else {
        print!("{}", findings.text());
    }
    Ok(())
}

fn run_report(arguments: &ReportArguments) -> Result<()> {
    let path = arguments.folder.join("weights.cnw");
    let bytes = store::read(&path)?;
    let weights = Weights::parse(&bytes)?;
    let leaked = dataset::read_rows(&arguments.leak_list)?;
    let measure = |(mut samples, missed): (Vec<_>, Option<usize>), everything: bool| {
        dataset::attach_votes(&mut samples, &arguments.votes)?;
        let options = evaluate::Options { leaked: Some(leaked.clone()), flip: everything, missed };
        let slices = everything.then_some(None);
        let measures = Measures { options, robustness: everything, slices, eight: everything };
        Findings::new(&weights, &samples, &measures)
    };
    let (found, missed) = dataset::detect_folder(&arguments.data)?;
    let detected = measure((found, Some(missed)), false)?;
    write_json(&detected.report, &arguments.folder.join("metrics_detected.json"))?;
    let findings = measure((dataset::load_folder(&arguments.data)?, None), true)?;
    findings.write(&arguments.folder)?;
    print!("{}", findings.text());
    write_card(&arguments.folder)
}

fn run_precisions(arguments: &PrecisionsArguments) -> Result<()> {
    let read = |name: &str| {
        let path = arguments.folder.join(name);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let judged = judge(&read(WEIGHTS)?, &read("weights.cnw")?, &dataset::load_folder(&arguments.data)?)?;
    fs::create_dir_all(&arguments.out).with_context(|| format!("cannot make {}", arguments.out.display()))?;
    for row in &judged {
        write(&arguments.out.join(format!("{}.cnw", row.precision)), &row.weights)?;
    }
    println!("{}", serde_json::to_string_pretty(&judged)?);
    Ok(())
}

fn run_runs(arguments: &RunsArguments) -> Result<()> {
    let mut samples = dataset::load_folder(&arguments.data)?;
    if let Some(votes) = &arguments.votes {
        dataset::attach_votes(&mut samples, votes)?;
    }
    let leaked = arguments.leak_list.as_deref().map(dataset::read_rows).transpose()?;
    let options = evaluate::Options { leaked, ..evaluate::Options::default() };
    let judge = |run: &PathBuf| -> Result<RunFigures> {
        let training: Training = read_json(&run.join("training.json"))?;
        let device = Device::flex();
        let net = JointNet::load(&training.run.recipe.network(), &device, &Source::read(run)?.tensors)?;
        let report = evaluate::evaluate_network(&net, training.temperature, &samples, &options, &device)?;
        Ok(RunFigures::new(&training, &report))
    };
    let judged = arguments.run.iter().map(|run| judge(run).with_context(|| run.display().to_string()));
    let runs = judged.collect::<Result<Vec<_>>>()?;
    if let Some(out) = &arguments.out {
        write_json(&runs, out)?;
    }
    print!("{}", table(&runs));
    Ok(())
}

fn run_export(arguments: &ExportArguments) -> Result<()> {
    let out = arguments.out.clone().unwrap_or_else(|| ["models", &arguments.id].iter().collect());
    fs::create_dir_all(&out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    let source = arguments.run.join(WEIGHTS);
    let bytes =
        fs::read(&source).with_context(|| format!("cannot read {}: `train` writes it at its end", source.display()))?;
    let container = store::convert(&bytes, Some(&arguments.id), arguments.precision)?;
    write(&out.join("weights.cnw"), &container)?;
    write(&out.join(WEIGHTS), &bytes)?;
    let training =
        Training { hardware: arguments.hardware.clone(), ..read_json(&arguments.run.join("training.json"))? };
    write_json(&training, &out.join("training.json"))?;
    let answers = golden(&Weights::parse(&container)?, &arguments.fixtures, &Device::flex())?;
    write_json(&answers, &out.join("golden.json"))?;
    plots::curves(&training.run.history, &out)?;
    println!("{} bytes of weights in {}", container.len(), out.join("weights.cnw").display());
    Ok(())
}

fn write_card(folder: &Path) -> Result<()> {
    write(&folder.join("MODEL_CARD.md"), card(folder)?.as_bytes())
}

fn run_twins(arguments: &TwinsArguments) -> Result<()> {
    let (training, validation) =
        (dataset::load(&arguments.data, "train")?, dataset::load(&arguments.data, "validation")?);
    let (samples, others) = if arguments.of_validation { (&validation, &training) } else { (&training, &validation) };
    let twins = twins::find(samples, others, arguments.least, &Device::flex());
    // Nothing is learned from blank pictures; judging them is another matter.
    let blank = samples.iter().filter(|sample| !arguments.of_validation && twins::is_blank(sample));
    let rows: BTreeSet<u32> = twins.into_iter().chain(blank).filter_map(|sample| sample.row).collect();
    for row in rows {
        println!("{row}");
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A path for others to read: where it lies on this machine is left out.
fn shown(path: &Path) -> String {
    if path.is_absolute() { file_name(path) } else { path.display().to_string() }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
