//! From the network's head maps to faces: prior decoding and non-maximum suppression.

use super::map::Map;
use super::network::{CELL_VALUES, STRIDES};
use super::{BoundingBox, FaceDetection};

/// Intersection over union above which the less confident of two boxes is the same face. The network's authors' .3 or
/// .45 find the same faces; the lower leaves fewer doubles.
const SAME_FACE_OVERLAP: f32 = 0.3;

/// Appends the faces of one forward pass at or above a confidence, in input pixels.
pub(super) fn decode(heads: &[Map<CELL_VALUES>; 3], min_confidence: f32, faces: &mut Vec<FaceDetection>) {
    for (head, stride) in heads.iter().zip(STRIDES) {
        for row in 0..head.height {
            let (cells, _) = head.row(row).as_chunks();
            for (column, cell) in cells.iter().enumerate() {
                faces.extend(decode_cell(cell, row as f32, column as f32, stride as f32, min_confidence));
            }
        }
    }
}

/// The face that one cell answers for, if it is at or above the confidence.
fn decode_cell(
    cell: &[f32; CELL_VALUES],
    row: f32,
    column: f32,
    stride: f32,
    min_confidence: f32,
) -> Option<FaceDetection> {
    let [class, object, x, y, width, height, points @ ..] = cell;
    let confidence = (sigmoid(*class) * sigmoid(*object)).sqrt();
    if confidence < min_confidence {
        return None;
    }
    let [width, height] = [width, height].map(|side| side.exp() * stride);
    let [x, y] = [(column + x) * stride - width / 2.0, (row + y) * stride - height / 2.0];
    let landmarks =
        std::array::from_fn(|point| [(points[2 * point] + column) * stride, (points[2 * point + 1] + row) * stride]);
    Some(FaceDetection { bounding_box: BoundingBox { x, y, width, height }, landmarks, confidence })
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// Sorts by falling confidence and keeps of every group of overlapping boxes the most confident.
pub(super) fn suppress_overlaps(faces: &mut Vec<FaceDetection>) {
    faces.sort_unstable_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut kept = 0;
    for index in 0..faces.len() {
        let face = faces[index];
        if faces[..kept].iter().all(|other| overlap(&face.bounding_box, &other.bounding_box) <= SAME_FACE_OVERLAP) {
            faces[kept] = face;
            kept += 1;
        }
    }
    faces.truncate(kept);
}

/// Intersection over union of two boxes, 0..1.
fn overlap(a: &BoundingBox, b: &BoundingBox) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    let intersection = width * height;
    intersection / (a.width * a.height + b.width * b.height - intersection)
}
