//! Runs one stage of the pipeline so many times: the program whose instructions `npm run bench:instructions` counts.
//!
//! ```text
//! cargo run --release --example stage -- detect 10
//! ```

use countenance::weights::{detector_model, emotion_model};
use countenance::{
    DetectOptions, EmotionClassifier, EmotionPipeline, FaceDetector, FaceEmotion, Frame, Picture, PipelineOptions,
    chip_from_frame, crop_face,
};
use std::error::Error;
use std::hint::black_box;

const USAGE: &str = "usage: stage start|detect|crop|classify|frame|stream TIMES";
const FRAME: (u32, u32) = (640, 480);
const FRAME_INTERVAL_MS: f64 = 1000.0 / 30.0;

fn main() -> Result<(), Box<dyn Error>> {
    let [stage, times] = std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| USAGE)?;
    let times = 0..times.parse::<u32>()?;

    let picture = Picture::decode(&std::fs::read("tests/fixtures/astronaut.png")?)?;
    let pixels = first_pixels(&picture.frame()?);
    let frame = Frame::from_rgba(&pixels, FRAME.0, FRAME.1)?;
    let live = DetectOptions::live();
    let mut detector = FaceDetector::new(&detector_model()?)?;
    let mut classifier = EmotionClassifier::new(&emotion_model()?)?;

    match stage.as_str() {
        "start" => {
            for _ in times {
                black_box(EmotionPipeline::new(PipelineOptions::default())?);
            }
        }
        "detect" => {
            for _ in times {
                black_box(detector.detect(black_box(&frame), &live)?);
            }
        }
        "crop" => {
            let face = *detector.detect(&frame, &live)?.first().ok_or("no face in the picture")?;
            for _ in times {
                black_box(crop_face(black_box(&frame), &face.bounding_box)?);
            }
        }
        "classify" => {
            let chip = chip_from_frame(&frame);
            for _ in times {
                black_box(classifier.classify(black_box(&chip))?);
            }
        }
        // The first frame of a video: nothing is known, the detector looks everywhere.
        "frame" => {
            let mut pipeline = EmotionPipeline::new(PipelineOptions::default())?;
            for _ in times {
                pipeline.reset();
                one_face(pipeline.analyze_frame(black_box(&frame), 0.0)?)?;
            }
        }
        // A still face, followed.
        "stream" => {
            let mut pipeline = EmotionPipeline::new(PipelineOptions::default())?;
            for time in times {
                one_face(pipeline.analyze_frame(black_box(&frame), f64::from(time) * FRAME_INTERVAL_MS)?)?;
            }
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn one_face(faces: &[FaceEmotion]) -> Result<(), String> {
    if faces.len() == 1 { Ok(()) } else { Err(format!("{} faces in a frame of one", faces.len())) }
}

/// The picture's top left corner as a camera's frame; the rest of the frame is black.
fn first_pixels(picture: &Frame<'_>) -> Vec<u8> {
    let (from, to) = (picture.width() as usize * 4, FRAME.0 as usize * 4);
    let mut pixels = vec![0; to * FRAME.1 as usize];
    for (row, source) in pixels.chunks_exact_mut(to).zip(picture.pixels().chunks_exact(from)) {
        let length = from.min(to);
        row[..length].copy_from_slice(&source[..length]);
    }
    pixels
}
