//! `countenance evaluate`: a labelled data set to a report.

mod layout;
mod metrics;
mod report;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use clap::{Args, ValueEnum};
use countenance::{
    Emotion, Emotion8, EmotionPipeline, Error, Expression, Expressions, FaceEmotion, Frame, Label, Picture,
    PipelineOptions, Probabilities, chip_from_frame,
};
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, RgbaImage};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Exit;
use crate::failure::Failure;
use crate::options::ReadingArgs;
use crate::picture;
use crate::threads::{all_threads, joined};
use layout::{DataSet, Layout, Sample, Split};
use metrics::{Answer, Metrics, Proportion};
use report::{NoneOfTheFour, Report};

/// Measure how often answers are right on a labelled data set
///
/// Prints a report with the figures of the model card: accuracy with its interval, precision, recall and F1 of each
/// expression, the confusion matrix, calibration error, and how many faces were not found. The data set has to be on this
/// machine already.
#[derive(Args)]
#[command(
    after_help = "Exit status: 0 if every picture was read, 1 if some could not be read, 2 for wrong arguments or a \
                        folder of another layout."
)]
pub(crate) struct EvaluateArgs {
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// How the data set is laid out
    #[arg(long, value_enum, default_value_t = Layout::Folder)]
    layout: Layout,

    /// Which part of RAF-DB or AffectNet [default: test]
    #[arg(long, value_enum)]
    split: Option<Split>,

    /// Which face is read
    #[arg(long, value_enum, default_value_t = Crop::Found)]
    crop: Crop,

    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,

    /// Print Markdown, in the form of the model card
    #[arg(long)]
    markdown: bool,

    /// How many pictures are read at once [default: one for each core]
    #[arg(long, short, value_name = "THREADS")]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    reading: ReadingArgs,
}

/// Which face of a picture is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Crop {
    /// The largest face that is found, cut out as in real use
    Found,
    /// The whole picture, as a face that is cut out already
    Whole,
}

/// Pictures with no side of at least so many pixels are enlarged before faces are looked for in them, as for the model
/// card: the detector wants more pixels than a data set of 48 x 48 has.
const ENLARGE_BELOW: u32 = 160;
/// The long side that they are enlarged to.
const ENLARGED: u32 = 192;

/// What came of a picture.
enum Seen {
    Face(Box<Expression>),
    NotFound,
    Unreadable(Failure),
}

pub(crate) fn run(arguments: EvaluateArgs) -> Exit {
    let (report, unreadable) = match evaluate(&arguments) {
        Ok(evaluated) => evaluated,
        Err(message) => {
            eprintln!("countenance: {message}");
            return Exit::Usage;
        }
    };
    for (path, failure) in &unreadable {
        eprintln!("countenance: {}: {}", path.display(), failure.message);
    }
    let exit = if arguments.json {
        crate::print_json(&report)
    } else if arguments.markdown {
        crate::print(&report.markdown())
    } else {
        crate::print(&report.text())
    };
    if unreadable.is_empty() { exit } else { Exit::Failed }
}

fn evaluate(arguments: &EvaluateArgs) -> Result<(Report, Vec<(PathBuf, Failure)>), String> {
    let EvaluateArgs { folder, layout, split, crop, jobs, .. } = arguments;
    if split.is_some() && !layout.is_split() {
        return Err(format!("--split is for data sets that come in parts, not for the layout {}", layout.name()));
    }
    let split = split.unwrap_or(Split::Test);
    let options = PipelineOptions::from(arguments.reading.clone());
    let pipeline = EmotionPipeline::new(options.clone()).map_err(|error| error.to_string())?;
    let model = pipeline.model_id().to_owned();
    let DataSet { samples, left_out } = layout.read(folder, split).map_err(|error| error.to_string())?;
    let threads = jobs.map_or_else(all_threads, usize::from);
    let seen = see_all(&samples, *crop, &options, threads).map_err(|error| error.to_string())?;

    let mut unreadable = Vec::new();
    let mut not_found = Vec::new();
    let mut read = Vec::new();
    for (Sample { path, label }, seen) in samples.into_iter().zip(seen) {
        match seen {
            Seen::Face(expression) => read.push((label, *expression)),
            Seen::NotFound => not_found.push(label),
            Seen::Unreadable(failure) => unreadable.push((path, failure)),
        }
    }
    let is_judged = |label: &Emotion8| options.eight || label.emotion().is_some();
    let metrics = if options.eight {
        Metrics::new(&answers(&read, Some, |expression| expression.eight.map(|eight| eight.probabilities)))
    } else {
        Metrics::new(&answers(&read, Emotion8::emotion, |expression| Some(expression.probabilities)))
    };
    let judged: Vec<_> = read.iter().filter(|(label, _)| is_judged(label)).collect();
    let named: Vec<_> = judged.iter().filter_map(|(label, expression)| Some((*label, shown(expression)?))).collect();
    let missed = not_found.iter().filter(|label| is_judged(label)).count();
    let right = (metrics.accuracy.share * metrics.count as f64).round() as usize;
    let others: Vec<_> =
        read.iter().filter(|(label, _)| label.emotion().is_none()).map(|(_, read)| read.emotion).collect();
    let report = Report {
        model,
        layout: layout.name(),
        split: layout.is_split().then_some(split),
        crop: *crop,
        expressions: if options.eight { Emotion8::COUNT } else { Emotion::COUNT },
        uncertain_below: options.uncertain_below,
        not_found: missed,
        unreadable: unreadable.len(),
        left_out,
        accuracy_with_not_found_wrong: Proportion::new(right, metrics.count + missed),
        answered: Proportion::new(named.len(), judged.len()),
        accuracy_of_answered: Proportion::of(&named, |(label, shown)| label == shown),
        none_of_the_four: (!options.eight && !others.is_empty()).then(|| NoneOfTheFour {
            labelled_other: Proportion::of(&others, |label| *label == Some(Label::Other)),
            labelled_one_of_the_four: Proportion::of(&others, |label| label.and_then(Label::emotion).is_some()),
        }),
        metrics,
    };
    Ok((report, unreadable))
}

/// The answers to faces whose label is one of the head's expressions.
fn answers<E: Expressions<N>, const N: usize>(
    read: &[(Emotion8, Expression)],
    label: impl Fn(Emotion8) -> Option<E>,
    probabilities: impl Fn(&Expression) -> Option<Probabilities<E, N>>,
) -> Vec<Answer<E, N>> {
    let answer =
        |(of, read): &(Emotion8, Expression)| Some(Answer { label: label(*of)?, probabilities: probabilities(read)? });
    read.iter().filter_map(answer).collect()
}

/// The expression that is shown, if one is.
fn shown(expression: &Expression) -> Option<Emotion8> {
    match &expression.eight {
        Some(eight) => eight.emotion,
        None => expression.emotion.and_then(Label::emotion).map(Emotion8::from),
    }
}

/// What comes of each picture, in their order.
fn see_all(samples: &[Sample], crop: Crop, options: &PipelineOptions, threads: usize) -> Result<Vec<Seen>, Error> {
    // Hidden where standard error is no terminal.
    let bar = ProgressBar::new(samples.len() as u64).with_style(
        ProgressStyle::with_template("{wide_bar} {pos} of {len} pictures, {per_sec}, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let next = AtomicUsize::new(0);
    let see_some = || {
        let mut pipeline = EmotionPipeline::new(options.clone())?;
        let mut seen = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(Sample { path, .. }) = samples.get(index) else { return Ok(seen) };
            seen.push((index, see(&mut pipeline, path, crop).unwrap_or_else(Seen::Unreadable)));
            bar.inc(1);
        }
    };
    let seen = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(see_some)).collect();
        threads.into_iter().map(joined).collect::<Result<Vec<_>, Error>>()
    })?;
    let mut seen: Vec<(usize, Seen)> = seen.into_iter().flatten().collect();
    seen.sort_unstable_by_key(|(index, _)| *index);
    Ok(seen.into_iter().map(|(_, seen)| seen).collect())
}

fn see(pipeline: &mut EmotionPipeline, path: &Path, crop: Crop) -> Result<Seen, Failure> {
    let bytes = picture::bytes(path)?;
    if is_tiff(&bytes) {
        let image = image::load_from_memory_with_format(&bytes, ImageFormat::Tiff)
            .map_err(|error| Failure::new("invalid-image", error.to_string()))?;
        return look(pipeline, &Frame::try_from(&image)?, crop);
    }
    look(pipeline, &Picture::decode(&bytes)?.frame(), crop)
}

/// JAFFE's pictures are TIFF, which the library leaves to others.
fn is_tiff(bytes: &[u8]) -> bool {
    bytes.starts_with(b"II*\0") || bytes.starts_with(b"MM\0*")
}

fn look(pipeline: &mut EmotionPipeline, frame: &Frame<'_>, crop: Crop) -> Result<Seen, Failure> {
    if crop == Crop::Whole {
        return Ok(Seen::Face(Box::new(pipeline.classify_face(&chip_from_frame(frame))?)));
    }
    let enlarged = enlarged(frame).map(DynamicImage::ImageRgba8);
    let enlarged = enlarged.as_ref().map(Frame::try_from).transpose()?;
    let faces = pipeline.analyze_image(enlarged.as_ref().unwrap_or(frame))?;
    let area = |face: &&FaceEmotion| face.detection.bounding_box.width * face.detection.bounding_box.height;
    let largest = faces.iter().max_by(|a, b| area(a).total_cmp(&area(b)));
    Ok(largest.map_or(Seen::NotFound, |face| Seen::Face(Box::new(face.expression()))))
}

/// A small picture, enlarged.
fn enlarged(frame: &Frame<'_>) -> Option<RgbaImage> {
    let longest = frame.width().max(frame.height());
    if longest >= ENLARGE_BELOW {
        return None;
    }
    let [width, height] = [frame.width(), frame.height()]
        .map(|side| (f64::from(side * ENLARGED) / f64::from(longest)).round().max(1.0) as u32);
    let picture = RgbaImage::from_raw(frame.width(), frame.height(), frame.pixels().to_vec())?;
    Some(imageops::resize(&picture, width, height, FilterType::Triangle))
}
