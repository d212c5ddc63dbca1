//! Runs every stage of the pipeline a few times: the program whose instructions `npm run bench:instructions` counts.
//! Prints how often it called each of the functions below.

use countenance::{
    DetectOptions, EmotionClassifier, EmotionPipeline, EmotionProbabilities, FaceChip, FaceDetection, FaceDetector,
    FaceEmotion, Frame, Picture, PipelineOptions, chip_from_frame, crop_face,
};
use std::error::Error;
use std::hint::black_box;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const FRAME: (u32, u32) = (640, 480);
const FRAME_INTERVAL_MS: f64 = 1000.0 / 30.0;
/// Two seconds of video, so that the frames on which the detector looks everywhere come round.
const STREAM: usize = 60;

// Each is a function of its own, never inlined, so that a profiler can name it.

#[inline(never)]
fn start() -> Result<EmotionPipeline> {
    Ok(EmotionPipeline::new(PipelineOptions::default())?)
}

#[inline(never)]
fn detect(detector: &mut FaceDetector, frame: &Frame<'_>) -> Result<FaceDetection> {
    detector.detect(frame, &DetectOptions::live())?.first().copied().ok_or_else(|| "no face".into())
}

#[inline(never)]
fn crop(frame: &Frame<'_>, face: &FaceDetection) -> Result<FaceChip> {
    Ok(crop_face(frame, &face.bounding_box)?)
}

#[inline(never)]
fn classify(classifier: &mut EmotionClassifier, chip: &FaceChip) -> Result<EmotionProbabilities> {
    Ok(classifier.classify(chip)?)
}

/// The first frame of a video: nothing is known, the detector looks everywhere.
#[inline(never)]
fn frame(pipeline: &mut EmotionPipeline, frame: &Frame<'_>) -> Result<FaceEmotion> {
    pipeline.reset();
    pipeline.analyze_frame(frame, 0.0)?.first().cloned().ok_or_else(|| "no face".into())
}

/// A later frame of it: the face is followed.
#[inline(never)]
fn stream(pipeline: &mut EmotionPipeline, frame: &Frame<'_>, number: usize) -> Result<FaceEmotion> {
    let faces = pipeline.analyze_frame(frame, number as f64 * FRAME_INTERVAL_MS)?;
    faces.first().cloned().ok_or_else(|| "the face was lost".into())
}

fn main() -> Result<()> {
    let picture = Picture::decode(&std::fs::read("tests/fixtures/astronaut.png")?)?;
    let pixels = camera_pixels(&picture.frame()?);
    let still = Frame::from_rgba(&pixels, FRAME.0, FRAME.1)?;
    let mut detector = FaceDetector::new(&countenance::weights::detector_model()?)?;
    let mut classifier = EmotionClassifier::new(&countenance::weights::emotion_model()?)?;
    let chip = chip_from_frame(&still);
    let face = detect(&mut detector, &still)?;
    let mut pipeline = start()?;

    for _ in 0..5 {
        black_box(detect(&mut detector, black_box(&still))?);
        black_box(crop(black_box(&still), &face)?);
        black_box(classify(&mut classifier, black_box(&chip))?);
        black_box(frame(&mut pipeline, black_box(&still))?);
    }
    for number in 1..=STREAM {
        black_box(stream(&mut pipeline, black_box(&still), number)?);
    }
    println!("start 1\ndetect 6\ncrop 5\nclassify 5\nframe 5\nstream {STREAM}");
    Ok(())
}

/// The picture's top left corner as a camera's frame; the rest of the frame is black.
fn camera_pixels(picture: &Frame<'_>) -> Vec<u8> {
    let (from, to) = (picture.width() as usize * 4, FRAME.0 as usize * 4);
    let mut pixels = vec![0; to * FRAME.1 as usize];
    for (row, source) in pixels.chunks_exact_mut(to).zip(picture.pixels().chunks_exact(from)) {
        let length = from.min(to);
        row[..length].copy_from_slice(&source[..length]);
    }
    pixels
}
