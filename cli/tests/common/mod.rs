//! The program as a shell calls it.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "helpers of several test files")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program, in this folder.
pub(crate) fn countenance(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countenance"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// What a call in this folder gives.
pub(crate) fn call<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Output {
    countenance(folder).args(arguments).output().unwrap()
}

/// A new, empty folder.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

/// Copies a fixture, with the folders on the way.
pub(crate) fn place(fixture: &str, to: impl AsRef<Path>) {
    let to = to.as_ref();
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(repository("tests/fixtures").join(fixture), to).unwrap();
}

pub(crate) fn status(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// The lines of JSON in a text.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The records of a table, as they are.
pub(crate) fn records(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// A picture of so many faces beside each other, small enough to be read quickly without optimisation.
pub(crate) fn group(faces: u32, to: impl AsRef<Path>) {
    let face = image::open(repository("tests/fixtures/astronaut_quarter.png")).unwrap().to_rgb8();
    let (width, height) = face.dimensions();
    let group = image::RgbImage::from_fn(faces * width, height, |x, y| *face.get_pixel(x % width, y));
    fs::create_dir_all(to.as_ref().parent().unwrap()).unwrap();
    group.save_with_format(to, image::ImageFormat::Png).unwrap();
}
