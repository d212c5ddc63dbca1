//! The one error type of the library.

use std::fmt;

/// What went wrong, as a closed set that callers can match on.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The pixels do not fit the stated size, or the size is zero or too large.
    InvalidFrame,
    /// The bytes are no picture that can be decoded: wrong format, truncated, or damaged.
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
    /// The network gave an answer that is no probability (NaN or infinite).
    Inference,
    /// A personal calibration cannot be learned from what was recorded, or its text is damaged or of another version.
    InvalidCalibration,
    /// There is no memory for a picture of this size.
    OutOfMemory,
}

impl ErrorKind {
    /// The kind as a stable kebab-case code, the one JavaScript callers see.
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

/// An error with its kind and a message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    /// An error of this kind; the message is shown to people as it is.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
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

impl std::error::Error for Error {}
