//! The command line: train, evaluate, export and what belongs to them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::{Parser, Subcommand, ValueEnum};
use countenance::Emotion;
use countenance::weights::{Precision, Weights};
use countenance_training::card::{Training, card, read_json};
use countenance_training::findings::{Findings, Measures, write_json};
use countenance_training::golden::golden;
use countenance_training::recipe::Recipe;
use countenance_training::runs::{RunFigures, table};
use countenance_training::train::{Run, fit_temperatures, train};
use countenance_training::{dataset, evaluate, plots, store, twins};

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
    Evaluate(EvaluateArguments),
    Export(ExportArguments),
    Card(CardArguments),
    Report(ReportArguments),
    Runs(RunsArguments),
    Twins(TwinsArguments),
}

/// Trains the network; a run found in --out goes on where it stopped.
#[derive(clap::Args)]
struct TrainArguments {
    /// A recipe, such as training/recipes/emotion-1.toml.
    #[arg(long)]
    recipe: PathBuf,
    /// A folder with train/<class>/*.jpg|png, or a fer2013.csv.
    #[arg(long)]
    data: PathBuf,
    /// The FER+ votes, fer2013new.csv.
    #[arg(long)]
    votes: Option<PathBuf>,
    /// Rows of fer2013.csv never to train on, one a line.
    #[arg(long)]
    exclude: Option<PathBuf>,
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
    /// A model folder: write runs.json into it, for the card.
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
        Command::Evaluate(arguments) => run_evaluation(&arguments),
        Command::Export(arguments) => run_export(&arguments),
        Command::Card(arguments) => write_card(&arguments.folder),
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

fn run_training(arguments: &TrainArguments) -> Result<()> {
    let recipe = Recipe::read(&arguments.recipe)?;
    let mut samples = dataset::load(&arguments.data, "train")?;
    if let Some(votes) = &arguments.votes {
        dataset::attach_votes(&mut samples, votes)?;
    }
    if let Some(exclude) = &arguments.exclude {
        let excluded = dataset::read_rows(exclude)?;
        samples.retain(|sample| sample.row.is_none_or(|row| !excluded.contains(&row)));
    }
    samples.retain(|sample| {
        let not_a_face = sample.votes.is_some_and(|votes| f64::from(votes.not_a_face) >= recipe.target.not_a_face);
        !not_a_face && (recipe.target.eight_weight > 0.0 || sample.emotion().is_some())
    });
    let (training, development) = dataset::split_development(samples, recipe.development);
    println!("{} pictures to train on, {} held back for development", training.len(), development.len());
    let device = arguments.backend.device();
    let run = Run { recipe, seed: arguments.seed, folder: arguments.out.clone(), stop_after: arguments.stop_after };
    let (net, state) = train(&run, &training, &development, &device)?;
    let (temperature, temperature_eight) = fit_temperatures(&net, &development, &device);
    // A head that nothing was asked of is noise, and does not ship.
    let temperature_eight = (state.recipe.target.eight_weight > 0.0).then_some(temperature_eight);
    let metadata = [
        ("classes", Some(Emotion::ALL.map(Emotion::name).join(","))),
        ("temperature", Some(temperature.to_string())),
        (store::SECOND_TEMPERATURE, temperature_eight.map(|temperature| temperature.to_string())),
    ];
    let metadata = metadata.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    store::write_safetensors(&net, metadata, &arguments.out.join(WEIGHTS))?;
    plots::curves(&state.history, &arguments.out)?;
    let training = Training {
        command: arguments.command(),
        recipe_file: file_name(&arguments.recipe),
        hardware: String::new(),
        pictures: training.len(),
        development_pictures: development.len(),
        temperature,
        temperature_eight,
        run: state,
    };
    write_json(&training, &arguments.out.join("training.json"))?;
    println!("temperature {temperature:.4}; the weights are in {}", arguments.out.join(WEIGHTS).display());
    Ok(())
}

/// The f32 weights, in a run's folder and a model's.
const WEIGHTS: &str = "model.safetensors";

impl TrainArguments {
    /// The command as another machine would give it: files by their names alone.
    fn command(&self) -> String {
        let (backend, features) = self.backend.names();
        let mut command = format!(
            "cargo run --release -p countenance-training{features} -- train \\\n  --recipe training/recipes/{} --data {}",
            file_name(&self.recipe),
            file_name(&self.data)
        );
        for (option, path) in [("votes", &self.votes), ("exclude", &self.exclude)] {
            if let Some(path) = path {
                command.push_str(&format!(" --{option} {}", file_name(path)));
            }
        }
        command.push_str(&format!(" \\\n  --seed {} --backend {backend} --out {}", self.seed, file_name(&self.out)));
        command
    }
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

fn run_runs(arguments: &RunsArguments) -> Result<()> {
    let mut samples = dataset::load_folder(&arguments.data)?;
    if let Some(votes) = &arguments.votes {
        dataset::attach_votes(&mut samples, votes)?;
    }
    let leaked = arguments.leak_list.as_deref().map(dataset::read_rows).transpose()?;
    let options = evaluate::Options { leaked, ..evaluate::Options::default() };
    let judge = |run: &PathBuf| -> Result<RunFigures> {
        let training: Training = read_json(&run.join("training.json"))?;
        let bytes = store::read(&run.join(WEIGHTS))?;
        let (report, _) = evaluate::evaluate(&Weights::parse(&bytes)?, &samples, &options)?;
        Ok(RunFigures::new(&training.recipe_file, training.run.seed, &report))
    };
    let judged = arguments.run.iter().map(|run| judge(run).with_context(|| run.display().to_string()));
    let runs = judged.collect::<Result<Vec<_>>>()?;
    if let Some(out) = &arguments.out {
        write_json(&runs, &out.join("runs.json"))?;
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

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}
