//! The whole pipeline on real pictures, as a user of the library meets it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]

use countenance::{
    BoundingBox, Emotion, Emotion8, EmotionPipeline, ErrorKind, FaceEmotion, Frame, Label, PersonalCalibration,
    Picture, PipelineOptions, crop_face,
};
use image::DynamicImage;

fn picture(name: &str) -> Picture {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    Picture::decode(&std::fs::read(path).unwrap()).unwrap()
}

fn pipeline() -> EmotionPipeline {
    EmotionPipeline::new(PipelineOptions::default()).unwrap()
}

/// A grey 640 x 480 video frame with the picture's pixels from (left, top) on.
fn scene(picture: Option<(&Frame<'_>, i32, i32)>) -> Vec<u8> {
    const WIDTH: i32 = 640;
    const HEIGHT: i32 = 480;
    let mut pixels = [128, 128, 128, 255].repeat((WIDTH * HEIGHT) as usize);
    if let Some((picture, left, top)) = picture {
        for (y, row) in (0..).zip(picture.pixels().chunks_exact(picture.width() as usize * 4)) {
            for (x, pixel) in (0..).zip(row.chunks_exact(4)) {
                let (x, y) = (left + x, top + y);
                if (0..WIDTH).contains(&x) && (0..HEIGHT).contains(&y) {
                    let at = (y * WIDTH + x) as usize * 4;
                    pixels[at..at + 4].copy_from_slice(pixel);
                }
            }
        }
    }
    pixels
}

fn frame(pixels: &[u8]) -> Frame<'_> {
    Frame::from_rgba(pixels, 640, 480).unwrap()
}

fn centre(face: &FaceEmotion) -> [f32; 2] {
    let place = face.detection.bounding_box;
    [place.x + place.width / 2.0, place.y + place.height / 2.0]
}

#[test]
fn the_astronaut_smiles() {
    for name in ["astronaut.png", "astronaut_half.png"] {
        let picture = picture(name);
        let mut pipeline = pipeline();
        let [face] = pipeline.analyze_image(&picture.frame().unwrap()).unwrap() else { panic!("{name}: not one face") };
        assert_eq!(face.emotion, Some(Label::Happy), "{name}: {:?}", face.probabilities);
        assert!(face.probabilities.get(Emotion::Happy) > 0.8, "{name}: {:?}", face.probabilities);
    }
}

#[test]
fn every_way_to_a_frame_gives_the_same_answer() {
    let picture = picture("astronaut_half.png");
    let decoded = picture.frame().unwrap();
    let (width, height) = (decoded.width(), decoded.height());
    let mut pipeline = pipeline();
    let expected = pipeline.analyze_image(&decoded).unwrap().to_vec();
    assert_eq!(expected[0].emotion, Some(Label::Happy));

    let path = format!("{}/tests/fixtures/astronaut_half.png", env!("CARGO_MANIFEST_DIR"));
    let image = image::open(path).unwrap();
    let (rgb, rgba) = (image.to_rgb8(), DynamicImage::ImageRgba8(image.to_rgba8()));
    let wide = DynamicImage::ImageRgb16(image.to_rgb16());
    for frame in [
        Frame::from_rgb(&rgb, width, height),
        Frame::from_rgba(rgba.as_bytes(), width, height),
        Frame::try_from(&image),
        Frame::try_from(&rgba),
        Frame::try_from(&wide),
    ] {
        assert_eq!(pipeline.analyze_image(&frame.unwrap()).unwrap(), expected);
    }

    let grey = image.to_luma8();
    let rgb_of_grey: Vec<u8> = grey.iter().flat_map(|&value| [value; 3]).collect();
    let expected = pipeline.analyze_image(&Frame::from_rgb(&rgb_of_grey, width, height).unwrap()).unwrap().to_vec();
    assert_eq!(expected[0].emotion, Some(Label::Happy));
    for frame in [Frame::from_grey(&grey, width, height), Frame::try_from(&DynamicImage::ImageLuma8(grey.clone()))] {
        assert_eq!(pipeline.analyze_image(&frame.unwrap()).unwrap(), expected);
    }
}

#[test]
fn several_faces_are_each_answered_for_up_to_the_limit() {
    let astronaut = picture("astronaut_half.png");
    let hopper = picture("grace_hopper_half.png");
    let mut pixels = scene(Some((&astronaut.frame().unwrap(), 20, 40)));
    let other = scene(Some((&hopper.frame().unwrap(), 340, 40)));
    for (pixel, other) in pixels.chunks_exact_mut(4).zip(other.chunks_exact(4)) {
        if other != [128, 128, 128, 255] {
            pixel.copy_from_slice(other);
        }
    }
    let mut pipeline = pipeline();
    let faces = pipeline.analyze_image(&frame(&pixels)).unwrap();
    assert_eq!(faces.len(), 2, "{faces:?}");
    assert_eq!(faces.iter().map(|face| face.id).collect::<Vec<_>>(), [1, 2]);
    assert!(faces[0].detection.confidence >= faces[1].detection.confidence);

    let options = PipelineOptions { max_faces: 1, ..PipelineOptions::default() };
    let first = faces[0].detection;
    let mut one = EmotionPipeline::new(options).unwrap();
    let [only] = one.analyze_image(&frame(&pixels)).unwrap() else { panic!("not one face") };
    assert_eq!(only.detection, first);
}

#[test]
fn no_face_is_an_empty_answer() {
    assert!(pipeline().analyze_image(&frame(&scene(None))).unwrap().is_empty());
    assert!(pipeline().analyze_image(&Frame::from_rgba(&[9; 4], 1, 1).unwrap()).unwrap().is_empty());
    assert!(pipeline().analyze_frame(&frame(&scene(None)), 0.0).unwrap().is_empty());
}

#[test]
fn a_high_threshold_makes_the_answer_uncertain_and_keeps_the_probabilities() {
    let options = PipelineOptions { uncertain_below: 1.0, ..PipelineOptions::default() };
    let mut pipeline = EmotionPipeline::new(options).unwrap();
    let astronaut = picture("astronaut_half.png");
    let [face] = pipeline.analyze_image(&astronaut.frame().unwrap()).unwrap() else { panic!("not one face") };
    assert_eq!(face.emotion, None);
    assert_eq!(face.probabilities.top().0, Emotion::Happy);
}

#[test]
fn a_moving_face_is_followed_without_loss() {
    let astronaut = picture("astronaut_half.png");
    let astronaut = astronaut.frame().unwrap();
    let mut pipeline = pipeline();
    let mut origin = None;
    // Six seconds at 30 frames a second, at rest and at up to half a face's width a second in between.
    for index in 0..180 {
        let sway = (f64::from(index - 30).max(0.0) / 25.0).sin();
        let (left, top) = (190 + (90.0 * sway) as i32, 110 + (30.0 * sway) as i32);
        let pixels = scene(Some((&astronaut, left, top)));
        let [face] = pipeline.analyze_frame(&frame(&pixels), f64::from(index) * 33.3).unwrap() else {
            panic!("frame {index}: not one face")
        };
        assert_eq!(face.id, 1, "frame {index}");
        let [x, y] = centre(face);
        let place = [x - left as f32, y - top as f32];
        let origin = *origin.get_or_insert(place);
        let off = (place[0] - origin[0]).hypot(place[1] - origin[1]);
        assert!(off < 0.15 * face.detection.bounding_box.width, "frame {index}: {off} pixels off");
        assert_eq!(face.emotion, Some(Label::Happy), "frame {index}");
    }
}

#[test]
fn a_face_that_leaves_is_gone_and_one_that_appears_is_found() {
    let (astronaut, hopper) = (picture("astronaut_half.png"), picture("grace_hopper_half.png"));
    let (astronaut, hopper) = (astronaut.frame().unwrap(), hopper.frame().unwrap());
    let alone = scene(Some((&astronaut, 20, 40)));
    let mut both = alone.clone();
    for (pixel, other) in both.chunks_exact_mut(4).zip(scene(Some((&hopper, 340, 40))).chunks_exact(4)) {
        if other != [128, 128, 128, 255] {
            pixel.copy_from_slice(other);
        }
    }
    let empty = scene(None);
    let mut pipeline = pipeline();
    let mut now = 0.0;
    let mut show = |pixels: &[u8], frames: u32| {
        let mut counts = Vec::new();
        for _ in 0..frames {
            now += 40.0;
            counts.push(pipeline.analyze_frame(&frame(pixels), now).unwrap().len());
        }
        counts
    };
    assert!(show(&alone, 20).iter().all(|count| *count == 1));
    // The region around the one face does not show the other: the pass over the whole frame does, every half second.
    assert_eq!(show(&both, 14).last(), Some(&2));
    // For 50 ms, here one frame, what was seen is taken as unchanged, and for 200 ms more, here five, one who was seen
    // is still reported.
    let leaving = show(&empty, 36);
    assert_eq!(leaving[..5], [2; 5], "{leaving:?}");
    assert_eq!(leaving[7..], [0; 29], "{leaving:?}");
    assert_eq!(show(&alone, 2).last(), Some(&1));
}

#[test]
fn a_face_missed_for_a_moment_is_reported_as_last_seen() {
    let astronaut = picture("astronaut_half.png");
    let there = scene(Some((&astronaut.frame().unwrap(), 190, 110)));
    let empty = scene(None);
    let mut pipeline = pipeline();
    let mut now = 0.0;
    let mut show = |pixels: &[u8]| {
        now += 40.0;
        pipeline.analyze_frame(&frame(pixels), now).unwrap().to_vec()
    };
    for _ in 0..10 {
        show(&there);
    }
    let before = show(&there);
    for _ in 0..4 {
        let [face] = &show(&empty)[..] else { panic!("the face is gone at once") };
        assert_eq!((face.id, face.emotion), (before[0].id, before[0].emotion));
        assert_eq!(face.detection, before[0].detection);
    }
    let [face] = &show(&there)[..] else { panic!("the face is not found again") };
    assert_eq!(face.id, before[0].id);
}

#[test]
fn options_change_while_a_live_view_runs() {
    let astronaut = picture("astronaut_half.png");
    let pixels = scene(Some((&astronaut.frame().unwrap(), 190, 110)));
    let mut pipeline = pipeline();
    let before = pipeline.analyze_frame(&frame(&pixels), 0.0).unwrap()[0].clone();
    assert_eq!(before.emotion, Some(Label::Happy));

    pipeline.set_options(PipelineOptions { uncertain_below: 1.0, ..PipelineOptions::default() }).unwrap();
    let bad = PipelineOptions { max_faces: 0, ..PipelineOptions::default() };
    assert_eq!(pipeline.set_options(bad).unwrap_err().kind(), ErrorKind::InvalidOptions);
    // The smoother holds what is shown for half a second, then shows what the threshold asks for.
    for index in 1..40 {
        let [face] = pipeline.analyze_frame(&frame(&pixels), f64::from(index) * 33.3).unwrap() else {
            panic!("frame {index}: not one face")
        };
        assert_eq!(face.id, before.id, "frame {index}");
        assert!(index < 20 || face.emotion.is_none(), "frame {index}");
    }
}

#[test]
fn a_calibration_corrects_the_answer_and_leaves_the_models_own_beside_it() {
    let astronaut = picture("astronaut_half.png");
    let astronaut = astronaut.frame().unwrap();
    let mut pipeline = pipeline();
    let stock = pipeline.analyze_image(&astronaut).unwrap()[0].clone();
    assert_eq!(stock.probabilities, stock.raw);

    // This smile is labelled as their neutral face.
    let calibration =
        PersonalCalibration::fit(pipeline.model_id(), &[(stock.raw, Emotion::Neutral)].repeat(20)).unwrap();
    let options = PipelineOptions { calibration: Some(calibration), ..PipelineOptions::default() };
    pipeline.set_options(options).unwrap();
    let corrected = pipeline.analyze_image(&astronaut).unwrap()[0].clone();
    assert_eq!(corrected.raw, stock.raw);
    assert!(corrected.probabilities.get(Emotion::Neutral) > 2.0 * stock.probabilities.get(Emotion::Neutral));
    let pixels = scene(Some((&astronaut, 190, 110)));
    let live = pipeline.analyze_frame(&frame(&pixels), 0.0).unwrap()[0].clone();
    assert!(live.probabilities.get(Emotion::Neutral) > live.raw.get(Emotion::Neutral));

    pipeline.set_options(PipelineOptions::default()).unwrap();
    assert_eq!(pipeline.analyze_image(&astronaut).unwrap()[0], stock);

    let foreign = PersonalCalibration::identity("emotion-0").unwrap();
    let options = PipelineOptions { calibration: Some(foreign), ..PipelineOptions::default() };
    assert_eq!(pipeline.set_options(options.clone()).unwrap_err().kind(), ErrorKind::InvalidCalibration);
    assert_eq!(EmotionPipeline::new(options).unwrap_err().kind(), ErrorKind::InvalidCalibration);
}

#[test]
fn eight_expressions_are_reported_on_request() {
    let astronaut = picture("astronaut_half.png");
    let astronaut = astronaut.frame().unwrap();
    let mut pipeline = pipeline();
    let four = pipeline.analyze_image(&astronaut).unwrap()[0].clone();
    assert_eq!(four.eight, None);

    pipeline.set_options(PipelineOptions { eight: true, ..PipelineOptions::default() }).unwrap();
    let face = pipeline.analyze_image(&astronaut).unwrap()[0].clone();
    assert_eq!(face.probabilities, four.probabilities);
    let still = face.eight.unwrap();
    assert_eq!(still.emotion, Some(Emotion8::Happy));
    assert!(still.probabilities.get(Emotion8::Happy) > 0.8, "{still:?}");

    let pixels = scene(Some((&astronaut, 190, 110)));
    for time in [0.0, 33.0, 66.0] {
        let eight = pipeline.analyze_frame(&frame(&pixels), time).unwrap()[0].eight.unwrap();
        assert_eq!(eight.emotion, Some(Emotion8::Happy));
    }
    pipeline.set_options(PipelineOptions { eight: true, uncertain_below: 1.0, ..PipelineOptions::default() }).unwrap();
    assert_eq!(pipeline.analyze_image(&astronaut).unwrap()[0].eight.unwrap().emotion, None);
}

#[test]
fn the_answers_explained_are_those_reported() {
    let hopper = picture("grace_hopper.png");
    let hopper = hopper.frame().unwrap();
    let mut pipeline = pipeline();
    let stock = pipeline.analyze_image(&hopper).unwrap()[0].clone();
    let place = stock.detection.bounding_box;
    let (_, why) = pipeline.explain_face(&hopper, &place, 0.0).unwrap();
    assert_eq!((why.four.emotion, why.eight), (stock.probabilities.top().0, None));

    let changing = format!("countenance-calibration/1 {} happy=-3 neutral=-3 sad=3 surprise=-3", pipeline.model_id());
    let calibration = Some(changing.parse().unwrap());
    pipeline.set_options(PipelineOptions { calibration, eight: true, ..PipelineOptions::default() }).unwrap();
    let face = pipeline.analyze_image(&hopper).unwrap()[0].clone();
    assert_ne!(face.probabilities.top().0, stock.probabilities.top().0);
    let (_, why) = pipeline.explain_face(&hopper, &place, 0.0).unwrap();
    assert_eq!(why.four.emotion, face.probabilities.top().0);
    assert_eq!(why.eight.unwrap().emotion, face.eight.unwrap().probabilities.top().0);
}

#[test]
fn other_is_answered_alike_on_every_path() {
    let astronaut = picture("astronaut_half.png");
    let astronaut = astronaut.frame().unwrap();
    let mut pipeline = pipeline();
    let face = pipeline.analyze_image(&astronaut).unwrap()[0].clone();
    assert!((0.0..0.1).contains(&face.other), "{}", face.other);
    assert_eq!(face.other_expression.emotion(), None);
    let chip = crop_face(&astronaut, &face.detection.bounding_box).unwrap();
    let expression = pipeline.classify_face(&chip).unwrap();
    assert_eq!((expression.other, expression.emotion), (face.other, face.emotion));
    let pixels = scene(Some((&astronaut, 190, 110)));
    let live = pipeline.analyze_frame(&frame(&pixels), 0.0).unwrap()[0].clone();
    assert!((live.other - face.other).abs() < 0.02, "{} {}", live.other, face.other);

    // From 0 on everything is "other", and the four probabilities stay what they were.
    pipeline.set_options(PipelineOptions { other_from: 0.0, ..PipelineOptions::default() }).unwrap();
    let other = pipeline.analyze_image(&astronaut).unwrap()[0].clone();
    assert_eq!((other.emotion, other.probabilities), (Some(Label::Other), face.probabilities));
    assert_eq!(pipeline.classify_face(&chip).unwrap().emotion, Some(Label::Other));
    pipeline.reset();
    assert_eq!(pipeline.analyze_frame(&frame(&pixels), 0.0).unwrap()[0].emotion, Some(Label::Other));
}

#[test]
fn that_a_face_may_show_none_of_the_four_counts_against_the_threshold() {
    let hopper = picture("grace_hopper.png");
    let hopper = hopper.frame().unwrap();
    let mut pipeline = pipeline();
    let face = pipeline.analyze_image(&hopper).unwrap()[0].clone();
    let probability = face.probabilities.top().1 * (1.0 - face.other);
    for (uncertain_below, emotion) in
        [(probability - 1e-4, Some(Label::from(face.probabilities.top().0))), (probability + 1e-4, None)]
    {
        pipeline.set_options(PipelineOptions { uncertain_below, ..PipelineOptions::default() }).unwrap();
        assert_eq!(pipeline.analyze_image(&hopper).unwrap()[0].emotion, emotion);
    }
}

#[test]
fn a_bad_box_is_named_so() {
    let pixels = scene(None);
    let good = BoundingBox { x: 10.0, y: 10.0, width: 80.0, height: 90.0 };
    let mut pipeline = pipeline();
    assert!(pipeline.explain_face(&frame(&pixels), &good, 0.0).is_ok());
    for bad in [
        BoundingBox { x: f32::NAN, ..good },
        BoundingBox { y: f32::INFINITY, ..good },
        BoundingBox { width: 0.0, ..good },
        BoundingBox { height: -90.0, ..good },
        BoundingBox { x: 640.0, ..good },
        BoundingBox { y: -90.0, ..good },
    ] {
        let error = pipeline.explain_face(&frame(&pixels), &bad, 0.0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidBox, "{bad:?}");
    }
}

#[test]
fn time_runs_forward_only() {
    let pixels = scene(None);
    let mut pipeline = pipeline();
    pipeline.analyze_frame(&frame(&pixels), 100.0).unwrap();
    pipeline.analyze_frame(&frame(&pixels), 100.0).unwrap();
    for bad in [99.0, f64::NAN, f64::INFINITY] {
        let error = pipeline.analyze_frame(&frame(&pixels), bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidTimestamp, "{bad}");
    }
    pipeline.reset();
    pipeline.analyze_frame(&frame(&pixels), 0.0).unwrap();
}
