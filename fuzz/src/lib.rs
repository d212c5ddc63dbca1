//! What is done with bytes from outside. Each function takes any bytes and panics only where the library breaks its word:
//! it panics itself, answers with what is no answer, or names the wrong kind of error.
//!
//! `fuzz_targets/` hands them to libFuzzer, `tests/bounded.rs` to a bounded run on every `cargo test`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a fuzzer tells by panicking")]

use std::cell::RefCell;

use arbitrary::{Arbitrary, Unstructured};
use countenance::weights::Weights;
use countenance::{
    BoundingBox, DetectionPlan, EmotionClassifier, EmotionPipeline, Error, ErrorKind, FaceDetection, FaceDetector,
    FaceEmotion, FaceTracker, Frame, PersonalCalibration, Picture, PipelineOptions, SearchSize, TrackerOptions,
    crop_face,
};

/// The longer side, in pixels, up to which pictures are looked at: larger ones only cost time.
const LOOK_BELOW: u32 = 2_000;

thread_local! {
    static PIPELINE: RefCell<EmotionPipeline> =
        RefCell::new(EmotionPipeline::new(PipelineOptions::default()).unwrap());
}

/// A picture file: decoded and looked at, or refused as no picture or as too large.
pub fn image(bytes: &[u8]) {
    let picture = match Picture::decode(bytes) {
        Ok(picture) => picture,
        Err(error) => return expect(&error, &[ErrorKind::InvalidImage, ErrorKind::ImageTooLarge]),
    };
    let frame = picture.frame().unwrap();
    assert_opaque(&frame);
    if frame.width().max(frame.height()) < LOOK_BELOW {
        with_fresh_pipeline(|pipeline| check(pipeline.analyze_image(&frame).unwrap(), &frame));
    }
}

#[derive(Arbitrary)]
struct Frames<'a> {
    frames: [(u32, u32, f64); 3],
    is_fitting: bool,
    pixels: &'a [u8],
}

/// Pixels that may not fit their stated size, at times that may be none.
pub fn frame(bytes: &[u8]) {
    let Some(Frames { frames, is_fitting, pixels }) = read(bytes) else { return };
    with_fresh_pipeline(|pipeline| {
        for (width, height, timestamp_ms) in frames {
            let (rgba, width, height) = if is_fitting {
                let (width, height) = (width % 160 + 1, height % 160 + 1);
                let length = (width * height * 4) as usize;
                (pixels.iter().chain([&0]).cycle().take(length).copied().collect(), width, height)
            } else {
                (pixels.to_vec(), width, height)
            };
            let frame = match Frame::from_rgba(&rgba, width, height) {
                Ok(frame) => frame,
                Err(error) => {
                    assert!(!is_fitting);
                    expect(&error, &[ErrorKind::InvalidFrame, ErrorKind::ImageTooLarge]);
                    continue;
                }
            };
            assert_eq!(rgba.len() as u64, u64::from(width) * u64::from(height) * 4);
            assert_opaque(&frame);
            check(pipeline.analyze_image(&frame).unwrap(), &frame);
            match pipeline.analyze_frame(&frame, timestamp_ms) {
                Ok(faces) => check(faces, &frame),
                Err(error) => expect(&error, &[ErrorKind::InvalidTimestamp]),
            }
        }
    });
}

#[derive(Arbitrary)]
struct Options {
    min_confidence: f32,
    uncertain_below: f32,
    other_from: f32,
    picture_size: Option<u32>,
    live_size: u32,
    max_faces: usize,
    eight: bool,
}

/// Options of all values: taken as they are, or refused and the old ones kept.
pub fn options(bytes: &[u8]) {
    let Some(given) = read::<Options>(bytes) else { return };
    let Options { min_confidence, uncertain_below, other_from, picture_size, live_size, max_faces, eight } = given;
    let options = PipelineOptions {
        min_confidence,
        uncertain_below,
        other_from,
        picture_size: picture_size.map_or(SearchSize::Auto, SearchSize::Pixels),
        live_size,
        max_faces,
        calibration: None,
        eight,
    };
    with_fresh_pipeline(|pipeline| {
        let rgba = [90; 64 * 48 * 4];
        let frame = Frame::from_rgba(&rgba, 64, 48).unwrap();
        let most = match pipeline.set_options(options) {
            Ok(()) => {
                assert!([min_confidence, uncertain_below, other_from].iter().all(|share| (0.0..=1.0).contains(share)));
                max_faces
            }
            Err(error) => {
                expect(&error, &[ErrorKind::InvalidOptions]);
                PipelineOptions::default().max_faces
            }
        };
        let faces = pipeline.analyze_image(&frame).unwrap();
        check(faces, &frame);
        assert!(faces.len() <= most);
    });
}

/// A weights file, with its checksum made right so that what lies behind it is reached too.
pub fn weights(bytes: &[u8]) {
    parse_weights(bytes);
    let mut bytes = bytes.to_vec();
    if let Some((head, rest)) = bytes.split_at_mut_checked(12) {
        head[8..].copy_from_slice(&crc32fast::hash(rest).to_le_bytes());
        parse_weights(&bytes);
    }
}

fn parse_weights(bytes: &[u8]) {
    let weights = match Weights::parse(bytes) {
        Ok(weights) => weights,
        Err(error) => return expect(&error, &[ErrorKind::ModelLoad]),
    };
    for tensor in weights.tensors() {
        let values = tensor.to_f32();
        assert_eq!(values.len(), tensor.shape().iter().product::<usize>());
        assert!(values.iter().all(|value| value.is_finite()), "{}", tensor.name());
    }
    for error in [EmotionClassifier::new(&weights).err(), FaceDetector::new(&weights).err()].into_iter().flatten() {
        expect(&error, &[ErrorKind::ModelLoad]);
    }
}

#[derive(Arbitrary)]
struct Found {
    plan: u8,
    faces: Vec<([f32; 4], [[f32; 2]; 5], f32)>,
    timestamp_ms: f64,
}

/// What a detector says, sane or not: NaN, infinities, huge and negative boxes.
pub fn detections(bytes: &[u8]) {
    let Some(steps) = read::<Vec<Found>>(bytes) else { return };
    let mut tracker = FaceTracker::new(TrackerOptions::default()).unwrap();
    let rgba = [90; 64 * 48 * 4];
    let frame = Frame::from_rgba(&rgba, 64, 48).unwrap();
    for Found { plan, faces, timestamp_ms } in steps {
        let detections: Vec<FaceDetection> = faces
            .into_iter()
            .map(|([x, y, width, height], landmarks, confidence)| FaceDetection {
                bounding_box: BoundingBox { x, y, width, height },
                landmarks,
                confidence,
                roll: 0.0,
            })
            .collect();
        for detection in &detections {
            if let Err(error) = crop_face(&frame, &detection.bounding_box) {
                expect(&error, &[ErrorKind::InvalidBox]);
            }
        }
        let before = tracker.faces().to_vec();
        let plan = [DetectionPlan::Full, DetectionPlan::Reuse, tracker.plan(timestamp_ms)][usize::from(plan % 3)];
        match tracker.update(plan, &detections, timestamp_ms) {
            Ok(faces) => {
                for face in faces {
                    let BoundingBox { x, y, width, height } = face.bounding_box;
                    assert!([x, y, width, height].iter().all(|number| number.is_finite()), "{face:?}");
                }
            }
            Err(error) => {
                expect(&error, &[ErrorKind::InvalidTimestamp, ErrorKind::InvalidBox]);
                assert_eq!(tracker.faces(), before);
            }
        }
    }
}

/// The text of a calibration: what is read is written again as it was meant, and never makes answers that are none.
pub fn calibration(bytes: &[u8]) {
    let calibration: PersonalCalibration = match String::from_utf8_lossy(bytes).parse() {
        Ok(calibration) => calibration,
        Err(error) => return expect(&error, &[ErrorKind::InvalidCalibration]),
    };
    assert_eq!(calibration.to_string().parse(), Ok(calibration.clone()));
    let rgba = [90; 48 * 48 * 4];
    let frame = Frame::from_rgba(&rgba, 48, 48).unwrap();
    with_fresh_pipeline(|pipeline| {
        let options = PipelineOptions { calibration: Some(calibration), ..PipelineOptions::default() };
        match pipeline.set_options(options) {
            Ok(()) => check(pipeline.analyze_image(&frame).unwrap(), &frame),
            Err(error) => expect(&error, &[ErrorKind::InvalidCalibration]),
        }
    });
}

/// The value that the bytes stand for; `None` where there are too few.
fn read<'a, T: Arbitrary<'a>>(bytes: &'a [u8]) -> Option<T> {
    T::arbitrary_take_rest(Unstructured::new(bytes)).ok()
}

fn with_fresh_pipeline(act: impl FnOnce(&mut EmotionPipeline)) {
    PIPELINE.with_borrow_mut(|pipeline| {
        pipeline.reset();
        pipeline.set_options(PipelineOptions::default()).unwrap();
        act(pipeline);
    });
}

/// Whether the error is of one of these kinds, and says something.
fn expect(error: &Error, kinds: &[ErrorKind]) {
    assert!(kinds.contains(&error.kind()), "{:?} instead of {kinds:?}: {error}", error.kind());
    assert!(!error.message().is_empty());
}

/// Whether nothing shows through: transparent pixels lie on white.
fn assert_opaque(frame: &Frame<'_>) {
    assert!(frame.pixels().iter().skip(3).step_by(4).all(|&alpha| alpha == 255));
}

/// Whether these are answers.
fn check(faces: &[FaceEmotion], frame: &Frame<'_>) {
    for face in faces {
        let BoundingBox { x, y, width, height } = face.detection.bounding_box;
        assert!(width > 0.0 && height > 0.0 && x.is_finite() && y.is_finite(), "{face:?}");
        let (right, bottom) = (frame.width() as f32, frame.height() as f32);
        assert!(x < right && y < bottom && x + width > 0.0 && y + height > 0.0, "{face:?} outside of the frame");
        let sum: f32 = face.probabilities.as_array().iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{face:?}");
    }
}
