//! Which files are meant: by name, in folders, by patterns, in a list on standard input.

use std::fs::{self, FileType};
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use glob::{MatchOptions, glob_with};

use crate::failure::Failure;

/// The argument that stands for a list on standard input.
const LIST: &str = "-";

/// `*` does not match names that begin with a dot, as in a shell.
const MATCHING: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A file to read, or what cannot be looked into.
pub(crate) type Found = Result<PathBuf, (PathBuf, Failure)>;

/// The files that the arguments mean, found one after the other: those of a folder in the order of their names.
///
/// In folders, hidden files are left out, and links to folders are not followed. Whatever else lies there is meant:
/// pictures are recognised by their bytes.
pub(crate) struct Paths {
    levels: Vec<Box<dyn Iterator<Item = Step> + Send>>,
    /// Files that are never meant: those that are being written.
    except: Vec<PathBuf>,
}

enum Step {
    /// One of the arguments.
    Argument(PathBuf),
    /// Named in a list, or matched by a pattern.
    Named(PathBuf),
    InFolder(PathBuf, FileType),
    Failed(PathBuf, Failure),
}

impl Paths {
    pub(crate) fn new(arguments: Vec<PathBuf>, except: Vec<PathBuf>) -> Self {
        Self { levels: vec![Box::new(arguments.into_iter().map(Step::Argument))], except }
    }

    /// Whether a list on standard input is among the arguments.
    pub(crate) fn has_list(arguments: &[PathBuf]) -> bool {
        arguments.iter().any(|path| path.as_os_str() == LIST)
    }

    fn is_excepted(&self, path: &Path) -> bool {
        self.except.iter().any(|other| {
            other.file_name() == path.file_name()
                && matches!((fs::canonicalize(other), fs::canonicalize(path)), (Ok(a), Ok(b)) if a == b)
        })
    }
}

impl Iterator for Paths {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        loop {
            let Some(step) = self.levels.last_mut()?.next() else {
                self.levels.pop();
                continue;
            };
            match step {
                Step::Argument(path) if path.as_os_str() == LIST => self.levels.push(Box::new(listed())),
                Step::Argument(path) if !path.exists() && is_pattern(&path) => self.levels.push(matches(&path)),
                Step::Argument(path) | Step::Named(path) if path.is_dir() => self.levels.push(folder(path)),
                Step::Argument(path) | Step::Named(path) => return Some(Ok(path)),
                Step::InFolder(path, kind) if kind.is_dir() => self.levels.push(folder(path)),
                Step::InFolder(path, kind) => {
                    // Opening a pipe would wait for somebody to write to it.
                    if (kind.is_file() || kind.is_symlink() && path.is_file()) && !self.is_excepted(&path) {
                        return Some(Ok(path));
                    }
                }
                Step::Failed(path, failure) => return Some(Err((path, failure))),
            }
        }
    }
}

fn folder(path: PathBuf) -> Box<dyn Iterator<Item = Step> + Send> {
    let entries = fs::read_dir(&path).and_then(|entries| {
        let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        Ok(entries)
    });
    match entries {
        Ok(entries) => {
            Box::new(entries.into_iter().filter(|entry| !is_hidden(entry)).map(|entry| match entry.file_type() {
                Ok(kind) => Step::InFolder(entry.path(), kind),
                Err(error) => Step::Failed(entry.path(), error.into()),
            }))
        }
        Err(error) => Box::new(std::iter::once(Step::Failed(path, error.into()))),
    }
}

/// Systems keep files of their own in folders.
fn is_hidden(entry: &fs::DirEntry) -> bool {
    let name = entry.file_name();
    name.as_encoded_bytes().starts_with(b".") || name == "__MACOSX"
}

fn is_pattern(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// What a pattern matches that no shell has expanded. One that matches nothing is a file that is not there.
fn matches(pattern: &Path) -> Box<dyn Iterator<Item = Step> + Send> {
    let matching = pattern.to_str().and_then(|text| glob_with(text, MATCHING).ok());
    let mut matching = matching.into_iter().flatten().peekable();
    if matching.peek().is_none() {
        let failure = Failure::new("unreadable-file", "no file matches this pattern");
        return Box::new(std::iter::once(Step::Failed(pattern.to_owned(), failure)));
    }
    Box::new(matching.map(|found| match found {
        Ok(path) => Step::Named(path),
        Err(error) => Step::Failed(error.path().to_owned(), Failure::new("unreadable-file", error.error().to_string())),
    }))
}

/// The paths on standard input: each ends with a null byte if there is one at the beginning of the list, otherwise with
/// its line.
fn listed() -> impl Iterator<Item = Step> + Send {
    let mut input = io::BufReader::new(io::stdin());
    let mut separator = None;
    std::iter::from_fn(move || {
        loop {
            let mut name = Vec::new();
            let read =
                input.fill_buf().map(|begin| *separator.get_or_insert(if begin.contains(&0) { 0 } else { b'\n' }));
            match read.and_then(|separator| input.read_until(separator, &mut name).map(|length| (length, separator))) {
                Ok((0, _)) => return None,
                Ok((_, separator)) => {
                    name.pop_if(|last| *last == separator);
                    if separator == b'\n' {
                        name.pop_if(|last| *last == b'\r');
                    }
                    if !name.is_empty() {
                        return Some(path_of(name));
                    }
                }
                Err(error) => return Some(Step::Failed(LIST.into(), error.into())),
            }
        }
    })
    .fuse()
}

#[cfg(unix)]
fn path_of(name: Vec<u8>) -> Step {
    use std::os::unix::ffi::OsStringExt;
    Step::Named(std::ffi::OsString::from_vec(name).into())
}

#[cfg(not(unix))]
fn path_of(name: Vec<u8>) -> Step {
    match String::from_utf8(name) {
        Ok(name) => Step::Named(name.into()),
        Err(error) => {
            let path = String::from_utf8_lossy(error.as_bytes()).into_owned().into();
            Step::Failed(path, Failure::new("unreadable-file", "the name is not UTF-8"))
        }
    }
}
