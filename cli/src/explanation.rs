//! Why a face got its answer, as the program and the server state it.

use countenance::{BoundingBox, EmotionPipeline, Error, Explanations, Frame};
use serde::Serialize;

/// A face's explanation, with the keys of the JavaScript API.
#[derive(Serialize)]
pub(crate) struct FaceExplanation {
    #[serde(rename = "box")]
    pub(crate) bounding_box: BoundingBox,
    pub(crate) roll: f32,
    /// What the network saw: 48 x 48 grey bytes.
    pub(crate) chip: Vec<u8>,
    #[serde(flatten)]
    pub(crate) explanations: Explanations,
}

impl FaceExplanation {
    /// Of the face in this box, turned by this roll.
    pub(crate) fn of(
        pipeline: &mut EmotionPipeline,
        frame: &Frame<'_>,
        bounding_box: BoundingBox,
        roll: f32,
    ) -> Result<Self, Error> {
        let (chip, explanations) = pipeline.explain_face(frame, &bounding_box, roll)?;
        Ok(Self { bounding_box, roll, chip: chip.grey().to_vec(), explanations })
    }
}
