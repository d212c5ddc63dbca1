//! The detector at every size of its input, what the search for turned faces adds, and the crop, natively.
//!
//! ```text
//! cargo bench --bench detect
//! ```

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing better to do")]

use countenance::weights::detector_model;
use countenance::{BoundingBox, DetectOptions, FaceDetector, Frame, Picture, crop_face};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const LONG_SIDES: [u32; 5] = [160, 240, 320, 480, 640];
const FACE_SIDES: [f32; 3] = [24.0, 96.0, 384.0];

fn picture() -> Picture {
    Picture::decode(&std::fs::read("tests/fixtures/astronaut.png").unwrap()).unwrap()
}

/// The picture once more below itself, cut to the shape of a camera's.
fn camera_frame(picture: &Picture, width: u32, height: u32) -> Vec<u8> {
    let frame = picture.frame();
    let at = |x: u32, y: u32| {
        let [x, y] = [x % frame.width(), y % frame.height()];
        let start = 4 * (y * frame.width() + x) as usize;
        &frame.pixels()[start..start + 4]
    };
    (0..height).flat_map(|y| (0..width).flat_map(move |x| at(x, y).iter().copied())).collect()
}

fn detect(criterion: &mut Criterion) {
    let pixels = camera_frame(&picture(), 640, 480);
    let frame = Frame::from_rgba(&pixels, 640, 480).unwrap();
    let mut detector = FaceDetector::new(&detector_model().unwrap()).unwrap();
    let mut group = criterion.benchmark_group("detect in 640x480");
    for long_side in LONG_SIDES {
        let options = DetectOptions { long_side, ..DetectOptions::live() };
        group.throughput(Throughput::Elements(u64::from(long_side * (long_side * 3 / 4))));
        group.bench_function(BenchmarkId::from_parameter(long_side), |bencher| {
            bencher.iter(|| detector.detect(black_box(&frame), &options).unwrap().len());
        });
    }
    group.finish();
}

/// Upright faces alone, and turned ones too: in pictures with an upright face, and in one without a face.
fn detect_turned(criterion: &mut Criterion) {
    let picture = picture();
    let plain = [128, 128, 128, 255].repeat(640 * 480);
    let camera = camera_frame(&picture, 640, 480);
    let frames = [
        ("512x512", picture.frame()),
        ("640x480", Frame::from_rgba(&camera, 640, 480).unwrap()),
        ("640x480 without a face", Frame::from_rgba(&plain, 640, 480).unwrap()),
    ];
    let mut detector = FaceDetector::new(&detector_model().unwrap()).unwrap();
    for (name, frame) in frames {
        let options = DetectOptions::picture();
        let mut group = criterion.benchmark_group(format!("search {name}"));
        group.bench_function("upright", |bencher| {
            bencher.iter(|| detector.detect(black_box(&frame), &options).unwrap().len());
        });
        group.bench_function("turned", |bencher| {
            bencher.iter(|| detector.detect_turned(black_box(&frame), &options).unwrap().len());
        });
        group.finish();
    }
}

fn crop(criterion: &mut Criterion) {
    let pixels = camera_frame(&picture(), 640, 480);
    let frame = Frame::from_rgba(&pixels, 640, 480).unwrap();
    let mut group = criterion.benchmark_group("crop");
    for side in FACE_SIDES {
        let face = BoundingBox { x: 100.25, y: 40.75, width: 0.8 * side, height: side };
        group.bench_function(BenchmarkId::from_parameter(side), |bencher| {
            bencher.iter(|| crop_face(black_box(&frame), &face).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, detect, detect_turned, crop);
criterion_main!(benches);
