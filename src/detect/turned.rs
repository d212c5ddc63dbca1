//! Faces that are turned in the picture's plane: tilted, on their side, upside down.
//!
//! The network finds upright faces, and up to some 30 degrees tilted ones. So a picture in which it finds nobody, or
//! nobody for sure, is searched turned as well; and a face that it is not sure of is looked at again, large and turned
//! by what its five points say.

use super::{DetectOptions, FaceDetector, Part, faces};
use crate::error::Error;
use crate::frame::Frame;
use crate::geometry::{BoundingBox, FaceDetection, centre, overlap};
use crate::resample::{Pixel, Span, average_row};
use crate::simd::dispatch;
use crate::track::{REGION_SCALE, TrackedFace};
use crate::turn::{TurnedArea, box_around_turned, roll_of, turned_height, wrapped};

/// Turns that show a picture's every face within 45 degrees of upright.
const QUARTERS: [f32; 3] = [90.0, -90.0, 180.0];

/// Further turns, that show it within 22.5 degrees.
const EIGHTHS: [f32; 4] = [45.0, -45.0, 135.0, -135.0];

/// All of them, in the order in which live video tries them: first upright, which is searched anyway.
pub(crate) const TURNS: [Option<f32>; 8] =
    [None, Some(90.0), Some(-90.0), Some(180.0), Some(45.0), Some(-45.0), Some(135.0), Some(-135.0)];

/// The confidence from which a face whose points lie upright is one: nine in ten upright faces have it, and one in ten
/// upside-down or tilted ones.
const SURE: f32 = 0.88;

/// The roll by its points, in degrees, below which a face found in a whole picture may be upright. The points of a small
/// face show a sixth of its roll.
const PLAIN_ROLL: f32 = 4.0;

/// The same at a second look, which shows half to three quarters of the roll. Below it nothing is gained by turning.
pub(crate) const TURNED: f32 = 10.0;

/// The least confidence of a face found in a turned picture, to be looked at again.
const WORTH_A_LOOK: f32 = 0.4;

/// The most faces found in a turned picture that are looked at again.
const MOST_LOOKS: usize = 8;

/// The least confidence of a turned face at its second look: what is looked at in eight turns has eight chances to look
/// like a face. A picture with a face of it is not searched turned.
const LEAST_TURNED: f32 = 0.8;

/// Side of the square that a second look sees, in heights of the face.
const LOOK_SCALE: f32 = 1.5;

/// Its side in pixels, as the network sees it, where the five points are to say the roll.
const FINE_SIDE: u32 = 192;

/// The same where the confidence alone is to say in which turn the face is upright.
const COARSE_SIDE: u32 = 128;

/// The least confidence in a second look for a face to be compared.
const LEAST_LOOK: f32 = 0.3;

/// The most further looks that follow what the points say, and the roll left over, in degrees, that ends them.
const FOLLOWING_LOOKS: usize = 3;
const SETTLED_ROLL: f32 = 5.0;

/// How much less confident a look that follows may be.
const MOST_LOSS: f32 = 0.05;

/// The long side, in pixels, at which the region around one followed face is searched; the face is about 70 of them.
pub(crate) const REGION_SIZE: u32 = 160;

/// How far a followed face is turned, by what its points say: at 70 pixels they show a sixth to a quarter of it.
const SMALL_FACE_GAIN: f32 = 3.0;

/// The most, in degrees, that a followed face is turned from one look to the next.
const MOST_STEP: f32 = 20.0;

/// Which faces of a live frame are looked at again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Settle {
    /// None.
    None,
    /// Those that may be turned.
    Unsure,
    /// Those, and the surest.
    All,
}

impl FaceDetector {
    /// As [`detect`](Self::detect), but finds faces at any roll: a face that it is not sure of is looked at again, and
    /// where the picture as it is shows no face for sure, it is searched turned by the multiples of 45 degrees too, which
    /// takes up to six times as long. Boxes and points lie in the frame all the same.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    pub fn detect_turned(&mut self, frame: &Frame<'_>, options: &DetectOptions) -> Result<&[FaceDetection], Error> {
        self.detect(frame, options)?;
        if !self.settle_upright(frame, true) {
            let mut found = std::mem::take(&mut self.faces);
            self.search_turned(frame, options, &QUARTERS);
            if !self.faces.iter().any(is_plain) {
                let halved = DetectOptions { long_side: options.long_side / 2, ..*options };
                self.search_turned(frame, &halved, &EIGHTHS);
            }
            self.settle_turned(frame, options);
            found.append(&mut self.faces);
            self.faces = found;
            faces::suppress_overlaps(&mut self.faces);
        }
        Ok(&self.faces)
    }

    /// As [`detect`](Self::detect), for a frame of live video: turned faces that are followed are looked for where they
    /// were. Where there is nobody of at least this confidence, the frame is searched in this turn too.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    pub(crate) fn detect_live(
        &mut self,
        frame: &Frame<'_>,
        options: &DetectOptions,
        followed: &[TrackedFace],
        least: f32,
        turn: Option<f32>,
        settle: Settle,
    ) -> Result<&[FaceDetection], Error> {
        self.detect(frame, options)?;
        if settle != Settle::None {
            self.settle_upright(frame, settle == Settle::All);
        }
        for face in followed.iter().filter(|face| face.roll.abs() >= TURNED) {
            let upright = std::mem::take(&mut self.faces);
            self.detect_along(frame, face, options)?;
            let doubled = |face: &FaceDetection, along: &[FaceDetection]| {
                along.iter().any(|other| overlap(&face.bounding_box, &other.bounding_box) > faces::SAME_FACE_OVERLAP)
            };
            let along = self.faces.len();
            for face in upright {
                if !doubled(&face, &self.faces[..along]) {
                    self.faces.push(face);
                }
            }
        }
        if let Some(turn) = turn.filter(|_| self.faces.iter().all(|face| face.confidence < least)) {
            self.search_turned(frame, options, &[turn]);
            self.settle_turned(frame, options);
        }
        Ok(&self.faces)
    }

    /// The faces around one that is followed, turned as it is.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    pub(crate) fn detect_along(
        &mut self,
        frame: &Frame<'_>,
        face: &TrackedFace,
        options: &DetectOptions,
    ) -> Result<&[FaceDetection], Error> {
        options.check()?;
        self.faces.clear();
        let side = REGION_SCALE * turned_height(&face.bounding_box);
        let area = TurnedArea::new(centre(&face.bounding_box), [side; 2], face.roll);
        self.look_turned(frame, &area, REGION_SIZE, options.min_confidence);
        for face in &mut self.faces {
            let rest = wrapped(roll_of(&face.landmarks) - face.roll);
            face.roll = wrapped(face.roll + (SMALL_FACE_GAIN * rest).clamp(-MOST_STEP, MOST_STEP));
        }
        faces::suppress_overlaps(&mut self.faces);
        Ok(&self.faces)
    }

    /// Looks again at the faces found in turned pictures, and keeps those that are faces for sure.
    fn settle_turned(&mut self, frame: &Frame<'_>, options: &DetectOptions) {
        let found = std::mem::take(&mut self.faces);
        let settled = found.into_iter().take(MOST_LOOKS).filter_map(|face| self.settled(frame, &face));
        let least = options.min_confidence.max(LEAST_TURNED);
        let mut settled: Vec<_> = settled.filter(|face| face.confidence >= least).collect();
        faces::suppress_overlaps(&mut settled);
        self.faces = settled;
    }

    /// Looks again at those faces found in the frame as it is that may be turned, and at the surest whatever it looks
    /// like where `check_surest`. Gives whether one is a face for sure.
    fn settle_upright(&mut self, frame: &Frame<'_>, check_surest: bool) -> bool {
        let mut found = std::mem::take(&mut self.faces);
        let mut sure = false;
        for (index, face) in found.iter_mut().enumerate() {
            let trusted = is_plain(face) && !(check_surest && index == 0);
            let settled = if trusted { Some(*face) } else { self.settled(frame, face) };
            let Some(settled) = settled.filter(|settled| settled.confidence >= LEAST_TURNED) else { continue };
            sure = true;
            if settled.roll.abs() >= TURNED {
                *face = settled;
            }
        }
        self.faces = found;
        faces::suppress_overlaps(&mut self.faces);
        sure
    }

    /// Searches the frame in these turns, and adds what it finds, of overlapping faces the most confident.
    fn search_turned(&mut self, frame: &Frame<'_>, options: &DetectOptions, turns: &[f32]) {
        // Scaled down exactly first, for turning is slow.
        let (small, width, height) = self.scaled_down(frame, options.long_side);
        let Ok(small) = Frame::from_opaque(&small, width, height) else { return };
        let first = self.faces.len();
        for &degrees in turns {
            let area = TurnedArea::around_frame(&small, degrees);
            self.look_turned(&small, &area, options.long_side, WORTH_A_LOOK);
        }
        let scale = [frame.width() as f32 / width as f32, frame.height() as f32 / height as f32];
        for face in &mut self.faces[first..] {
            let BoundingBox { x, y, width, height } = face.bounding_box;
            let [across, down] = scale;
            face.bounding_box =
                BoundingBox { x: x * across, y: y * down, width: width * across, height: height * down };
            face.landmarks = face.landmarks.map(|[x, y]| [x * across, y * down]);
        }
        faces::suppress_overlaps(&mut self.faces);
    }

    /// The frame's pixels, scaled down until the longer side is at most `long_side`.
    fn scaled_down(&mut self, frame: &Frame<'_>, long_side: u32) -> (Vec<u8>, u32, u32) {
        let [width, height] = Part::whole(frame).scaled_to(long_side);
        let (columns, rows) = (frame.width() as usize, frame.height() as usize);
        self.columns.clear();
        self.columns.extend((0..width).map(|x| Span::new(x, width, 0.0, columns as f64, columns)));
        self.row.resize(width, Pixel::default());
        let mut pixels = Vec::with_capacity(width * height * 4);
        for y in 0..height {
            average_row(frame, &Span::new(y, height, 0.0, rows as f64, rows), &self.columns, &mut self.row);
            pixels.extend(self.row.as_flattened().iter().map(|value| value.round() as u8));
        }
        (pixels, width as u32, height as u32)
    }

    /// Appends the faces of a turned area, seen at this long side, overlapping ones too.
    fn look_turned(&mut self, frame: &Frame<'_>, area: &TurnedArea, long_side: u32, min_confidence: f32) {
        let size = area.scaled_to(long_side);
        self.row.resize(size[0], Pixel::default());
        self.input.reshape(size[0], size[1], super::INPUT_MULTIPLE);
        for y in 0..size[1] {
            area.read_row(frame, size, y, &mut self.row);
            dispatch!(self.network.level(), simd => self.input.write_row(simd, y, &self.row));
        }
        self.input.brighten();
        let first = self.faces.len();
        faces::decode(self.network.forward(&self.input), min_confidence, &mut self.faces);
        for face in &mut self.faces[first..] {
            let middle = area.to_frame(centre(&face.bounding_box), size);
            let [across, down] = area.scale(size);
            let own = [face.bounding_box.width * across, face.bounding_box.height * down];
            face.bounding_box = box_around_turned(middle, own, area.degrees());
            face.landmarks = face.landmarks.map(|point| area.to_frame(point, size));
            face.roll = area.degrees();
        }
    }

    /// The face as second looks show it, with its roll, if they show one.
    fn settled(&mut self, frame: &Frame<'_>, face: &FaceDetection) -> Option<FaceDetection> {
        let mut best = self.look_again(frame, face, face.roll, FINE_SIDE);
        if best.is_none_or(|seen| seen.confidence < SURE) {
            // Small, a face stands out in its own turn alone.
            let turns = [0.0].into_iter().chain(QUARTERS).chain(EIGHTHS);
            let looks = turns.filter_map(|turn| self.look_again(frame, face, wrapped(face.roll + turn), COARSE_SIDE));
            let coarse = looks.max_by(|a, b| a.confidence.total_cmp(&b.confidence))?;
            best = self.look_again(frame, &coarse, roll_of(&coarse.landmarks), FINE_SIDE);
        }
        let mut best = best?;
        // The points understate the roll, so it takes a few looks that follow them.
        for _ in 0..FOLLOWING_LOOKS {
            let roll = roll_of(&best.landmarks);
            if wrapped(roll - best.roll).abs() < SETTLED_ROLL {
                break;
            }
            match self.look_again(frame, &best, roll, FINE_SIDE) {
                Some(next) if next.confidence > best.confidence - MOST_LOSS => best = next,
                _ => break,
            }
        }
        Some(FaceDetection { roll: roll_of(&best.landmarks), ..best })
    }

    /// The face as it looks at this size, turned by so many degrees.
    fn look_again(
        &mut self,
        frame: &Frame<'_>,
        face: &FaceDetection,
        degrees: f32,
        long_side: u32,
    ) -> Option<FaceDetection> {
        let [left, top] = centre(&face.bounding_box);
        let side = LOOK_SCALE * turned_height(&face.bounding_box);
        self.faces.clear();
        self.look_turned(frame, &TurnedArea::new([left, top], [side; 2], degrees), long_side, LEAST_LOOK);
        let same = |found: &&FaceDetection| {
            let [x, y] = centre(&found.bounding_box);
            let height = turned_height(&found.bounding_box);
            (x - left).hypot(y - top) < side / 4.0 && (side / 3.0..side).contains(&height)
        };
        self.faces.iter().filter(same).max_by(|a, b| a.confidence.total_cmp(&b.confidence)).copied()
    }
}

/// Whether the network is sure of a face, and its points lie upright.
fn is_plain(face: &FaceDetection) -> bool {
    face.confidence >= SURE && wrapped(roll_of(&face.landmarks) - face.roll).abs() < PLAIN_ROLL
}
