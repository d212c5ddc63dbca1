//! The face detector on real pictures, against its reference implementation.
#![allow(clippy::unwrap_used, reason = "the lint's exception for tests does not see helpers")]

use std::path::Path;

use countenance::{
    BoundingBox, DetectOptions, ErrorKind, FaceDetection, FaceDetector, Frame, Picture, crop_face, weights,
};
use serde_json::Value;

fn detector() -> FaceDetector {
    FaceDetector::new(&weights::detector_model().unwrap()).unwrap()
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn picture(path: &str) -> Picture {
    Picture::decode(&read(path)).unwrap()
}

/// Ten numbers a face, in pixels: the box's left, top, right and bottom, and x and y of the five points.
fn pixels(face: &FaceDetection) -> Vec<f64> {
    let [x, y, width, height] = {
        let found = face.bounding_box;
        [found.x, found.y, found.width, found.height].map(f64::from)
    };
    let points = face.landmarks.as_flattened().iter().copied().map(f64::from);
    [x, y, x + width, y + height].into_iter().chain(points).collect()
}

fn golden_pixels(face: &Value) -> Vec<f64> {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|key| face["boundingBox"][key].as_f64().unwrap());
    let points = face["landmarks"].as_array().unwrap().iter().flat_map(|point| point.as_array().unwrap());
    [x, y, x + width, y + height].into_iter().chain(points.map(|value| value.as_f64().unwrap())).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len());
    for (found_value, expected_value) in found.iter().zip(expected) {
        assert!((found_value - expected_value).abs() <= tolerance, "{what}: {found:?} is not {expected:?}");
    }
}

#[test]
fn finds_what_the_reference_finds() {
    let golden: Value =
        serde_json::from_slice(&read(&format!("models/{}/golden.json", weights::detector_model().unwrap().id())))
            .unwrap();
    let tolerance = &golden["tolerance"];
    let mut detector = detector();
    for case in golden["cases"].as_array().unwrap() {
        let name = case["picture"].as_str().unwrap();
        let options = DetectOptions { close_ups: false, ..DetectOptions::picture() };
        let found = detector.detect(&picture(name).frame().unwrap(), &options).unwrap();
        let expected = case["faces"].as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert_close(&pixels(found), &golden_pixels(expected), tolerance["pixels"].as_f64().unwrap(), name);
            let confidence = expected["confidence"].as_f64().unwrap();
            let difference = (f64::from(found.confidence) - confidence).abs();
            assert!(
                difference <= tolerance["confidence"].as_f64().unwrap(),
                "{name}: {} is not {confidence}",
                found.confidence
            );
        }
    }
}

/// A frame of the picture's pixels scaled up by whole numbers.
fn enlarged(picture: &Picture, horizontally: usize, vertically: usize) -> (Vec<u8>, u32, u32) {
    let frame = picture.frame().unwrap();
    let rows = frame.pixels().chunks_exact(4 * frame.width() as usize).map(|row| {
        row.as_chunks::<4>()
            .0
            .iter()
            .flat_map(|pixel| std::iter::repeat_n(*pixel, horizontally))
            .flatten()
            .collect::<Vec<_>>()
    });
    let pixels = rows.flat_map(|row| row.repeat(vertically)).collect();
    (pixels, frame.width() * horizontally as u32, frame.height() * vertically as u32)
}

#[test]
fn scales_down_and_maps_back() {
    let mut detector = detector();
    let picture = picture("tests/fixtures/astronaut.png");
    let expected = pixels(&detector.detect(&picture.frame().unwrap(), &DetectOptions::picture()).unwrap()[0]);
    for long_side in [256, 320, 500] {
        let options = DetectOptions { long_side, ..DetectOptions::live() };
        let found = detector.detect(&picture.frame().unwrap(), &options).unwrap();
        assert_eq!(found.len(), 1);
        // A tenth of the face.
        assert_close(&pixels(&found[0]), &expected, 10.0, "scaled down");
    }
    let (enlarged, width, height) = enlarged(&picture, 3, 3);
    let frame = Frame::from_rgba(&enlarged, width, height).unwrap();
    let options = DetectOptions { long_side: 512, ..DetectOptions::live() };
    let found = pixels(&detector.detect(&frame, &options).unwrap()[0]);
    assert_close(&found, &expected.iter().map(|value| value * 3.0).collect::<Vec<_>>(), 0.1, "three times the size");
}

#[test]
fn finds_a_face_that_fills_the_picture() {
    let mut detector = detector();
    let picture = picture("tests/fixtures/grace_hopper.png");
    let expected = pixels(&detector.detect(&picture.frame().unwrap(), &DetectOptions::picture()).unwrap()[0]);
    let (enlarged, width, _) = enlarged(&picture, 3, 3);
    // The face, 514 x 635 pixels now, in a picture of 640 x 640.
    let (left, top, side) = (484, 360, 640);
    let rows = enlarged.chunks_exact(4 * width as usize).skip(top).take(side);
    let close_up: Vec<u8> = rows.flat_map(|row| &row[4 * left..4 * (left + side)]).copied().collect();
    let frame = Frame::from_rgba(&close_up, side as u32, side as u32).unwrap();

    let found = detector.detect(&frame, &DetectOptions::picture()).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    // A single look at this size is at 0.7.
    assert!(found[0].confidence > 0.9, "{found:?}");
    let expected = expected.iter().enumerate().map(|(axis, value)| value * 3.0 - [left, top][axis % 2] as f64);
    assert_close(&pixels(&found[0]), &expected.collect::<Vec<_>>(), 50.0, "a tenth of the face");
}

#[test]
fn finds_faces_in_the_dark() {
    let mut detector = detector();
    let picture = picture("tests/fixtures/astronaut.png");
    let expected = pixels(&detector.detect(&picture.frame().unwrap(), &DetectOptions::picture()).unwrap()[0]);
    for share in [0.1, 0.03] {
        let darken = |value: u8| (f32::from(value) * share) as u8;
        let dark: Vec<u8> = (picture.frame().unwrap().pixels().as_chunks::<4>().0.iter())
            .flat_map(|&[red, green, blue, alpha]| [darken(red), darken(green), darken(blue), alpha])
            .collect();
        let found = detector.detect(&Frame::from_rgba(&dark, 512, 512).unwrap(), &DetectOptions::picture()).unwrap();
        assert_eq!(found.len(), 1, "{share}: {found:?}");
        assert_close(&pixels(&found[0]), &expected, 10.0, "a tenth of the face");
    }
}

#[test]
fn pictures_without_a_face_have_none() {
    let mut detector = detector();
    let noise = |index: u32| fastrand::Rng::with_seed(index.into()).u8(..);
    let dark_noise = |index: u32| noise(index) / 64;
    let patterns: [&dyn Fn(u32) -> u8; 5] = [&|_| 0, &|_| 255, &noise, &dark_noise, &|index| (index / 4) as u8];
    for (index, pattern) in patterns.into_iter().enumerate() {
        let pixels: Vec<u8> = (0..640 * 480 * 4).map(pattern).collect();
        let frame = Frame::from_rgba(&pixels, 640, 480).unwrap();
        assert_eq!(detector.detect(&frame, &DetectOptions::picture()).unwrap(), [], "pattern {index}");
    }
}

#[test]
fn frames_of_any_shape_work() {
    let mut detector = detector();
    let pixels: Vec<u8> = (0..16_384 * 16 * 4).map(|index| (index % 251) as u8).collect();
    for (width, height) in [(1, 1), (2, 1), (1, 3), (31, 33), (16_384, 1), (1, 16_384), (16_384, 16), (16, 16_384)] {
        let frame = Frame::from_rgba(&pixels[..width * height * 4], width as u32, height as u32).unwrap();
        for options in [DetectOptions::live(), DetectOptions::picture()] {
            for face in detector.detect(&frame, &options).unwrap() {
                assert!(face.bounding_box.width > 0.0 && face.bounding_box.height > 0.0, "{face:?}");
            }
        }
    }
}

#[test]
fn earlier_frames_leave_no_trace() {
    let picture = picture("tests/fixtures/grace_hopper_half.png");
    let frame = picture.frame().unwrap();
    let alone = detector().detect(&frame, &DetectOptions::live()).unwrap().to_vec();
    let mut detector = detector();
    for (width, height) in [(640, 480), (33, 200), (200, 33)] {
        let white = vec![255; width * height * 4];
        detector
            .detect(&Frame::from_rgba(&white, width as u32, height as u32).unwrap(), &DetectOptions::picture())
            .unwrap();
        assert_eq!(detector.detect(&frame, &DetectOptions::live()).unwrap(), alone);
    }
}

#[test]
fn a_warm_detector_allocates_nothing() {
    let picture = picture("tests/fixtures/astronaut.png");
    let frame = picture.frame().unwrap();
    let mut detector = detector();
    let mut detect_and_crop = || {
        for options in [DetectOptions::live(), DetectOptions::picture()] {
            let face = detector.detect(&frame, &options).unwrap()[0];
            crop_face(&frame, &face.bounding_box).unwrap();
        }
    };
    detect_and_crop();
    assert_eq!(allocation_counter::measure(detect_and_crop).count_total, 0);
}

#[test]
fn options_outside_their_range_are_refused() {
    let mut detector = detector();
    let frame = Frame::from_rgba(&[0; 4], 1, 1).unwrap();
    let live = DetectOptions::live();
    for options in [
        DetectOptions { long_side: 159, ..live },
        DetectOptions { long_side: 4097, ..live },
        DetectOptions { min_confidence: -0.1, ..live },
        DetectOptions { min_confidence: 1.1, ..live },
        DetectOptions { min_confidence: f32::NAN, ..live },
    ] {
        assert_eq!(detector.detect(&frame, &options).unwrap_err().kind(), ErrorKind::InvalidOptions, "{options:?}");
    }
}

#[test]
fn foreign_weights_are_refused() {
    let error = FaceDetector::new(&weights::emotion_model().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ModelLoad);
}

#[test]
fn a_region_is_searched_as_if_it_were_the_frame() {
    let mut detector = detector();
    let picture = picture("tests/fixtures/astronaut.png");
    let frame = picture.frame().unwrap();
    let (left, top, width, height) = (120, 41, 211, 190);
    let rows = frame.pixels().chunks_exact(4 * frame.width() as usize).skip(top).take(height);
    let copied: Vec<u8> = rows.flat_map(|row| &row[4 * left..4 * (left + width)]).copied().collect();
    let copy = Frame::from_rgba(&copied, width as u32, height as u32).unwrap();
    for options in [DetectOptions { long_side: 160, ..DetectOptions::live() }, DetectOptions::live()] {
        let expected = pixels(&detector.detect(&copy, &options).unwrap()[0]);
        let expected: Vec<f64> =
            expected.iter().enumerate().map(|(axis, v)| v + [left, top][axis % 2] as f64).collect();
        let region =
            BoundingBox { x: left as f32 + 0.3, y: top as f32, width: width as f32 - 0.5, height: height as f32 };
        let found = detector.detect_in_region(&frame, &region, &options).unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_close(&pixels(&found[0]), &expected, 0.01, "as in the copy");
        let beyond = BoundingBox { x: 600.0, ..region };
        assert_eq!(detector.detect_in_region(&frame, &beyond, &options).unwrap(), []);
        for (x, width) in [(f32::NAN, 9.0), (f32::INFINITY, 9.0), (0.0, 0.0), (0.0, -9.0)] {
            let error = detector.detect_in_region(&frame, &BoundingBox { x, width, ..region }, &options).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidBox, "{x} {width}");
        }
    }
}
