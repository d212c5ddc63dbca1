//! Accuracy by groups of pictures, with confidence intervals: where the answers are worse, as far as the data tell.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use countenance::weights::detector_model;
use countenance::{DetectOptions, FaceDetection, FaceDetector, Frame};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::dataset::{ENLARGED, Sample, Votes, enlarge};
use crate::judge::interval::{Difference, Proportion};
use crate::judge::metrics::Answer;

/// What these figures cannot say.
pub const UNKNOWN: &str = "The pictures say nothing about skin tone, age, gender or culture, so differences between such \
groups are unknown, not absent.";

/// An attribute with more values than this does not group pictures.
const MOST_VALUES: usize = 24;

/// Accuracy by groups: the content of `slices.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slices {
    /// The weights' id.
    pub model: String,
    /// All faces.
    pub all: Proportion,
    /// The groupings.
    pub groupings: Vec<Grouping>,
    /// [`UNKNOWN`].
    pub unknown: String,
}

/// One way to group the faces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grouping {
    /// Its name.
    pub name: String,
    /// What was looked at.
    pub what: String,
    /// Faces of which it is not known.
    pub without: usize,
    /// The groups.
    pub slices: Vec<Slice>,
    /// Between the best and the worst group; picking the two out widens it, which the interval does not count.
    pub gap: Option<Gap>,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// Its name.
    pub name: String,
    /// Accuracy with its interval.
    #[serde(flatten)]
    pub accuracy: Proportion,
    /// Mean probability of the answer: above the accuracy where the model is too sure of itself.
    pub confidence: f64,
}

/// The distance of two groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The group with the highest accuracy.
    pub best: String,
    /// The group with the lowest.
    pub worst: String,
    /// How far they are apart.
    #[serde(flatten)]
    pub difference: Difference,
}

/// Groups the answered faces by brightness, contrast, place in the picture as the detector finds it in the enlarged
/// picture, FER+ votes where there are any, and the columns of a table of attributes.
///
/// The table's first column is `file`, the end of a picture's path; the others are attributes, an empty field is not
/// known.
///
/// # Errors
/// Where the detector cannot be made, or the table is absent, malformed, fits no picture, or gives one attribute too
/// many values.
pub fn slices(
    model: &str,
    samples: &[Sample],
    answers: &BTreeMap<String, Answer>,
    attributes: Option<&Path>,
) -> Result<Slices> {
    let faces: Vec<(&Sample, Answer)> =
        samples.iter().filter_map(|sample| Some((sample, *answers.get(&sample.source)?))).collect();
    let samples: Vec<&Sample> = faces.iter().map(|(sample, _)| *sample).collect();
    let mut properties = attributes.map(|table| read_attributes(table, &samples)).transpose()?.unwrap_or_default();
    properties.extend(of_light(&samples));
    properties.extend(of_place(&samples)?);
    properties.extend(of_votes(&samples));
    Ok(Slices {
        model: model.to_owned(),
        all: share(faces.iter().map(|(_, answer)| answer)),
        groupings: properties.into_iter().map(|property| property.judge(&faces)).collect(),
        unknown: UNKNOWN.to_owned(),
    })
}

/// A property of each face: the place of its group among the names, where it is known.
struct Property {
    name: String,
    what: String,
    groups: Vec<String>,
    of_face: Vec<Option<usize>>,
}

impl Property {
    /// Three groups of equal size by a number.
    fn terciles(name: &str, what: &str, [low, middle, high]: [&str; 3], values: &[Option<f32>]) -> Self {
        let mut sorted: Vec<f32> = values.iter().copied().flatten().collect();
        sorted.sort_by(f32::total_cmp);
        let bound = |third: usize| sorted.get(sorted.len() * third / 3).copied().unwrap_or_default();
        let bounds = [bound(1), bound(2)];
        let groups =
            [format!("{low}, below {:.2}", bounds[0]), middle.to_owned(), format!("{high}, from {:.2}", bounds[1])];
        Self::between(name, what, groups, bounds, values)
    }

    /// Groups by the bounds between them; a value equal to a bound is above it.
    fn between<const N: usize, const M: usize>(
        name: &str,
        what: &str,
        groups: [String; N],
        bounds: [f32; M],
        values: &[Option<f32>],
    ) -> Self {
        let group = |value: f32| bounds.iter().filter(|bound| value >= **bound).count();
        Self {
            name: name.to_owned(),
            what: what.to_owned(),
            groups: groups.into(),
            of_face: values.iter().map(|value| value.map(group)).collect(),
        }
    }

    fn judge(self, faces: &[(&Sample, Answer)]) -> Grouping {
        let slice = |(place, name): (usize, String)| {
            let members: Vec<&Answer> = faces
                .iter()
                .zip(&self.of_face)
                .filter(|(_, group)| **group == Some(place))
                .map(|((_, answer), _)| answer)
                .collect();
            let confidence = members.iter().map(|answer| answer.confidence()).sum::<f64>();
            let confidence = confidence / members.len().max(1) as f64;
            Slice { name, accuracy: share(members.into_iter()), confidence }
        };
        let slices: Vec<Slice> =
            self.groups.into_iter().enumerate().map(slice).filter(|slice| slice.accuracy.count > 0).collect();
        let without = self.of_face.iter().filter(|group| group.is_none()).count();
        Grouping { name: self.name, what: self.what, without, gap: gap(&slices), slices }
    }
}

fn share<'a>(answers: impl ExactSizeIterator<Item = &'a Answer>) -> Proportion {
    let count = answers.len();
    Proportion::new(answers.filter(|answer| answer.is_right()).count(), count)
}

fn gap(slices: &[Slice]) -> Option<Gap> {
    let by_accuracy = |a: &&Slice, b: &&Slice| a.accuracy.accuracy.total_cmp(&b.accuracy.accuracy);
    let (best, worst) = (slices.iter().max_by(by_accuracy)?, slices.iter().min_by(by_accuracy)?);
    (slices.len() > 1).then(|| Gap {
        best: best.name.clone(),
        worst: worst.name.clone(),
        difference: Difference::new(best.accuracy, worst.accuracy),
    })
}

fn of_light(samples: &[&Sample]) -> [Property; 2] {
    let moments = |sample: &&Sample| {
        let grey = sample.chip.grey().map(|grey| f32::from(grey) / 255.0);
        let mean = grey.iter().sum::<f32>() / grey.len() as f32;
        let variance = grey.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / grey.len() as f32;
        (Some(mean), Some(variance.sqrt()))
    };
    let (brightness, contrast): (Vec<_>, Vec<_>) = samples.iter().map(moments).unzip();
    [
        Property::terciles(
            "brightness",
            "mean of the picture, white is 1; thirds",
            ["dark", "between", "bright"],
            &brightness,
        ),
        Property::terciles(
            "contrast",
            "standard deviation of the picture, white is 1; thirds",
            ["flat", "between", "strong"],
            &contrast,
        ),
    ]
}

/// Size, roll, turn and tilt of the face that the detector finds in the enlarged picture.
fn of_place(samples: &[&Sample]) -> Result<[Property; 5]> {
    let new_detector = || detector_model().and_then(|weights| FaceDetector::new(&weights));
    let found: Vec<Option<FaceDetection>> = samples
        .par_iter()
        .map_init(new_detector, |detector, sample| {
            let pixels = enlarge(&sample.chip);
            let frame = Frame::from_rgba(&pixels, ENLARGED, ENLARGED)?;
            let detector = detector.as_mut().map_err(|error| error.clone())?;
            let faces = detector.detect(&frame, &DetectOptions::picture()).with_context(|| sample.source.clone())?;
            let side = |face: &FaceDetection| face.bounding_box.width.max(face.bounding_box.height);
            Ok(faces.iter().copied().max_by(|a, b| side(a).total_cmp(&side(b))))
        })
        .collect::<Result<_>>()?;
    let of = |measure: fn(&FaceDetection) -> f32| -> Vec<Option<f32>> {
        found.iter().map(|face| face.as_ref().map(measure)).collect()
    };
    let is_found: Vec<Option<f32>> = found.iter().map(|face| Some(f32::from(u8::from(face.is_some())))).collect();
    let names = |names: [&str; 3]| names.map(str::to_owned);
    Ok([
        Property::between(
            "detection",
            "whether the detector finds a face in the picture enlarged to 192 pixels",
            ["not found", "found"].map(str::to_owned),
            [0.5],
            &is_found,
        ),
        Property::terciles(
            "face size",
            "longer side of the detector's box, the picture's side is 1; thirds",
            ["small", "between", "large"],
            &of(|face| face.bounding_box.width.max(face.bounding_box.height) / ENLARGED as f32),
        ),
        Property::between(
            "roll",
            "angle of the line between the eyes",
            names(["below 5 degrees", "5 to 15", "15 and more"]),
            [5.0, 15.0],
            &of(|face| Pose::of(face).roll.abs()),
        ),
        Property::between(
            "turn",
            "way of the nose from the middle between the eyes along their line, their distance is 1",
            names(["below 0.1 (frontal)", "0.1 to 0.25", "0.25 and more (towards profile)"]),
            [0.1, 0.25],
            &of(|face| Pose::of(face).turn.abs()),
        ),
        Property::terciles(
            "tilt",
            "place of the nose from the eyes (0) to the mouth (1): low with the head tipped back; thirds",
            ["back", "between", "forward"],
            &of(|face| Pose::of(face).tilt),
        ),
    ])
}

/// How a head is held, as far as five points tell.
struct Pose {
    /// Degrees from level.
    roll: f32,
    /// Way of the nose along the line of the eyes, in distances of the eyes.
    turn: f32,
    /// Place of the nose between eyes (0) and mouth (1), across the line of the eyes.
    tilt: f32,
}

impl Pose {
    fn of(face: &FaceDetection) -> Self {
        let [left_eye, right_eye, nose, left_mouth, right_mouth] = face.landmarks;
        let middle = |a: [f32; 2], b: [f32; 2]| [f32::midpoint(a[0], b[0]), f32::midpoint(a[1], b[1])];
        let eyes = middle(left_eye, right_eye);
        let mouth = middle(left_mouth, right_mouth);
        let (dx, dy) = (right_eye[0] - left_eye[0], right_eye[1] - left_eye[1]);
        // Points that fall together give no direction; the square keeps the division finite.
        let square = (dx * dx + dy * dy).max(1e-6);
        let along = |point: [f32; 2]| ((point[0] - eyes[0]) * dx + (point[1] - eyes[1]) * dy) / square;
        let across = |point: [f32; 2]| ((point[1] - eyes[1]) * dx - (point[0] - eyes[0]) * dy) / square;
        let length = across(mouth);
        Self {
            roll: dy.atan2(dx).to_degrees(),
            turn: along(nose),
            tilt: if length.abs() > 1e-3 { across(nose) / length } else { 0.0 },
        }
    }
}

/// Nothing where no face has votes.
fn of_votes(samples: &[&Sample]) -> Vec<Property> {
    if samples.iter().all(|sample| sample.votes.is_none()) {
        return Vec::new();
    }
    let agreement = |votes: Votes| {
        let most = votes.classes.into_iter().fold(0.0, f32::max);
        let total: f32 = votes.classes.iter().sum::<f32>() + votes.unknown + votes.not_a_face;
        if total > 0.0 { most / total } else { 0.0 }
    };
    let agreements: Vec<_> = samples.iter().map(|sample| sample.votes.map(agreement)).collect();
    let label = |sample: &&Sample| {
        let votes = sample.votes?;
        Some(match votes.majority() {
            Some(class) if class == sample.class => 0.0,
            Some(_) => 1.0,
            None => 2.0,
        })
    };
    let labels: Vec<_> = samples.iter().map(label).collect();
    vec![
        Property::between(
            "agreement of annotators",
            "share of the ten FER+ annotators who chose the same expression",
            ["below 0.6", "0.6 to 0.8", "0.8 to 1", "all"].map(str::to_owned),
            // A vote is a tenth: half a vote below, against rounding.
            [0.55, 0.75, 0.95],
            &agreements,
        ),
        Property::between(
            "apparent label noise",
            "the label beside the strict majority of the FER+ annotators",
            ["the majority's label", "another expression's", "no majority for an expression"].map(str::to_owned),
            [0.5, 1.5],
            &labels,
        ),
    ]
}

fn read_attributes(table: &Path, samples: &[&Sample]) -> Result<Vec<Property>> {
    let name = table.display();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(table);
    let reader = reader.as_mut().map_err(|error| anyhow::anyhow!("cannot read {name}: {error}"))?;
    let headers = reader.headers().with_context(|| format!("{name} is damaged"))?.clone();
    ensure!(
        headers.get(0) == Some("file") && headers.len() > 1,
        "{name}: the first line must be `file` and the names of attributes, such as file,age,lighting; it is {:?}",
        headers.iter().collect::<Vec<_>>().join(",")
    );
    let mut values: Vec<Vec<Option<String>>> = vec![vec![None; samples.len()]; headers.len() - 1];
    let mut line_of = vec![None; samples.len()];
    for record in reader.records() {
        let record = record.with_context(|| format!("{name} is damaged"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let file = Path::new(record.get(0).unwrap_or_default());
        ensure!(!file.as_os_str().is_empty(), "{name} line {line}: no file is named");
        let mut places = (0..samples.len()).filter(|place| Path::new(&samples[*place].source).ends_with(file));
        let Some(place) = places.next() else { continue };
        if let Some(other) = places.next() {
            let (one, other) = (&samples[place].source, &samples[other].source);
            bail!("{name} line {line}: {} fits both {one} and {other}", file.display());
        }
        if let Some(earlier) = line_of[place].replace(line) {
            bail!("{name} line {line}: {} has attributes on line {earlier} already", file.display());
        }
        for (column, value) in values.iter_mut().zip(record.iter().skip(1)) {
            column[place] = (!value.is_empty()).then(|| value.to_owned());
        }
    }
    ensure!(
        line_of.iter().any(Option::is_some),
        "{name} names none of the {} pictures judged; `file` is the end of a picture's path, such as happy/1.jpg",
        samples.len()
    );
    headers.iter().skip(1).zip(values).map(|(attribute, values)| attribute_property(table, attribute, values)).collect()
}

fn attribute_property(table: &Path, attribute: &str, values: Vec<Option<String>>) -> Result<Property> {
    let mut groups: Vec<String> = values.iter().flatten().cloned().collect();
    groups.sort();
    groups.dedup();
    ensure!(
        groups.len() <= MOST_VALUES,
        "{}: {attribute} has {} different values; give groups instead, such as age bands ({MOST_VALUES} at most)",
        table.display(),
        groups.len()
    );
    ensure!(!groups.is_empty(), "{}: {attribute} is empty for every picture judged", table.display());
    let of_face = values.iter().map(|value| groups.binary_search(value.as_ref()?).ok()).collect();
    let what = format!("{attribute} as {} says", table.file_name().unwrap_or_default().to_string_lossy());
    Ok(Property { name: attribute.to_owned(), what, groups, of_face })
}

impl Slices {
    /// The report for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for Grouping { name, what, without, slices, gap } in &self.groupings {
            text.push_str(&format!("{name}: {what}\n"));
            for Slice { name, accuracy: Proportion { count, accuracy, low, high }, confidence } in slices {
                text.push_str(&format!(
                    "  {name:<32} {count:>6}  accuracy {accuracy:.3} ({low:.3} to {high:.3}), mean probability \
                     {confidence:.3}\n"
                ));
            }
            if let Some(Gap { best, worst, difference: Difference { value, low, high } }) = gap {
                text.push_str(&format!("  gap {value:.3} ({low:.3} to {high:.3}): {best} - {worst}\n"));
            }
            if *without > 0 {
                text.push_str(&format!("  not known of {without}\n"));
            }
        }
        text.push_str(&format!("{}\n", self.unknown));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countenance::{BoundingBox, CHIP_SIDE, Emotion, Emotion8, FaceChip};
    use std::fs;

    fn sample(source: &str, class: Emotion8, grey: u8) -> Sample {
        let chip = FaceChip::from_grey([grey; CHIP_SIDE * CHIP_SIDE]);
        Sample { source: source.to_owned(), row: None, class, votes: None, chip }
    }

    fn answer(label: Emotion, best: Emotion) -> Answer {
        let mut probabilities = [0.1; Emotion::COUNT];
        probabilities[best.index()] = 0.7;
        Answer { label, probabilities }
    }

    /// Six happy faces from dark to bright, of which the network gets the bright half right.
    fn faces() -> (Vec<Sample>, BTreeMap<String, Answer>) {
        let samples: Vec<Sample> =
            (0..6).map(|index| sample(&format!("data/happy/{index}.jpg"), Emotion8::Happy, 40 * index as u8)).collect();
        let answers = samples.iter().enumerate().map(|(index, sample)| {
            let best = if index >= 3 { Emotion::Happy } else { Emotion::Sad };
            (sample.source.clone(), answer(Emotion::Happy, best))
        });
        let answers = answers.collect();
        (samples, answers)
    }

    fn with_table(name: &str, text: &str) -> Result<Slices> {
        let path = std::env::temp_dir().join(format!("countenance-slices-{}-{name}.csv", std::process::id()));
        fs::write(&path, text).unwrap();
        let (samples, answers) = faces();
        let slices = slices("tiny", &samples, &answers, Some(&path));
        fs::remove_file(&path).unwrap();
        slices
    }

    fn message(name: &str, text: &str) -> String {
        format!("{:#}", with_table(name, text).unwrap_err())
    }

    #[test]
    fn thirds_by_brightness_show_the_gap() {
        let (samples, answers) = faces();
        let slices = slices("tiny", &samples, &answers, None).unwrap();
        let brightness = slices.groupings.iter().find(|grouping| grouping.name == "brightness").unwrap();
        let accuracies: Vec<_> = brightness.slices.iter().map(|s| (s.accuracy.count, s.accuracy.accuracy)).collect();
        assert_eq!(accuracies, [(2, 0.0), (2, 0.5), (2, 1.0)]);
        let gap = brightness.gap.as_ref().unwrap();
        assert_eq!(gap.difference.value, 1.0);
        assert!(gap.worst.starts_with("dark") && gap.best.starts_with("bright") && gap.difference.low < 1.0);
        assert!((brightness.slices[0].confidence - 0.7).abs() < 1e-6);
        // Plain grey pictures show no face, and nobody voted on them.
        let roll = slices.groupings.iter().find(|grouping| grouping.name == "roll").unwrap();
        assert_eq!((roll.without, roll.slices.len()), (6, 0));
        assert!(slices.groupings.iter().all(|grouping| grouping.name != "agreement of annotators"));
        assert!(slices.text().contains("skin tone"));
    }

    #[test]
    fn votes_tell_agreement_and_label_noise() {
        let votes = |happy: f32, sad: f32| {
            let mut classes = [0.0; Emotion8::COUNT];
            (classes[Emotion8::Happy.index()], classes[Emotion8::Sad.index()]) = (happy, sad);
            Some(Votes { classes, unknown: 10.0 - happy - sad, not_a_face: 0.0 })
        };
        let (mut samples, answers) = faces();
        let of_faces = [votes(10.0, 0.0), votes(8.0, 1.0), votes(3.0, 7.0), votes(5.0, 5.0), votes(9.0, 0.0), None];
        for (sample, votes) in samples.iter_mut().zip(of_faces) {
            sample.votes = votes;
        }
        let slices = slices("tiny", &samples, &answers, None).unwrap();
        let counts = |name: &str| -> Vec<(String, usize)> {
            let grouping = slices.groupings.iter().find(|grouping| grouping.name == name).unwrap();
            grouping.slices.iter().map(|slice| (slice.name.clone(), slice.accuracy.count)).collect()
        };
        let expected = |expected: &[(&str, usize)]| -> Vec<(String, usize)> {
            expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
        };
        let agreement = [("below 0.6", 1), ("0.6 to 0.8", 1), ("0.8 to 1", 2), ("all", 1)];
        assert_eq!(counts("agreement of annotators"), expected(&agreement));
        let noise = [("the majority's label", 3), ("another expression's", 1), ("no majority for an expression", 1)];
        assert_eq!(counts("apparent label noise"), expected(&noise));
    }

    #[test]
    fn a_table_of_attributes_gives_the_same_report() {
        let table = "file,glasses,place\n0.jpg,yes,in\nhappy/1.jpg,yes,\n2.jpg,no,out\n5.jpg,no,in\nother.jpg,no,in\n";
        let slices = with_table("good", table).unwrap();
        let [glasses, place] = &slices.groupings[..2] else { panic!() };
        assert_eq!((glasses.name.as_str(), glasses.without, place.without), ("glasses", 2, 3));
        let of = |slice: &Slice| (slice.name.clone(), slice.accuracy.count, slice.accuracy.accuracy);
        assert_eq!(of(&glasses.slices[0]), ("no".to_owned(), 2, 0.5));
        assert_eq!(of(&glasses.slices[1]), ("yes".to_owned(), 2, 0.0));
    }

    #[test]
    fn a_bad_table_is_refused_with_the_reason() {
        assert!(message("header", "name,age\n0.jpg,old\n").contains("the first line must be `file`"));
        assert!(message("alone", "file\n0.jpg\n").contains("names of attributes"));
        assert!(message("ragged", "file,age\n0.jpg,old\n1.jpg\n").contains("line: 3"));
        assert!(message("none", "file,age\nx.jpg,old\n").contains("names none of the 6 pictures"));
        assert!(message("twice", "file,age\n0.jpg,old\n0.jpg,young\n").contains("on line 2 already"));
        assert!(message("empty", "file,age\n0.jpg,\n").contains("age is empty"));
        assert!(message("unnamed", "file,age\n,old\n").contains("no file is named"));
        let (samples, answers) = faces();
        let absent = slices("tiny", &samples, &answers, Some(Path::new("/nowhere/table.csv"))).unwrap_err();
        assert!(format!("{absent:#}").contains("/nowhere/table.csv"));
    }

    #[test]
    fn numbers_are_no_groups_and_a_name_must_fit_one_picture() {
        let samples: Vec<Sample> =
            (0..60).map(|index| sample(&format!("{}/{}.jpg", index % 2, index / 2), Emotion8::Sad, 9)).collect();
        let samples: Vec<&Sample> = samples.iter().collect();
        let path = std::env::temp_dir().join(format!("countenance-slices-{}-numbers.csv", std::process::id()));
        let rows: String = (0..30).map(|index| format!("0/{index}.jpg,{index}\n")).collect();
        fs::write(&path, format!("file,age\n{rows}")).unwrap();
        let numbers = read_attributes(&path, &samples).err().unwrap();
        fs::write(&path, "file,age\n7.jpg,old\n").unwrap();
        let ambiguous = read_attributes(&path, &samples).err().unwrap();
        fs::remove_file(&path).unwrap();
        assert!(format!("{numbers:#}").contains("age has 30 different values"));
        assert!(format!("{ambiguous:#}").contains("fits both"));
    }

    #[test]
    fn a_pose_is_read_from_five_points() {
        let face = |landmarks| FaceDetection {
            bounding_box: BoundingBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 },
            landmarks,
            confidence: 1.0,
            roll: 0.0,
        };
        let level = Pose::of(&face([[10.0, 10.0], [30.0, 10.0], [20.0, 20.0], [12.0, 30.0], [28.0, 30.0]]));
        assert_eq!((level.roll, level.turn, level.tilt), (0.0, 0.0, 0.5));
        let turned = Pose::of(&face([[10.0, 10.0], [30.0, 10.0], [26.0, 18.0], [12.0, 30.0], [28.0, 30.0]]));
        assert!((turned.turn - 0.3).abs() < 1e-6 && (turned.tilt - 0.4).abs() < 1e-6);
        // The level face, rolled by 90 degrees about the origin.
        let rolled = Pose::of(&face([[-10.0, 10.0], [-10.0, 30.0], [-20.0, 20.0], [-30.0, 12.0], [-30.0, 28.0]]));
        assert!((rolled.roll - 90.0).abs() < 1e-4 && rolled.turn.abs() < 1e-6 && (rolled.tilt - 0.5).abs() < 1e-6);
        assert!(Pose::of(&face([[5.0, 5.0]; 5])).tilt == 0.0);
    }
}
