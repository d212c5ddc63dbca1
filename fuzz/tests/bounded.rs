//! The fuzz targets on their seeds, and on a bounded number of random changes to them.
#![allow(clippy::unwrap_used, reason = "the lint's exception for tests does not see helpers")]

use std::fs;
use std::path::PathBuf;

use countenance::weights::detector_model;
use proptest::prelude::*;
use proptest::sample::Index;

/// A change to a file.
#[derive(Debug, Clone)]
enum Edit {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    // Ends of ranges make more trouble than what lies between them.
    let byte = prop_oneof![any::<u8>(), prop::sample::select(vec![0, 1, 0x7f, 0x80, 0xff])];
    prop_oneof![
        6 => (place(), byte).prop_map(|(at, value)| Edit::Set(at, value)),
        2 => (place(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        2 => (place(), 1usize..9).prop_map(|(at, count)| Edit::Remove(at, count)),
        1 => (place(), 1usize..65).prop_map(|(at, count)| Edit::Repeat(at, count)),
        1 => place().prop_map(Edit::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    let start = |at: &Index| at.index(bytes.len() + 1);
    match edit {
        Edit::Set(at, value) => {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
        }
        Edit::Insert(at, new) => {
            let at = start(at);
            bytes.splice(at..at, new.iter().copied());
        }
        Edit::Remove(at, count) => {
            let (from, to) = (start(at), (start(at) + count).min(bytes.len()));
            bytes.drain(from..to);
        }
        Edit::Repeat(at, count) => {
            let (from, to) = (start(at), (start(at) + count).min(bytes.len()));
            let again = bytes[from..to].to_vec();
            bytes.splice(to..to, again);
        }
        Edit::Cut(at) => bytes.truncate(start(at)),
    }
}

/// The files of `seeds/<target>/`, and the files and folders of the repository that suit it.
fn seeds(target: &str, more: &[&str]) -> Vec<Vec<u8>> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = files(here.join("seeds").join(target)).collect();
    for path in more.iter().map(|path| here.join("..").join(path)) {
        if path.is_dir() { paths.extend(files(path)) } else { paths.push(path) }
    }
    paths.sort();
    assert!(!paths.is_empty(), "no seeds for {target}");
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs the target on the seeds, then on `cases` changed ones.
fn run(cases: u32, target: fn(&[u8]), seeds: Vec<Vec<u8>>) {
    seeds.iter().for_each(|seed| target(seed));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let changed = (prop::sample::select(seeds), prop::collection::vec(edit(), 1..12));
    proptest!(config, |((mut bytes, edits) in changed)| {
        edits.iter().for_each(|edit| apply(&mut bytes, edit));
        target(&bytes);
    });
}

/// Random bytes of 0 to 600 for targets that read numbers from them.
fn random(cases: u32, target: fn(&[u8])) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(bytes in prop::collection::vec(any::<u8>(), 0..600))| target(&bytes));
}

#[test]
fn image() {
    run(
        3_000,
        countenance_fuzz::image,
        seeds("image", &["tests/fixtures/astronaut_quarter.png", "tests/fixtures/jpeg"]),
    );
}

#[test]
fn frame() {
    random(400, countenance_fuzz::frame);
}

#[test]
fn options() {
    run(400, countenance_fuzz::options, seeds("options", &[]));
    random(400, countenance_fuzz::options);
}

#[test]
fn weights() {
    run(10_000, countenance_fuzz::weights, seeds("weights", &[]));
    // Changes to a whole model: a few, for each is checked to the end.
    let detector = format!("models/{}/weights.cnw", detector_model().unwrap().id());
    run(40, countenance_fuzz::weights, seeds("no folder", &[&detector]));
}

#[test]
fn detections() {
    random(10_000, countenance_fuzz::detections);
}

#[test]
fn calibration() {
    run(10_000, countenance_fuzz::calibration, seeds("calibration", &[]));
}
