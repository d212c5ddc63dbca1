//! Finds faces in a frame.
//!
//! ```text
//! Frame -> scale down, pad to multiples of 32 -> network -> decode -> suppress overlaps -> faces, frame pixels
//! ```
//!
//! [`turned`] looks for faces that are not upright.

mod faces;
mod input;
mod map;
mod network;
mod pointwise;
#[cfg(test)]
mod reference;
mod stem;
mod tiles;
mod turned;
mod unit;

pub(crate) use turned::{REGION_SIZE, Settle, TURNED, TURNS};

use crate::error::Error;
use crate::frame::Frame;
use crate::geometry::{BoundingBox, FaceDetection};
use crate::range::{SEARCH_SIDE, SHARE};
use crate::resample::{Pixel, Span, average_row};
use crate::simd::dispatch;
use crate::weights::Weights;
use input::Input;
use network::{INPUT_MULTIPLE, Network};
use std::fmt;
use tiles::Tiles;

/// The longest side at which a frame is looked at as a whole, in pixels as the network sees it.
pub(crate) const WHOLE_SIDE: u32 = 640;

/// The longer side, in pixels as the network sees it, above which a face may fill more than the network can grasp.
const CLOSE_UP_SIDE: u32 = 480;

/// The longer side of a face, in the same pixels, from which the second look at half the size counts.
const CLOSE_UP_FACE: f32 = 400.0;

/// How to look for faces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectOptions {
    /// The frame is scaled down until its longer side is at most this, 160..=4096 pixels; it is never scaled up. Time
    /// grows with the square. Faces of fewer than 24 pixels of the scaled frame are rarely found. Above 640 pixels the
    /// frame is searched at 640, and then tile by tile: memory stays below 40 MB.
    pub long_side: u32,
    /// The lowest confidence of a face that is reported, 0..=1.
    pub min_confidence: f32,
    /// Look a second time at half the size when the first look is at more than 480 pixels: the network misses or splits
    /// faces above some 570 pixels. Costs a quarter more.
    pub close_ups: bool,
}

impl DetectOptions {
    /// For a picture: the most thorough search, at 640 pixels.
    pub const fn picture() -> Self {
        Self { long_side: 640, min_confidence: 0.6, close_ups: true }
    }

    /// For live video: 320 pixels, a quarter of the cost, finds nine in ten faces from a tenth of the frame's side on.
    pub const fn live() -> Self {
        Self { long_side: 320, min_confidence: 0.6, close_ups: false }
    }

    /// For a picture, so large that faces 48 pixels wide are found, which is all that the expression network needs: at
    /// half the frame's size where that is more than 640 pixels. A frame of more than 24 megapixels is searched as if it
    /// were scaled down to them.
    pub fn picture_of(frame: &Frame<'_>) -> Self {
        Self { long_side: tiles::long_side_for(frame.width(), frame.height()).max(WHOLE_SIDE), ..Self::picture() }
    }

    fn check(&self) -> Result<(), Error> {
        SEARCH_SIDE.check("long side", self.long_side)?;
        SHARE.check("minimum confidence", self.min_confidence)
    }
}

/// Whole pixels of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

impl Part {
    fn whole(frame: &Frame<'_>) -> Self {
        Self { left: 0, top: 0, width: frame.width(), height: frame.height() }
    }

    /// The pixels that a region touches, if there are any.
    fn touched(frame: &Frame<'_>, region: &BoundingBox) -> Option<Self> {
        // `as` saturates, so what lies beyond the frame ends at its border.
        let [left, top] = [region.x.floor() as u32, region.y.floor() as u32];
        let right = ((region.x + region.width).ceil() as u32).min(frame.width());
        let bottom = ((region.y + region.height).ceil() as u32).min(frame.height());
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        (width > 0 && height > 0).then_some(Self { left, top, width, height })
    }

    fn long_side(&self) -> u32 {
        self.width.max(self.height)
    }
}

/// Finds faces with YuNet-s, a network of 53,104 weights. Keeps its scratch memory from frame to frame.
pub struct FaceDetector {
    network: Network,
    input: Input,
    columns: Vec<Span>,
    row: Vec<Pixel>,
    faces: Vec<FaceDetection>,
}

impl FaceDetector {
    /// A detector with the weights of `models/face-detect-1`.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a tensor is missing or of another shape.
    pub fn new(weights: &Weights<'_>) -> Result<Self, Error> {
        let (network, input) = (Network::load(weights)?, Input::default());
        Ok(Self { network, input, columns: vec![], row: vec![], faces: vec![] })
    }

    /// The faces of a frame, the most confident first, or an empty slice. Allocates only when a frame is larger than
    /// those before.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`](crate::ErrorKind::InvalidOptions) when an option is outside its range.
    pub fn detect(&mut self, frame: &Frame<'_>, options: &DetectOptions) -> Result<&[FaceDetection], Error> {
        self.detect_in(frame, Some(Part::whole(frame)), options)
    }

    /// As [`detect`](Self::detect), but looks only at the pixels that a region of the frame touches, as if they were the
    /// frame. Boxes are still in pixels of the whole frame; a region outside of it has no faces.
    ///
    /// # Errors
    /// As [`detect`](Self::detect), and [`ErrorKind::InvalidBox`](crate::ErrorKind::InvalidBox) when the region has a
    /// number that is not finite or a side that is not above 0.
    pub fn detect_in_region(
        &mut self,
        frame: &Frame<'_>,
        region: &BoundingBox,
        options: &DetectOptions,
    ) -> Result<&[FaceDetection], Error> {
        region.check()?;
        self.detect_in(frame, Part::touched(frame, region), options)
    }

    fn detect_in(
        &mut self,
        frame: &Frame<'_>,
        part: Option<Part>,
        options: &DetectOptions,
    ) -> Result<&[FaceDetection], Error> {
        options.check()?;
        self.faces.clear();
        let Some(part) = part else { return Ok(&self.faces) };
        let whole_side = options.long_side.min(WHOLE_SIDE);
        self.look(frame, &part, whole_side, options.min_confidence);
        let scaled_side = whole_side.min(part.long_side());
        if options.close_ups && scaled_side > CLOSE_UP_SIDE {
            let first_look = self.faces.len();
            self.look(frame, &part, scaled_side / 2, options.min_confidence);
            // The first look places smaller faces better.
            let shortest = CLOSE_UP_FACE * part.long_side() as f32 / scaled_side as f32;
            let mut index = 0;
            self.faces.retain(|face| {
                index += 1;
                index <= first_look || face.bounding_box.width.max(face.bounding_box.height) > shortest
            });
        }
        // The network sees padding around the frame: a box that lies wholly in it is not a face.
        self.faces.retain(|face| face.bounding_box.touches(frame.width(), frame.height()));
        faces::suppress_overlaps(&mut self.faces);
        let long_side = options.long_side.min(part.long_side());
        if long_side > scaled_side {
            self.look_in_tiles(frame, &Tiles::new(part, long_side, scaled_side), options.min_confidence);
        }
        Ok(&self.faces)
    }

    /// Adds the faces that only tiles show.
    fn look_in_tiles(&mut self, frame: &Frame<'_>, tiles: &Tiles, min_confidence: f32) {
        let of_whole = self.faces.len();
        for tile in tiles.iter() {
            let before = self.faces.len();
            self.look(frame, &tile.part, tile.long_side, tiles::least_confidence(min_confidence));
            let mut index = 0;
            self.faces.retain(|face| {
                index += 1;
                index <= before || tile.owns(&face.bounding_box)
            });
        }
        faces::merge(&mut self.faces, of_whole, tiles.largest_face);
    }

    /// Appends the faces at one scale, overlapping ones too.
    #[inline(never)]
    fn look(&mut self, frame: &Frame<'_>, part: &Part, long_side: u32, min_confidence: f32) {
        let scale = (f64::from(long_side) / f64::from(part.long_side())).min(1.0);
        let scaled = |side: u32| ((f64::from(side) * scale).round() as usize).max(1);
        let (width, height) = (scaled(part.width), scaled(part.height));
        self.fill_input(frame, part, width, height);
        let first = self.faces.len();
        self.find(min_confidence);

        let [left, top] = [part.left as f32, part.top as f32];
        let to_frame = [part.width as f32 / width as f32, part.height as f32 / height as f32];
        for face in &mut self.faces[first..] {
            face.bounding_box.x = face.bounding_box.x * to_frame[0] + left;
            face.bounding_box.y = face.bounding_box.y * to_frame[1] + top;
            face.bounding_box.width *= to_frame[0];
            face.bounding_box.height *= to_frame[1];
            for [x, y] in &mut face.landmarks {
                *x = *x * to_frame[0] + left;
                *y = *y * to_frame[1] + top;
            }
        }
    }

    /// Scales a part of the frame to `width` x `height`, into the top left corner of the network's input.
    fn fill_input(&mut self, frame: &Frame<'_>, part: &Part, width: usize, height: usize) {
        let spans = |count: usize, start: u32, extent: u32, length: u32| {
            let (start, extent) = (f64::from(start), f64::from(extent));
            (0..count).map(move |index| Span::new(index, count, start, extent, length as usize))
        };
        self.columns.clear();
        self.columns.extend(spans(width, part.left, part.width, frame.width()));
        self.row.resize(width, Pixel::default());
        self.input.reshape(width, height, INPUT_MULTIPLE);
        for (y, row) in spans(height, part.top, part.height, frame.height()).enumerate() {
            average_row(frame, &row, &self.columns, &mut self.row);
            self.write_row(y);
        }
    }

    // Two callers each: kept apart, so that their kernels are in the module once.
    #[inline(never)]
    fn write_row(&mut self, y: usize) {
        dispatch!(self.network.level(), simd => self.input.write_row(simd, y, &self.row));
    }

    /// Appends the faces of the picture written to the input, in its pixels.
    #[inline(never)]
    fn find(&mut self, min_confidence: f32) {
        self.input.brighten();
        faces::decode(self.network.forward(&self.input), min_confidence, &mut self.faces);
    }
}

impl fmt::Debug for FaceDetector {
    /// Without weights and scratch memory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaceDetector").field("faces", &self.faces).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_touches_the_pixels_it_overlaps() {
        let frame = Frame::from_rgba(&[0; 5 * 4 * 4], 5, 4).unwrap();
        let touched = |x, y, width, height| Part::touched(&frame, &BoundingBox { x, y, width, height });
        let part = |left, top, width, height| Some(Part { left, top, width, height });
        assert_eq!(touched(2.5, 1.5, 1.4, 1.4), part(2, 1, 2, 2));
        assert_eq!(touched(-9.0, -9.0, 10.0, 99.0), part(0, 0, 1, 4));
        for (x, y) in [(-9.0, 0.0), (7.0, 0.0), (0.0, 4.0), (0.0, f32::NAN), (f32::INFINITY, 0.0)] {
            assert_eq!(touched(x, y, 3.0, 3.0), None, "{x} {y}");
        }
    }
}
