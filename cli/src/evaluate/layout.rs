//! How data sets of faces are laid out, and what their labels mean.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use countenance::Emotion8;
use countenance::Emotion8::{Angry, Contempt, Disgusted, Fearful, Happy, Neutral, Sad, Surprise};

/// A data set's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Layout {
    /// FOLDER/<expression>/<picture>
    Folder,
    /// RAF-DB, the basic set: EmoLabel/list_patition_label.txt and Image/aligned
    Rafdb,
    /// AffectNet with annotations in .npy files: val_set/images and val_set/annotations
    Affectnet,
    /// CK+: cohn-kanade-images and Emotion
    Ckplus,
    /// JAFFE: pictures named like KA.AN1.39.tiff
    Jaffe,
}

/// A part of a data set that comes in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Split {
    /// What results are reported on; of AffectNet, the validation set
    Test,
    /// What networks are trained on
    Train,
}

/// A labelled picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) path: PathBuf,
    pub(super) label: Emotion8,
}

/// The labelled pictures of a data set, and how many have a label that stands for no expression.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DataSet {
    pub(super) samples: Vec<Sample>,
    pub(super) left_out: usize,
}

/// The labels of a data set that stand for no expression.
const NOT_EXPRESSIONS: [&str; 3] = ["8", "9", "10"];

impl Layout {
    /// What each of the data set's labels means, as its documentation says. docs/cli.md has the same table.
    pub(super) const fn labels(self) -> &'static [(&'static str, Emotion8)] {
        match self {
            Self::Folder => &[
                ("neutral", Neutral),
                ("happy", Happy),
                ("happiness", Happy),
                ("surprise", Surprise),
                ("surprised", Surprise),
                ("sad", Sad),
                ("sadness", Sad),
                ("angry", Angry),
                ("anger", Angry),
                ("disgust", Disgusted),
                ("disgusted", Disgusted),
                ("fear", Fearful),
                ("fearful", Fearful),
                ("contempt", Contempt),
            ],
            Self::Rafdb => &[
                ("1", Surprise),
                ("2", Fearful),
                ("3", Disgusted),
                ("4", Happy),
                ("5", Sad),
                ("6", Angry),
                ("7", Neutral),
            ],
            Self::Affectnet => &[
                ("0", Neutral),
                ("1", Happy),
                ("2", Sad),
                ("3", Surprise),
                ("4", Fearful),
                ("5", Disgusted),
                ("6", Angry),
                ("7", Contempt),
            ],
            Self::Ckplus => &[
                ("0", Neutral),
                ("1", Angry),
                ("2", Contempt),
                ("3", Disgusted),
                ("4", Fearful),
                ("5", Happy),
                ("6", Sad),
                ("7", Surprise),
            ],
            Self::Jaffe => &[
                ("NE", Neutral),
                ("HA", Happy),
                ("SA", Sad),
                ("SU", Surprise),
                ("AN", Angry),
                ("DI", Disgusted),
                ("FE", Fearful),
            ],
        }
    }

    /// The layout's name as an argument.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether the data set comes in parts for training and for reports.
    pub(super) const fn is_split(self) -> bool {
        matches!(self, Self::Rafdb | Self::Affectnet)
    }

    fn expression(self, label: &str) -> io::Result<Emotion8> {
        let known = self.labels().iter().find(|(name, _)| *name == label);
        known.map(|(_, expression)| *expression).ok_or_else(|| {
            let names: Vec<_> = self.labels().iter().map(|(name, _)| *name).collect();
            invalid(format!("{label:?} is not a label of this layout; they are {}", names.join(", ")))
        })
    }

    /// The labelled pictures of the data set in this folder, in a fixed order.
    ///
    /// # Errors
    /// Where the folder does not have this layout, or a label is unknown.
    pub(super) fn read(self, folder: &Path, split: Split) -> io::Result<DataSet> {
        let mut found = match self {
            Self::Folder => self.folder(folder),
            Self::Rafdb => self.rafdb(folder, split),
            Self::Affectnet => self.affectnet(folder, split),
            Self::Ckplus => self.ckplus(folder),
            Self::Jaffe => self.jaffe(folder),
        }?;
        if found.samples.is_empty() {
            return Err(invalid(format!("{} holds no labelled pictures of this layout", folder.display())));
        }
        found.samples.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    fn folder(self, folder: &Path) -> io::Result<DataSet> {
        let mut found = DataSet::default();
        for class in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
            let label = self.expression(&file_name(&class).to_lowercase())?;
            found.samples.extend(entries(&class)?.into_iter().map(|path| Sample { path, label }));
        }
        Ok(found)
    }

    /// Lines such as `train_00001.jpg 5`, whose pictures are `train_00001_aligned.jpg`.
    fn rafdb(self, folder: &Path, split: Split) -> io::Result<DataSet> {
        let begin = match split {
            Split::Test => "test_",
            Split::Train => "train_",
        };
        let mut found = DataSet::default();
        for line in text(&folder.join("EmoLabel/list_patition_label.txt"))?.lines() {
            let Some((name, label)) = line.trim().split_once(' ') else { continue };
            let label = self.expression(label.trim())?;
            let stem = name.strip_suffix(".jpg").unwrap_or(name);
            if name.starts_with(begin) {
                found.samples.push(Sample { path: folder.join(format!("Image/aligned/{stem}_aligned.jpg")), label });
            }
        }
        Ok(found)
    }

    /// `images/123.jpg` with the label in `annotations/123_exp.npy`.
    fn affectnet(self, folder: &Path, split: Split) -> io::Result<DataSet> {
        let part = folder.join(match split {
            Split::Test => "val_set",
            Split::Train => "train_set",
        });
        let mut found = DataSet::default();
        for path in entries(&part.join("images"))? {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let annotation = part.join(format!("annotations/{stem}_exp.npy"));
            let label = fs::read(&annotation)
                .and_then(|bytes| npy_scalar(&bytes))
                .map_err(|error| invalid(format!("{}: {error}", annotation.display())))?;
            if NOT_EXPRESSIONS.contains(&label.as_str()) {
                found.left_out += 1;
            } else {
                found.samples.push(Sample { path, label: self.expression(&label)? });
            }
        }
        Ok(found)
    }

    /// The last frame of each labelled sequence, which its label's file is named after, and the first one as neutral.
    fn ckplus(self, folder: &Path) -> io::Result<DataSet> {
        let mut found = DataSet::default();
        for subject in entries(&folder.join("Emotion"))? {
            for sequence in entries(&subject)? {
                for label in entries(&sequence)? {
                    let name = file_name(&label);
                    let Some(frame) = name.strip_suffix("_emotion.txt") else { continue };
                    let frames = folder.join("cohn-kanade-images").join(file_name(&subject)).join(file_name(&sequence));
                    let number: f64 = text(&label)?
                        .trim()
                        .parse()
                        .map_err(|_| invalid(format!("{} holds no number", label.display())))?;
                    let expression = self.expression(&number.to_string())?;
                    found.samples.push(Sample { path: frames.join(format!("{frame}.png")), label: expression });
                    let first = entries(&frames)?.into_iter().find(|path| file_name(path).ends_with(".png"));
                    found.samples.extend(first.map(|path| Sample { path, label: Neutral }));
                }
            }
        }
        Ok(found)
    }

    /// Names such as `KA.AN1.39.tiff`: person, expression and its number, number of the picture.
    fn jaffe(self, folder: &Path) -> io::Result<DataSet> {
        let mut found = DataSet::default();
        for path in entries(folder)? {
            let name = file_name(&path);
            let [_, expression, _, _] = name.split('.').collect::<Vec<_>>()[..] else { continue };
            let label = self.expression(expression.trim_end_matches(|letter: char| letter.is_ascii_digit()))?;
            found.samples.push(Sample { path, label });
        }
        Ok(found)
    }
}

/// What lies in a folder but is not hidden, in the order of its names.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(named)?;
    let mut paths: Vec<_> =
        entries.iter().map(fs::DirEntry::path).filter(|path| !file_name(path).starts_with('.')).collect();
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}

/// The one value in a NumPy file, as text: a whole number in any of NumPy's types, or letters.
///
/// Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
fn npy_scalar(bytes: &[u8]) -> io::Result<String> {
    let unknown = || invalid("not a NumPy file with one label");
    let (version, rest) =
        bytes.strip_prefix(b"\x93NUMPY").and_then(|rest| rest.split_at_checked(2)).ok_or_else(unknown)?;
    let wide = if version[0] == 1 { 2 } else { 4 };
    let (length, rest) = rest.split_at_checked(wide).ok_or_else(unknown)?;
    let length = length.iter().rev().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let (header, data) = rest.split_at_checked(length).ok_or_else(unknown)?;
    let header = str::from_utf8(header).map_err(|_| unknown())?;
    let (_, descr) = header.split_once("'descr': '").ok_or_else(unknown)?;
    let (descr, _) = descr.split_once('\'').ok_or_else(unknown)?;
    let descr = descr.strip_prefix(['<', '|', '=']).ok_or_else(unknown)?;
    let text = match (descr.split_at_checked(1), data.len()) {
        (Some(("U", _)), _) => {
            data.chunks_exact(4).filter_map(|letter| char::from_u32(number(letter) as u32)).collect()
        }
        (Some(("S", _)), _) => String::from_utf8_lossy(data).into_owned(),
        (Some(("i" | "u", size)), length) if size == length.to_string() => number(data).to_string(),
        (Some(("f", "4")), 4) => f32::from_bits(number(data) as u32).to_string(),
        (Some(("f", "8")), 8) => f64::from_bits(number(data)).to_string(),
        _ => return Err(unknown()),
    };
    Ok(text.trim_end_matches('\0').trim().to_owned())
}

/// Up to eight bytes, the least significant first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `numpy.save` writes it.
    fn npy(descr: &str, data: &[u8]) -> Vec<u8> {
        let header = format!("{:<117}\n", format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (), }}"));
        [b"\x93NUMPY\x01\x00".as_slice(), &(header.len() as u16).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn labels_are_read_from_every_type_of_numpy() {
        for (descr, data) in [
            ("<U1", b"7\0\0\0".as_slice()),
            ("<U2", b"7\0\0\0\0\0\0\0"),
            ("|S1", b"7"),
            ("<i8", &7_i64.to_le_bytes()),
            ("<i4", &7_i32.to_le_bytes()),
            ("|u1", &[7]),
            ("<f4", &7_f32.to_le_bytes()),
            ("<f8", &7_f64.to_le_bytes()),
        ] {
            assert_eq!(npy_scalar(&npy(descr, data)).unwrap(), "7", "{descr}");
        }
        for damaged in [b"".as_slice(), b"\x93NUMPY", &npy("<i8", b"7"), &npy(">i8", &[7; 8]), &npy("<O", b"7")] {
            assert!(npy_scalar(damaged).is_err(), "{damaged:?}");
        }
    }

    #[test]
    fn the_guide_has_the_same_labels() {
        let guide = include_str!("../../../docs/cli.md");
        let (_, table) = guide.split_once("| expression | `folder` |").unwrap();
        for (line, expression) in
            table.lines().skip(2).zip([Neutral, Happy, Surprise, Sad, Angry, Disgusted, Fearful, Contempt])
        {
            let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells[0], expression.name());
            for (layout, cell) in Layout::value_variants().iter().zip(&cells[1..]) {
                let labels = layout.labels().iter().filter(|(_, meaning)| *meaning == expression);
                assert_eq!(labels.map(|(label, _)| *label).collect::<Vec<_>>().join(", "), *cell, "{layout:?}");
            }
        }
    }

    #[test]
    fn every_layout_names_each_expression_once_or_by_synonyms() {
        for layout in Layout::value_variants() {
            let mut names: Vec<_> = layout.labels().iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), layout.labels().len(), "{layout:?}");
        }
        assert!(Layout::Folder.expression("joy").unwrap_err().to_string().contains("\"joy\" is not a label"));
    }
}
