//! Faces that are turned in the picture's plane: tilted, on their side, upside down.
//!
//! The network finds upright faces, and up to some 30 degrees tilted ones. So a picture in which it finds nobody, or
//! nobody for sure, is searched turned as well; and a face that it is not sure of is looked at again, large and turned
//! by what its five points say.

use super::{DetectOptions, FaceDetector, INPUT_MULTIPLE, WHOLE_SIDE, faces};
use crate::error::Error;
use crate::frame::Frame;
use crate::geometry::{FaceDetection, centre, overlap};
use crate::resample::Pixel;
use crate::track::{REGION_SCALE, TrackedFace};
use crate::turn::{TurnedArea, roll_of, turned_height, wrapped};

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
const MOST_LOOKS: usize = 16;

/// The confidence at a second look that makes a face found upright one for sure: a picture with such a face is not
/// searched turned.
const SETTLED: f32 = 0.8;

/// The least confidence of a face found in a turned picture, the second look counting twice: what is looked at in eight
/// turns has eight chances to look like a face. Of 99 pictures without a face, none has more than .74; most turned
/// faces have .8 and more.
const LEAST_TURNED: f32 = 0.75;

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
    /// takes up to eight times as long. Boxes and points lie in the frame all the same.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    pub fn detect_turned(&mut self, frame: &Frame<'_>, options: &DetectOptions) -> Result<&[FaceDetection], Error> {
        self.detect(frame, options)?;
        let options = &as_a_whole(options);
        if !self.settle_upright(frame, true) {
            self.add_turned(frame, options, &QUARTERS);
            if self.faces.first().is_none_or(|face| face.confidence < SETTLED) {
                let smaller = DetectOptions { long_side: options.long_side * 3 / 4, ..*options };
                self.add_turned(frame, &smaller, &EIGHTHS);
            }
        }
        // Whoever is in a picture with a tilted face is likely to be tilted alike.
        if let Some(roll) = self.faces.first().map(|face| face.roll).filter(|roll| roll.abs() >= TURNED) {
            self.add_turned(frame, options, &[roll]);
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
            let mut others = std::mem::take(&mut self.faces);
            self.look_along(frame, face, options.min_confidence);
            others.retain(|other| !self.faces.iter().any(|along| is_same(along, other)));
            self.faces.append(&mut others);
        }
        if let Some(turn) = turn.filter(|_| self.faces.iter().all(|face| face.confidence < least)) {
            self.add_turned(frame, &as_a_whole(options), &[turn]);
        }
        Ok(&self.faces)
    }

    /// The faces around one that is followed, turned as it is.
    pub(crate) fn detect_along(
        &mut self,
        frame: &Frame<'_>,
        face: &TrackedFace,
        options: &DetectOptions,
    ) -> &[FaceDetection] {
        self.faces.clear();
        self.look_along(frame, face, options.min_confidence);
        &self.faces
    }

    /// Appends the faces around one that is followed, and follows their roll.
    #[inline(never)]
    fn look_along(&mut self, frame: &Frame<'_>, face: &TrackedFace, min_confidence: f32) {
        let side = REGION_SCALE * turned_height(&face.bounding_box);
        let area = TurnedArea::new(centre(&face.bounding_box), [side; 2], face.roll);
        self.look_turned(frame, &area, REGION_SIZE, min_confidence);
        for face in &mut self.faces {
            face.roll = wrapped(face.roll + (SMALL_FACE_GAIN * rest_of_roll(face)).clamp(-MOST_STEP, MOST_STEP));
        }
        faces::suppress_overlaps(&mut self.faces);
    }

    /// Looks again at those faces found in the frame as it is that may be turned, and at the surest whatever it looks
    /// like where `check_surest`. Gives whether one is a face for sure.
    fn settle_upright(&mut self, frame: &Frame<'_>, check_surest: bool) -> bool {
        let mut found = std::mem::take(&mut self.faces);
        let mut sure = false;
        for (index, face) in found.iter_mut().enumerate() {
            let plain = face.confidence >= SURE && rest_of_roll(face).abs() < PLAIN_ROLL;
            if plain && !(check_surest && index == 0) {
                sure = true;
                continue;
            }
            let Some(settled) = self.settled(frame, face).filter(|settled| settled.confidence >= SETTLED) else {
                continue;
            };
            sure = true;
            if settled.roll.abs() >= TURNED {
                *face = settled;
            }
        }
        faces::suppress_overlaps(&mut found);
        self.faces = found;
        sure
    }

    /// Searches the frame in these turns, and adds the faces that a second look confirms.
    #[inline(never)]
    fn add_turned(&mut self, frame: &Frame<'_>, options: &DetectOptions, turns: &[f32]) {
        let mut kept = std::mem::take(&mut self.faces);
        for &degrees in turns {
            self.look_turned(frame, &TurnedArea::around_frame(frame, degrees), options.long_side, WORTH_A_LOOK);
        }
        self.faces.retain(|face| !kept.iter().any(|known| known.roll.abs() >= TURNED && is_same(known, face)));
        faces::suppress_overlaps(&mut self.faces);
        let found = std::mem::take(&mut self.faces);
        for face in found.iter().take(MOST_LOOKS) {
            let settled = self.settled(frame, face);
            let least = options.min_confidence.max(LEAST_TURNED);
            kept.extend(settled.filter(|settled| (face.confidence + 2.0 * settled.confidence) / 3.0 >= least));
        }
        faces::suppress_overlaps(&mut kept);
        self.faces = kept;
    }

    /// The face as second looks show it, with its roll, if they show one.
    #[inline(never)]
    fn settled(&mut self, frame: &Frame<'_>, face: &FaceDetection) -> Option<FaceDetection> {
        let mut best = self.look_again(frame, face, face.roll, FINE_SIDE);
        if best.is_none_or(|seen| seen.confidence < SURE) {
            // Small, a face stands out in its own turn alone.
            let mut coarse: Option<FaceDetection> = None;
            for turn in 0..8 {
                let seen = self.look_again(frame, face, face.roll + 45.0 * turn as f32, COARSE_SIDE);
                if seen.is_some_and(|seen| coarse.is_none_or(|coarse| coarse.confidence < seen.confidence)) {
                    coarse = seen;
                }
            }
            let coarse = coarse?;
            best = self.look_again(frame, &coarse, coarse.roll + rest_of_roll(&coarse), FINE_SIDE);
        }
        let mut best = best?;
        // The points understate the roll, so it takes a few looks that follow them.
        for _ in 0..FOLLOWING_LOOKS {
            if rest_of_roll(&best).abs() < SETTLED_ROLL {
                break;
            }
            match self.look_again(frame, &best, best.roll + rest_of_roll(&best), FINE_SIDE) {
                Some(next) if next.confidence > best.confidence - MOST_LOSS => best = next,
                _ => break,
            }
        }
        best.roll = wrapped(best.roll + rest_of_roll(&best));
        Some(best)
    }

    /// The face as it looks at this size, turned by so many degrees.
    #[inline(never)]
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
            (x - left).abs().max((y - top).abs()) < side / 4.0 && (side / 3.0..side).contains(&height)
        };
        self.faces.iter().filter(same).max_by(|a, b| a.confidence.total_cmp(&b.confidence)).copied()
    }

    /// Appends the faces of a turned area, seen at this long side, overlapping ones too.
    #[inline(never)]
    fn look_turned(&mut self, frame: &Frame<'_>, area: &TurnedArea, long_side: u32, min_confidence: f32) {
        let size = area.scaled_to(long_side);
        self.row.resize(size[0], Pixel::default());
        self.input.reshape(size[0], size[1], INPUT_MULTIPLE);
        for y in 0..size[1] {
            area.read_row(frame, size, y, &mut self.row);
            self.write_row(y);
        }
        let first = self.faces.len();
        self.find(min_confidence);
        for face in &mut self.faces[first..] {
            let middle = area.to_frame(centre(&face.bounding_box), size);
            let [across, down] = area.scale(size);
            let own = [face.bounding_box.width * across, face.bounding_box.height * down];
            face.bounding_box = area.box_around(middle, own);
            face.landmarks = face.landmarks.map(|point| area.to_frame(point, size));
            face.roll = wrapped(area.degrees());
        }
    }
}

/// Whether two faces lie in the same place.
#[inline(never)]
fn is_same(one: &FaceDetection, other: &FaceDetection) -> bool {
    overlap(&one.bounding_box, &other.bounding_box) > faces::SAME_FACE_OVERLAP
}

/// By how much its points say that a face is turned further than it was looked at, in degrees.
fn rest_of_roll(face: &FaceDetection) -> f32 {
    wrapped(roll_of(&face.landmarks) - face.roll)
}

/// How a turned picture is searched: as a whole, since a large one would take too long and too much memory.
fn as_a_whole(options: &DetectOptions) -> DetectOptions {
    DetectOptions { long_side: options.long_side.min(WHOLE_SIDE), ..*options }
}
