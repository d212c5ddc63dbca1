//! `countenance bench`: how long reading takes on this machine.

use std::hint::black_box;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use countenance::weights::{detector_model, emotion_model};
use countenance::{
    DetectOptions, EmotionClassifier, EmotionPipeline, Error, FaceDetector, Picture, PipelineOptions, crop_turned_face,
};
use serde::Serialize;

use crate::Exit;
use crate::failure::Failure;
use crate::picture;
use crate::threads::{all_threads, joined};

/// Measure how long reading a picture takes on this machine
///
/// Prints the median times of each step on one thread and on all cores, where each core reads pictures of its own. The
/// expressions of all faces are read in "whole picture"; "classify a face" takes the first.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// The picture to read; a photograph of one face where none is given
    #[arg(value_name = "PICTURE")]
    picture: Option<PathBuf>,

    /// How long each step is measured, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "0.5", allow_negative_numbers = true, value_parser = seconds)]
    seconds: Duration,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A public-domain photograph of one face.
const PORTRAIT: &[u8] = include_bytes!("../../www/samples/hopper.webp");

/// The fewest times that a step is measured.
const LEAST_RUNS: usize = 3;

/// What was measured.
#[derive(Serialize)]
struct Measured {
    model: String,
    width: u32,
    height: u32,
    faces: usize,
    threads: usize,
    steps: Vec<Step>,
}

/// Median times, in milliseconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    name: &'static str,
    /// Of a call on one thread.
    one_thread: f64,
    /// Of a call while every thread makes such calls.
    all_threads: f64,
    /// How many calls all threads together make in a second.
    per_second: f64,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "a number of seconds is expected".to_owned())
}

pub(crate) fn run(arguments: BenchArgs) -> Exit {
    match measure(&arguments) {
        Ok(measured) if arguments.json => crate::print_json(&measured),
        Ok(measured) => crate::print(&measured.table()),
        Err(failure) => {
            eprintln!("countenance: {}", failure.message);
            Exit::Failed
        }
    }
}

fn measure(arguments: &BenchArgs) -> Result<Measured, Failure> {
    let bytes = arguments.picture.as_deref().map_or_else(|| Ok(PORTRAIT.to_vec()), picture::bytes)?;
    let picture = Picture::decode(&bytes)?;
    let frame = picture.frame();
    let pipeline = EmotionPipeline::new(PipelineOptions::default())?;
    let (model, options) = (pipeline.model_id().to_owned(), pipeline.options().clone());
    let mut detector = FaceDetector::new(&detector_model()?)?;
    let search = DetectOptions { min_confidence: options.min_confidence, ..DetectOptions::picture_of(&frame) };
    let faces = detector.detect_turned(&frame, &search)?.to_vec();
    let time = arguments.seconds;

    let mut steps = vec![
        Step::measure("decode", time, || {
            let bytes = &bytes;
            Ok(move || Picture::decode(bytes).map(drop))
        })?,
        Step::measure("detect", time, || {
            let mut detector = FaceDetector::new(&detector_model()?)?;
            let (frame, search) = (&frame, &search);
            Ok(move || detector.detect_turned(frame, search).map(|faces| _ = black_box(faces.len())))
        })?,
    ];
    if let Some(face) = faces.first() {
        steps.push(Step::measure("classify a face", time, || {
            let mut classifier = EmotionClassifier::new(&emotion_model()?)?;
            let chip = crop_turned_face(&frame, &face.bounding_box, face.roll)?;
            Ok(move || classifier.answers(&chip).map(|answers| _ = black_box(answers)))
        })?);
    }
    steps.push(Step::measure("whole picture", time, || {
        let mut pipeline = EmotionPipeline::new(options.clone())?;
        let bytes = &bytes;
        Ok(move || {
            let picture = Picture::decode(bytes)?;
            pipeline.analyze_image(&picture.frame()).map(|faces| _ = black_box(faces.len()))
        })
    })?);
    let (width, height) = (frame.width(), frame.height());
    Ok(Measured { model, width, height, faces: faces.len(), threads: all_threads(), steps })
}

impl Step {
    /// Measures calls of what `make` makes for each thread.
    fn measure<C: FnMut() -> Result<(), Error>>(
        name: &'static str,
        time: Duration,
        make: impl Fn() -> Result<C, Error> + Sync,
    ) -> Result<Self, Error> {
        let one = call(make()?, time)?;
        let all = thread::scope(|scope| {
            let threads: Vec<_> = (0..all_threads()).map(|_| scope.spawn(|| call(make()?, time))).collect();
            threads.into_iter().map(joined).collect::<Result<Vec<_>, _>>()
        })?;
        let per_second = all.iter().map(|times| times.len() as f64 / times.iter().sum::<f64>()).sum();
        let [one_thread, all_threads] = [one, all.concat()].map(|times| 1000.0 * median(times));
        Ok(Self { name, one_thread, all_threads, per_second })
    }
}

/// The seconds that each call takes, for so long; the first call, which fills caches, does not count.
fn call(mut step: impl FnMut() -> Result<(), Error>, time: Duration) -> Result<Vec<f64>, Error> {
    step()?;
    let begun = Instant::now();
    let mut times = Vec::new();
    while times.len() < LEAST_RUNS || begun.elapsed() < time {
        let begun = Instant::now();
        step()?;
        times.push(begun.elapsed().as_secs_f64());
    }
    Ok(times)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let middle = times.len() / 2;
    if times.len().is_multiple_of(2) { f64::midpoint(times[middle - 1], times[middle]) } else { times[middle] }
}

impl Measured {
    fn table(&self) -> String {
        let Self { model, width, height, faces, threads, steps } = self;
        let mut text = format!("{model}, a picture of {width} x {height} with {faces} faces; medians\n\n");
        let all = format!("{threads} threads");
        text += &format!("{:<16} {:>12} {all:>12} {:>12}\n", "", "1 thread", "together");
        for Step { name, one_thread, all_threads, per_second } in steps {
            text += &format!("{name:<16} {one_thread:>9.2} ms {all_threads:>9.2} ms {per_second:>10.0}/s\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance::ErrorKind;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn each_thread_makes_its_own_calls() {
        let made = std::sync::atomic::AtomicUsize::new(0);
        let step = Step::measure("step", Duration::ZERO, || {
            made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(|| {
                thread::sleep(Duration::from_millis(2));
                Ok(())
            })
        });
        let step = step.unwrap();
        assert_eq!(made.into_inner(), 1 + all_threads());
        assert!(step.one_thread >= 2.0 && step.all_threads >= 2.0);
        assert!(step.per_second > 0.0 && step.per_second <= 500.0 * all_threads() as f64);
        let failing = || Ok(|| Err(Error::new(ErrorKind::InvalidImage, "damaged")));
        assert_eq!(
            Step::measure("step", Duration::ZERO, failing).err().map(|error| error.kind()),
            Some(ErrorKind::InvalidImage)
        );
    }
}
