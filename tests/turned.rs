//! Faces that are turned in the picture's plane.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]

use countenance::{BoundingBox, EmotionPipeline, FaceEmotion, Frame, Picture, PipelineOptions};

const SIDE: u32 = 760;

fn picture(name: &str) -> Picture {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    Picture::decode(&std::fs::read(path).unwrap()).unwrap()
}

fn pipeline() -> EmotionPipeline {
    EmotionPipeline::new(PipelineOptions::default()).unwrap()
}

/// The picture in the middle of a grey square, turned clockwise.
fn turned(picture: &Picture, degrees: f64) -> Vec<u8> {
    let frame = picture.frame().unwrap();
    let [width, height] = [frame.width(), frame.height()].map(f64::from);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let pixels = frame.pixels().as_chunks::<4>().0;
    let from_middle = |at: u32| f64::from(at) + 0.5 - f64::from(SIDE) / 2.0;
    let colour = |x: u32, y: u32| {
        let (x, y) = (from_middle(x), from_middle(y));
        let (x, y) = (x * cos + y * sin + width / 2.0, y * cos - x * sin + height / 2.0);
        let inside = (0.0..width).contains(&x) && (0.0..height).contains(&y);
        if inside { pixels[y as usize * width as usize + x as usize] } else { [128, 128, 128, 255] }
    };
    (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (x, y))).flat_map(|(x, y)| colour(x, y)).collect()
}

fn frame(pixels: &[u8]) -> Frame<'_> {
    Frame::from_rgba(pixels, SIDE, SIDE).unwrap()
}

/// The middle of a face's box, from that of the square.
fn middle(face: &FaceEmotion) -> [f64; 2] {
    let BoundingBox { x, y, width, height } = face.detection.bounding_box;
    [x + width / 2.0, y + height / 2.0].map(|at| f64::from(at) - f64::from(SIDE) / 2.0)
}

/// Degrees from one angle to another, the short way.
fn apart(one: f64, other: f64) -> f64 {
    ((one - other + 180.0).rem_euclid(360.0) - 180.0).abs()
}

/// Where a face must lie that was seen upright, when its picture is turned.
fn assert_is(face: &FaceEmotion, upright: &FaceEmotion, degrees: f64, what: &str) {
    let [x, y] = middle(upright);
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (x, y) = (x * cos - y * sin, x * sin + y * cos);
    let height = f64::from(upright.detection.bounding_box.height);
    let [found_x, found_y] = middle(face);
    let off = (found_x - x).hypot(found_y - y);
    assert!(off < 0.1 * height, "{what}: {off} pixels off");
    let roll = f64::from(face.detection.roll);
    assert!(apart(roll, degrees) < 15.0, "{what}: a roll of {roll}");
    let [eye, _, nose, mouth, _] = face.detection.landmarks.map(|point| point.map(f64::from));
    let down = |from: [f64; 2], to: [f64; 2]| (to[1] - from[1]) * cos - (to[0] - from[0]) * sin;
    assert!(down(eye, nose) > 0.0 && down(nose, mouth) > 0.0, "{what}: points {:?}", face.detection.landmarks);
    assert_eq!(face.emotion, upright.emotion, "{what}: {:?}", face.probabilities);
}

#[test]
fn turned_faces_are_found_once_and_read_alike() {
    let mut pipeline = pipeline();
    for name in ["astronaut.png", "grace_hopper.png"] {
        let picture = picture(name);
        let [upright] = pipeline.analyze_image(&frame(&turned(&picture, 0.0))).unwrap() else { panic!("{name}") };
        let upright = upright.clone();
        assert_eq!(upright.detection.roll, 0.0);
        for degrees in [30.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0] {
            let what = format!("{name} turned by {degrees}");
            let pixels = turned(&picture, degrees);
            let [face] = pipeline.analyze_image(&frame(&pixels)).unwrap() else { panic!("{what}: not one face") };
            assert_is(face, &upright, degrees, &what);
            let face = face.clone();
            let BoundingBox { width, height, .. } = face.detection.bounding_box;
            let upright_box = upright.detection.bounding_box;
            let expected = if degrees % 180.0 == 90.0 { upright_box.height } else { upright_box.width };
            if degrees % 90.0 == 0.0 {
                assert!((width / expected - 1.0).abs() < 0.15, "{what}: {width} x {height} for {upright_box:?}");
            }
            let detection = face.detection;
            let (_, why) = pipeline.explain_face(&frame(&pixels), &detection.bounding_box, detection.roll).unwrap();
            assert_eq!(why.four.emotion, face.probabilities.top().0, "{what}");
        }
    }
}

#[test]
fn a_live_view_that_is_turned_keeps_its_face() {
    let picture = picture("astronaut.png");
    let mut pipeline = pipeline();
    let mut now = 0.0;
    let mut upright = None;
    for degrees in [0.0, 90.0, 180.0, 270.0, 0.0] {
        let pixels = turned(&picture, degrees);
        let mut found_after = None;
        for index in 0..30 {
            now += 40.0;
            let faces = pipeline.analyze_frame(&frame(&pixels), now).unwrap();
            let Some(face) = faces.first() else { continue };
            if upright.is_none() {
                upright = Some(face.clone());
            }
            // A face is reported for a moment longer where it was last seen.
            assert!(faces.len() == 1 || index < 12, "{degrees}, frame {index}: {faces:?}");
            if found_after.is_none() && apart(f64::from(face.detection.roll), degrees) < 20.0 {
                found_after = Some(index);
            }
        }
        assert!(found_after.is_some_and(|frames| frames <= 12), "{degrees}: {found_after:?}");
        let face = pipeline.analyze_frame(&frame(&pixels), now).unwrap()[0].clone();
        assert_is(&face, upright.as_ref().unwrap(), degrees, &format!("live at {degrees}"));
    }
}
