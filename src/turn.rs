//! Turning in the picture's plane: points, boxes, and the pixels of a rectangle that lies askew.
//!
//! Angles are degrees, clockwise as one looks at the picture.

use crate::frame::Frame;
use crate::geometry::{BoundingBox, Landmarks, around};
use crate::resample::Pixel;

/// A face's usual width, as a share of its height: the mean of the detector's boxes on upright faces.
const FACE_ASPECT: f32 = 0.78;

/// The five points of an upright face around their mean, as in the training images (see `crop.rs`).
const UPRIGHT: Landmarks = [[-9.0, -9.8], [9.1, -9.8], [-0.7, 0.7], [-7.2, 9.4], [7.6, 9.5]];

/// The most samples along each side of an output pixel.
const MAX_SAMPLES: usize = 4;

/// A rectangle of a frame, turned around its centre.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnedArea {
    centre: [f32; 2],
    size: [f32; 2],
    degrees: f32,
    /// The rectangle's own axis to the right: cosine and sine.
    axis: [f32; 2],
}

impl TurnedArea {
    /// The rectangle of this size that has its top at the right when turned by 90 degrees.
    pub(crate) fn new(centre: [f32; 2], size: [f32; 2], degrees: f32) -> Self {
        Self { centre, size, degrees, axis: cos_sin(degrees) }
    }

    /// The rectangle turned so that holds a whole frame.
    pub(crate) fn around_frame(frame: &Frame<'_>, degrees: f32) -> Self {
        let [width, height] = [frame.width() as f32, frame.height() as f32];
        let middle = Self::new([width / 2.0, height / 2.0], [width, height], degrees);
        let [cos, sin] = middle.axis.map(f32::abs);
        Self { size: [width * cos + height * sin, width * sin + height * cos], ..middle }
    }

    /// How far it is turned, in degrees.
    pub(crate) fn degrees(&self) -> f32 {
        self.degrees
    }

    /// Its size where its longer side is scaled to `long_side`, or as it is where it is smaller.
    pub(crate) fn scaled_to(&self, long_side: u32) -> [usize; 2] {
        let scale = (long_side as f32 / self.size[0].max(self.size[1])).min(1.0);
        self.size.map(|side| ((side * scale).round() as usize).max(1))
    }

    /// How many of the frame's pixels are as wide and as high as one of its own, where it is scaled to this size.
    pub(crate) fn scale(&self, [width, height]: [usize; 2]) -> [f32; 2] {
        [self.size[0] / width as f32, self.size[1] / height as f32]
    }

    /// The frame's point under one of its own, which count from its top left corner, where it is scaled to this size.
    #[inline(never)]
    pub(crate) fn to_frame(self, [x, y]: [f32; 2], scaled: [usize; 2]) -> [f32; 2] {
        let [cos, sin] = self.axis;
        let [across, down] = self.scale(scaled);
        let [x, y] = [x * across - self.size[0] / 2.0, y * down - self.size[1] / 2.0];
        [self.centre[0] + x * cos - y * sin, self.centre[1] + x * sin + y * cos]
    }

    /// Reads row `y` of its pixels, scaled to `width` x `height`; beyond the frame the border pixels repeat. Each is the
    /// mean over its own footprint, which is never narrower than one pixel of the frame (as in `resample.rs`), by 4 to 16
    /// samples.
    pub(crate) fn read_row(&self, frame: &Frame<'_>, [width, height]: [usize; 2], y: usize, row: &mut [Pixel]) {
        let [cos, sin] = self.axis;
        let [across, down] = self.scale([width, height]);
        let step = across.max(down);
        let samples = if step < 1.0 { MAX_SAMPLES } else { (step as usize + 1).min(MAX_SAMPLES) };
        let weight = 1.0 / (samples * samples) as f32;
        let within = |sample: usize| ((sample as f32 + 0.5) / samples as f32 - 0.5) * step.max(1.0);
        let top = (y as f32 + 0.5) * down - self.size[1] / 2.0;
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = Pixel::default();
            let left = (x as f32 + 0.5) * across - self.size[0] / 2.0;
            for y in (0..samples).map(|sample| top + within(sample)) {
                for x in (0..samples).map(|sample| left + within(sample)) {
                    let [x, y] = [self.centre[0] + x * cos - y * sin, self.centre[1] + x * sin + y * cos];
                    // `as` saturates at 0.
                    let [x, y] = [(x as u32).min(frame.width() - 1), (y as u32).min(frame.height() - 1)];
                    let nearest = frame.pixels().as_chunks::<4>().0[y as usize * frame.width() as usize + x as usize];
                    for (sum, value) in pixel.iter_mut().zip(nearest) {
                        *sum += weight * f32::from(value);
                    }
                }
            }
        }
    }

    /// The upright box around a face whose own box, of this size, is turned like this: it touches the ellipse within.
    pub(crate) fn box_around(&self, middle: [f32; 2], [width, height]: [f32; 2]) -> BoundingBox {
        let [cos, sin] = self.axis;
        around(middle, [length(width * cos, height * sin), length(width * sin, height * cos)])
    }
}

/// Cosine and sine, exact at multiples of 90 degrees. The standard library's would take 5 kB of the module.
fn cos_sin(degrees: f32) -> [f32; 2] {
    let quarters = (degrees / 90.0).round();
    let angle = (degrees - 90.0 * quarters).to_radians();
    let square = angle * angle;
    // Taylor's series up to 45 degrees: to 4e-7.
    let cos = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0)));
    let sin = angle * (1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0)));
    match (quarters as i32).rem_euclid(4) {
        0 => [cos, sin],
        1 => [-sin, cos],
        2 => [-cos, -sin],
        _ => [sin, -cos],
    }
}

/// An angle as -180..180 degrees.
pub(crate) fn wrapped(degrees: f32) -> f32 {
    degrees - 360.0 * ((degrees + 180.0) / 360.0).floor()
}

fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// A point of a face turned by `roll` degrees around `middle`, where it lies when the face is turned upright.
#[inline(never)]
pub(crate) fn upright([x, y]: [f32; 2], middle: [f32; 2], roll: f32) -> [f32; 2] {
    let [cos, sin] = cos_sin(roll);
    let [x, y] = [x - middle[0], y - middle[1]];
    [middle[0] + x * cos + y * sin, middle[1] + y * cos - x * sin]
}

/// The turn that best lays an upright face's five points on these, -180..180 degrees (least squares, any scale).
#[inline(never)]
pub(crate) fn roll_of(landmarks: &Landmarks) -> f32 {
    let mean = [0, 1].map(|axis| landmarks.iter().map(|point| point[axis]).sum::<f32>() / 5.0);
    let (mut sin, mut cos) = (0.0, 0.0);
    for ([x, y], [upright_x, upright_y]) in landmarks.iter().zip(UPRIGHT) {
        let [x, y] = [x - mean[0], y - mean[1]];
        sin += upright_x * y - upright_y * x;
        cos += upright_x * x + upright_y * y;
    }
    sin.atan2(cos).to_degrees()
}

/// The height, along itself, of a face turned by so many degrees in such a box ([`TurnedArea::box_around`] backwards). At
/// the odd multiples of 45 degrees every face has a square box: there the height is that of the usual face with such a
/// diagonal, and near them it is between the two.
#[inline(never)]
pub(crate) fn turned_height(bounding_box: &BoundingBox, degrees: f32) -> f32 {
    let [across, down] = [bounding_box.width, bounding_box.height].map(|side| side * side);
    // Of the squares of the face's own sides: the sum is that of the box's, and the difference is scaled by `cos`.
    let [cos, sin] = cos_sin(2.0 * degrees);
    let usual = (1.0 - FACE_ASPECT * FACE_ASPECT) / (1.0 + FACE_ASPECT * FACE_ASPECT) * (across + down);
    let difference = cos * (down - across) + sin * sin * usual;
    ((across + down + difference) / 2.0).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cosine_and_sine_are_those_of_the_standard_library(degrees in -720.0..720.0_f32) {
            let [cos, sin] = cos_sin(degrees);
            let (expected_sin, expected_cos) = f64::from(degrees).to_radians().sin_cos();
            prop_assert!((f64::from(cos) - expected_cos).abs() < 1e-5, "{cos} is not {expected_cos}");
            prop_assert!((f64::from(sin) - expected_sin).abs() < 1e-5, "{sin} is not {expected_sin}");
        }

        #[test]
        fn a_turned_face_has_its_roll(degrees in -179.0..179.0_f32, scale in 0.1..9.0_f32) {
            let [cos, sin] = cos_sin(degrees);
            let points = UPRIGHT.map(|[x, y]| [7.0 + scale * (x * cos - y * sin), scale * (x * sin + y * cos)]);
            prop_assert!(wrapped(roll_of(&points) - degrees).abs() < 0.1, "{} is not {degrees}", roll_of(&points));
        }

        #[test]
        fn a_plain_frame_is_plain_in_every_area(
            degrees in -360.0..360.0_f32, x in -50.0..90.0_f32, width in 0.1..300.0_f32, height in 0.1..300.0_f32,
        ) {
            let pixels = [90, 120, 150, 255].repeat(40 * 30);
            let frame = Frame::from_rgba(&pixels, 40, 30).unwrap();
            let mut row = [Pixel::default(); 5];
            TurnedArea::new([x, 9.0], [width, height], degrees).read_row(&frame, [5, 4], 3, &mut row);
            for (value, expected) in row.as_flattened().iter().zip([90.0, 120.0, 150.0, 255.0].iter().cycle()) {
                prop_assert!((value - expected).abs() < 1e-2, "{value} is not {expected}");
            }
        }
    }

    #[test]
    fn quarter_turns_only_move_pixels() {
        let pixels: Vec<u8> = (0..3 * 2).flat_map(|value| [10 * value, 0, 0, 255]).collect();
        let frame = Frame::from_rgba(&pixels, 3, 2).unwrap();
        // 0 1 2
        // 3 4 5
        for (degrees, expected) in [
            (0.0, &[[0, 1, 2], [3, 4, 5]].concat()),
            (180.0, &[[5, 4, 3], [2, 1, 0]].concat()),
            (90.0, &[[2, 5], [1, 4], [0, 3]].concat()),
            (-90.0, &[[3, 0], [4, 1], [5, 2]].concat()),
        ] {
            let area = TurnedArea::around_frame(&frame, degrees);
            let size = area.scaled_to(640);
            let mut found = vec![];
            for y in 0..size[1] {
                let mut row = vec![Pixel::default(); size[0]];
                area.read_row(&frame, size, y, &mut row);
                found.extend(row.iter().map(|pixel| (pixel[0] / 10.0) as i32));
            }
            assert_eq!(&found, expected, "{degrees}");
        }
    }

    #[test]
    fn a_large_area_is_averaged() {
        let pixels: Vec<u8> = (0..400 * 400).flat_map(|index| [(index % 2 * 200) as u8, 0, 0, 255]).collect();
        let frame = Frame::from_rgba(&pixels, 400, 400).unwrap();
        let mut row = [Pixel::default(); 10];
        TurnedArea::new([200.0, 200.0], [200.0; 2], 30.0).read_row(&frame, [10; 2], 4, &mut row);
        assert!(row.iter().all(|pixel| (pixel[0] - 100.0).abs() < 60.0), "{row:?}");
    }

    #[test]
    fn the_box_around_a_turned_face_keeps_its_height() {
        for degrees in [0.0, 30.0, 45.0, 90.0, 200.0] {
            let area = TurnedArea::new([0.0; 2], [1.0; 2], degrees);
            let bounding_box = area.box_around([50.0, 60.0], [78.0, 100.0]);
            let height = turned_height(&bounding_box, degrees);
            assert!((height - 100.0).abs() < 0.1, "{degrees}: {bounding_box:?}");
        }
        // Any face's at the quarters, and nearly so at 30 degrees.
        for (degrees, tolerance) in [(0.0, 0.1), (90.0, 0.1), (180.0, 0.1), (-90.0, 0.1), (30.0, 7.0), (-60.0, 7.0)] {
            let area = TurnedArea::new([0.0; 2], [1.0; 2], degrees);
            let bounding_box = area.box_around([50.0, 60.0], [95.0, 100.0]);
            let height = turned_height(&bounding_box, degrees);
            assert!((height - 100.0).abs() < tolerance, "{degrees}: {height}");
        }
        let sideways = TurnedArea::new([0.0; 2], [1.0; 2], 90.0).box_around([50.0, 60.0], [78.0, 100.0]);
        assert_eq!(sideways, BoundingBox { x: 0.0, y: 21.0, width: 100.0, height: 78.0 });
    }
}
