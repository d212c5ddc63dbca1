//! What is known of a file: its faces or why there are none, as lines of JSON.

use countenance::FaceEmotion;
use serde::Serialize;

use crate::failure::Failure;

/// The answer to a picture, or to a frame of a video.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    /// The path as it was found. What is not Unicode in it is replaced by U+FFFD.
    pub(crate) file: String,
    /// When in a video.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<f64>,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    #[serde(rename_all = "camelCase")]
    Read {
        faces: Vec<FaceEmotion>,
        /// Whether there are more than were asked for.
        more_faces: bool,
    },
    Failed {
        error: Failure,
    },
}

impl Outcome {
    /// Of what was found where one face more than `most` was looked for.
    pub(crate) fn within(found: &[FaceEmotion], most: usize) -> Self {
        let faces = found.iter().take(most).cloned().collect();
        Self::Read { faces, more_faces: found.len() > most }
    }
}

impl<E: Into<Failure>> From<E> for Outcome {
    fn from(error: E) -> Self {
        Self::Failed { error: error.into() }
    }
}

impl Answer {
    /// The answer as a line of JSON.
    pub(crate) fn line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}
