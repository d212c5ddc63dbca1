//! From the network's head maps to faces: prior decoding and non-maximum suppression.

use super::map::Map;
use super::network::{CELL_VALUES, STRIDES};
use crate::geometry::{BoundingBox, FaceDetection, covered_share, overlap};

/// Intersection over union above which the less confident of two boxes is the same face. The network's authors' .3 or
/// .45 find the same faces; the lower leaves fewer doubles.
pub(super) const SAME_FACE_OVERLAP: f32 = 0.3;

/// The share of a small box in a large face from which it is a part of that face. Another face before it, as a child's
/// before a parent's, is covered less.
const PART_OF_A_FACE: f32 = 0.6;

/// Appends the faces of one forward pass at or above a confidence, in input pixels.
pub(super) fn decode(heads: &[Map<CELL_VALUES>; 3], min_confidence: f32, faces: &mut Vec<FaceDetection>) {
    let least = least_score(min_confidence);
    for (head, stride) in heads.iter().zip(STRIDES) {
        for row in 0..head.height {
            let (cells, _) = head.row(row).as_chunks();
            for (column, cell) in cells.iter().enumerate() {
                // Nearly all cells end here, before two exponentials.
                if cell[0] < least || cell[1] < least {
                    continue;
                }
                faces.extend(decode_cell(cell, row as f32, column as f32, stride as f32, min_confidence));
            }
        }
    }
}

/// A score that is lower, before the sigmoid, the other one cannot make up for, as a sigmoid is at most 1. A little less
/// than that, for what is lost in rounding.
fn least_score(min_confidence: f32) -> f32 {
    let least = min_confidence * min_confidence;
    // From 16 on a sigmoid may round to 1.
    (least / (1.0 - least)).ln().min(16.0) - 0.01
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
    // NaN is not at or above anything.
    (confidence >= min_confidence).then(|| {
        let [width, height] = [width, height].map(|side| side.exp() * stride);
        let [x, y] = [(column + x) * stride - width / 2.0, (row + y) * stride - height / 2.0];
        let landmarks = std::array::from_fn(|point| {
            [(points[2 * point] + column) * stride, (points[2 * point + 1] + row) * stride]
        });
        FaceDetection { bounding_box: BoundingBox { x, y, width, height }, landmarks, confidence, roll: 0.0 }
    })
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// Sorts by falling confidence and keeps of every group of overlapping boxes the most confident.
#[inline(never)] // sorting is much code, and is wanted twice
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

/// Merges the faces of tiles into the `of_whole` first ones, those of a look at the whole frame. A tile may take a part
/// of a larger face than it can hold for a face: what lies mostly in a face of the whole frame whose longer side is above
/// `largest_face` is dropped.
pub(super) fn merge(faces: &mut Vec<FaceDetection>, of_whole: usize, largest_face: f32) {
    for index in (of_whole..faces.len()).rev() {
        let is_part = faces[..of_whole].iter().any(|FaceDetection { bounding_box, .. }| {
            bounding_box.width.max(bounding_box.height) > largest_face
                && covered_share(&faces[index].bounding_box, bounding_box) > PART_OF_A_FACE
        });
        if is_part {
            faces.swap_remove(index);
        }
    }
    suppress_overlaps(faces);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn logit(probability: f32) -> f32 {
        (probability / (1.0 - probability)).ln()
    }

    fn face(x: f32, y: f32, width: f32, height: f32, confidence: f32) -> FaceDetection {
        let bounding_box = BoundingBox { x, y, width, height };
        FaceDetection { bounding_box, landmarks: [[0.0; 2]; 5], confidence, roll: 0.0 }
    }

    #[test]
    fn a_cell_is_decoded_by_the_formula() {
        let mut cell =
            [logit(0.9), logit(0.4), 0.25, -0.5, 2.0_f32.ln(), 3.0_f32.ln(), 0., 1., 2., 3., 4., 5., 6., 7., 8., -9.];
        let face = decode_cell(&cell, 2.0, 5.0, 16.0, 0.59).unwrap();
        assert!((face.confidence - 0.6).abs() < 1e-6);
        // Centre (5.25, 1.5) cells, size 2 x 3 cells.
        let BoundingBox { x, y, width, height } = face.bounding_box;
        for (found, expected) in [x, y, width, height].into_iter().zip([68.0, 0.0, 32.0, 48.0]) {
            assert!((found - expected).abs() < 1e-4, "{:?}", face.bounding_box);
        }
        assert_eq!(face.landmarks, [[80., 48.], [112., 80.], [144., 112.], [176., 144.], [208., -112.]]);
        assert_eq!(decode_cell(&cell, 2.0, 5.0, 16.0, 0.61), None);
        cell[0] = f32::NAN;
        assert_eq!(decode_cell(&cell, 2.0, 5.0, 16.0, 0.0), None);
    }

    #[test]
    fn the_most_confident_of_a_group_is_kept() {
        // The second overlaps the first and the third; the first and the third do not overlap.
        let mut faces = vec![face(0., 0., 10., 10., 0.7), face(4., 0., 10., 10., 0.8), face(8., 0., 10., 10., 0.9)];
        suppress_overlaps(&mut faces);
        assert_eq!(faces, [face(8., 0., 10., 10., 0.9), face(0., 0., 10., 10., 0.7)]);
    }

    #[test]
    fn a_part_of_a_large_face_is_dropped_and_a_face_before_it_is_kept() {
        let large = face(100., 100., 200., 250., 0.7);
        let (part, before) = (face(150., 150., 60., 80., 0.9), face(260., 150., 80., 90., 0.8));
        let mut faces = vec![large, part, before];
        merge(&mut faces, 1, 240.0);
        assert_eq!(faces, [before, large]);
        // A face that a tile holds whole may hide nothing.
        let mut faces = vec![large, part, before];
        merge(&mut faces, 1, 260.0);
        assert_eq!(faces, [part, before, large]);
    }

    #[test]
    fn a_small_face_is_kept_as_the_look_that_was_surer_placed_it() {
        let (of_whole, of_tile) = (face(100., 100., 40., 50., 0.7), face(102., 101., 40., 50., 0.9));
        let mut faces = vec![of_whole, of_tile];
        merge(&mut faces, 1, 240.0);
        assert_eq!(faces, [of_tile]);
    }

    proptest! {
        #[test]
        fn no_face_is_passed_over(
            scores in prop::collection::vec((-20.0..20.0_f32, -20.0..20.0_f32), 8), min_confidence in 0.0..=1.0_f32,
        ) {
            let mut heads = [Map::default(), Map::default(), Map::default()];
            heads[0].reshape(8, 1);
            let mut expected = vec![];
            for (column, (cell, (class, object))) in
                heads[0].row_mut(0).as_chunks_mut::<CELL_VALUES>().0.iter_mut().zip(scores).enumerate()
            {
                [cell[0], cell[1]] = [class, object];
                expected.extend(decode_cell(cell, 0.0, column as f32, STRIDES[0] as f32, min_confidence));
            }
            let mut found = vec![];
            decode(&heads, min_confidence, &mut found);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn what_is_kept_is_apart_and_what_is_dropped_is_not(
            boxes in prop::collection::vec((0.0..50.0_f32, 0.0..50.0_f32, 1.0..30.0_f32, 1.0..30.0_f32, 0.0..1.0_f32), 0..40),
        ) {
            let all: Vec<_> = boxes.iter().map(|&(x, y, width, height, c)| face(x, y, width, height, c)).collect();
            let mut kept = all.clone();
            suppress_overlaps(&mut kept);
            prop_assert!(kept.is_sorted_by(|a, b| a.confidence >= b.confidence));
            let same = |a: &FaceDetection, b: &FaceDetection| overlap(&a.bounding_box, &b.bounding_box) > SAME_FACE_OVERLAP;
            for (index, face) in kept.iter().enumerate() {
                prop_assert!(all.contains(face) && kept[..index].iter().all(|other| !same(face, other)));
            }
            for face in &all {
                let covered = kept.iter().any(|other| same(face, other) && other.confidence >= face.confidence);
                prop_assert!(kept.contains(face) || covered);
            }
        }
    }
}
