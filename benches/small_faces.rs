//! How many small faces are found in large pictures: portraits are pasted into one, and counted again.
//!
//! ```text
//! cargo bench --bench small_faces -- [times=CALLS] [portraits=FOLDER [save=FOLDER]] [faceless=FOLDER]
//! ```
//!
//! `times` measures how the time grows with the picture. The portraits are pictures of one face each; with `save`, the
//! pictures made of them are written instead of searched, for `benches/peers`. The others are pictures without a face, in
//! which every face reported is a false one: each is searched as it is, and in quarters. `benches/small-faces.mjs` fetches
//! such folders.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing better to do")]

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs};

use countenance::weights::detector_model;
use countenance::{BoundingBox, DetectOptions, FaceDetector, Frame, Picture};
use image::imageops::{self, FilterType};
use image::{DynamicImage, RgbaImage};
use serde_json::json;

/// A picture's size, how many faces are pasted, and how wide they are.
const SCENES: [((u32, u32), usize, &[u32]); 3] = [
    ((4000, 2667), 96, &[200, 122, 85, 62, 48]),
    ((4000, 3000), 20, &[80, 70, 60, 48]),
    ((6000, 4000), 96, &[200, 122, 85, 62, 48]),
];

/// Pictures of a few people and of many, each face as large as the picture has room for.
const GROUPS: [((u32, u32), usize, &[u32]); 4] =
    [((1280, 960), 1, &[280]), ((1280, 960), 5, &[180]), ((1280, 960), 20, &[88]), ((1280, 960), 60, &[56])];

/// The largest picture that is saved, in pixels.
const SAVED_PIXELS: u32 = 4000 * 3000;

/// The pictures that are timed.
const TIMED_WIDTHS: [u32; 7] = [640, 1280, 1600, 2048, 3072, 4096, 6000];

/// The surroundings that a face is cut out with, in widths of its box.
const SURROUNDINGS: f32 = 2.2;

/// Intersection over union from which a face found is the one pasted.
const SAME: f32 = 0.4;

/// How a picture is searched.
#[derive(Clone, Copy)]
enum Search {
    /// Upright faces, at 640 pixels.
    Whole,
    /// Upright faces, in tiles too.
    Tiles,
    /// Turned faces too, as a pipeline does by default.
    Default,
}

struct Portrait {
    pixels: RgbaImage,
    face: BoundingBox,
}

fn main() {
    let mut detector = FaceDetector::new(&detector_model().unwrap()).unwrap();
    let arguments: Vec<String> = env::args().skip(1).collect();
    let save = arguments.iter().find_map(|argument| argument.strip_prefix("save=")).map(Path::new);
    for argument in &arguments {
        match (argument.split_once('='), save) {
            (Some(("times", calls)), _) => measure_times(&mut detector, calls.parse().unwrap()),
            (Some(("portraits", folder)), Some(save)) => save_scenes(&mut detector, Path::new(folder), save),
            (Some(("portraits", folder)), None) => find_small_faces(&mut detector, Path::new(folder)),
            (Some(("faceless", folder)), _) => count_false_faces(&mut detector, Path::new(folder)),
            _ => {} // cargo's own
        }
    }
}

/// The median time of a search, for pictures of 3 : 2.
fn measure_times(detector: &mut FaceDetector, calls: usize) {
    println!("| picture | searched at | time |");
    println!("|---|---|---|");
    for width in TIMED_WIDTHS {
        let scene = background((width, width * 2 / 3));
        let mut times: Vec<f64> =
            (0..calls).map(|_| search(detector, &scene, &[], Search::Tiles).milliseconds).collect();
        times.sort_by(f64::total_cmp);
        let frame = Frame::from_rgba(&scene, scene.width(), scene.height()).unwrap();
        let long_side = DetectOptions::picture_of(&frame).long_side;
        println!("| {} x {} | {long_side} | {:.0} ms |", scene.width(), scene.height(), times[calls / 2]);
    }
    println!();
}

fn find_small_faces(detector: &mut FaceDetector, folder: &Path) {
    let portraits = read_portraits(detector, folder);
    println!("| picture | faces | width | found | found at 640 | doubled | false | time | time at 640 |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for ((width, height), count, face_widths) in SCENES {
        // Fewer portraits than faces: each is pasted several times.
        let chosen: Vec<&Portrait> = portraits.iter().cycle().take(count).collect();
        for face_width in face_widths {
            let (scene, truth) = paste(&chosen, (width, height), *face_width);
            let auto = search(detector, &scene, &truth, Search::Default);
            let whole = search(detector, &scene, &truth, Search::Whole);
            println!(
                "| {width} x {height} | {count} | {face_width} | {} | {} | {} | {} | {:.0} ms | {:.0} ms |",
                auto.found, whole.found, auto.doubled, auto.false_faces, auto.milliseconds, whole.milliseconds
            );
        }
    }
}

/// Writes the pictures, and beside each the boxes of its faces as JSON.
fn save_scenes(detector: &mut FaceDetector, portraits: &Path, folder: &Path) {
    let portraits = read_portraits(detector, portraits);
    for ((width, height), count, face_widths) in SCENES.into_iter().chain(GROUPS) {
        if width * height > SAVED_PIXELS {
            continue;
        }
        let chosen: Vec<&Portrait> = portraits.iter().cycle().take(count).collect();
        for face_width in face_widths {
            let (scene, truth) = paste(&chosen, (width, height), *face_width);
            let faces: Vec<_> = truth
                .iter()
                .map(|face| json!({ "x": face.x, "y": face.y, "width": face.width, "height": face.height }))
                .collect();
            let scene_of = json!({ "width": width, "height": height, "faceWidth": face_width, "faces": faces });
            let name = folder.join(format!("{width}x{height}-{count}-{face_width}"));
            fs::write(name.with_extension("json"), scene_of.to_string()).unwrap();
            DynamicImage::from(scene).to_rgb8().save(name.with_extension("png")).unwrap();
        }
    }
}

/// What came of one search.
struct Outcome {
    found: usize,
    doubled: usize,
    false_faces: usize,
    milliseconds: f64,
}

fn search(detector: &mut FaceDetector, scene: &RgbaImage, truth: &[BoundingBox], search: Search) -> Outcome {
    let frame = Frame::from_rgba(scene, scene.width(), scene.height()).unwrap();
    let start = Instant::now();
    let faces = match search {
        Search::Whole => detector.detect(&frame, &DetectOptions::picture()),
        Search::Tiles => detector.detect(&frame, &DetectOptions::picture_of(&frame)),
        Search::Default => detector.detect_turned(&frame, &DetectOptions::picture_of(&frame)),
    }
    .unwrap();
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    let mut hits = vec![0_usize; truth.len()];
    let mut false_faces = 0;
    for face in faces {
        let best = (0..truth.len())
            .max_by(|a, b| overlap(&face.bounding_box, &truth[*a]).total_cmp(&overlap(&face.bounding_box, &truth[*b])));
        match best {
            Some(index) if overlap(&face.bounding_box, &truth[index]) >= SAME => hits[index] += 1,
            _ => false_faces += 1,
        }
    }
    let doubled = hits.iter().map(|hits| hits.saturating_sub(1)).sum();
    Outcome { found: hits.iter().filter(|hits| **hits > 0).count(), doubled, false_faces, milliseconds }
}

fn count_false_faces(detector: &mut FaceDetector, folder: &Path) {
    let (mut pictures, mut false_faces) = (0, [0; 3]);
    for picture in files(folder).iter().filter_map(|file| read(file)) {
        let (width, height) = (picture.width() / 2, picture.height() / 2);
        let quarters = [(0, 0), (width, 0), (0, height), (width, height)]
            .map(|(left, top)| imageops::crop_imm(&picture, left, top, width, height).to_image());
        for picture in quarters.iter().chain([&picture]) {
            pictures += 1;
            for (sum, how) in false_faces.iter_mut().zip([Search::Whole, Search::Tiles, Search::Default]) {
                *sum += search(detector, picture, &[], how).false_faces;
            }
        }
    }
    let [whole, tiles, default] = false_faces;
    println!();
    println!("| pictures without a face | false faces, upright at 640 | upright, in tiles too | by default |");
    println!("|---|---|---|---|");
    println!("| {pictures} | {whole} | {tiles} | {default} |");
}

/// The portraits of a folder, those of the largest faces first.
fn read_portraits(detector: &mut FaceDetector, folder: &Path) -> Vec<Portrait> {
    let mut portraits: Vec<Portrait> = files(folder)
        .iter()
        .filter_map(|file| {
            let picture = read(file)?;
            let frame = Frame::from_rgba(&picture, picture.width(), picture.height()).unwrap();
            let options = DetectOptions::picture();
            let [face] = detector.detect(&frame, &options).unwrap() else { return None };
            let face = face.bounding_box;
            let margin = (SURROUNDINGS - 1.0) / 2.0 * face.width;
            let [left, top] = [face.x, face.y].map(|start| (start - margin).max(0.0) as u32);
            let width = ((face.x + face.width + margin) as u32).min(picture.width()) - left;
            let height = ((face.y + face.height + margin) as u32).min(picture.height()) - top;
            let pixels = imageops::crop_imm(&picture, left, top, width, height).to_image();
            Some(Portrait { pixels, face: BoundingBox { x: face.x - left as f32, y: face.y - top as f32, ..face } })
        })
        .collect();
    portraits.sort_by(|a, b| b.face.width.total_cmp(&a.face.width));
    eprintln!("{} portraits", portraits.len());
    portraits
}

/// A picture with the portraits on a grid, each face so wide, and the boxes of the faces.
fn paste(portraits: &[&Portrait], (width, height): (u32, u32), face_width: u32) -> (RgbaImage, Vec<BoundingBox>) {
    let mut scene = background((width, height));
    let across = (portraits.len() as f32 * width as f32 / height as f32).sqrt().ceil() as u32;
    let down = (portraits.len() as u32).div_ceil(across);
    let cell = [width / across, height / down];
    let mut truth = vec![];
    for (index, Portrait { pixels, face }) in (0..).zip(portraits) {
        let scale = face_width as f32 / face.width;
        let scaled = |side: u32| ((side as f32 * scale).round() as u32).max(1);
        let pixels = imageops::resize(pixels, scaled(pixels.width()), scaled(pixels.height()), FilterType::CatmullRom);
        // Somewhere in the cell, so that the faces lie anywhere on the detector's grid and its tiles' borders.
        let shift = |axis: usize, side: u32| (index * [7919, 104_729][axis]) % cell[axis].saturating_sub(side).max(1);
        let left = index % across * cell[0] + shift(0, pixels.width());
        let top = index / across * cell[1] + shift(1, pixels.height());
        imageops::replace(&mut scene, &pixels, i64::from(left), i64::from(top));
        truth.push(BoundingBox {
            x: left as f32 + face.x * scale,
            y: top as f32 + face.y * scale,
            width: face.width * scale,
            height: face.height * scale,
        });
    }
    (scene, truth)
}

/// A soft pattern without edges.
fn background((width, height): (u32, u32)) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let wave = |position: u32, period: f32| (position as f32 / period).sin();
        let grey = (120.0 + 30.0 * wave(x, 300.0) + 30.0 * wave(y, 210.0)) as u8;
        image::Rgba([grey, grey, grey, 255])
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read(file: &Path) -> Option<RgbaImage> {
    let picture = Picture::decode(&fs::read(file).ok()?).ok()?;
    let frame = picture.frame();
    RgbaImage::from_raw(frame.width(), frame.height(), frame.pixels().to_vec())
}

fn overlap(a: &BoundingBox, b: &BoundingBox) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    let common = width.max(0.0) * height.max(0.0);
    common / (a.width * a.height + b.width * b.height - common)
}
