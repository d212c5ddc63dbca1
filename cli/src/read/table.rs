//! Answers as a table with a row for each face: the columns of the page's export (docs/exports.md).

use countenance::{
    Emotion, Emotion8, Expressions, FaceEmotion, Label, PipelineOptions, Probabilities, Reason, UNCERTAIN,
};

use super::answer::{Answer, Outcome};

/// Decimals of a probability or a share: far finer than the model is accurate.
const SHARE_DIGITS: i32 = 4;
/// Decimals of a place in a picture, in pixels.
const PIXEL_DIGITS: i32 = 1;
/// Decimals of an angle in degrees.
const DEGREE_DIGITS: i32 = 1;
/// Decimals of a time in seconds.
const TIME_DIGITS: i32 = 3;

/// What a column holds. Any cell may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Count,
    Flag,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Count(u64),
    Flag(bool),
}

/// How a run's answers become rows.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<(String, Kind)>,
    face_columns: usize,
    uncertain_below: f64,
    calibrated: bool,
}

impl Table {
    pub(crate) fn new(options: &PipelineOptions) -> Self {
        let about = [
            ("file", Kind::Text),
            ("faces", Kind::Count),
            ("more_faces", Kind::Flag),
            ("error", Kind::Text),
            ("seconds", Kind::Number),
        ];
        let face = face_columns(options.eight);
        let settings = [("uncertain_below", Kind::Number), ("calibrated", Kind::Flag)];
        let owned = |(name, kind): (&str, Kind)| (name.to_owned(), kind);
        Self {
            face_columns: face.len(),
            columns: about.map(owned).into_iter().chain(face).chain(settings.map(owned)).collect(),
            uncertain_below: as_written(options.uncertain_below),
            calibrated: options.calibration.is_some(),
        }
    }

    /// The columns' names and what they hold.
    pub(crate) fn columns(&self) -> &[(String, Kind)] {
        &self.columns
    }

    /// The rows of an answer: one a face, or one without a face.
    pub(crate) fn rows(&self, answer: &Answer) -> Vec<Vec<Cell>> {
        let (faces, more_faces, error, found) = match &answer.outcome {
            Outcome::Read { faces, more_faces } => {
                (Cell::Count(faces.len() as u64), Cell::Flag(*more_faces), text(""), faces.as_slice())
            }
            Outcome::Failed { error } => (Cell::Empty, Cell::Empty, text(error.code), [].as_slice()),
        };
        let seconds = answer.seconds.map_or(Cell::Empty, |seconds| number(seconds, TIME_DIGITS));
        let about = [text(&answer.file), faces, more_faces, error, seconds];
        let settings = [Cell::Number(self.uncertain_below), Cell::Flag(self.calibrated)];
        let blank = vec![vec![Cell::Empty; self.face_columns]];
        let faces = if found.is_empty() { blank } else { found.iter().map(face_cells).collect() };
        faces.into_iter().map(|face| about.iter().cloned().chain(face).chain(settings.clone()).collect()).collect()
    }
}

fn face_columns(eight: bool) -> Vec<(String, Kind)> {
    let probabilities = |prefix: &str| Emotion::ALL.map(|emotion| (format!("{prefix}{emotion}"), Kind::Number));
    let named = |names: &[&str], kind: Kind| names.iter().map(|name| ((*name).to_owned(), kind)).collect::<Vec<_>>();
    let mut columns = named(&["face"], Kind::Count);
    columns.extend(named(&["emotion"], Kind::Text));
    columns.extend(probabilities(""));
    columns.extend(named(&["other"], Kind::Number));
    columns.extend(named(&["other_expression"], Kind::Text));
    columns.extend(named(&["confidence", "x", "y", "width", "height", "roll", "yaw", "pitch"], Kind::Number));
    columns.extend(named(&["size", "sharpness", "light", "contrast", "outside", "mouth_detail"], Kind::Number));
    columns.extend(named(&["reasons"], Kind::Text));
    columns.extend(probabilities("raw_"));
    if eight {
        columns.extend(named(&["eight_emotion"], Kind::Text));
        columns.extend(Emotion8::ALL.map(|emotion| (format!("eight_{emotion}"), Kind::Number)));
    }
    columns
}

/// In the order of [`face_columns`].
fn face_cells(face: &FaceEmotion) -> Vec<Cell> {
    let FaceEmotion { id, detection, quality, raw, probabilities, other, other_expression, emotion, eight } = face;
    let bounding_box = &detection.bounding_box;
    let mut cells = vec![Cell::Count(*id), text(emotion.map_or(UNCERTAIN, Label::name))];
    cells.extend(shares(probabilities));
    cells.extend([share(*other), text(other_expression.name()), share(detection.confidence)]);
    let pixels = [bounding_box.x, bounding_box.y, bounding_box.width, bounding_box.height];
    cells.extend(pixels.map(|pixels| rounded(pixels, PIXEL_DIGITS)));
    cells.extend([detection.roll, quality.yaw, quality.pitch].map(|degrees| rounded(degrees, DEGREE_DIGITS)));
    cells.push(rounded(quality.size, PIXEL_DIGITS));
    let seen = [quality.sharpness, quality.light, quality.contrast, quality.outside, quality.mouth_detail];
    cells.extend(seen.map(share));
    cells.push(text(&quality.reasons().map(Reason::name).collect::<Vec<_>>().join(" ")));
    cells.extend(shares(raw));
    if let Some(eight) = eight {
        cells.push(text(eight.emotion.map_or(UNCERTAIN, Emotion8::name)));
        cells.extend(shares(&eight.probabilities));
    }
    cells
}

fn shares<E: Expressions<N>, const N: usize>(probabilities: &Probabilities<E, N>) -> impl Iterator<Item = Cell> {
    probabilities.iter().map(|(_, probability)| share(probability))
}

fn share(value: f32) -> Cell {
    rounded(value, SHARE_DIGITS)
}

fn rounded(value: f32, digits: i32) -> Cell {
    number(f64::from(value), digits)
}

/// Halves are rounded away from zero, as the page rounds them.
fn number(value: f64, digits: i32) -> Cell {
    let scale = 10_f64.powi(digits);
    Cell::Number((value * scale).round() / scale + 0.0) // no minus before a zero
}

/// The number of double precision that reads the same: 0.6, not 0.6000000238.
fn as_written(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

fn text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::csv;

    /// What the page writes of the same face: tests/e2e/exports.test.mjs holds it to the same file.
    const EXPORTED: &str = include_str!("../../../tests/fixtures/exported.csv");

    #[test]
    fn a_face_has_the_columns_and_the_digits_of_the_page() {
        let boundary = include_str!("../../../tests/fixtures/boundary.json");
        let boundary: serde_json::Value = serde_json::from_str(boundary).unwrap();
        let face: FaceEmotion = serde_json::from_value(boundary["faces"][0].clone()).unwrap();
        let table = Table::new(&PipelineOptions { uncertain_below: 0.6, eight: true, ..PipelineOptions::default() });
        let outcome = Outcome::Read { faces: vec![face], more_faces: true };
        let answer = Answer { file: "a.png".to_owned(), seconds: None, outcome };
        let lines = [csv::header(&table), csv::rows(table.rows(&answer))].concat();
        let exported = EXPORTED.replacen("face,", "file,faces,more_faces,error,seconds,face,", 1);
        let exported = exported.replace("\r\n1,", "\r\na.png,1,true,,,1,");
        assert_eq!(String::from_utf8(lines).unwrap(), exported);
    }

    #[test]
    fn numbers_are_rounded_as_on_the_page() {
        for (value, digits, rounded) in [(0.25, 1, 0.3), (-0.25, 1, -0.3), (0.12345, 4, 0.1235), (-0.01, 1, 0.0)] {
            let Cell::Number(found) = number(value, digits) else { panic!("not a number") };
            assert!(found == rounded && found.is_sign_negative() == (rounded < 0.0), "{value}: {found}");
        }
    }
}
