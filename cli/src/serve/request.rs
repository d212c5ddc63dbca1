//! What a request asks: its pictures and its options, from a form, JSON or bare bytes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countenance::{BoundingBox, Error, ErrorKind, PersonalCalibration, PipelineOptions};
use multer::Multipart;
use serde_json::{Map, Value};

use super::Limits;
use super::errors::Failure;

/// A picture as it was sent.
pub(super) enum Source {
    Bytes(Bytes),
    Base64(String),
}

impl Source {
    /// The bytes of its file.
    pub(super) fn bytes(self) -> Result<Bytes, Error> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Base64(text) => {
                let is_url = text.starts_with("data:");
                let data = text.split_once(";base64,").filter(|_| is_url).map_or(text.as_str(), |(_, data)| data);
                let invalid =
                    |error| Error::new(ErrorKind::InvalidImage, format!("the picture is not base64: {error}"));
                Ok(STANDARD.decode(data).map_err(invalid)?.into())
            }
        }
    }
}

/// What a request asks.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) pictures: Vec<Source>,
    /// Whether a list is the answer, though there be one picture only.
    pub(super) is_list: bool,
    fields: Map<String, Value>,
}

impl Asked {
    /// Reads the request.
    pub(super) async fn of(request: Request, limits: &Limits) -> Result<Self, Failure> {
        let (head, body) = request.into_parts();
        if header(&head.headers, &CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(Failure::unsupported("send the body without a Content-Encoding"));
        }
        let mut asked = Self::default();
        for (name, text) in form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()) {
            asked.set(&name, of_text(&text))?;
        }
        let body = read(body, limits.max_bytes.get()).await?;
        let sent = header(&head.headers, &CONTENT_TYPE).unwrap_or_default();
        let kind = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => asked.take_form(sent, body).await?,
            "application/json" => asked.take_json(&body)?,
            _ if body.is_empty() => {}
            "" | "application/octet-stream" => asked.pictures.push(Source::Bytes(body)),
            image if image.starts_with("image/") => asked.pictures.push(Source::Bytes(body)),
            other => {
                return Err(Failure::unsupported(format!(
                    "send image/*, multipart/form-data or application/json, not {other}"
                )));
            }
        }
        match asked.pictures.len() {
            0 => Err(Failure::no_picture()),
            count if count > limits.max_pictures.get() => {
                let most = limits.max_pictures;
                Err(Failure::too_large(format!("{count} pictures are over the limit of {most} a request")))
            }
            count => {
                asked.is_list |= count > 1;
                Ok(asked)
            }
        }
    }

    async fn take_form(&mut self, content_type: &str, body: Bytes) -> Result<(), Failure> {
        let malformed = |error: multer::Error| Failure::malformed(format!("the form cannot be read: {error}"));
        let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
        let mut form = Multipart::new(Body::from(body).into_data_stream(), boundary);
        while let Some(field) = form.next_field().await.map_err(malformed)? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(malformed)?;
            match name.as_str() {
                "image" => self.pictures.push(Source::Bytes(bytes)),
                "images" => {
                    self.pictures.push(Source::Bytes(bytes));
                    self.is_list = true;
                }
                _ => {
                    let text = std::str::from_utf8(&bytes);
                    let text = text.map_err(|_| Failure::misplaced(format!("the field {name:?} is not UTF-8 text")))?;
                    self.set(&name, of_text(text))?;
                }
            }
        }
        Ok(())
    }

    fn take_json(&mut self, body: &[u8]) -> Result<(), Failure> {
        let value = serde_json::from_slice(body);
        let value = value.map_err(|error| Failure::malformed(format!("the JSON cannot be read: {error}")))?;
        let Value::Object(fields) = value else { return Err(Failure::misplaced("the JSON must be an object")) };
        let picture = |value| match value {
            Value::String(text) => Ok(Source::Base64(text)),
            _ => Err(Failure::misplaced("a picture must be a string of base64")),
        };
        for (name, value) in fields {
            match (name.as_str(), value) {
                ("image", value) => self.pictures.push(picture(value)?),
                ("images", Value::Array(values)) => {
                    for value in values {
                        self.pictures.push(picture(value)?);
                    }
                    self.is_list = true;
                }
                ("images", _) => return Err(Failure::misplaced("\"images\" must be a list")),
                (_, value) => self.set(&name, value)?,
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: Value) -> Result<(), Failure> {
        match self.fields.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(Failure::misplaced(format!("{name:?} is given twice"))),
        }
    }

    /// Takes out which face is meant: its box and its roll, as an answer states them.
    pub(super) fn take_face(&mut self) -> Result<Option<(BoundingBox, f32)>, Failure> {
        let invalid = |message: String| Failure::from(Error::new(ErrorKind::InvalidBox, message));
        let roll = self.fields.remove("roll");
        let Some(place) = self.fields.remove("box") else {
            return if roll.is_none() { Ok(None) } else { Err(invalid("roll needs a box".to_owned())) };
        };
        let place = serde_json::from_value(place).map_err(|error| invalid(format!("box: {error}")))?;
        let roll = roll.map_or(Ok(0.0), serde_json::from_value).map_err(|error| invalid(format!("roll: {error}")))?;
        Ok(Some((place, roll)))
    }

    /// The options: what is left of the fields.
    pub(super) fn options(&mut self) -> Result<PipelineOptions, Failure> {
        if let Some(Value::String(line)) = self.fields.get("calibration")
            && !line.is_empty()
        {
            // The format's error has no kind.
            line.parse::<PersonalCalibration>()?;
        }
        let options = serde_json::from_value(Value::Object(std::mem::take(&mut self.fields)));
        options.map_err(|error| Error::new(ErrorKind::InvalidOptions, error.to_string()).into())
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A text of a query or form as JSON would have it: a number, an object (a face's box), or else a string.
fn of_text(text: &str) -> Value {
    let value = serde_json::from_str(text).ok();
    value.filter(|value: &Value| value.is_number() || value.is_object()).unwrap_or_else(|| text.into())
}

/// The whole body. What its length says is too much is not read.
async fn read(mut body: Body, most: usize) -> Result<Bytes, Failure> {
    let too_large = || Failure::too_large(format!("the request is over the limit of {most} bytes"));
    let stated = body.size_hint().lower();
    if stated > most as u64 {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stated).unwrap_or_default());
    while let Some(frame) = next_frame(&mut body).await {
        let frame = frame.map_err(|error| Failure::malformed(format!("the body cannot be read: {error}")))?;
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

type Frame = http_body::Frame<Bytes>;

async fn next_frame(body: &mut Body) -> Option<Result<Frame, axum::Error>> {
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

/// The rest of a request's body. An answer that is sent before the body has been read closes the connection, and the
/// client, which is still sending, may never see it.
pub(super) struct Rest(Arc<Mutex<Body>>);

impl Rest {
    /// Keeps hold of a request's body.
    pub(super) fn of(request: Request) -> (Request, Self) {
        let (head, body) = request.into_parts();
        let body = Arc::new(Mutex::new(body));
        let shared = Body::new(Shared(Arc::clone(&body)));
        (Request::from_parts(head, shared), Self(body))
    }

    /// Reads on and keeps nothing, for at most this time.
    pub(super) async fn discard(self, most: Duration) {
        let mut shared = Body::new(Shared(self.0));
        let _ = tokio::time::timeout(most, async { while let Some(Ok(_)) = next_frame(&mut shared).await {} }).await;
    }
}

struct Shared(Arc<Mutex<Body>>);

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Poll::Ready(ready!(Pin::new(&mut *body).poll_frame(context)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
