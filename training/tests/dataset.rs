//! The loader on folders and tables it makes itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use countenance::{CHIP_SIDE, Emotion8};
use countenance_training::data::dataset::{
    attach_votes, detect_folder, load, load_folder, read_rows, split_development, split_rows,
};
use image::{GrayImage, Luma, RgbImage};

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dataset").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn save(path: &Path, side: u32, grey: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(side, side, Luma([grey])).save(path).unwrap();
}

fn error<T>(result: anyhow::Result<T>) -> String {
    format!("{:#}", result.err().expect("an error"))
}

#[test]
fn reads_folders_in_order_with_rows_and_classes() {
    let data = folder("folders");
    save(&data.join("train/happy/7.png"), 48, 200);
    save(&data.join("train/angry/portrait.png"), 96, 50);
    let colour = RgbImage::from_pixel(48, 48, image::Rgb([255, 0, 0]));
    fs::create_dir_all(data.join("train/sad")).unwrap();
    colour.save(data.join("train/sad/9.PNG")).unwrap();
    fs::write(data.join("train/sad/notes.txt"), "no picture").unwrap();
    let samples = load(&data, "train").unwrap();
    let found: Vec<_> = samples.iter().map(|s| (s.class, s.row, s.chip.grey()[1000])).collect();
    assert_eq!(found, [(Emotion8::Angry, None, 50), (Emotion8::Happy, Some(7), 200), (Emotion8::Sad, Some(9), 76)]);
}

#[test]
fn a_folder_without_splits_is_all_for_training() {
    let data = folder("unsplit");
    save(&data.join("happy/7.png"), 48, 200);
    assert_eq!(load(&data, "train").unwrap().len(), 1);
    assert!(error(load(&data, "validation")).contains("there is no folder"));
    save(&data.join("train/sad/8.png"), 48, 100);
    assert_eq!(load(&data, "train").unwrap()[0].class, Emotion8::Sad);
}

#[test]
fn names_what_is_wrong_with_a_folder() {
    let data = folder("wrong");
    assert!(error(load(&data, "train")).contains("there is no folder"));
    assert!(error(load(&data.join("absent"), "train")).contains("absent"));
    fs::create_dir_all(data.join("train")).unwrap();
    assert!(error(load(&data, "train")).contains("holds no <class>"));
    save(&data.join("train/happy/1.png"), 48, 0);
    fs::create_dir_all(data.join("train/joyful")).unwrap();
    let message = error(load(&data, "train"));
    assert!(message.contains("joyful") && message.contains("happy"), "{message}");
}

#[test]
fn names_the_damaged_or_small_picture() {
    let data = folder("damaged");
    save(&data.join("happy/1.png"), 48, 0);
    save(&data.join("happy/2.png"), 48, 90);
    let whole = fs::read(data.join("happy/2.png")).unwrap();
    fs::write(data.join("happy/2.png"), &whole[..whole.len() / 2]).unwrap();
    assert!(error(load_folder(&data)).contains("happy/2.png"));
    save(&data.join("happy/2.png"), 47, 90);
    let message = error(load_folder(&data));
    assert!(message.contains("happy/2.png") && message.contains("47 x 47"), "{message}");
}

#[test]
fn reads_the_table_by_usage() {
    let path = folder("table").join("fer2013.csv");
    let row = |emotion: &str, grey: &str, usage: &str| format!("{emotion},{},{usage}\n", [grey; 2304].join(" "));
    let table = ["emotion,pixels,Usage\n".to_owned(), row("3", "9", "Training"), row("0", "8", "PublicTest")]
        .into_iter()
        .chain([row("6", "255", "Training"), row("4", "1", "PrivateTest")]);
    fs::write(&path, table.collect::<String>()).unwrap();
    let found = |split: &str| -> Vec<_> {
        load(&path, split).unwrap().iter().map(|s| (s.class, s.row, s.chip.grey()[0])).collect()
    };
    assert_eq!(found("train"), [(Emotion8::Happy, Some(0), 9), (Emotion8::Neutral, Some(2), 255)]);
    assert_eq!(found("validation"), [(Emotion8::Angry, Some(1), 8), (Emotion8::Sad, Some(3), 1)]);
    for (bad, expected) in [(row("7", "0", "Training"), "not an emotion"), (row("1", "256", "Training"), "0 to 255")] {
        fs::write(&path, format!("emotion,pixels,Usage\n{bad}")).unwrap();
        let message = error(load(&path, "train"));
        assert!(message.contains("line 2") && message.contains(expected), "{message}");
    }
    fs::write(&path, "emotion,pixels,Usage\n1,5 5 5,Training\n").unwrap();
    assert!(error(load(&path, "train")).contains("3 pixels instead of 2304"));
}

#[test]
fn votes_belong_to_rows_and_decide_by_strict_majority() {
    let data = folder("votes");
    for row in [0, 1, 2] {
        save(&data.join(format!("happy/{row}.png")), 48, row);
    }
    save(&data.join("happy/unnumbered.png"), 48, 9);
    let votes = data.join("votes.csv");
    let header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n";
    let rows = "Training,a,1,6,0,3,0,0,0,0,0,0\nTraining,b,4,4,0,0,0,0,0,0,2,0\nTraining,c,0,2,0,0,0,0,0,0,0,8\n";
    fs::write(&votes, format!("{header}{rows}")).unwrap();
    let mut samples = load_folder(&data).unwrap();
    attach_votes(&mut samples, &votes).unwrap();
    let majorities: Vec<_> = samples.iter().map(|s| s.votes.map(|votes| votes.majority())).collect();
    assert_eq!(majorities, [Some(Some(Emotion8::Happy)), Some(None), Some(None), None]);
    let shares = samples[0].votes.unwrap().shares([Emotion8::Happy, Emotion8::Sad]);
    assert_eq!(shares, Some([6.0 / 9.0, 3.0 / 9.0]));
    assert_eq!(samples[0].votes.unwrap().shares([Emotion8::Fearful]), None);
    fs::write(&votes, format!("{header}Training,a,1,2\n")).unwrap();
    assert!(error(attach_votes(&mut samples, &votes)).contains("line 2"));
}

#[test]
fn development_part_is_fixed_and_keeps_copies_together() {
    let data = folder("development");
    for row in 0..120u8 {
        save(&data.join(format!("happy/{row}.png")), 48, row / 2);
    }
    let (training, development) = split_development(load_folder(&data).unwrap(), 0.3);
    assert_eq!(training.len() + development.len(), 120);
    assert!((15..60).contains(&development.len()), "{}", development.len());
    let greys = |samples: &[countenance_training::data::dataset::Sample]| -> Vec<u8> {
        samples.iter().map(|sample| sample.chip.grey()[0]).collect()
    };
    assert!(greys(&development).iter().all(|grey| !greys(&training).contains(grey)));
    let again = split_development(load_folder(&data).unwrap(), 0.3);
    assert_eq!(greys(&again.1), greys(&development));
}

#[test]
fn listed_rows_are_held_back() {
    let data = folder("held_back");
    for name in ["3", "17", "20", "unnumbered"] {
        save(&data.join(format!("happy/{name}.png")), 48, 9);
    }
    let (training, development) = split_rows(load_folder(&data).unwrap(), &[17, 99].into());
    let rows = |samples: &[countenance_training::data::dataset::Sample]| -> Vec<Option<u32>> {
        samples.iter().map(|sample| sample.row).collect()
    };
    assert_eq!((rows(&training).len(), rows(&development)), (3, vec![Some(17)]));
}

#[test]
fn rows_are_numbers() {
    let path = folder("rows").join("rows.txt");
    fs::write(&path, "3\n\n17\n").unwrap();
    assert_eq!(read_rows(&path).unwrap().into_iter().collect::<Vec<_>>(), [3, 17]);
    fs::write(&path, "3\nx\n").unwrap();
    assert!(error(read_rows(&path)).contains("line 2"));
}

#[test]
fn faces_are_found_in_photographs_and_misses_counted() {
    let data = folder("photographs");
    fs::create_dir_all(data.join("happy")).unwrap();
    let astronaut = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/astronaut_half.png");
    fs::copy(astronaut, data.join("happy/astronaut.png")).unwrap();
    save(&data.join("happy/empty.png"), 300, 128);
    save(&data.join("happy/tiny.png"), 48, 128);
    let (samples, missed) = detect_folder(&data).unwrap();
    assert_eq!((samples.len(), missed), (1, 2));
    let grey = samples[0].chip.grey();
    assert!(grey.len() == CHIP_SIDE * CHIP_SIDE && grey.iter().max().unwrap() - grey.iter().min().unwrap() > 100);
}
