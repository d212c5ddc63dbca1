//! The routes, and what each request goes through.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, EXPECT, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use countenance::{BoundingBox, EmotionPipeline, Error, Explanations, FaceEmotion, Frame, Picture};
use serde::Serialize;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant as Deadline, timeout_at};
use tower_http::cors::CorsLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Limits;
use super::errors::Failure;
use super::keys::Keys;
use super::metrics::Metrics;
use super::pool::Pool;
use super::request::{Asked, Rest, Source};
use super::{openapi, page};

/// How long the rest of a refused request is read, so that its client sees the answer.
const DISCARD: Duration = Duration::from_secs(5);

/// What all requests share.
pub(super) struct App {
    pool: Pool,
    limits: Limits,
    keys: Keys,
    is_quiet: bool,
    metrics: Arc<Metrics>,
    /// A permit for each request that is at work or waits.
    room: Arc<Semaphore>,
    size_of_room: u32,
    is_stopping: AtomicBool,
    openapi: OnceLock<String>,
}

impl App {
    pub(super) fn new(workers: NonZeroUsize, limits: Limits, keys: Keys, is_quiet: bool) -> Self {
        let workers_u32 = u32::try_from(workers.get()).unwrap_or(u32::MAX >> 4);
        let size_of_room = workers_u32 + u32::from(limits.queue);
        Self {
            pool: Pool::start(workers),
            room: Arc::new(Semaphore::new(size_of_room as usize)),
            size_of_room,
            metrics: Arc::default(),
            is_stopping: AtomicBool::new(false),
            openapi: OnceLock::new(),
            limits,
            keys,
            is_quiet,
        }
    }

    /// Lets no more requests in, and ends when the last one is done.
    pub(super) async fn drain(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        let _ = self.room.acquire_many(self.size_of_room).await;
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, Failure> {
        if self.is_stopping.load(Ordering::Relaxed) {
            return Err(Failure::stopping());
        }
        Arc::clone(&self.room).try_acquire_owned().map_err(|_| {
            self.metrics.shed();
            Failure::overloaded()
        })
    }

    /// Reads the request's pictures and lets the workers answer for each.
    async fn answer<T, F>(
        &self,
        request: Request,
        how: impl FnOnce(&mut Asked) -> Result<F, Failure>,
    ) -> Result<Json<Answer<T>>, Failure>
    where
        T: Send + 'static,
        F: Fn(&mut EmotionPipeline, &Frame<'_>) -> Result<T, Error> + Clone + Send + 'static,
    {
        let deadline = Deadline::now() + self.limits.timeout();
        // Held by the jobs: a picture of a request that has timed out may still be in a worker's hands.
        let admitted = Arc::new(self.admit()?);
        let asked = timeout_at(deadline, Asked::of(request, &self.limits)).await;
        let mut asked = asked.map_err(|_| Failure::slow_upload())??;
        let how = how(&mut asked)?;
        let options = asked.options()?;
        let most_pixels = self.limits.max_pixels.get();
        let Asked { pictures, is_list, .. } = asked;
        let answers = pictures.into_iter().map(|source| {
            let (admitted, metrics) = (Arc::clone(&admitted), Arc::clone(&self.metrics));
            let (options, how) = (options.clone(), how.clone());
            self.pool.submit(move |pipeline| {
                let (_admitted, _in_work) = (admitted, metrics.begin());
                pipeline.set_options(options)?;
                Ok::<_, Failure>(look(pipeline, source, most_pixels, how).map_err(Failure::from))
            })
        });
        let answers: Vec<_> = answers.collect();
        let mut pictures = Vec::with_capacity(answers.len());
        for answer in answers {
            let answer = timeout_at(deadline, answer).await.map_err(|_| Failure::slow_answer())?;
            pictures.push(answer.unwrap_or_else(|_| Ok(Err(Failure::crashed())))?);
        }
        if is_list {
            let pictures = pictures.into_iter().map(Outcome::from).collect();
            return Ok(Json(Answer::Many { pictures }));
        }
        let only = pictures.pop().unwrap_or_else(|| Err(Failure::no_picture()));
        Ok(Json(Answer::One(only?)))
    }
}

/// What a worker does with a picture.
fn look<T>(
    pipeline: &mut EmotionPipeline,
    source: Source,
    most_pixels: u64,
    how: impl Fn(&mut EmotionPipeline, &Frame<'_>) -> Result<T, Error>,
) -> Result<OfPicture<T>, Error> {
    let started = Instant::now();
    let picture = Picture::decode_within(&source.bytes()?, most_pixels)?;
    let frame = picture.frame();
    let found = how(pipeline, &frame)?;
    Ok(OfPicture {
        model: pipeline.model_id().to_owned(),
        width: frame.width(),
        height: frame.height(),
        milliseconds: (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        found,
    })
}

/// An answer over one picture, or over several in their order.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer<T> {
    One(OfPicture<T>),
    Many { pictures: Vec<Outcome<T>> },
}

#[derive(Serialize)]
struct OfPicture<T> {
    model: String,
    width: u32,
    height: u32,
    /// From the bytes to the answer, without the time in the queue.
    milliseconds: f64,
    #[serde(flatten)]
    found: T,
}

/// One of several pictures: a bad one does not keep the others from their answers.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome<T> {
    Read(OfPicture<T>),
    Failed { error: Failure },
}

impl<T> From<Result<OfPicture<T>, Failure>> for Outcome<T> {
    fn from(result: Result<OfPicture<T>, Failure>) -> Self {
        result.map_or_else(|error| Self::Failed { error }, Self::Read)
    }
}

#[derive(Serialize)]
struct Faces {
    faces: Vec<FaceEmotion>,
}

#[derive(Serialize)]
struct Explained {
    explanations: Vec<FaceExplanation>,
}

#[derive(Serialize)]
struct FaceExplanation {
    #[serde(rename = "box")]
    bounding_box: BoundingBox,
    roll: f32,
    chip: Vec<u8>,
    #[serde(flatten)]
    explanations: Explanations,
}

/// Reads the expressions of the faces in a picture.
///
/// One picture is answered with an object. Several, or one in `images`, are answered with a list in their order, where
/// one that cannot be read has an `error` and keeps the others from nothing.
#[utoipa::path(post, path = "/v1/analyze", tag = "pictures", responses(
    (status = 200, description = "The faces, the most confident first; none is an empty list", body = ref("#/components/schemas/Analyzed")),
))]
async fn analyze(State(app): State<Arc<App>>, request: Request) -> Result<impl IntoResponse, Failure> {
    let metrics = Arc::clone(&app.metrics);
    let find = move |pipeline: &mut EmotionPipeline, frame: &Frame<'_>| {
        let faces = pipeline.analyze_image(frame)?.to_vec();
        metrics.read(faces.len());
        Ok(Faces { faces })
    };
    app.answer(request, |_| Ok(find)).await
}

/// Explains the answers: which pixels of a face spoke for its answer and which against it.
///
/// With `box` (and `roll`), as an answer states them, that face is explained; without, each face that is found.
#[utoipa::path(post, path = "/v1/explain", tag = "pictures", responses(
    (status = 200, description = "An explanation for each face", body = ref("#/components/schemas/Explained")),
))]
async fn explain(State(app): State<Arc<App>>, request: Request) -> Result<impl IntoResponse, Failure> {
    let explain = |asked: &mut Asked| {
        let face = asked.take_face()?;
        Ok(move |pipeline: &mut EmotionPipeline, frame: &Frame<'_>| {
            let places = match face {
                Some(face) => vec![face],
                None => {
                    let faces = pipeline.analyze_image(frame)?.iter().map(|face| face.detection);
                    faces.map(|face| (face.bounding_box, face.roll)).collect()
                }
            };
            let explanations = places.into_iter().map(|(bounding_box, roll)| {
                let (chip, explanations) = pipeline.explain_face(frame, &bounding_box, roll)?;
                Ok(FaceExplanation { bounding_box, roll, chip: chip.grey().to_vec(), explanations })
            });
            Ok(Explained { explanations: explanations.collect::<Result<_, Error>>()? })
        })
    };
    app.answer(request, explain).await
}

/// Whether the server lives.
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, description = "It does", body = ref("#/components/schemas/State"))))]
async fn health() -> impl IntoResponse {
    Json(json!({ "status": "alive" }))
}

/// Whether to send requests here: not before the models are loaded, and not any more when the server is stopping.
#[utoipa::path(get, path = "/ready", tag = "server", responses((status = 200, description = "Ready", body = ref("#/components/schemas/State"))))]
async fn ready(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Failure> {
    if app.is_stopping.load(Ordering::Relaxed) {
        return Err(Failure::stopping());
    }
    if !app.pool.is_ready() {
        return Err(Failure::starting());
    }
    Ok(Json(json!({ "status": "ready" })))
}

/// Counts since the start, as text for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "server", responses((status = 200, content_type = "text/plain", body = String)))]
async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let open = app.size_of_room as usize - app.room.available_permits();
    let open = format!(
        "# HELP countenance_requests_open Requests at work or waiting, those that still arrive included.\n\
         # TYPE countenance_requests_open gauge\ncountenance_requests_open {open}\n"
    );
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.to_string() + &open)
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses((status = 200, content_type = "application/json", body = Object)))]
async fn description(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], app.openapi.get().cloned().unwrap_or_default())
}

/// All routes, with what every request goes through.
///
/// # Errors
/// When their description cannot be written.
pub(super) fn router(app: &Arc<App>, cors: Option<CorsLayer>) -> serde_json::Result<Router> {
    let locked = OpenApiRouter::new().routes(routes!(analyze)).routes(routes!(explain)).routes(routes!(metrics));
    let open = OpenApiRouter::new()
        .routes(routes!(health))
        .routes(routes!(ready))
        .routes(routes!(description))
        .routes(routes!(page::page));
    let locked = locked.route_layer(from_fn_with_state(Arc::clone(app), require_key));
    let (router, openapi) = locked.merge(open).split_for_parts();
    let _ = app.openapi.set(openapi::describe(openapi, &app.limits, !app.keys.are_none())?);
    let router = router
        .merge(page::parts())
        .fallback(async || Failure::not_found())
        .method_not_allowed_fallback(async || Failure::method_not_allowed());
    let router = if let Some(cors) = cors { router.layer(cors) } else { router };
    Ok(router.layer(from_fn_with_state(Arc::clone(app), observe)).with_state(Arc::clone(app)))
}

async fn require_key(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if app.keys.let_in(request.headers()) { next.run(request).await } else { Failure::unauthorized().into_response() }
}

/// Counts and logs a request: its method, path, status and time, nothing of its content.
async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "other".to_owned(), |route| route.as_str().to_owned());
    // Such a client sends its body only when it is asked to.
    let waits = request.headers().contains_key(EXPECT);
    let (request, rest) = Rest::of(request);
    let mut response = next.run(request).await;
    let (status, took) = (response.status(), started.elapsed());
    app.metrics.answered(&route, status.as_u16(), took);
    if !app.is_quiet {
        // Where nobody keeps the log, requests are answered all the same.
        let _ = writeln!(io::stderr(), "{method} {path} {} {} ms", status.as_u16(), took.as_millis());
    }
    if !status.is_success() && !waits {
        rest.discard(DISCARD).await;
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;
    use std::num::{NonZeroU16, NonZeroU64};
    use std::sync::mpsc;

    /// One worker and no queue.
    fn app(seconds: u16) -> Arc<App> {
        let limits = Limits {
            max_bytes: NonZeroUsize::MAX,
            max_pixels: NonZeroU64::MAX,
            max_pictures: NonZeroUsize::MIN,
            queue: 0,
            timeout: NonZeroU16::new(seconds).unwrap(),
            grace: 1,
        };
        Arc::new(App::new(NonZeroUsize::MIN, limits, Keys::new(vec![], None).unwrap(), true))
    }

    fn picture() -> Request {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/astronaut_quarter.png");
        Request::post("/v1/analyze").body(Body::from(std::fs::read(path).unwrap())).unwrap()
    }

    /// The status of an answer by the whole router.
    async fn status(app: &Arc<App>) -> StatusCode {
        let router = TowerToHyperService::new(router(app, None).unwrap());
        router.call(picture()).await.unwrap().status()
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_given_up_and_its_place_kept_until_the_worker_is_done() {
        let app = app(1);
        let (go, wait) = mpsc::channel::<()>();
        let answer = app.answer(picture(), |_| {
            let wait = Arc::new(std::sync::Mutex::new(wait));
            Ok(move |_: &mut EmotionPipeline, _: &Frame<'_>| {
                let _ = wait.lock().unwrap().recv();
                Ok(Faces { faces: vec![] })
            })
        });
        let Err(failure) = answer.await else { panic!("there was an answer") };
        assert_eq!(failure.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(app.room.available_permits(), 0);
        go.send(()).unwrap();
        drop(app.room.acquire().await);
    }

    #[tokio::test]
    async fn after_a_crash_the_next_picture_is_read() {
        let app = app(60);
        let crash = |_: &mut EmotionPipeline, _: &Frame<'_>| -> Result<Faces, Error> { panic!("a crash on purpose") };
        let Err(failure) = app.answer(picture(), |_| Ok(crash)).await else { panic!("there was an answer") };
        assert_eq!(failure.into_response().status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(status(&app).await, StatusCode::OK);
    }
}
