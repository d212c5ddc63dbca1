//! What an output file holds already, so that a run goes on where an earlier one was stopped.
//!
//! A run that is killed leaves a beginning of what it would have written, perhaps broken off within a line. What is left
//! of the last picture, and all of a video that may not have been finished, is cut off and read again.

use std::collections::HashMap;
use std::io::{self, BufRead};

use serde::Deserialize;
use serde::de::IgnoredAny;

/// A whole answer in a file.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    pub(crate) file: String,
    pub(crate) seconds: Option<f64>,
    pub(crate) failed: bool,
    /// In bytes.
    pub(crate) length: u64,
}

/// The answers found in a file, in their order.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// How often each file has been read: one may be named twice.
    pub(crate) done: HashMap<String, u64>,
    /// How many files could not be read.
    pub(crate) failed: u64,
    /// Where the answers kept end, in bytes.
    pub(crate) length: u64,
    video: Option<Entry>,
}

impl Scan {
    /// Keeps what stands before the answers.
    pub(crate) fn begin(&mut self, length: u64) {
        self.length = length;
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        let goes_on = |video: &Entry| video.file == entry.file && video.seconds < entry.seconds;
        match self.video.take() {
            Some(video) if goes_on(&video) => {
                self.video = Some(Entry { length: video.length + entry.length, ..entry });
            }
            video => {
                video.into_iter().for_each(|video| self.keep(video));
                self.video = Some(entry);
            }
        }
        // A failure is the end of a video, and a picture has one answer.
        if let Some(last) = self.video.take_if(|last| last.failed || last.seconds.is_none()) {
            self.keep(last);
        }
    }

    fn keep(&mut self, Entry { file, failed, length, .. }: Entry) {
        *self.done.entry(file).or_default() += 1;
        self.failed += u64::from(failed);
        self.length += length;
    }
}

/// What of an answer's line says how far a run came.
#[derive(Deserialize)]
struct Line {
    file: String,
    seconds: Option<f64>,
    error: Option<IgnoredAny>,
}

/// Finds the answers in a file of lines of JSON.
///
/// # Errors
/// Where the file holds something else.
pub(crate) fn scan_lines(mut file: impl BufRead, scan: &mut Scan) -> io::Result<()> {
    const BEGIN: &[u8] = br#"{"file":""#;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let length = file.read_until(b'\n', &mut line)? as u64;
        let is_whole = line.ends_with(b"\n");
        let is_ours = line.starts_with(BEGIN) || !is_whole && BEGIN.starts_with(&line);
        match serde_json::from_slice::<Line>(&line) {
            _ if !is_whole && is_ours => break, // broken off, or the end
            Ok(Line { file, seconds, error }) if is_ours => {
                scan.add(Entry { file, seconds, failed: error.is_some(), length });
            }
            _ => return Err(io::Error::other(format!("its line {number} is not an answer"))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> Scan {
        let mut scan = Scan::default();
        scan_lines(text.as_bytes(), &mut scan).unwrap();
        scan
    }

    const PICTURE: &str = "{\"file\":\"a.png\",\"faces\":[],\"moreFaces\":false}\n";
    const FAILED: &str = "{\"file\":\"b\",\"error\":{\"code\":\"invalid-image\",\"message\":\"\"}}\n";

    fn frame(file: &str, seconds: f64) -> String {
        format!("{{\"file\":\"{file}\",\"seconds\":{seconds},\"faces\":[],\"moreFaces\":false}}\n")
    }

    #[test]
    fn a_broken_line_is_cut_off_wherever_it_breaks() {
        let kept = format!("{PICTURE}{FAILED}");
        for end in 0..=PICTURE.len() - 1 {
            let scan = scanned(&format!("{kept}{}", &PICTURE[..end]));
            assert_eq!((scan.length, scan.failed), (kept.len() as u64, 1));
            assert_eq!((scan.done["a.png"], scan.done["b"]), (1, 1));
        }
        assert_eq!(scanned(&format!("{kept}{PICTURE}")).done["a.png"], 2);
    }

    #[test]
    fn the_last_video_is_read_again_unless_it_failed() {
        let (clip, other) = (frame("clip.mp4", 0.0) + &frame("clip.mp4", 0.2), frame("other.mp4", 0.0));
        assert_eq!(scanned(&clip).length, 0);
        let scan = scanned(&format!("{PICTURE}{clip}{other}"));
        assert_eq!((scan.length, scan.done.len()), ((PICTURE.len() + clip.len()) as u64, 2));
        let twice = scanned(&format!("{clip}{clip}{PICTURE}"));
        assert_eq!(twice.done["clip.mp4"], 2);
        let broken = "{\"file\":\"clip.mp4\",\"seconds\":0.4,\"error\":{}}\n";
        let scan = scanned(&format!("{clip}{broken}"));
        assert_eq!((scan.done["clip.mp4"], scan.failed), (1, 1));
        assert_eq!(scan.length, (clip.len() + broken.len()) as u64);
    }

    #[test]
    fn other_files_are_refused() {
        for text in ["hello\n", "{\"a\":1}\n", "x", "{\"file\":\"a\"\n", "{\"faces\":[],\"file\":\"a\"}\n"] {
            assert!(scan_lines(text.as_bytes(), &mut Scan::default()).is_err(), "{text:?}");
        }
    }
}
