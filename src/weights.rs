//! The weights that are compiled in, and the container they are stored in.

mod format;
mod half;
mod precision;
mod quantise;
mod read;
#[cfg(test)]
mod sample;
mod write;

pub use format::{BLOCK, DType};
pub use precision::Precision;
pub use read::{Tensor, Weights};
pub use write::WeightsWriter;

use crate::error::Error;

static EMOTION_MODEL: &[u8] = include_bytes!(env!("COUNTENANCE_EMOTION_WEIGHTS"));
static DETECTOR_MODEL: &[u8] = include_bytes!(env!("COUNTENANCE_DETECTOR_WEIGHTS"));

/// SHA-256 of the compiled-in emotion weights, lower-case hexadecimal: that of `models/<id>/weights.cnw`.
pub const EMOTION_MODEL_SHA256: &str = env!("COUNTENANCE_EMOTION_SHA256");

/// SHA-256 of the compiled-in detector weights, lower-case hexadecimal: that of `models/<id>/weights.cnw`.
pub const DETECTOR_MODEL_SHA256: &str = env!("COUNTENANCE_DETECTOR_SHA256");

/// The compiled-in emotion weights.
///
/// # Errors
/// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when the compiled-in file is not a valid container.
pub fn emotion_model() -> Result<Weights<'static>, Error> {
    Weights::parse(EMOTION_MODEL)
}

/// The compiled-in face-detector weights.
///
/// # Errors
/// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when the compiled-in file is not a valid container.
pub fn detector_model() -> Result<Weights<'static>, Error> {
    Weights::parse(DETECTOR_MODEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compiled_in_models_are_sound() {
        for (weights, sha256) in [(emotion_model(), EMOTION_MODEL_SHA256), (detector_model(), DETECTOR_MODEL_SHA256)] {
            assert!(!weights.unwrap().tensors().is_empty());
            assert!(sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}
