//! Work on all cores.

use std::num::NonZeroUsize;
use std::thread::{ScopedJoinHandle, available_parallelism};

use countenance::{Error, ErrorKind};

/// As many threads as there are cores.
pub(crate) fn all_threads() -> usize {
    available_parallelism().map_or(1, NonZeroUsize::get)
}

/// What a thread has come to.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, Result<T, Error>>) -> Result<T, Error> {
    thread.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Inference, "a thread has crashed")))
}
