//! Finds faces in a frame.
//!
//! ```text
//! Frame -> scale down, pad to multiples of 32 -> network -> decode -> suppress overlaps -> faces, frame pixels
//! ```

mod decode;
mod map;
mod network;
mod pointwise;
#[cfg(test)]
mod reference;
mod stem;
mod unit;

use crate::error::{Error, ErrorKind};
use crate::frame::Frame;
use crate::resample::{Span, average_row};
use crate::weights::Weights;
use network::{INPUT_MULTIPLE, Network};
use stem::Input;

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

/// The longer side, in pixels as the network sees it, above which a face may fill more than the network can grasp.
const CLOSE_UP_SIDE: u32 = 480;

/// The longer side of a face, in the same pixels, from which the second look at half the size counts.
const CLOSE_UP_FACE: f32 = 400.0;

/// How to look for faces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectOptions {
    /// The frame is scaled down until its longer side is at most this, 160..=640 pixels; it is never scaled up. Cost
    /// grows with the square. Faces below a fortieth of it are hardly found.
    pub long_side: u32,
    /// The least confidence of a face that is reported, 0..=1.
    pub min_confidence: f32,
    /// Look a second time at half the size when the first look is at more than 480 pixels: the network misses or splits
    /// faces above some 570 pixels. Costs a quarter more.
    pub close_ups: bool,
}

impl DetectOptions {
    /// For a picture: everything is looked for, at 640 pixels.
    pub const fn picture() -> Self {
        Self { long_side: 640, min_confidence: 0.6, close_ups: true }
    }

    /// For live video: 320 pixels, a quarter of the cost, finds nine in ten faces from a tenth of the frame's side on.
    pub const fn live() -> Self {
        Self { long_side: 320, min_confidence: 0.6, close_ups: false }
    }

    fn check(&self) -> Result<(), Error> {
        let invalid = |message: String| Err(Error::new(ErrorKind::InvalidOptions, message));
        if !(160..=640).contains(&self.long_side) {
            return invalid(format!("the detector's long side is 160 to 640 pixels, not {}", self.long_side));
        }
        if !(0.0..=1.0).contains(&self.min_confidence) {
            return invalid(format!("the detector's least confidence is 0 to 1, not {}", self.min_confidence));
        }
        Ok(())
    }
}

/// Finds faces with YuNet-s, a network of 53,104 weights. Keeps its scratch memory from frame to frame.
#[derive(Debug)]
pub struct FaceDetector {
    network: Network,
    input: Input,
    columns: Vec<Span>,
    faces: Vec<FaceDetection>,
}

impl FaceDetector {
    /// A detector with the weights of `models/face-detect-1`.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`] when a tensor is missing or of another shape.
    pub fn new(weights: &Weights<'_>) -> Result<Self, Error> {
        Ok(Self { network: Network::load(weights)?, input: Input::default(), columns: vec![], faces: vec![] })
    }

    /// The faces of a frame, the most confident first; none is a normal answer. Allocates only when a frame is larger
    /// than those before.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] when an option is outside its range.
    pub fn detect(&mut self, frame: &Frame<'_>, options: &DetectOptions) -> Result<&[FaceDetection], Error> {
        options.check()?;
        self.faces.clear();
        self.look(frame, options.long_side, options.min_confidence);
        let scaled_side = options.long_side.min(frame.width().max(frame.height()));
        if options.close_ups && scaled_side > CLOSE_UP_SIDE {
            let first_look = self.faces.len();
            self.look(frame, scaled_side / 2, options.min_confidence);
            // Smaller faces are better placed by the first look.
            let shortest = CLOSE_UP_FACE * frame.width().max(frame.height()) as f32 / scaled_side as f32;
            let mut index = 0;
            self.faces.retain(|face| {
                index += 1;
                index <= first_look || face.bounding_box.width.max(face.bounding_box.height) > shortest
            });
        }
        decode::suppress_overlaps(&mut self.faces);
        Ok(&self.faces)
    }

    /// Appends the faces at one scale, overlapping ones too.
    fn look(&mut self, frame: &Frame<'_>, long_side: u32, min_confidence: f32) {
        let scale = (f64::from(long_side) / f64::from(frame.width().max(frame.height()))).min(1.0);
        let scaled = |side: u32| ((f64::from(side) * scale).round() as usize).max(1);
        let (width, height) = (scaled(frame.width()), scaled(frame.height()));
        self.fill_input(frame, width, height);
        let first = self.faces.len();
        decode::decode(self.network.forward(&self.input), min_confidence, &mut self.faces);

        let to_frame = [frame.width() as f32 / width as f32, frame.height() as f32 / height as f32];
        for face in &mut self.faces[first..] {
            face.bounding_box.x *= to_frame[0];
            face.bounding_box.y *= to_frame[1];
            face.bounding_box.width *= to_frame[0];
            face.bounding_box.height *= to_frame[1];
            for [x, y] in &mut face.landmarks {
                *x *= to_frame[0];
                *y *= to_frame[1];
            }
        }
    }

    /// Scales the frame to `width` x `height`, into the top left corner of the network's input.
    fn fill_input(&mut self, frame: &Frame<'_>, width: usize, height: usize) {
        let (frame_width, frame_height) = (frame.width() as usize, frame.height() as usize);
        self.columns.clear();
        self.columns.extend((0..width).map(|x| Span::new(x, width, 0.0, frame_width as f64, frame_width)));
        self.input.reshape(width, height, INPUT_MULTIPLE);
        for y in 0..height {
            let row = Span::new(y, height, 0.0, frame_height as f64, frame_height);
            average_row(frame, &row, &self.columns, self.input.picture_row_mut(y), |[red, green, blue, _]| {
                [red, green, blue].map(Input::value)
            });
        }
        self.input.brighten();
    }
}
