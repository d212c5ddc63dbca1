//! Finds faces in a frame.

/// A face's place: pixels of the frame, origin at its top left corner. May reach beyond the frame's border.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox {
    /// Left edge.
    pub x: f32,
    /// Top edge.
    pub y: f32,
    /// Width, above 0.
    pub width: f32,
    /// Height, above 0.
    pub height: f32,
}

/// Five points `[x, y]` in frame pixels: eye at the picture's left, eye at its right, nose, mouth corner at the left,
/// mouth corner at the right.
pub type Landmarks = [[f32; 2]; 5];

/// One face found by the detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceDetection {
    /// Where it is.
    pub bounding_box: BoundingBox,
    /// Its five points.
    pub landmarks: Landmarks,
    /// The detector's confidence, 0..1 (not a probability of an expression).
    pub confidence: f32,
}
