//! The threads that read pictures, each with a pipeline of its own.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use countenance::{EmotionPipeline, PipelineOptions};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce(&mut EmotionPipeline) + Send>;

/// Worker threads and the jobs that wait for them, in the order in which they came. How many may wait is for the caller
/// to bound.
pub(super) struct Pool {
    jobs: Sender<Job>,
    workers: usize,
    started: Arc<AtomicUsize>,
}

impl Pool {
    /// Starts the workers; each takes jobs once its pipeline is made.
    pub(super) fn start(workers: NonZeroUsize) -> Self {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let started = Arc::new(AtomicUsize::new(0));
        for _ in 0..workers.get() {
            let (waiting, started) = (Arc::clone(&waiting), Arc::clone(&started));
            thread::spawn(move || work(&waiting, &started));
        }
        Self { jobs, workers: workers.get(), started }
    }

    /// Whether all workers have started.
    pub(super) fn is_ready(&self) -> bool {
        self.started.load(Ordering::Relaxed) == self.workers
    }

    /// Lets a worker do this. Its answer never comes where the worker crashes. Where nobody waits for the answer any
    /// more, it is not begun.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut EmotionPipeline) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, receiver) = oneshot::channel();
        let job: Job = Box::new(move |pipeline| {
            if !answer.is_closed() {
                let _ = answer.send(job(pipeline));
            }
        });
        // Without workers the job is dropped, and its answer never comes either.
        let _ = self.jobs.send(job);
        receiver
    }
}

/// Takes jobs until there can be no more. After a panic the pipeline may be in any state, so a new one takes its place.
fn work(waiting: &Mutex<Receiver<Job>>, started: &AtomicUsize) {
    let mut is_first = true;
    loop {
        let mut pipeline = match EmotionPipeline::new(PipelineOptions::default()) {
            Ok(pipeline) => pipeline,
            Err(error) => return eprintln!("a worker cannot start: {error}"),
        };
        if std::mem::take(&mut is_first) {
            started.fetch_add(1, Ordering::Relaxed);
        }
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = next else { return };
            if catch_unwind(AssertUnwindSafe(|| job(&mut pipeline))).is_err() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn one() -> Pool {
        Pool::start(NonZeroUsize::MIN)
    }

    #[test]
    fn a_worker_that_crashes_is_replaced() {
        let pool = one();
        let changed = pool.submit(|pipeline| {
            let options = PipelineOptions { max_faces: 7, ..PipelineOptions::default() };
            pipeline.set_options(options).unwrap();
        });
        changed.blocking_recv().unwrap();
        let crash = pool.submit(|_| -> u8 { panic!("a crash on purpose") });
        assert!(crash.blocking_recv().is_err());
        let options = pool.submit(|pipeline| pipeline.options().clone()).blocking_recv().unwrap();
        assert_eq!(options, PipelineOptions::default());
        assert!(pool.is_ready());
    }

    #[test]
    fn what_nobody_waits_for_is_not_begun() {
        let pool = one();
        let (go, wait) = mpsc::channel::<()>();
        let first = pool.submit(move |_| wait.recv_timeout(Duration::from_secs(60)).unwrap());
        let (began, begun) = mpsc::channel();
        drop(pool.submit(move |_| began.send(()).unwrap()));
        let last = pool.submit(|_| 3);
        go.send(()).unwrap();
        first.blocking_recv().unwrap();
        assert_eq!(last.blocking_recv(), Ok(3));
        assert!(begun.try_recv().is_err());
    }
}
