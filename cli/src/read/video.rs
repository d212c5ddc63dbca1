//! The frames of a video, which ffmpeg decodes.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

use countenance::{MAX_PIXELS, MAX_SIDE};

use crate::failure::Failure;

/// The endings of videos, as the page knows them.
const ENDINGS: [&str; 7] = ["mp4", "m4v", "mov", "webm", "mkv", "avi", "ogv"];

/// How much of what ffmpeg complains about is kept, in bytes.
const MAX_COMPLAINT: u64 = 4096;

/// Whether a file claims to be a video.
pub(crate) fn is_video(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// A video that is being decoded. Dropped, it stops ffmpeg.
pub(crate) struct Video {
    ffmpeg: Child,
    frames: BufReader<ChildStdout>,
    complaint: Option<JoinHandle<Vec<u8>>>,
    count: u64,
}

/// Pixels of a frame: red, green and blue.
pub(crate) struct VideoFrame {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) rgb: Vec<u8>,
}

impl Video {
    /// Begins to decode so many frames of each second.
    pub(crate) fn open(path: &Path, fps: f64) -> Result<Self, Failure> {
        // Without the prefix a name could be an address; without the list a file could name addresses to fetch.
        let mut file = OsString::from("file:");
        file.push(path);
        let mut ffmpeg = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-protocol_whitelist", "file", "-i"])
            .arg(file)
            .args(["-an", "-sn", "-dn", "-vf", &format!("fps={fps}"), "-f", "image2pipe", "-c:v", "ppm", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Failure::new(
                    "unsupported-environment",
                    "videos are decoded by ffmpeg, which is not installed or not on the PATH",
                ),
                _ => Failure::new("unsupported-environment", format!("ffmpeg could not be started: {error}")),
            })?;
        let complaint = ffmpeg.stderr.take().map(|stderr| {
            thread::spawn(move || {
                let mut stderr = BufReader::new(stderr);
                let mut kept = Vec::new();
                // A full pipe would stop ffmpeg, so the rest is read too.
                let _ = stderr.by_ref().take(MAX_COMPLAINT).read_to_end(&mut kept);
                let _ = io::copy(&mut stderr, &mut io::sink());
                kept
            })
        });
        let Some(stdout) = ffmpeg.stdout.take() else {
            return Err(Failure::new("unsupported-environment", "ffmpeg has no standard output"));
        };
        Ok(Self { ffmpeg, frames: BufReader::new(stdout), complaint, count: 0 })
    }

    /// The next frame; nothing at the video's end.
    ///
    /// # Errors
    /// `invalid-video` where there is no frame at all, `incomplete-video` where the file breaks off later.
    pub(crate) fn next(&mut self) -> Result<Option<VideoFrame>, Failure> {
        let frame = self.read().map_err(|error| self.failure(&error.to_string()))?;
        if frame.is_some() {
            self.count += 1;
            return Ok(frame);
        }
        let status = self.ffmpeg.wait().map_err(|error| self.failure(&error.to_string()))?;
        if !status.success() {
            return Err(self.failure("ffmpeg failed"));
        }
        if self.count == 0 {
            return Err(self.failure("the file holds no frames"));
        }
        Ok(None)
    }

    /// A frame as a binary PPM file: `P6`, width, height, 255, pixels.
    fn read(&mut self) -> io::Result<Option<VideoFrame>> {
        if self.frames.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let unexpected = || io::Error::new(io::ErrorKind::InvalidData, "ffmpeg's output is not a series of PPM files");
        let mut words = [0; 4];
        for (index, value) in words.iter_mut().enumerate() {
            let word = self.word()?;
            *value = if index == 0 && word == "P6" { 6 } else { word.parse::<u32>().map_err(|_| unexpected())? };
        }
        let [6, width, height, 255] = words else { return Err(unexpected()) };
        if width.max(height) > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(io::Error::other(format!("frames of {width} x {height} are over the limit")));
        }
        let mut rgb = vec![0; width as usize * height as usize * 3];
        self.frames.read_exact(&mut rgb)?;
        Ok(Some(VideoFrame { width, height, rgb }))
    }

    /// What stands before the next blank.
    fn word(&mut self) -> io::Result<String> {
        let mut word = String::new();
        for byte in self.frames.by_ref().take(20).bytes() {
            match byte? {
                byte if byte.is_ascii_whitespace() => break,
                byte => word.push(char::from(byte)),
            }
        }
        Ok(word)
    }

    /// The failure with what ffmpeg says about it.
    fn failure(&mut self, reason: &str) -> Failure {
        let _ = self.ffmpeg.kill();
        let complaint = self.complaint.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let complaint = String::from_utf8_lossy(&complaint);
        let code = if self.count == 0 { "invalid-video" } else { "incomplete-video" };
        Failure::new(code, complaint.lines().next_back().filter(|line| !line.is_empty()).unwrap_or(reason))
    }
}

impl Drop for Video {
    fn drop(&mut self) {
        let _ = self.ffmpeg.kill();
        let _ = self.ffmpeg.wait();
    }
}
