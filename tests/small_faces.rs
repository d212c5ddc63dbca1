//! Small faces in large pictures.
#![allow(clippy::unwrap_used, reason = "the lint's exception for tests does not see helpers")]

use countenance::{
    BoundingBox, DetectOptions, EmotionPipeline, FaceDetection, FaceDetector, Frame, Picture, PipelineOptions,
    SearchSize, weights,
};
use image::imageops::{self, FilterType};
use image::{Rgba, RgbaImage};

/// The frame: its tiles are 3 x 2, and a face 48 pixels wide is 12 wide in a look at the whole.
const SIDES: [u32; 2] = [2600, 1800];

fn detector() -> FaceDetector {
    FaceDetector::new(&weights::detector_model().unwrap()).unwrap()
}

/// A portrait cut out of a fixture, and the box of its face in it.
struct Portrait {
    pixels: RgbaImage,
    face: BoundingBox,
}

fn portrait(name: &str) -> Portrait {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let picture = Picture::decode(&std::fs::read(path).unwrap()).unwrap();
    let frame = picture.frame();
    let face = detector().detect(&frame, &DetectOptions::picture()).unwrap()[0].bounding_box;
    let pixels = RgbaImage::from_raw(frame.width(), frame.height(), frame.pixels().to_vec()).unwrap();
    let (left, top) = ((face.x - face.width / 2.0).max(0.0) as u32, (face.y - face.height / 2.0).max(0.0) as u32);
    let pixels =
        imageops::crop_imm(&pixels, left, top, (2.0 * face.width) as u32, (2.0 * face.height) as u32).to_image();
    Portrait { pixels, face: BoundingBox { x: face.x - left as f32, y: face.y - top as f32, ..face } }
}

/// A grey frame with a face of this width around each point, and their boxes.
fn scene(faces: &[(&Portrait, f32, [f32; 2])]) -> (RgbaImage, Vec<BoundingBox>) {
    let mut scene = RgbaImage::from_pixel(SIDES[0], SIDES[1], Rgba([120, 120, 120, 255]));
    let pasted = faces.iter().map(|(Portrait { pixels, face }, face_width, [x, y])| {
        let scale = face_width / face.width;
        let scaled = |side: u32| (side as f32 * scale).round() as u32;
        let pixels = imageops::resize(pixels, scaled(pixels.width()), scaled(pixels.height()), FilterType::Triangle);
        let left = (x - (face.x + face.width / 2.0) * scale).round();
        let top = (y - (face.y + face.height / 2.0) * scale).round();
        imageops::replace(&mut scene, &pixels, left as i64, top as i64);
        BoundingBox {
            x: left + face.x * scale,
            y: top + face.y * scale,
            width: face.width * scale,
            height: face.height * scale,
        }
    });
    let boxes = pasted.collect();
    (scene, boxes)
}

fn frame(scene: &RgbaImage) -> Frame<'_> {
    Frame::from_rgba(scene, scene.width(), scene.height()).unwrap()
}

/// That each box was found once, its edges within a share of its width, and nothing else was.
fn assert_found_once(found: &[FaceDetection], boxes: &[BoundingBox]) {
    assert_eq!(found.len(), boxes.len(), "{found:?}");
    for expected in boxes {
        let edges = |area: &BoundingBox| [area.x, area.y, area.x + area.width, area.y + area.height];
        let close = |face: &&FaceDetection| {
            let pairs = edges(&face.bounding_box).into_iter().zip(edges(expected));
            pairs.into_iter().all(|(found, expected_edge)| (found - expected_edge).abs() <= expected.width / 6.0)
        };
        assert_eq!(found.iter().filter(close).count(), 1, "{expected:?} in {found:?}");
    }
}

#[test]
fn every_face_48_pixels_wide_is_found_once() {
    let (astronaut, hopper) = (portrait("astronaut.png"), portrait("grace_hopper.png"));
    let faces: Vec<_> = (0..24_u8)
        .map(|index| {
            let portrait = if index % 2 == 0 { &astronaut } else { &hopper };
            let (column, row) = (f32::from(index % 6), f32::from(index / 6));
            (portrait, 48.0 + 2.0 * f32::from(index % 8), [187.3 + 433.0 * column, 190.7 + 446.0 * row])
        })
        .collect();
    let (scene, boxes) = scene(&faces);
    let mut detector = detector();
    let options = DetectOptions::picture_of(&frame(&scene));
    assert_found_once(detector.detect(&frame(&scene), &options).unwrap(), &boxes);
    // Looks that are to confirm them drop none.
    assert_found_once(detector.detect_turned(&frame(&scene), &options).unwrap(), &boxes);
    // A look at the whole misses some of them.
    assert!(detector.detect(&frame(&scene), &DetectOptions::picture()).unwrap().len() < boxes.len());
}

#[test]
fn a_face_that_several_tiles_see_is_reported_once() {
    let (astronaut, hopper) = (portrait("astronaut.png"), portrait("grace_hopper.png"));
    let mut detector = detector();
    // Along the border between two tiles of the first row, in steps of a third of a face, and in the middle of the frame,
    // where four tiles meet in one row of three.
    for step in 0..8_u8 {
        let shift = 20.0 * f32::from(step);
        let faces = [
            (&astronaut, 60.0, [760.0 + shift, 300.0]),
            (&hopper, 52.0, [1650.0 + shift, 850.0]),
            (&astronaut, 130.0, [800.0 + shift, 830.0 + shift]),
            // Larger than the overlap of the tiles: each sees a part of it.
            (&hopper, 420.0, [1300.0 + shift, 1400.0]),
        ];
        let (scene, boxes) = scene(&faces);
        let options = DetectOptions::picture_of(&frame(&scene));
        assert_found_once(detector.detect(&frame(&scene), &options).unwrap(), &boxes);
    }
}

#[test]
fn a_picture_of_1280_pixels_is_looked_at_as_a_whole() {
    for (width, height, long_side) in [
        (640, 480, 640),
        (1280, 1280, 640),
        (1281, 720, 641),
        (4000, 2667, 2000),
        (6000, 4000, 3000),
        (4000, 6000, 3000),
        (12_000, 8000, 3000),
        (16_384, 16, 4096),
    ] {
        let pixels = vec![0; width * height * 4];
        let frame = Frame::from_rgba(&pixels, width as u32, height as u32).unwrap();
        assert_eq!(DetectOptions::picture_of(&frame).long_side, long_side, "{width} x {height}");
    }
}

#[test]
fn a_glance_finds_the_large_faces_of_a_picture_that_is_looked_at_more_closely() {
    let astronaut = portrait("astronaut.png");
    let faces = [(&astronaut, 36.0, [700.0, 500.0]), (&astronaut, 300.0, [1700.0, 900.0])];
    let (scene, boxes) = scene(&faces);
    let mut pipeline = EmotionPipeline::new(PipelineOptions::default()).unwrap();
    let glanced: Vec<_> = pipeline.glance(&frame(&scene)).unwrap().unwrap().iter().map(|face| face.detection).collect();
    assert_found_once(&glanced, &boxes[1..]);
    let found: Vec<_> = pipeline.analyze_image(&frame(&scene)).unwrap().iter().map(|face| face.detection).collect();
    assert_found_once(&found, &boxes);
    for picture_size in [SearchSize::Auto, SearchSize::Pixels(640), SearchSize::Pixels(2048)] {
        let options = PipelineOptions { picture_size, ..PipelineOptions::default() };
        let mut pipeline = EmotionPipeline::new(options).unwrap();
        let small = Frame::from_rgba(&[0; 4 * 640 * 480], 640, 480).unwrap();
        assert_eq!(pipeline.glance(&small), Ok(None), "{picture_size:?}");
        let follows = picture_size != SearchSize::Pixels(640);
        assert_eq!(pipeline.glance(&frame(&scene)).unwrap().is_some(), follows, "{picture_size:?}");
    }
}

#[test]
fn the_pipeline_finds_small_faces_unless_it_is_given_a_size() {
    let astronaut = portrait("astronaut.png");
    let (scene, _) = scene(&[(&astronaut, 36.0, [700.0, 500.0]), (&astronaut, 300.0, [1700.0, 900.0])]);
    let faces_at = |picture_size| {
        let options = PipelineOptions { picture_size, ..PipelineOptions::default() };
        EmotionPipeline::new(options).unwrap().analyze_image(&frame(&scene)).unwrap().len()
    };
    assert_eq!(PipelineOptions::default().picture_size, SearchSize::Auto);
    assert_eq!(faces_at(SearchSize::Auto), 2);
    assert_eq!(faces_at(SearchSize::Pixels(640)), 1);
    assert_eq!(faces_at(SearchSize::Pixels(1300)), 2);
}

#[test]
fn a_live_view_searched_at_1280_pixels_finds_small_faces() {
    let astronaut = portrait("astronaut.png");
    let (scene, _) = scene(&[(&astronaut, 60.0, [700.0, 500.0]), (&astronaut, 900.0, [1700.0, 900.0])]);
    let mut pipeline = EmotionPipeline::new(PipelineOptions { live_size: 1280, ..PipelineOptions::default() }).unwrap();
    assert_eq!(pipeline.analyze_frame(&frame(&scene), 0.0).unwrap().len(), 2);
}
