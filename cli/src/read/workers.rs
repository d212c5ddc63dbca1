//! Reads files on several threads and gives their answers in the files' order, with as few in memory as keep all threads
//! busy.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use countenance::{EmotionPipeline, Error, Frame, PipelineOptions};

use super::answer::{Answer, Outcome};
use super::paths::Found;
use super::video::{Video, is_video};
use crate::picture;

/// Whether somebody has asked to stop.
pub(crate) static STOPPED: AtomicBool = AtomicBool::new(false);

/// How many files a thread may be ahead of the answers that are written.
const AHEAD: usize = 4;

/// How many answers to one video may wait to be written.
const WAITING_FRAMES: usize = 64;

/// How long after the wish to stop the next file is waited for.
const PATIENCE: Duration = Duration::from_millis(100);

/// How files are read.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    pub(crate) options: PipelineOptions,
    /// The most faces reported; one more is looked for.
    pub(crate) max_faces: usize,
    /// Frames read of each second of a video.
    pub(crate) fps: f64,
}

struct Job {
    file: Found,
    answers: SyncSender<Answer>,
}

/// The files' answers, as they are read.
pub(crate) struct Answers {
    files: Receiver<Receiver<Answer>>,
    workers: Vec<JoinHandle<Result<(), Error>>>,
}

impl Answers {
    pub(crate) fn start(files: impl Iterator<Item = Found> + Send + 'static, threads: usize, manner: &Manner) -> Self {
        let (give_file, files_in_order) = sync_channel(AHEAD * threads);
        let (give_job, jobs) = sync_channel::<Job>(threads);
        let jobs = Arc::new(Mutex::new(jobs));
        // Waits for whoever writes the list on standard input, so nobody waits for this thread.
        thread::spawn(move || {
            for file in files.take_while(|_| !STOPPED.load(Ordering::Relaxed)) {
                let (answers, receiver) = sync_channel(WAITING_FRAMES);
                if give_file.send(receiver).is_err() || give_job.send(Job { file, answers }).is_err() {
                    break;
                }
            }
        });
        let workers = (0..threads).map(|_| {
            let (jobs, manner) = (Arc::clone(&jobs), manner.clone());
            thread::spawn(move || work(&jobs, manner))
        });
        Self { files: files_in_order, workers: workers.collect() }
    }

    /// The answers to the next file; nothing after the last one.
    pub(crate) fn next_file(&mut self) -> Option<Receiver<Answer>> {
        loop {
            match self.files.recv_timeout(PATIENCE) {
                Ok(answers) => return Some(answers),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if STOPPED.load(Ordering::Relaxed) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// After the last file: whether every thread has done its part.
    pub(crate) fn finish(self) -> io::Result<()> {
        if let Err(TryRecvError::Empty) = self.files.try_recv() {
            return Ok(()); // stopped; the threads end with the program
        }
        for worker in self.workers {
            worker.join().map_err(|_| io::Error::other("a thread has crashed"))?.map_err(io::Error::other)?;
        }
        Ok(())
    }
}

/// Reads one file after the other until there is none.
fn work(jobs: &Mutex<Receiver<Job>>, manner: Manner) -> Result<(), Error> {
    let mut reader =
        Reader { pipeline: EmotionPipeline::new(manner.options)?, max_faces: manner.max_faces, fps: manner.fps };
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { file, answers }) = job else { return Ok(()) };
        match file {
            Ok(path) => reader.read(&path, &answers),
            Err((path, failure)) => {
                // Nobody waits for the answer any more once the output is closed.
                let _ = answers.send(Answer { file: name(&path), seconds: None, outcome: failure.into() });
            }
        }
    }
}

/// A path as text.
pub(crate) fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

struct Reader {
    pipeline: EmotionPipeline,
    max_faces: usize,
    fps: f64,
}

impl Reader {
    fn read(&mut self, path: &Path, answers: &SyncSender<Answer>) {
        if is_video(path) {
            self.read_video(path, answers);
        } else {
            let outcome = picture::load(path).and_then(|picture| {
                let found = self.pipeline.analyze_image(&picture.frame())?;
                Ok(Outcome::within(found, self.max_faces))
            });
            let outcome = outcome.unwrap_or_else(Outcome::from);
            let _ = answers.send(Answer { file: name(path), seconds: None, outcome });
        }
    }

    fn read_video(&mut self, path: &Path, answers: &SyncSender<Answer>) {
        let file = name(path);
        self.pipeline.reset();
        let mut video = match Video::open(path, self.fps) {
            Ok(video) => video,
            Err(failure) => {
                let _ = answers.send(Answer { file, seconds: None, outcome: failure.into() });
                return;
            }
        };
        for number in 0_u32.. {
            let seconds = f64::from(number) / self.fps;
            let frame = match video.next() {
                Ok(None) => return,
                Ok(Some(frame)) => Ok(frame),
                Err(failure) => Err(failure),
            };
            let outcome = frame.and_then(|frame| {
                let frame = Frame::from_rgb(&frame.rgb, frame.width, frame.height)?;
                Ok(Outcome::within(self.pipeline.analyze_frame(&frame, 1000.0 * seconds)?, self.max_faces))
            });
            let outcome = outcome.unwrap_or_else(Outcome::from);
            let is_last = matches!(outcome, Outcome::Failed { .. });
            // A video that has no frame is like a picture that cannot be read.
            let seconds = (number > 0 || !is_last).then_some(seconds);
            let answer = Answer { file: file.clone(), seconds, outcome };
            if answers.send(answer).is_err() || is_last || STOPPED.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}
