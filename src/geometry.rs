//! Where faces are: boxes and points in frame pixels, and how boxes relate to each other.

use crate::error::{Error, ErrorKind};

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

/// The largest coordinate or side of a box, in pixels: far beyond any frame, and small enough that positions stay exact
/// to a thousandth of a pixel.
const MAX_COORDINATE: f32 = 1e9;

impl BoundingBox {
    /// Refuses what is not a box: a number that is not finite or beyond [`MAX_COORDINATE`], a side that is not above 0.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let Self { x, y, width, height } = *self;
        // NaN fails every comparison.
        let is_box = [width, height].iter().all(|&side| side > 0.0 && side <= MAX_COORDINATE)
            && [x, y].iter().all(|&coordinate| coordinate.abs() <= MAX_COORDINATE);
        if is_box {
            return Ok(());
        }
        let message = format!("a box needs finite numbers and sides above 0, not {x}, {y}, {width} x {height}");
        Err(Error::new(ErrorKind::InvalidBox, message))
    }

    /// Refuses what is not a box, and a box that lies outside of a picture of this size.
    pub(crate) fn check_within(&self, picture_width: u32, picture_height: u32) -> Result<(), Error> {
        self.check()?;
        if self.touches(picture_width, picture_height) {
            return Ok(());
        }
        let Self { x, y, width, height } = *self;
        let message = format!(
            "the box {x}, {y}, {width} x {height} lies outside of the picture of {picture_width} x {picture_height}"
        );
        Err(Error::new(ErrorKind::InvalidBox, message))
    }

    /// Whether a part of the box lies in a picture of this size.
    pub(crate) fn touches(&self, picture_width: u32, picture_height: u32) -> bool {
        let Self { x, y, width, height } = *self;
        x < picture_width as f32 && y < picture_height as f32 && x + width > 0.0 && y + height > 0.0
    }
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
    /// How far it is turned in the picture's plane, in degrees, clockwise: -180..180, 0 for an upright face.
    pub roll: f32,
}

/// Intersection over union of two boxes, 0..1.
pub(crate) fn overlap(a: &BoundingBox, b: &BoundingBox) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    let intersection = width * height;
    intersection / (a.width * a.height + b.width * b.height - intersection)
}

/// The share of box `a` that lies in box `b`, 0..1.
pub(crate) fn covered_share(a: &BoundingBox, b: &BoundingBox) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    width.max(0.0) * height.max(0.0) / (a.width * a.height)
}

/// Distance-IoU of two boxes, -1..1: their overlap (intersection over union) less the squared distance of their
/// centres over the squared diagonal of the box around both. Unlike plain IoU it still distinguishes near from far
/// where boxes no longer overlap. Zheng et al., "Distance-IoU Loss", AAAI 2020, arXiv 1911.08287.
pub(crate) fn distance_iou(a: &BoundingBox, b: &BoundingBox) -> f32 {
    let span = |a0: f32, a1: f32, b0: f32, b1: f32| a1.max(b1) - a0.min(b0);
    let (ax, ay, bx, by) = (a.x + a.width, a.y + a.height, b.x + b.width, b.y + b.height);
    let distance = ((a.x + ax - b.x - bx) / 2.0).hypot((a.y + ay - b.y - by) / 2.0);
    let diagonal = span(a.x, ax, b.x, bx).hypot(span(a.y, ay, b.y, by));
    overlap(a, b) - (distance / diagonal).powi(2)
}

/// The middle of a box.
pub(crate) fn centre(area: &BoundingBox) -> [f32; 2] {
    [area.x + area.width / 2.0, area.y + area.height / 2.0]
}

/// The box of this width and height around a point.
pub(crate) fn around(centre: [f32; 2], [width, height]: [f32; 2]) -> BoundingBox {
    BoundingBox { x: centre[0] - width / 2.0, y: centre[1] - height / 2.0, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_intersection_over_union() {
        let overlap_of = |a: [f32; 4], b: [f32; 4]| {
            let [a, b] = [a, b].map(|[x, y, width, height]| BoundingBox { x, y, width, height });
            overlap(&a, &b)
        };
        assert_eq!(overlap_of([0., 0., 4., 4.], [0., 0., 4., 4.]), 1.0);
        assert_eq!(overlap_of([0., 0., 4., 4.], [2., 2., 4., 4.]), 4.0 / 28.0);
        assert_eq!(overlap_of([0., 0., 4., 4.], [4., 0., 4., 4.]), 0.0);
        assert_eq!(overlap_of([0., 0., 4., 4.], [1., 1., 2., 2.]), 0.25);
    }

    #[test]
    fn a_box_has_finite_numbers_and_sides_above_0() {
        let good = BoundingBox { x: -3.0, y: 1.0, width: 2.0, height: 0.5 };
        assert_eq!(good.check(), Ok(()));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2e9] {
            for bad_box in [
                BoundingBox { x: bad, ..good },
                BoundingBox { y: bad, ..good },
                BoundingBox { width: bad, ..good },
                BoundingBox { height: bad, ..good },
            ] {
                assert_eq!(bad_box.check().unwrap_err().kind(), ErrorKind::InvalidBox, "{bad_box:?}");
            }
        }
        for bad in [0.0, -1.0] {
            assert!(BoundingBox { width: bad, ..good }.check().is_err());
            assert!(BoundingBox { height: bad, ..good }.check().is_err());
        }
    }

    #[test]
    fn a_box_outside_of_the_picture_is_refused() {
        for (x, y, is_within) in [
            (0.0, 0.0, true),
            (-1.9, -2.9, true),
            (9.9, 7.9, true),
            (-2.0, 0.0, false),
            (0.0, -3.0, false),
            (10.0, 0.0, false),
            (0.0, 8.0, false),
        ] {
            let result = BoundingBox { x, y, width: 2.0, height: 3.0 }.check_within(10, 8);
            assert_eq!(result.is_ok(), is_within, "{x}, {y}");
        }
        let error = square(10.0, 0.0, 2.0).check_within(10, 8).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidBox);
        assert_eq!(error.message(), "the box 10, 0, 2 x 2 lies outside of the picture of 10 x 8");
    }

    fn square(x: f32, y: f32, side: f32) -> BoundingBox {
        BoundingBox { x, y, width: side, height: side }
    }

    #[test]
    fn distance_iou_by_hand() {
        let unit = square(0.0, 0.0, 1.0);
        assert_eq!(distance_iou(&unit, &unit), 1.0);
        // Side by side: no overlap, centres 1 apart, the box around both is 2 x 1.
        assert!((distance_iou(&unit, &square(1.0, 0.0, 1.0)) + 0.2).abs() < 1e-6);
        // Same centre, a quarter of the area.
        assert!((distance_iou(&unit, &square(0.25, 0.25, 0.5)) - 0.25).abs() < 1e-6);
        assert!(distance_iou(&unit, &square(9.0, 0.0, 1.0)) < distance_iou(&unit, &square(2.0, 0.0, 1.0)));
    }

    #[test]
    fn a_box_lies_around_its_centre() {
        let area = BoundingBox { x: 2.0, y: -3.0, width: 4.0, height: 8.0 };
        assert_eq!(centre(&area), [4.0, 1.0]);
        assert_eq!(around(centre(&area), [4.0, 8.0]), area);
    }
}
