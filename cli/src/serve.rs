//! `countenance serve`: the library behind HTTP.

mod api;
mod errors;
mod keys;
mod listen;
mod metrics;
mod openapi;
mod page;
mod pool;
mod request;

use std::io::{self, Write};
use std::num::{NonZeroU16, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use crate::Exit;
use api::App;
use keys::Keys;

/// Answer over HTTP: POST pictures to /v1/analyze; a page to try it is at /
#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Listen at this address; 0.0.0.0 or :: lets other machines in
    #[arg(long, default_value = "127.0.0.1")]
    host: String,

    /// Listen at this port; 0 takes any free one
    #[arg(long, default_value_t = 8000)]
    port: u16,

    /// Read this many pictures at once; by default one a core
    #[arg(long, value_name = "N")]
    workers: Option<NonZeroUsize>,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    access: Access,

    /// Print no line for each request
    #[arg(long)]
    quiet: bool,
}

/// What a request may cost.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Limits")]
pub(crate) struct Limits {
    /// Refuse larger requests, in bytes
    #[arg(long, value_name = "BYTES", default_value = "20000000")]
    max_bytes: NonZeroUsize,

    /// Refuse pictures of more pixels
    #[arg(long, value_name = "PIXELS", default_value = "50000000")]
    max_pixels: NonZeroU64,

    /// Refuse requests with more pictures
    #[arg(long, value_name = "N", default_value = "16")]
    max_pictures: NonZeroUsize,

    /// Let this many requests wait for those at work; refuse further ones at once
    #[arg(long, value_name = "REQUESTS", default_value_t = 64)]
    queue: u16,

    /// Give up on a request after this time, its upload included
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    timeout: NonZeroU16,

    /// When stopped, finish the requests at work for at most this time
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    grace: u16,
}

/// Who may ask, and how.
#[derive(Args, Debug)]
#[command(next_help_heading = "Access")]
struct Access {
    /// Ask for this key as a bearer token; may be repeated, and the environment may give several with commas between
    #[arg(long, value_name = "KEY", env = "COUNTENANCE_API_KEYS", hide_env_values = true, value_delimiter = ',')]
    api_key: Vec<String>,

    /// Take keys from a file too, one a line
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,

    /// Let pages of this origin ask, such as https://example.org, or of any with *; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
}

impl Limits {
    /// From a request's first line to its answer.
    fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.get().into())
    }
}

pub(crate) fn run(arguments: ServeArgs) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(Exit::Failed, &error.to_string()),
    };
    let exit = runtime.block_on(serve(arguments)).unwrap_or_else(|(exit, message)| failed(exit, &message));
    // A picture that is still being read does not keep the program.
    runtime.shutdown_background();
    exit
}

fn failed(exit: Exit, message: &str) -> Exit {
    eprintln!("{message}");
    exit
}

async fn serve(arguments: ServeArgs) -> Result<Exit, (Exit, String)> {
    let ServeArgs { host, port, workers, limits, access, quiet } = arguments;
    let usage = |message| (Exit::Usage, message);
    let keys = Keys::new(access.api_key, access.api_key_file.as_deref()).map_err(usage)?;
    let cors = listen::cors(&access.cors_origin).map_err(usage)?;
    let workers = workers.or_else(|| available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);

    let failed = |error: io::Error| (Exit::Failed, format!("cannot listen at {host}:{port}: {error}"));
    let listener = TcpListener::bind((host.as_str(), port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    if !address.ip().is_loopback() && keys.are_none() {
        eprintln!("Whoever reaches {address} may ask: there is no --api-key.");
    }
    let (grace, timeout) = (Duration::from_secs(limits.grace.into()), limits.timeout());
    let app = Arc::new(App::new(workers, limits, keys, quiet));
    let router = api::router(&app, cors).map_err(|error| (Exit::Failed, error.to_string()))?;
    let mut out = io::stdout();
    let _ = writeln!(out, "Listening on http://{address}").and_then(|()| out.flush());
    Ok(listen::serve(listener, router, timeout, || app.drain(), grace).await)
}
