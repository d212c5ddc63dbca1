//! All figures of a model, measured on drawn faces, are written and read again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use countenance::weights::emotion_model;
use countenance::{CHIP_SIDE, Emotion8, FaceChip};
use countenance_training::data::dataset::{Sample, Votes};
use countenance_training::json;
use countenance_training::judge::eight::Eight;
use countenance_training::judge::evaluate::{Options, Report};
use countenance_training::judge::robustness::Robustness;
use countenance_training::judge::slices::Slices;
use countenance_training::report::findings::{Findings, Measures};

/// Two dark eyes and a mouth, a little brighter each time; every second one is labelled angry.
fn samples() -> Vec<Sample> {
    let sample = |row: u32| {
        let class = if row.is_multiple_of(2) { Emotion8::Neutral } else { Emotion8::Angry };
        let mut classes = [0.0; Emotion8::COUNT];
        classes[class.index()] = 10.0;
        let is_dark = |x: usize, y: usize| {
            ((14..21).contains(&y) && ((10..19).contains(&x) || (29..38).contains(&x)))
                || ((35..38).contains(&y) && (16..32).contains(&x))
        };
        let pixel = |index: usize| {
            let (x, y) = (index % CHIP_SIDE, index / CHIP_SIDE);
            if is_dark(x, y) { 40 } else { 120 + 10 * row as u8 + (x / 4) as u8 }
        };
        Sample {
            source: format!("{}/{row}.jpg", class.name()),
            row: Some(row),
            class,
            votes: Some(Votes { classes, unknown: 0.0, not_a_face: 0.0 }),
            chip: FaceChip::from_grey(std::array::from_fn(pixel)),
        }
    };
    (0..4).map(sample).collect()
}

#[test]
fn everything_is_measured_written_and_read_again() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let measures = Measures {
        options: Options { leaked: Some([0].into()), flip: true, missed: None },
        robustness: true,
        slices: Some(None),
        eight: true,
    };
    let findings = Findings::new(&emotion_model().unwrap(), &samples(), &measures).unwrap();
    findings.write(&folder).unwrap();

    let report: Report = json::read(&folder.join("metrics.json")).unwrap();
    assert_eq!((report.all.count, report.left_out, report.leak_free.as_ref().unwrap().count), (2, 2, 1));
    let robustness: Robustness = json::read(&folder.join("robustness.json")).unwrap();
    assert_eq!((robustness.count, robustness.corruptions.len()), (2, 16));
    assert!(robustness.corruptions.iter().all(|damage| damage.strengths.len() == 5));
    assert_eq!(Some(robustness.summary()), report.robustness);
    assert_eq!(robustness.clean.accuracy, report.all.accuracy);
    let slices: Slices = json::read(&folder.join("slices.json")).unwrap();
    assert_eq!(slices.all.count, 2);
    assert!(slices.groupings.iter().any(|grouping| grouping.name == "agreement of annotators"));
    // The second head is judged on the pictures of all classes.
    let eight: Eight = json::read(&folder.join("eight.json")).unwrap();
    assert_eq!((eight.accuracy.count, eight.without_majority), (4, 0));
    assert_eq!(eight.confusion_matrix.iter().flatten().sum::<usize>(), 4);
    let plots = ["confusion_matrix", "confusion_matrix_eight", "reliability", "coverage", "robustness", "slices"];
    for plot in plots {
        let svg = fs::read_to_string(folder.join(format!("{plot}.svg"))).unwrap();
        assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"), "{plot}");
    }
    let text = findings.text();
    for part in ["leak-free", "low resolution", "skin tone", "contempt"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn what_is_not_asked_for_is_not_measured() {
    let findings = Findings::new(&emotion_model().unwrap(), &samples(), &Measures::default()).unwrap();
    assert!(findings.robustness.is_none() && findings.slices.is_none() && findings.eight.is_none());
    assert!(findings.report.robustness.is_none());
}
