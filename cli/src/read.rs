//! `countenance read`: pictures, folders and videos to answers.

mod answer;
mod csv;
mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod paths;
mod resume;
mod table;
mod video;
mod workers;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::thread;

use clap::{ArgGroup, Args};
use countenance::{EmotionPipeline, PipelineOptions};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Exit;
use crate::options::ReadingArgs;
use crate::threads::all_threads;
use answer::Outcome;
use output::{Output, Target};
use paths::{Found, Paths};
use table::Table;
use workers::{Answers, Manner, STOPPED, name};

/// Read the expressions in pictures, folders and videos
///
/// Prints a line of JSON for each picture, and for each frame of a video, in the order of the files. A file that cannot
/// be read has a line with the reason, and the others go on.
#[derive(Args)]
#[command(
    group(ArgGroup::new("format")),
    after_help = "Exit status: 0 if every file was read, 1 if some could not be read, 2 for wrong arguments or nothing to \
                  read, 130 if stopped by Ctrl-C."
)]
pub(crate) struct ReadArgs {
    /// Pictures, videos, folders, patterns such as "2024/**/*.jpg", or - for a list of paths on standard input, one a line
    /// or separated by null bytes
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,

    /// Print lines of JSON; this is the default
    #[arg(long, group = "format")]
    json: bool,

    /// Print a table with a row for each face, with the columns of the page's export
    #[arg(long, group = "format")]
    csv: bool,

    /// Write the same table as a Parquet file
    #[cfg(feature = "parquet")]
    #[arg(long, group = "format", value_name = "FILE", conflicts_with_all = ["output", "resume"])]
    parquet: Option<PathBuf>,

    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Go on with the output file of a run that was stopped: what it holds is not read again
    #[arg(long, requires = "output")]
    resume: bool,

    /// How many files are read at once [default: one for each core]
    #[arg(long, short, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,

    /// Read so many frames of each second of a video
    #[arg(long, value_name = "FRAMES", default_value_t = 5.0, value_parser = frames_per_second)]
    fps: f64,

    #[command(flatten)]
    reading: ReadingArgs,
}

fn frames_per_second(text: &str) -> Result<f64, String> {
    let fps = text.parse().map_err(|_| "a number is expected".to_owned())?;
    if fps > 0.0 && fps <= 1000.0 { Ok(fps) } else { Err("a number above 0, up to 1000, is expected".to_owned()) }
}

pub(crate) fn run(arguments: ReadArgs) -> Exit {
    read(arguments).unwrap_or_else(|message| {
        eprintln!("countenance: {message}");
        Exit::Usage
    })
}

fn read(arguments: ReadArgs) -> Result<Exit, String> {
    let options = PipelineOptions::from(arguments.reading.clone());
    let max_faces = options.max_faces;
    let manner = Manner {
        options: PipelineOptions { max_faces: max_faces + 1, ..options.clone() },
        max_faces,
        fps: arguments.fps,
    };
    // Wrong options are reported once, not by each thread.
    EmotionPipeline::new(manner.options.clone()).map_err(|error| error.to_string())?;
    let (mut output, done, mut failed) = open(&arguments, &options)?;
    let resumed: u64 = done.values().sum();

    STOPPED.store(false, Ordering::Relaxed);
    // A second Ctrl-C does not wait. Where a handler is in place already, it stays.
    let _ = ctrlc::try_set_handler(|| {
        if STOPPED.swap(true, Ordering::Relaxed) {
            std::process::exit(Exit::Interrupted.status().into());
        }
    });

    let paths = || Paths::new(arguments.paths.clone(), written(&arguments));
    let bar = progress(&arguments.paths, paths());
    let threads = arguments.jobs.map_or_else(all_threads, usize::from);
    let mut answers = Answers::start(without(paths(), done, &output, bar.clone()), threads, &manner);
    let (mut files, shows_both) = (resumed, output.is_terminal());
    while let Some(file) = answers.next_file() {
        let mut has_answer = false;
        for answer in file {
            has_answer = true;
            failed += u64::from(matches!(answer.outcome, Outcome::Failed { .. }));
            let written = if shows_both { bar.suspend(|| output.write(&answer)) } else { output.write(&answer) };
            match written {
                Ok(()) => {}
                // Whoever reads has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
                Err(error) => {
                    bar.finish_and_clear();
                    eprintln!("countenance: the answers cannot be written: {error}");
                    return Ok(Exit::Failed);
                }
            }
        }
        files += u64::from(has_answer);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let ended = answers.finish().and_then(|()| output.finish());
    if let Err(error) = ended {
        eprintln!("countenance: not everything was read: {error}");
        return Ok(Exit::Failed);
    }
    if STOPPED.load(Ordering::Relaxed) {
        eprintln!("countenance: stopped after {files} files");
        return Ok(Exit::Interrupted);
    }
    if files == 0 {
        return Err("there are no files to read".to_owned());
    }
    if failed > 0 {
        eprintln!("countenance: {failed} of {files} files could not be read");
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

/// The output, how often each file is in it already, and how many of those could not be read.
fn open(arguments: &ReadArgs, options: &PipelineOptions) -> Result<(Output, HashMap<String, u64>, u64), String> {
    let table = Table::new(options);
    #[cfg(feature = "parquet")]
    if let Some(path) = &arguments.parquet {
        let file = parquet::ParquetFile::create(path, &table)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        return Ok((Output::Parquet(Box::new(file), table), HashMap::new(), 0));
    }
    let table = arguments.csv.then_some(table);
    let Some(path) = &arguments.output else {
        let output = Output::begin(Target::Standard, table).map_err(|error| error.to_string())?;
        return Ok((output, HashMap::new(), 0));
    };
    if arguments.resume {
        let (output, scan) = Output::resume(path, table)
            .map_err(|error| format!("{} cannot be gone on with: {error}", path.display()))?;
        return Ok((output, scan.done, scan.failed));
    }
    if fs::metadata(path).is_ok_and(|file| file.len() > 0) {
        return Err(format!("{} exists: add --resume to go on with it, or remove it", path.display()));
    }
    let output = File::create(path).and_then(|file| Output::begin(Target::File(file), table));
    Ok((output.map_err(|error| format!("{} cannot be written: {error}", path.display()))?, HashMap::new(), 0))
}

/// The files that this run writes.
fn written(arguments: &ReadArgs) -> Vec<PathBuf> {
    #[cfg(feature = "parquet")]
    if let Some(path) = &arguments.parquet {
        return vec![path.clone(), parquet::ParquetFile::unfinished(path)];
    }
    arguments.output.iter().cloned().collect()
}

/// The files that have not been read as often as they are named.
fn without(
    paths: Paths,
    mut done: HashMap<String, u64>,
    output: &Output,
    bar: ProgressBar,
) -> impl Iterator<Item = Found> + Send + 'static {
    let key = output.naming();
    paths.filter(move |found| {
        let (Ok(path) | Err((path, _))) = found;
        let Some(left) = done.get_mut(&key(&name(path))).filter(|left| **left > 0) else { return true };
        *left -= 1;
        bar.inc(1);
        false
    })
}

/// A bar on standard error, where that is a terminal. How many files there are is counted while they are read.
fn progress(arguments: &[PathBuf], paths: Paths) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::no_length().with_style(style("{pos} files, {per_sec}"));
    if !Paths::has_list(arguments) {
        let counted = bar.clone();
        thread::spawn(move || {
            counted.set_length(paths.count() as u64);
            counted.set_style(style("{wide_bar} {pos} of {len} files, {per_sec}, {eta} left"));
        });
    }
    bar
}
