//! What goes wrong with a request: the library's errors and those of HTTP, as a status and `{ code, message }`.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use countenance::{Error, ErrorKind};
use serde::Serialize;

use crate::failure;

/// After so many seconds a request that was shed may be tried again.
const RETRY_SECONDS: u32 = 1;

/// An answer that is not the one asked for.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    #[serde(skip)]
    status: StatusCode,
    #[serde(flatten)]
    failure: failure::Failure,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, failure: failure::Failure::new(code, message) }
    }

    /// The request cannot be parsed.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid-request", message)
    }

    /// The request can be parsed, and has something else in the place of text, a picture or a list.
    pub(super) fn misplaced(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request", message)
    }

    /// The request contains no picture.
    pub(super) fn no_picture() -> Self {
        let message =
            "the request contains no picture: send its bytes, a form field \"image\", or JSON with \"image\" in base64";
        Error::new(ErrorKind::InvalidFrame, message).into()
    }

    /// The request is larger than the limits allow.
    pub(super) fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request-too-large", message)
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "send a key: \"Authorization: Bearer KEY\"")
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "this path does not exist; /openapi.json lists those that do")
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this method is not allowed here")
    }

    /// As many requests as may wait are waiting.
    pub(super) fn overloaded() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too many requests are waiting; try again")
    }

    pub(super) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server is stopping; ask another")
    }

    /// The client took too long to send the request.
    pub(super) fn slow_upload() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "timed-out", "the request did not arrive within the time limit")
    }

    /// The server took too long to answer.
    pub(super) fn slow_answer() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "timed-out", "there was no answer within the time limit; try again")
    }

    /// Reading the picture ended in a panic.
    pub(super) fn crashed() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "worker-crashed", "the worker crashed; a new one was started")
    }

    pub(super) fn starting() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "starting", "the models are being loaded")
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error.kind() {
            ErrorKind::ImageTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::OutOfMemory => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::InvalidFrame
            | ErrorKind::InvalidImage
            | ErrorKind::InvalidOptions
            | ErrorKind::InvalidBox
            | ErrorKind::InvalidTimestamp
            | ErrorKind::InvalidCalibration => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, failure: error.into() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self)).into_response();
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS.into());
            }
            StatusCode::UNAUTHORIZED => {
                response.headers_mut().insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}
