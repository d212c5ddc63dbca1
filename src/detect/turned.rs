//! Faces that are turned in the picture's plane: tilted, on their side, upside down.
//!
//! The network finds upright faces, and up to some 30 degrees tilted ones. So a picture in which it finds nobody, or
//! nobody for sure, is searched turned as well; and a face that it is not sure of is looked at again, large and turned
//! by what its five points say.

use super::{DetectOptions, FaceDetector, INPUT_MULTIPLE, WHOLE_SIDE, faces};
use crate::error::Error;
use crate::frame::Frame;
use crate::geometry::{BoundingBox, FaceDetection, centre, overlap};
use crate::resample::Pixel;
use crate::track::{REGION_SCALE, TrackedFace};
use crate::turn::{TurnedArea, roll_of, turned_height, wrapped};

/// Turns that show a picture's every face within 45 degrees of upright.
const QUARTERS: [f32; 3] = [90.0, -90.0, 180.0];

/// Further turns, that show it within 22.5 degrees. They are searched at half the size: one face is enough to know the
/// roll, in which the picture is then searched at its full size.
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

/// The most faces of a picture that are looked at again among those found upright, and among those found in its turns.
const MOST_LOOKS: usize = 16;

/// The confidence at a second look that makes a face found upright one for sure: a picture with such a face is not
/// searched turned.
const SETTLED: f32 = 0.8;

/// Side of the square that a second look sees, in heights of the face.
const LOOK_SCALE: f32 = 1.5;

/// Its side in pixels, as the network sees it, where the five points are to say the roll.
const FINE_SIDE: u32 = 192;

/// The same where the confidence alone is to say in which turn the face is upright.
const COARSE_SIDE: u32 = 128;

/// Two looks that confirm a face: sides of the squares that they see, in heights of the face, and in pixels. Where both
/// show the face, the mean of their confidence tells faces from what resembles one better than any look that was chosen
/// for its confidence.
const CONFIRMING_LOOKS: [(f32, u32); 2] = [(1.2, 160), (LOOK_SCALE, FINE_SIDE)];

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
    /// As [`detect`](Self::detect), but finds faces at any roll: a face that it is not sure of is looked at again, and is
    /// dropped where two looks do not confirm it; and where the picture as it is shows no face for sure, it is searched
    /// turned by the multiples of 45 degrees too. Boxes and points lie in the frame all the same.
    ///
    /// The work beyond `detect` is bounded, whatever the picture's size: at most 8 searches of the whole picture, 4 at 640
    /// pixels and 4 at 320, and 48 faces that are looked at again (16 found upright, 16 in the turned searches, 16 in a
    /// last one at the roll of the surest face), each in at most 16 looks at 192 x 192 pixels or fewer.
    ///
    /// # Errors
    /// As [`detect`](Self::detect).
    pub fn detect_turned(&mut self, frame: &Frame<'_>, options: &DetectOptions) -> Result<&[FaceDetection], Error> {
        self.detect(frame, options)?;
        // As a whole, since a large picture would take too long and too much memory.
        let long_side = options.long_side.min(WHOLE_SIDE);
        let least = least_turned(options.min_confidence);
        if !self.settle_upright(frame, true, Some(options.min_confidence)) {
            let mut looks = MOST_LOOKS;
            self.add_turned(frame, long_side, &QUARTERS, least, &mut looks);
            if self.faces.first().is_none_or(|face| face.confidence < SETTLED) {
                self.add_turned(frame, long_side / 2, &EIGHTHS, least, &mut looks);
            }
        }
        // Whoever is in a picture with a tilted face is likely to be tilted alike.
        if let Some(roll) = self.faces.first().map(|face| face.roll).filter(|roll| roll.abs() >= TURNED) {
            self.add_turned(frame, long_side, &[roll], least, &mut { MOST_LOOKS });
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
            self.settle_upright(frame, settle == Settle::All, None);
        }
        for face in followed.iter().filter(|face| face.roll.abs() >= TURNED) {
            let mut others = std::mem::take(&mut self.faces);
            self.look_along(frame, face, options.min_confidence);
            others.retain(|other| !self.faces.iter().any(|along| is_same(along, other)));
            self.faces.append(&mut others);
        }
        if let Some(turn) = turn.filter(|_| self.faces.iter().all(|face| face.confidence < least)) {
            self.add_turned(frame, options.long_side.min(WHOLE_SIDE), &[turn], least_turned(least), &mut {
                MOST_LOOKS
            });
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
        let side = REGION_SCALE * turned_height(&face.bounding_box, face.roll);
        let area = TurnedArea::new(centre(&face.bounding_box), [side; 2], face.roll);
        self.look_turned(frame, &area, REGION_SIZE, min_confidence);
        for face in &mut self.faces {
            face.roll = wrapped(face.roll + (SMALL_FACE_GAIN * rest_of_roll(face)).clamp(-MOST_STEP, MOST_STEP));
        }
        faces::suppress_overlaps(&mut self.faces);
    }

    /// Looks again at those faces found in the frame as it is that may be turned, and at the surest whatever it looks
    /// like where `check_surest`. Where there is a `least` confidence, those that two further looks do not confirm with it
    /// are dropped, and so are those beyond the most looks where none was confirmed. Gives whether one is a face for sure.
    fn settle_upright(&mut self, frame: &Frame<'_>, check_surest: bool, least: Option<f32>) -> bool {
        let mut found = std::mem::take(&mut self.faces);
        let mut sure = false;
        let (mut index, mut looks, mut any) = (0, MOST_LOOKS, least.is_none());
        found.retain_mut(|face| {
            index += 1;
            let plain = face.confidence >= SURE && rest_of_roll(face).abs() < PLAIN_ROLL;
            if plain && !(check_surest && index == 1 && !self.is_upright(frame, face)) {
                (sure, any) = (true, true);
                return true;
            }
            if looks == 0 {
                return any;
            }
            looks -= 1;
            let settled = self.settled(frame, face);
            let settled = match least {
                Some(least) => match self.confirmed(frame, &settled.unwrap_or(*face)) {
                    Some(confirmed) if confirmed.confidence >= least => Some(confirmed),
                    _ => return false,
                },
                None => settled,
            };
            any = true;
            if let Some(settled) = settled.filter(|settled| settled.confidence >= SETTLED) {
                sure = true;
                if settled.roll.abs() >= TURNED {
                    *face = settled;
                }
            }
            true
        });
        faces::suppress_overlaps(&mut found);
        self.faces = found;
        sure
    }

    /// Searches the frame in these turns, and adds the faces that further looks confirm with the least confidence. At most
    /// so many are looked at.
    #[inline(never)]
    fn add_turned(&mut self, frame: &Frame<'_>, long_side: u32, turns: &[f32], least: f32, looks: &mut usize) {
        let mut kept = std::mem::take(&mut self.faces);
        for &degrees in turns {
            self.look_turned(frame, &TurnedArea::around_frame(frame, degrees), long_side, WORTH_A_LOOK);
        }
        self.faces.retain(|face| !kept.iter().any(|known| known.roll.abs() >= TURNED && is_same(known, face)));
        faces::suppress_overlaps(&mut self.faces);
        let found = std::mem::take(&mut self.faces);
        for face in found.iter().take(*looks) {
            let confirmed = self.settled(frame, face).and_then(|settled| self.confirmed(frame, &settled));
            kept.extend(confirmed.filter(|confirmed| confirmed.confidence >= least));
        }
        *looks = looks.saturating_sub(found.len());
        faces::suppress_overlaps(&mut kept);
        self.faces = kept;
    }

    /// Whether a face that looks upright does so at a second, quick look.
    fn is_upright(&mut self, frame: &Frame<'_>, face: &FaceDetection) -> bool {
        self.look_again(frame, face, face.roll, (LOOK_SCALE, COARSE_SIDE))
            .is_some_and(|seen| seen.confidence >= SURE && rest_of_roll(&seen).abs() < TURNED)
    }

    /// The face as the confirming looks show it in the mean, if both do.
    fn confirmed(&mut self, frame: &Frame<'_>, face: &FaceDetection) -> Option<FaceDetection> {
        let [one, other] = CONFIRMING_LOOKS.map(|look| self.look_again(frame, face, face.roll, look));
        let (one, other) = (one?, other?);
        let mean = |a: f32, b: f32| (a + b) / 2.0;
        let [a, b] = [one.bounding_box, other.bounding_box];
        let mut face = FaceDetection {
            bounding_box: BoundingBox {
                x: mean(a.x, b.x),
                y: mean(a.y, b.y),
                width: mean(a.width, b.width),
                height: mean(a.height, b.height),
            },
            landmarks: std::array::from_fn(|point| {
                std::array::from_fn(|axis| mean(one.landmarks[point][axis], other.landmarks[point][axis]))
            }),
            confidence: mean(one.confidence, other.confidence),
            roll: one.roll,
        };
        face.roll = wrapped(face.roll + rest_of_roll(&face));
        Some(face)
    }

    /// The face as second looks show it, with its roll, if they show one.
    #[inline(never)]
    fn settled(&mut self, frame: &Frame<'_>, face: &FaceDetection) -> Option<FaceDetection> {
        let mut best = self.look_again(frame, face, face.roll, (LOOK_SCALE, FINE_SIDE));
        if best.is_none_or(|seen| seen.confidence < SURE) {
            // Small, a face stands out in its own turn alone.
            let mut coarse: Option<FaceDetection> = None;
            for turn in 0..8 {
                let seen = self.look_again(frame, face, face.roll + 45.0 * turn as f32, (LOOK_SCALE, COARSE_SIDE));
                if seen.is_some_and(|seen| coarse.is_none_or(|coarse| coarse.confidence < seen.confidence)) {
                    coarse = seen;
                }
            }
            let coarse = coarse?;
            best = self.look_again(frame, &coarse, coarse.roll + rest_of_roll(&coarse), (LOOK_SCALE, FINE_SIDE));
        }
        let mut best = best?;
        // The points understate the roll, so it takes a few looks that follow them.
        for _ in 0..FOLLOWING_LOOKS {
            if rest_of_roll(&best).abs() < SETTLED_ROLL {
                break;
            }
            match self.look_again(frame, &best, best.roll + rest_of_roll(&best), (LOOK_SCALE, FINE_SIDE)) {
                Some(next) if next.confidence > best.confidence - MOST_LOSS => best = next,
                _ => break,
            }
        }
        best.roll = wrapped(best.roll + rest_of_roll(&best));
        Some(best)
    }

    /// The face as it looks in a square of so many of its heights and so many pixels, turned by so many degrees.
    #[inline(never)]
    fn look_again(
        &mut self,
        frame: &Frame<'_>,
        face: &FaceDetection,
        degrees: f32,
        (scale, long_side): (f32, u32),
    ) -> Option<FaceDetection> {
        let middle = centre(&face.bounding_box);
        let height = turned_height(&face.bounding_box, face.roll);
        self.faces.clear();
        self.look_turned(frame, &TurnedArea::new(middle, [scale * height; 2], degrees), long_side, LEAST_LOOK);
        let same = |found: &&FaceDetection| {
            let [x, y] = centre(&found.bounding_box);
            let seen = turned_height(&found.bounding_box, found.roll) / height;
            (x - middle[0]).abs().max((y - middle[1]).abs()) < 0.375 * height && (0.5..1.5).contains(&seen)
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

/// The least confidence, in the looks that confirm it, of a face found in a turned picture: three eighths more of the way
/// to certainty, since what is looked at in eight turns has eight chances to look like a face. Of 996 pictures without a
/// face some five have such a one.
fn least_turned(min_confidence: f32) -> f32 {
    min_confidence + 0.375 * (1.0 - min_confidence)
}
