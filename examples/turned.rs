//! Turns pictures in a grey frame and counts how many of their faces are still found and read as upright ones are.
//!
//! ```text
//! cargo run --release --example turned -- PART/PARTS FOLDER...
//! ```
//!
//! Every picture in and below the folders is laid on a grey square that holds it at any angle, turned clockwise. A picture
//! whose folder has the name of an expression shows one face with that label; of any other picture the faces found in it
//! upright are looked for. Pictures below 160 pixels are enlarged five times first. `3/40` takes the third, the 43rd, the
//! 83rd picture and so on; `1/1` takes all. `benches/turned.mjs` puts the table into the documentation.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use countenance::{BoundingBox, Emotion, EmotionPipeline, Error, FaceEmotion, Frame, Label, Picture, PipelineOptions};
use rayon::prelude::*;

const ANGLES: [f64; 9] = [0.0, 15.0, 30.0, 45.0, 60.0, 90.0, 135.0, 180.0, 270.0];

/// Pictures with shorter sides are those of FER2013, which are enlarged.
const SMALL: u32 = 160;
const ENLARGED: f64 = 5.0;

const GREY: [u8; 4] = [128, 128, 128, 255];

/// What was found of the faces at one angle.
#[derive(Default, Clone, Copy)]
struct Tally {
    faces: usize,
    missed: usize,
    agreeing: usize,
    labelled: usize,
    right: usize,
    rolls_near: usize,
    further: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.faces += other.faces;
        self.missed += other.missed;
        self.agreeing += other.agreeing;
        self.labelled += other.labelled;
        self.right += other.right;
        self.rolls_near += other.rolls_near;
        self.further += other.further;
    }
}

/// A face to be found: its middle from the picture's, its size, and the answer to it upright.
struct Wanted {
    middle: [f64; 2],
    size: f64,
    roll: f64,
    emotion: Option<Option<Label>>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some((Some((part, parts)), folders)) =
        arguments.split_first().map(|(part, folders)| (part.split_once('/'), folders))
    else {
        return Err("usage: turned PART/PARTS FOLDER...".into());
    };
    let (part, parts): (usize, usize) = (part.parse()?, parts.parse()?);
    let mut files = Vec::new();
    folders.iter().try_for_each(|folder| list(Path::new(folder), &mut files))?;
    let files: Vec<PathBuf> = files.into_iter().skip(part.max(1) - 1).step_by(parts.max(1)).collect();
    let tallies = files
        .par_iter()
        .map_init(
            || EmotionPipeline::new(PipelineOptions::default()),
            |pipeline, file| match pipeline {
                Ok(pipeline) => turn(pipeline, file),
                Err(error) => Err(error.clone()),
            },
        )
        .collect::<Result<Vec<_>, _>>()?;

    println!("| degrees | faces | not found | answer as upright | right | roll within 15 degrees | further faces |");
    println!("|---|---|---|---|---|---|---|");
    for (index, degrees) in ANGLES.iter().enumerate() {
        let mut sum = Tally::default();
        tallies.iter().for_each(|tally| sum.add(&tally[index]));
        let share =
            |count: usize, of: usize| if of == 0 { "".into() } else { format!("{:.3}", count as f64 / of as f64) };
        println!(
            "| {degrees} | {} | {} | {} | {} | {} | {} |",
            sum.faces,
            sum.missed,
            share(sum.agreeing, sum.faces),
            share(sum.right, sum.labelled),
            share(sum.rolls_near, sum.faces),
            sum.further
        );
    }
    Ok(())
}

/// Adds a file, or all files in and below a folder in the order of their names.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| list(entry, files))
}

/// What is found of one picture's faces at every angle.
fn turn(pipeline: &mut EmotionPipeline, file: &Path) -> Result<[Tally; ANGLES.len()], Error> {
    let bytes = fs::read(file).map_err(|error| Error::new(countenance::ErrorKind::InvalidImage, error.to_string()))?;
    let picture = Picture::decode(&bytes)?;
    let picture = picture.frame();
    let scale = if picture.width().max(picture.height()) < SMALL { ENLARGED } else { 1.0 };
    let side = (scale * f64::from(picture.width()).hypot(f64::from(picture.height()))).ceil() as u32;
    let label = file.parent().and_then(Path::file_name).and_then(|name| Emotion::from_name(&name.to_string_lossy()));
    let mut wanted: Vec<Wanted> = vec![];
    let mut tallies = [Tally::default(); ANGLES.len()];
    for (tally, degrees) in tallies.iter_mut().zip(ANGLES) {
        let pixels = on_grey(&picture, scale, side, degrees);
        let faces = pipeline.analyze_image(&Frame::from_rgba(&pixels, side, side)?)?;
        if degrees == 0.0 {
            wanted.extend(faces.iter().map(|face| Wanted::of(face, side)));
            if label.is_some() {
                wanted.sort_by(|a, b| b.size.total_cmp(&a.size));
                wanted.truncate(1);
                if wanted.is_empty() {
                    let size = scale * f64::from(picture.width());
                    wanted.push(Wanted { middle: [0.0; 2], size, roll: 0.0, emotion: None });
                }
            }
        }
        *tally = look_for(&wanted, faces, side, degrees, label);
    }
    Ok(tallies)
}

impl Wanted {
    fn of(face: &FaceEmotion, side: u32) -> Self {
        let BoundingBox { width, height, .. } = face.detection.bounding_box;
        Self {
            middle: middle(face, side),
            size: f64::from(width.max(height)),
            roll: f64::from(face.detection.roll),
            emotion: Some(face.emotion),
        }
    }
}

/// A face's middle, from that of the square.
fn middle(face: &FaceEmotion, side: u32) -> [f64; 2] {
    let BoundingBox { x, y, width, height } = face.detection.bounding_box;
    [x + width / 2.0, y + height / 2.0].map(|at| f64::from(at) - f64::from(side) / 2.0)
}

fn look_for(wanted: &[Wanted], faces: &[FaceEmotion], side: u32, degrees: f64, label: Option<Emotion>) -> Tally {
    let (sin, cos) = (degrees / 360.0 * TAU).sin_cos();
    let mut tally = Tally { faces: wanted.len(), ..Tally::default() };
    let mut taken = 0;
    for wanted in wanted {
        let [x, y] = wanted.middle;
        let at = [x * cos - y * sin, x * sin + y * cos];
        let distance = |face: &&FaceEmotion| {
            let [x, y] = middle(face, side);
            (x - at[0]).hypot(y - at[1])
        };
        let nearest = faces.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        tally.labelled += usize::from(label.is_some());
        let Some(face) = nearest.filter(|face| distance(face) < 0.4 * wanted.size) else {
            tally.missed += 1;
            continue;
        };
        taken += 1;
        tally.agreeing += usize::from(wanted.emotion == Some(face.emotion));
        tally.right += usize::from(label.is_some() && face.probabilities.top().0 == label.unwrap_or(Emotion::Neutral));
        let off = (f64::from(face.detection.roll) - wanted.roll - degrees + 180.0).rem_euclid(360.0) - 180.0;
        tally.rolls_near += usize::from(off.abs() <= 15.0);
    }
    tally.further = faces.len().saturating_sub(taken);
    tally
}

/// The picture in the middle of a grey square, enlarged and turned clockwise.
fn on_grey(picture: &Frame<'_>, scale: f64, side: u32, degrees: f64) -> Vec<u8> {
    let (sin, cos) = (degrees / 360.0 * TAU).sin_cos();
    let size = [f64::from(picture.width()), f64::from(picture.height())];
    let from_middle = |at: u32| f64::from(at) + 0.5 - f64::from(side) / 2.0;
    let mut pixels = Vec::with_capacity(4 * side as usize * side as usize);
    for [x, y] in (0..side).flat_map(|y| (0..side).map(move |x| [x, y])) {
        let [x, y] = [from_middle(x), from_middle(y)];
        let at = [(x * cos + y * sin) / scale + size[0] / 2.0, (y * cos - x * sin) / scale + size[1] / 2.0];
        let inside = (0.0..size[0]).contains(&at[0]) && (0.0..size[1]).contains(&at[1]);
        pixels.extend(if inside { colour(picture, at) } else { GREY });
    }
    pixels
}

/// The colour at a point of the picture, between the four pixels around it.
fn colour(picture: &Frame<'_>, [x, y]: [f64; 2]) -> [u8; 4] {
    let near = |at: f64, length: u32| {
        let at = (at - 0.5).clamp(0.0, f64::from(length - 1));
        (at as u32, (at as u32 + 1).min(length - 1), at.fract())
    };
    let (left, right, along) = near(x, picture.width());
    let (top, bottom, down) = near(y, picture.height());
    let pixel = |x: u32, y: u32| picture.pixels().as_chunks::<4>().0[(y * picture.width() + x) as usize];
    let corners = [pixel(left, top), pixel(right, top), pixel(left, bottom), pixel(right, bottom)];
    std::array::from_fn(|channel| {
        let [a, b, c, d] = corners.map(|corner| f64::from(corner[channel]));
        ((a + (b - a) * along) * (1.0 - down) + (c + (d - c) * along) * down).round() as u8
    })
}
