//! Counts of what was asked and answered, as text for Prometheus (its exposition format, version 0.0.4).

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the histogram's buckets, in seconds.
const BOUNDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Counts since the start.
#[derive(Default)]
pub(super) struct Metrics {
    routes: Mutex<BTreeMap<String, Route>>,
    shed: AtomicU64,
    pictures: AtomicU64,
    faces: AtomicU64,
    in_work: AtomicU64,
}

/// Requests of one route.
#[derive(Default)]
struct Route {
    by_status: BTreeMap<u16, u64>,
    /// How many took at most each of [`BOUNDS`].
    within: [u64; BOUNDS.len()],
    seconds: f64,
}

/// A picture that is being read, until this is dropped.
pub(super) struct InWork<'a>(&'a Metrics);

impl Drop for InWork<'_> {
    fn drop(&mut self) {
        self.0.in_work.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    /// A request was answered.
    pub(super) fn answered(&self, route: &str, status: u16, took: Duration) {
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let route = routes.entry(route.to_owned()).or_default();
        *route.by_status.entry(status).or_default() += 1;
        let seconds = took.as_secs_f64();
        route.seconds += seconds;
        for (within, _) in route.within.iter_mut().zip(BOUNDS).filter(|&(_, bound)| seconds <= bound) {
            *within += 1;
        }
    }

    /// A request was refused because too many wait.
    pub(super) fn shed(&self) {
        self.shed.fetch_add(1, Ordering::Relaxed);
    }

    /// A worker begins with a picture.
    pub(super) fn begin(&self) -> InWork<'_> {
        self.in_work.fetch_add(1, Ordering::Relaxed);
        InWork(self)
    }

    /// A picture with so many faces was read.
    pub(super) fn read(&self, faces: usize) {
        self.pictures.fetch_add(1, Ordering::Relaxed);
        self.faces.fetch_add(faces as u64, Ordering::Relaxed);
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = String::new();
        let mut seconds = String::new();
        for (route, Route { by_status, within, seconds: sum }) in routes.iter() {
            for (status, count) in by_status {
                writeln!(counts, "countenance_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}")?;
            }
            let bounds = BOUNDS.map(|bound| bound.to_string());
            let all: u64 = by_status.values().sum();
            let name = "countenance_request_seconds";
            for (bound, count) in bounds.iter().map(String::as_str).zip(*within).chain([("+Inf", all)]) {
                writeln!(seconds, "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {count}")?;
            }
            writeln!(seconds, "{name}_sum{{route=\"{route}\"}} {sum}\n{name}_count{{route=\"{route}\"}} {all}")?;
        }
        for (name, kind, about, lines) in [
            ("requests_total", "counter", "Requests answered, by route and status.", counts),
            ("request_seconds", "histogram", "From a request's first line to its answer, in seconds.", seconds),
            (
                "requests_shed_total",
                "counter",
                "Requests refused because too many wait.",
                value("requests_shed_total", &self.shed),
            ),
            ("pictures_total", "counter", "Pictures read.", value("pictures_total", &self.pictures)),
            ("faces_total", "counter", "Faces found in them.", value("faces_total", &self.faces)),
            ("pictures_in_work", "gauge", "Pictures being read now.", value("pictures_in_work", &self.in_work)),
        ] {
            write!(f, "# HELP countenance_{name} {about}\n# TYPE countenance_{name} {kind}\n{lines}")?;
        }
        Ok(())
    }
}

fn value(name: &str, value: &AtomicU64) -> String {
    format!("countenance_{name} {}\n", value.load(Ordering::Relaxed))
}
