//! `countenance explain`: which parts of a face its answer came from.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use countenance::{BoundingBox, CHIP_SIDE, EmotionPipeline, Explanations, FaceEmotion};
use image::codecs::png::PngEncoder;
use image::{ImageEncoder, Rgb, RgbImage};
use serde::Serialize;

use crate::Exit;
use crate::failure::Failure;
use crate::options::ReadingArgs;
use crate::picture;

/// Explain the answers to the faces in a picture
///
/// Hides one patch of a face after the other and measures how much less sure the answer becomes. Prints a JSON object with
/// the faces and, in the same order, their explanations: `heat` has a number from -1 to 1 for each of the 48 x 48 pixels
/// that the network saw, above 0 where they spoke for the answer. A heat of 1 stands for a change of the answer's log-odds
/// by `strength`.
#[derive(Args)]
pub(crate) struct ExplainArgs {
    #[arg(value_name = "PICTURE")]
    picture: PathBuf,

    /// Draw the explanations into this PNG file, a row for each face: what the network saw, and the same with the heat:
    /// orange where it spoke for the answer, blue where it spoke against it
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    reading: ReadingArgs,
}

/// How many times larger than the network saw it a face is drawn.
const ENLARGED: u32 = 6;

/// The colours of the page, and how dense they are where the heat is greatest.
const FOR: Rgb<u8> = Rgb([255, 138, 31]);
const AGAINST: Rgb<u8> = Rgb([47, 123, 255]);
const DENSITY: f32 = 0.75;

#[derive(Serialize)]
struct Explained {
    file: String,
    faces: Vec<FaceEmotion>,
    explanations: Vec<FaceExplanation>,
}

#[derive(Serialize)]
struct FaceExplanation {
    #[serde(rename = "box")]
    bounding_box: BoundingBox,
    roll: f32,
    chip: Vec<u8>,
    #[serde(flatten)]
    explanations: Explanations,
}

pub(crate) fn run(arguments: ExplainArgs) -> Exit {
    let ExplainArgs { picture, output, reading } = arguments;
    let mut pipeline = match EmotionPipeline::new(reading.into()) {
        Ok(pipeline) => pipeline,
        Err(error) => {
            eprintln!("countenance: {error}");
            return Exit::Usage;
        }
    };
    let explained = match explain(&mut pipeline, &picture) {
        Ok(explained) => explained,
        Err(failure) => {
            eprintln!("countenance: {}: {}", picture.display(), failure.message);
            return Exit::Failed;
        }
    };
    if let Some(path) = output
        && let Err(reason) = draw(&explained.explanations, &path)
    {
        eprintln!("countenance: {}: {reason}", path.display());
        return Exit::Failed;
    }
    crate::print_json(&explained)
}

fn explain(pipeline: &mut EmotionPipeline, path: &Path) -> Result<Explained, Failure> {
    let picture = picture::load(path)?;
    let frame = picture.frame();
    let faces = pipeline.analyze_image(&frame)?.to_vec();
    let mut explanations = Vec::new();
    for FaceEmotion { detection, .. } in &faces {
        let (chip, of_face) = pipeline.explain_face(&frame, &detection.bounding_box, detection.roll)?;
        explanations.push(FaceExplanation {
            bounding_box: detection.bounding_box,
            roll: detection.roll,
            chip: chip.grey().to_vec(),
            explanations: of_face,
        });
    }
    Ok(Explained { file: path.to_string_lossy().into_owned(), faces, explanations })
}

/// Draws a row for each face: its chip, and the chip with the heat over it.
fn draw(explanations: &[FaceExplanation], path: &Path) -> io::Result<()> {
    let side = CHIP_SIDE as u32;
    let rows = explanations.len().max(1) as u32;
    let mut picture = RgbImage::from_pixel(2 * side, rows * side, Rgb([255; 3]));
    for (row, FaceExplanation { chip, explanations, .. }) in (0..).zip(explanations) {
        let Explanations { four, eight } = explanations;
        let heat = eight.as_ref().map_or(&four.heat, |eight| &eight.heat);
        for (pixel, (grey, heat)) in (0..).zip(chip.iter().zip(heat)) {
            let (x, y) = (pixel % side, row * side + pixel / side);
            let grey = Rgb([*grey; 3]);
            picture.put_pixel(x, y, grey);
            picture.put_pixel(side + x, y, heated(grey, *heat));
        }
    }
    let (width, height) = (ENLARGED * picture.width(), ENLARGED * picture.height());
    let enlarged = RgbImage::from_fn(width, height, |x, y| *picture.get_pixel(x / ENLARGED, y / ENLARGED));
    let mut file = BufWriter::new(File::create(path)?);
    let encoder = PngEncoder::new(&mut file);
    encoder.write_image(&enlarged, width, height, image::ExtendedColorType::Rgb8).map_err(io::Error::other)?;
    file.flush()
}

fn heated(Rgb(grey): Rgb<u8>, heat: f32) -> Rgb<u8> {
    let Rgb(colour) = if heat > 0.0 { FOR } else { AGAINST };
    let density = heat.abs() * DENSITY;
    let mixed = |channel: usize| f32::from(grey[channel]) * (1.0 - density) + f32::from(colour[channel]) * density;
    Rgb(std::array::from_fn(|channel| mixed(channel).round() as u8))
}
