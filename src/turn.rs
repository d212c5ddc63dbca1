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

/// The most samples along each side of an output pixel: a face chip sees every pixel of a square of 1,536, and a larger
/// one takes no longer.
const MAX_SAMPLES: usize = 32;

/// A rectangle of a frame, turned around its centre.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnedArea {
    centre: [f32; 2],
    size: [f32; 2],
    degrees: f32,
    /// The rectangle's own axis to the right: cosine and sine.
    axis: [f64; 2],
}

impl TurnedArea {
    /// The rectangle of this size that has its top at the right when turned by 90 degrees.
    pub(crate) fn new(centre: [f32; 2], size: [f32; 2], degrees: f32) -> Self {
        let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
        Self { centre, size, degrees, axis: [cos, sin] }
    }

    /// The rectangle turned so that holds a whole frame.
    pub(crate) fn around_frame(frame: &Frame<'_>, degrees: f32) -> Self {
        let [width, height] = [frame.width() as f32, frame.height() as f32];
        let middle = Self::new([width / 2.0, height / 2.0], [width, height], degrees);
        let [cos, sin] = middle.axis.map(|part| part.abs() as f32);
        Self { size: [width * cos + height * sin, width * sin + height * cos], ..middle }
    }

    /// How far it is turned.
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
    pub(crate) fn to_frame(&self, [x, y]: [f32; 2], scaled: [usize; 2]) -> [f32; 2] {
        let [cos, sin] = self.axis.map(|part| part as f32);
        let [across, down] = self.scale(scaled);
        let [x, y] = [x * across - self.size[0] / 2.0, y * down - self.size[1] / 2.0];
        [self.centre[0] + x * cos - y * sin, self.centre[1] + x * sin + y * cos]
    }

    /// Reads row `y` of its pixels, scaled to `width` x `height`; beyond the frame the border pixels repeat. Each is the
    /// mean of as many samples as its sides are pixels of the frame long, so that nothing is passed over up to
    /// [`MAX_SAMPLES`], or one between four pixels where the sides are no longer than one.
    pub(crate) fn read_row(&self, frame: &Frame<'_>, [width, height]: [usize; 2], y: usize, row: &mut [Pixel]) {
        let [cos, sin] = self.axis;
        let steps = [f64::from(self.size[0]) / width as f64, f64::from(self.size[1]) / height as f64];
        // A hair's breadth over a whole number is no further sample.
        let samples = steps.map(|step| ((step - 1e-3).ceil() as usize).clamp(1, MAX_SAMPLES));
        let weight = 1.0 / (samples[0] * samples[1]) as f32;
        let offset = |index: usize, axis: usize, sample: usize| {
            let within = (sample as f64 + 0.5) / samples[axis] as f64;
            (index as f64 + within) * steps[axis] - f64::from(self.size[axis]) / 2.0
        };
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = Pixel::default();
            for down in (0..samples[1]).map(|sample| offset(y, 1, sample)) {
                for across in (0..samples[0]).map(|sample| offset(x, 0, sample)) {
                    let at = [
                        f64::from(self.centre[0]) + across * cos - down * sin - 0.5,
                        f64::from(self.centre[1]) + across * sin + down * cos - 0.5,
                    ];
                    if samples == [1, 1] {
                        add_between(frame, at, pixel)
                    } else {
                        add_nearest(frame, at, weight, pixel)
                    }
                }
            }
        }
    }
}

/// Adds a share of the pixel nearest to a point, `[0, 0]` being the middle of the first.
#[inline]
fn add_nearest(frame: &Frame<'_>, [x, y]: [f64; 2], weight: f32, sum: &mut Pixel) {
    // `as` saturates at 0.
    let [x, y] = [((x + 0.5) as u32).min(frame.width() - 1), ((y + 0.5) as u32).min(frame.height() - 1)];
    let pixel = frame.pixels().as_chunks::<4>().0[y as usize * frame.width() as usize + x as usize];
    for (sum, value) in sum.iter_mut().zip(pixel) {
        *sum += weight * f32::from(value);
    }
}

/// Adds the colour at a point between pixels, bilinearly.
#[inline]
fn add_between(frame: &Frame<'_>, at: [f64; 2], sum: &mut Pixel) {
    let borders = [frame.width() - 1, frame.height() - 1];
    let [x, y] = [at[0].clamp(0.0, f64::from(borders[0])), at[1].clamp(0.0, f64::from(borders[1]))];
    let [left, top] = [x as u32, y as u32];
    let (along, down) = ((x - f64::from(left)) as f32, (y - f64::from(top)) as f32);
    let pixels = frame.pixels().as_chunks::<4>().0;
    let row = |y: u32| y.min(borders[1]) as usize * frame.width() as usize;
    for (start, share) in [(row(top), 1.0 - down), (row(top + 1), down)] {
        for (x, share) in [(left, share * (1.0 - along)), ((left + 1).min(borders[0]), share * along)] {
            for (sum, &value) in sum.iter_mut().zip(&pixels[start + x as usize]) {
                *sum += share * f32::from(value);
            }
        }
    }
}

/// An angle as -180..180 degrees.
pub(crate) fn wrapped(degrees: f32) -> f32 {
    (degrees + 180.0).rem_euclid(360.0) - 180.0
}

/// The turn that best lays an upright face's five points on these, -180..180 degrees (least squares, any scale).
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

/// The upright box around a face whose own box, of this size, is turned: it touches the ellipse within.
pub(crate) fn box_around_turned(middle: [f32; 2], [width, height]: [f32; 2], degrees: f32) -> BoundingBox {
    let (sin, cos) = degrees.to_radians().sin_cos();
    around(middle, [(width * cos).hypot(height * sin), (width * sin).hypot(height * cos)])
}

/// The height, along itself, of a turned face in such a box: the box's diagonal is the face's own.
pub(crate) fn turned_height(bounding_box: &BoundingBox) -> f32 {
    bounding_box.width.hypot(bounding_box.height) / FACE_ASPECT.hypot(1.0)
}
