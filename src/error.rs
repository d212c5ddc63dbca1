//! The one error type of the library.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// What went wrong, as a closed set that callers can match on.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The pixels do not fit the stated size, or the size is zero or too large.
    InvalidFrame,
    /// The bytes are not a picture that can be decoded: wrong format, truncated, or damaged.
    InvalidImage,
    /// The picture is larger than the limits allow.
    ImageTooLarge,
    /// An option is outside its range.
    InvalidOptions,
    /// A face's box has a number that is not finite or a side that is not above 0, or lies outside of the picture.
    InvalidBox,
    /// A timestamp is not finite, or runs backwards.
    InvalidTimestamp,
    /// The weights are damaged, of another version, or of another network.
    ModelLoad,
    /// The network gave an answer that is not a probability (NaN or infinite).
    Inference,
    /// A personal calibration cannot be learned from what was recorded, or its text is damaged or of another version.
    InvalidCalibration,
    /// There is not enough memory for a picture of this size.
    OutOfMemory,
}

impl ErrorKind {
    /// The kind as a stable kebab-case code, the same that JavaScript callers see.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidFrame => "invalid-frame",
            Self::InvalidImage => "invalid-image",
            Self::ImageTooLarge => "image-too-large",
            Self::InvalidOptions => "invalid-options",
            Self::InvalidBox => "invalid-box",
            Self::InvalidTimestamp => "invalid-timestamp",
            Self::ModelLoad => "model-load",
            Self::Inference => "inference",
            Self::InvalidCalibration => "invalid-calibration",
            Self::OutOfMemory => "out-of-memory",
        }
    }
}

/// An error with its kind and a message for people. Where another library caused it, that library's error is its
/// [`source`](StdError::source).
///
/// Two errors are equal when their kinds and messages are: causes cannot be compared, and the message names them.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind, with a message that people can be shown.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), cause: None }
    }

    /// The same error with what caused it.
    pub(crate) fn caused_by(self, cause: impl StdError + Send + Sync + 'static) -> Self {
        // JavaScript gets the message alone, so the module carries no code for causes.
        let cause =
            if cfg!(target_family = "wasm") { None } else { Some(Arc::new(cause) as Arc<dyn StdError + Send + Sync>) };
        Self { cause, ..self }
    }

    /// The kind, to match on.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The message, in plain words.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.message == other.message
    }
}

impl Eq for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_kept_and_not_compared() {
        let number = "x".parse::<f32>().unwrap_err();
        let plain = Error::new(ErrorKind::ModelLoad, "the temperature is not a number");
        let caused = plain.clone().caused_by(number.clone());
        assert!(plain.source().is_none());
        assert_eq!(caused.clone().source().unwrap().downcast_ref(), Some(&number));
        assert_eq!(caused, plain);
        assert_eq!(caused.to_string(), plain.to_string());
        assert_ne!(plain, Error::new(ErrorKind::Inference, plain.message()));
    }
}
