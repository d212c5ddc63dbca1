//! Labelled faces from a folder or from `fer2013.csv`.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use countenance::weights::detector_model;
use countenance::{
    CHIP_SIDE, DetectOptions, Emotion, Emotion8, FaceChip, FaceDetection, FaceDetector, Frame, Picture,
    chip_from_frame, crop_face,
};
use rayon::prelude::*;

use crate::data::augment::plain;

/// The names of the folders, as FER2013 calls its classes, in the order of [`Emotion8::ALL`].
const FOLDERS: [&str; Emotion8::COUNT] =
    ["neutral", "happy", "surprise", "sad", "angry", "disgust", "fear", "contempt"];
/// The numbers in the `emotion` column of `fer2013.csv`, from 0.
const FER2013: [Emotion8; 7] = [
    Emotion8::Angry,
    Emotion8::Disgusted,
    Emotion8::Fearful,
    Emotion8::Happy,
    Emotion8::Sad,
    Emotion8::Surprise,
    Emotion8::Neutral,
];

/// FER+ votes of the annotators for one picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Votes {
    /// Votes for each [`Emotion8`].
    pub classes: [f32; Emotion8::COUNT],
    /// Votes for "unknown".
    pub unknown: f32,
    /// Votes for "not a face".
    pub not_a_face: f32,
}

impl Votes {
    /// The shares of these classes in the votes for them alone; `None` where there is no such vote.
    pub fn shares<const N: usize>(&self, classes: [Emotion8; N]) -> Option<[f32; N]> {
        let votes = classes.map(|class| self.classes[class.index()]);
        let total: f32 = votes.iter().sum();
        (total > 0.0).then(|| votes.map(|vote| vote / total))
    }

    /// The class with strictly more votes than every other of the ten columns.
    pub fn majority(&self) -> Option<Emotion8> {
        let top =
            Emotion8::ALL.into_iter().max_by(|a, b| self.classes[a.index()].total_cmp(&self.classes[b.index()]))?;
        let votes = self.classes[top.index()];
        let rivals = Emotion8::ALL.into_iter().filter(|class| *class != top).map(|class| self.classes[class.index()]);
        rivals.chain([self.unknown, self.not_a_face]).all(|rival| rival < votes).then_some(top)
    }
}

/// One labelled face.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The picture's file, or the table and line it comes from.
    pub source: String,
    /// Its row in `fer2013.csv`, where known: files named by a number carry it.
    pub row: Option<u32>,
    /// Its label.
    pub class: Emotion8,
    /// Its FER+ votes, where known.
    pub votes: Option<Votes>,
    /// Its pixels.
    pub chip: FaceChip,
}

impl Sample {
    /// The label among the network's four, if it is one of them.
    pub fn emotion(&self) -> Option<Emotion> {
        self.class.emotion()
    }
}

/// The faces of one split: either `<data>/<split>/<class>/*.jpg|png` (for `train` also `<data>/<class>/*.jpg|png`, a
/// folder that is not split) or the rows of `<data>` (a `fer2013.csv`) whose
/// `Usage` fits: `Training` for `train`, the two tests for `validation`.
///
/// # Errors
/// Where `data` is absent, holds no such split, or a picture or row is damaged; the message names it.
pub fn load(data: &Path, split: &str) -> Result<Vec<Sample>> {
    if data.extension().is_some_and(|extension| extension == "csv") {
        return load_csv(data, split);
    }
    let folder = data.join(split);
    if split == "train" && !folder.is_dir() && FOLDERS.iter().any(|name| data.join(name).is_dir()) {
        return load_folder(data);
    }
    ensure!(
        folder.is_dir(),
        "there is no folder {}: --data takes a folder with {split}/<class>/*.jpg, or a fer2013.csv (see \
         training/README.md for how to get the data)",
        folder.display()
    );
    load_folder(&folder)
}

/// The faces of a folder of `<class>/*.jpg|png`, in the order of their names. Pictures larger than 48x48 are scaled to
/// it whole.
///
/// # Errors
/// Where the folder has no class folders, a class folder is not named after a class, or a picture is damaged or smaller
/// than 48x48.
pub fn load_folder(folder: &Path) -> Result<Vec<Sample>> {
    let files = list_folder(folder)?;
    files
        .into_par_iter()
        .map(|(class, path)| {
            let chip = read_chip(&path)?;
            Ok(Sample { source: path.display().to_string(), row: row(&path), class, votes: None, chip })
        })
        .collect()
}

/// The largest face that the detector finds in each picture of a folder of `<class>/*.jpg|png`, and how many pictures it
/// finds none in. Pictures of the four expressions only: the others are not judged.
///
/// # Errors
/// Where the folder has no class folders, or a picture is damaged.
pub fn detect_folder(folder: &Path) -> Result<(Vec<Sample>, usize)> {
    let files: Vec<_> = list_folder(folder)?.into_iter().filter(|(class, _)| class.emotion().is_some()).collect();
    let new_detector = || detector_model().and_then(|weights| FaceDetector::new(&weights));
    let found: Vec<Option<Sample>> = files
        .into_par_iter()
        .map_init(new_detector, |detector, (class, path)| {
            let chip = largest_face(detector.as_mut().map_err(|error| error.clone())?, &path)?;
            Ok(chip.map(|chip| Sample {
                source: path.display().to_string(),
                row: row(&path),
                class,
                votes: None,
                chip,
            }))
        })
        .collect::<Result<_>>()?;
    let missed = found.iter().filter(|sample| sample.is_none()).count();
    Ok((found.into_iter().flatten().collect(), missed))
}

fn largest_face(detector: &mut FaceDetector, path: &Path) -> Result<Option<FaceChip>> {
    let picture = read_picture(path)?;
    let mut frame = picture.frame();
    let enlarged;
    if frame.width().max(frame.height()) < ENLARGE_BELOW {
        enlarged = enlarge(&chip_from_frame(&frame));
        frame = Frame::from_rgba(&enlarged, ENLARGED, ENLARGED)?;
    }
    let area = |face: &FaceDetection| face.bounding_box.width * face.bounding_box.height;
    let faces = detector.detect(&frame, &DetectOptions::picture()).with_context(|| path.display().to_string())?;
    let largest = faces.iter().max_by(|a, b| area(a).total_cmp(&area(b)));
    Ok(largest.map(|face| crop_face(&frame, &face.bounding_box)).transpose()?)
}

/// Pictures with no side of at least so many pixels are enlarged before faces are looked for in them: the detector
/// wants more pixels than a data set of 48x48 has.
const ENLARGE_BELOW: u32 = 160;
/// The side they are enlarged to.
pub(crate) const ENLARGED: u32 = 4 * CHIP_SIDE as u32;

/// The chip's RGBA pixels at [`ENLARGED`] pixels a side.
pub(crate) fn enlarge(chip: &FaceChip) -> Vec<u8> {
    plain(chip, ENLARGED as usize)
        .into_iter()
        .flat_map(|value| {
            let grey = (value * 255.0).round() as u8;
            [grey, grey, grey, u8::MAX]
        })
        .collect()
}

fn row(path: &Path) -> Option<u32> {
    path.file_stem()?.to_str()?.parse().ok()
}

/// The pictures of a folder of `<class>/*.jpg|png` with their classes, in the order of their names.
///
/// # Errors
/// Where the folder does not have that form.
pub fn list_folder(folder: &Path) -> Result<Vec<(Emotion8, PathBuf)>> {
    let mut files = Vec::new();
    for class_folder in sorted_entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let name = class_folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase();
        let Some(place) = FOLDERS.iter().position(|folder| *folder == name) else {
            bail!("{} is not named after an expression; the names are {}", class_folder.display(), FOLDERS.join(", "));
        };
        let pictures = sorted_entries(&class_folder)?.into_iter().filter(|path| is_picture(path));
        files.extend(pictures.map(|path| (Emotion8::ALL[place], path)));
    }
    ensure!(
        !files.is_empty(),
        "{} holds no <class>/*.jpg or <class>/*.png (classes: {})",
        folder.display(),
        FOLDERS.join(", ")
    );
    Ok(files)
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    matches!(extension.as_str(), "jpg" | "jpeg" | "png")
}

fn read_chip(path: &Path) -> Result<FaceChip> {
    let picture = read_picture(path)?;
    let frame = picture.frame();
    let side = CHIP_SIDE as u32;
    ensure!(
        frame.width() >= side && frame.height() >= side,
        "{} is {} x {}; faces of at least {side} x {side} are needed",
        path.display(),
        frame.width(),
        frame.height()
    );
    Ok(chip_from_frame(&frame))
}

/// Decodes a picture.
///
/// # Errors
/// Where it cannot be read or is damaged; the message names the file.
pub fn read_picture(path: &Path) -> Result<Picture> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Picture::decode(&bytes).with_context(|| format!("{} is damaged, or not a picture", path.display()))
}

fn chip(grey: &[u8]) -> Result<FaceChip> {
    let pixels = CHIP_SIDE * CHIP_SIDE;
    let grey = grey.try_into().with_context(|| format!("{} pixels instead of {pixels}", grey.len()))?;
    Ok(FaceChip::from_grey(grey))
}

fn load_csv(path: &Path, split: &str) -> Result<Vec<Sample>> {
    let usages: &[&str] = match split {
        "train" => &["Training"],
        "validation" => &["PublicTest", "PrivateTest"],
        _ => bail!("{} holds the splits train and validation, not {split}", path.display()),
    };
    let mut reader = csv::Reader::from_path(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut samples = Vec::new();
    for (row, record) in (0u32..).zip(reader.records()) {
        let source = format!("{} line {}", path.display(), row + 2);
        let record = record.with_context(|| source.clone())?;
        let (Some(number), Some(pixels), Some(usage)) = (record.get(0), record.get(1), record.get(2)) else {
            bail!("{source}: expected the columns emotion, pixels, Usage");
        };
        if !usages.contains(&usage.trim()) {
            continue;
        }
        let class = number.trim().parse::<usize>().ok().and_then(|number| FER2013.get(number).copied());
        let class =
            class.with_context(|| format!("{source}: {number:?} is not an emotion; those are the numbers 0 to 6"))?;
        let grey: Vec<u8> = pixels
            .split_ascii_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{source}: pixels must be numbers from 0 to 255"))?;
        let chip = chip(&grey).with_context(|| source.clone())?;
        samples.push(Sample { source, row: Some(row), class, votes: None, chip });
    }
    ensure!(!samples.is_empty(), "{} has no row for the split {split}", path.display());
    Ok(samples)
}

/// Gives each sample with a row its FER+ votes from `fer2013new.csv` (line `row + 2`).
///
/// # Errors
/// Where the table is absent or malformed.
pub fn attach_votes(samples: &mut [Sample], votes: &Path) -> Result<()> {
    let mut reader = csv::Reader::from_path(votes).with_context(|| format!("cannot read {}", votes.display()))?;
    let mut table = HashMap::new();
    for (row, record) in (0u32..).zip(reader.records()) {
        let source = || format!("{} line {}", votes.display(), row + 2);
        let record = record.with_context(source)?;
        let numbers: Vec<f32> = record
            .iter()
            .skip(2)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{}: votes must be numbers", source()))?;
        let Ok([classes @ .., unknown, not_a_face]) = <[f32; 10]>::try_from(numbers) else {
            bail!("{}: expected ten columns of votes behind two others", source());
        };
        table.insert(row, Votes { classes, unknown, not_a_face });
    }
    for sample in samples {
        sample.votes = sample.row.and_then(|row| table.get(&row).copied());
    }
    Ok(())
}

/// The row numbers of a file, one a line.
///
/// # Errors
/// Where it is missing, or a line is not a number.
pub fn read_rows(path: &Path) -> Result<BTreeSet<u32>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            line.trim()
                .parse()
                .with_context(|| format!("{} line {number}: {line:?} is not a row number", path.display()))
        })
        .collect()
}

/// Splits off a fixed share for development by a hash of the pixels, so that exact copies fall on one side.
/// Returns (training, development).
pub fn split_development(samples: Vec<Sample>, share: f64) -> (Vec<Sample>, Vec<Sample>) {
    samples.into_iter().partition(|sample| {
        let fraction = f64::from(fnv1a(sample.chip.grey())) / f64::from(u32::MAX);
        fraction >= share
    })
}

/// Splits off these rows for development. Returns (training, development).
pub fn split_rows(samples: Vec<Sample>, rows: &BTreeSet<u32>) -> (Vec<Sample>, Vec<Sample>) {
    samples.into_iter().partition(|sample| sample.row.is_none_or(|row| !rows.contains(&row)))
}

/// FNV-1a, 32 bits: a hash that stays the same between versions and machines.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
