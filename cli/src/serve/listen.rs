//! Connections: accepted, and ended in order. TLS is for a proxy to speak: compiling it here takes as long as all the rest
//! of the server.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Method, Uri};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use crate::Exit;

/// How long the last answers may take to be sent.
const FAREWELL: Duration = Duration::from_secs(5);

/// After an error such as too many open files, the next connection is accepted after this time.
const RECOVERY: Duration = Duration::from_millis(50);

/// Which pages of other origins may ask: none without a layer.
pub(super) fn cors(origins: &[String]) -> Result<Option<CorsLayer>, String> {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([RETRY_AFTER]);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(Some(layer.allow_origin(Any)));
    }
    let origins = origins.iter().map(|origin| {
        let is_origin = origin.parse::<Uri>().is_ok_and(|uri| {
            uri.scheme().is_some() && uri.path() == "/" && uri.query().is_none() && !origin.ends_with('/')
        });
        let header = HeaderValue::from_str(origin).ok().filter(|_| is_origin);
        header.ok_or_else(|| format!("{origin} is not an origin such as https://example.org"))
    });
    let origins = origins.collect::<Result<Vec<_>, _>>()?;
    Ok((!origins.is_empty()).then(|| layer.allow_origin(AllowOrigin::list(origins))))
}

/// Serves until it is stopped. From then on, requests are answered as before until `drain` has ended, so that those at
/// work finish and a balancer hears that this server is not ready any more.
pub(super) async fn serve<D: Future<Output = ()>>(
    listener: TcpListener,
    router: Router,
    header_timeout: Duration,
    drain: impl FnOnce() -> D,
    grace: Duration,
) -> Exit {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => {
            eprintln!("cannot wait for signals: {error}");
            return Exit::Failed;
        }
    };
    let mut end = pin!(async {
        signals.next().await;
        tokio::select! {
            drained = timeout(grace, drain()) => if drained.is_ok() { Exit::Done } else { Exit::Failed },
            () = signals.next() => Exit::Interrupted,
        }
    });
    let connections = GracefulShutdown::new();
    let exit = loop {
        let accepted = tokio::select! {
            exit = &mut end => break exit,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, router.clone(), header_timeout, connections.watcher()));
            }
            Err(_) => sleep(RECOVERY).await,
        }
    };
    drop(listener);
    if exit == Exit::Done {
        let _ = timeout(FAREWELL, connections.shutdown()).await;
    }
    exit
}

/// Answers the requests of one connection. How it ends concerns nobody but the client.
async fn converse(stream: TcpStream, router: Router, header_timeout: Duration, watcher: Watcher) {
    let _ = stream.set_nodelay(true);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(header_timeout);
    let service = TowerToHyperService::new(router);
    let _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await;
}

/// What asks the program to stop.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let Self([interrupt, terminate]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
