//! How well a face is seen, in numbers, and why an answer may be unsure.

use crate::appearance::Appearance;
use crate::crop::crop_square;
use crate::frame::Frame;
use crate::geometry::{BoundingBox, FaceDetection, Landmarks, centre, covered_share};
use crate::turn::upright;

/// The side, in pixels, below which a face is small: answers lose two points of accuracy at 29, five at 24, eight at 19
/// (`robustness.json`, low resolution).
const SMALL: f32 = 24.0;

/// Sharpness below which a face is blurred: none of the development pictures is, and nearly all are that were blurred by a
/// Gaussian of 1.5 pixels of 48, which costs seven points.
const BLURRED: f32 = 0.03;

/// Light below which a face is dark: fewer than 1 in 200 of the development pictures are; at a fifth of their light, where
/// answers lose two points, three in four; at a tenth they lose 13.
const DARK: f32 = 0.12;

/// Degrees to the side, and up or down, from which a face is turned away: from 30 to the side on, answers lose eight points
/// (`slices.json`, turn).
const TURNED_AWAY: f32 = 30.0;

/// The share of a face outside of the picture from which it is cut off.
const CUT_OFF: f32 = 0.15;

/// The detail of the mouth below which a face is covered: fewer than 1 in 200 of the development pictures are, and nearly
/// half of those with a plain mask drawn over mouth and chin, which costs 19 to 37 points. A hand, or a scarf with a pattern, has
/// as much detail as a mouth.
const COVERED: f32 = -2.0;

/// Of an upright face (`UPRIGHT` in turn.rs): where the nose's tip lies from the eyes' line, 0, to the mouth's, 1.
const NOSE_DOWN: f32 = 0.545;

/// How far the nose's tip stands out before the plane of eyes and mouth, in distances of the eyes: 28 of 63 millimetres.
const NOSE_OUT: f32 = 0.45;

/// The distance from the eyes' line to the mouth's, in distances of the eyes.
const EYES_TO_MOUTH: f32 = 1.06;

/// How well a face is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceQuality {
    /// Side, in pixels of the picture, of the square around the face that is scaled to the network's 48 x 48.
    pub size: f32,
    /// See [`Appearance::sharpness`], 0..=1.
    pub sharpness: f32,
    /// See [`Appearance::light`], 0..=1.
    pub light: f32,
    /// See [`Appearance::contrast`], 0..=0.5.
    pub contrast: f32,
    /// How far it is turned in the picture's plane, clockwise, in degrees, -180..180.
    pub roll: f32,
    /// How far it is turned to a side, in degrees, above 0 towards the picture's right, -90..=90. From the five points and
    /// a face of average proportions: good enough to know a profile, not to measure a head's pose.
    pub yaw: f32,
    /// How far it is raised, in degrees, below 0 where it is lowered, -90..=90. Less sure than the yaw, since proportions
    /// differ more.
    pub pitch: f32,
    /// The share of its box outside of the picture, 0..1.
    pub outside: f32,
    /// See [`Appearance::mouth_detail`], -4..=4.
    pub mouth_detail: f32,
}

/// Why an answer may be unsure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The face has too few pixels.
    Small,
    /// It is out of focus, or moved.
    Blurred,
    /// It has too little light.
    Dark,
    /// It is turned away.
    Turned,
    /// A part is outside of the picture.
    CutOff,
    /// Mouth and chin seem to be covered.
    Covered,
}

impl Reason {
    /// All, in the order in which they are reported.
    pub const ALL: [Self; 6] = [Self::Small, Self::Blurred, Self::Dark, Self::Turned, Self::CutOff, Self::Covered];

    /// Its code in the JavaScript API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Blurred => "blurred",
            Self::Dark => "dark",
            Self::Turned => "turned",
            Self::CutOff => "cut-off",
            Self::Covered => "covered",
        }
    }
}

impl FaceQuality {
    /// Measures a face of this frame that looks like this.
    pub(crate) fn new(frame: &Frame<'_>, face: &FaceDetection, appearance: &Appearance) -> Self {
        let FaceDetection { bounding_box, landmarks, roll, .. } = face;
        let [width, height] = [frame.width() as f32, frame.height() as f32];
        let within = covered_share(bounding_box, &BoundingBox { x: 0.0, y: 0.0, width, height });
        let [yaw, pitch] = pose(landmarks, centre(bounding_box), *roll);
        let Appearance { light, contrast, sharpness, mouth_detail, .. } = *appearance;
        let size = crop_square(bounding_box, *roll).0.width;
        Self { size, sharpness, light, contrast, roll: *roll, yaw, pitch, outside: 1.0 - within, mouth_detail }
    }

    /// Why the answer may be unsure; nothing where the face is well seen.
    pub fn reasons(&self) -> impl Iterator<Item = Reason> + use<> {
        let face = *self;
        Reason::ALL.into_iter().filter(move |reason| match reason {
            Reason::Small => face.size < SMALL,
            Reason::Blurred => face.sharpness < BLURRED,
            Reason::Dark => face.light < DARK,
            Reason::Turned => face.yaw.abs().max(face.pitch.abs()) >= TURNED_AWAY,
            Reason::CutOff => face.outside >= CUT_OFF,
            // A blurred face has hardly any detail anywhere.
            Reason::Covered => face.mouth_detail < COVERED && face.sharpness >= BLURRED,
        })
    }
}

/// Yaw and pitch, in degrees, from the place of the nose between eyes and mouth.
fn pose(landmarks: &Landmarks, middle: [f32; 2], roll: f32) -> [f32; 2] {
    let [left_eye, right_eye, nose, left_mouth, right_mouth] = landmarks.map(|point| upright(point, middle, roll));
    let between = |[ax, ay]: [f32; 2], [bx, by]: [f32; 2]| [f32::midpoint(ax, bx), f32::midpoint(ay, by)];
    let (eyes, mouth) = (between(left_eye, right_eye), between(left_mouth, right_mouth));
    // Distances as they are seen: across shortened by the cosine of the yaw, down by that of the pitch.
    let (across, down) = (right_eye[0] - left_eye[0], mouth[1] - eyes[1]);
    let midline = eyes[0] + NOSE_DOWN * (mouth[0] - eyes[0]);
    let yaw = (nose[0] - midline).atan2(NOSE_OUT * across.max(0.0));
    let lowered = (nose[1] - eyes[1] - NOSE_DOWN * down).atan2(NOSE_OUT / EYES_TO_MOUTH * down.max(0.0));
    [yaw, -lowered].map(|angle| angle.to_degrees().clamp(-90.0, 90.0))
}

#[cfg(test)]
pub(crate) const CLEAR: FaceQuality = FaceQuality {
    size: 100.0,
    sharpness: 0.2,
    light: 0.5,
    contrast: 0.2,
    roll: 170.0,
    yaw: 5.0,
    pitch: -5.0,
    outside: 0.0,
    mouth_detail: 0.0,
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Eyes 20 apart, of average proportions, turned like this and then by this roll around (50, 50).
    fn points(yaw: f32, pitch: f32, roll: f32) -> Landmarks {
        let down = 20.0 * EYES_TO_MOUTH;
        let flat = [[-10.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, NOSE_DOWN * down, 20.0 * NOSE_OUT]];
        let mouth = [[-8.0, down, 0.0], [8.0, down, 0.0]];
        let [flat, mouth] = [flat.as_slice(), &mouth];
        let (yaw, pitch) = (yaw.to_radians(), pitch.to_radians());
        let mut placed = [flat, mouth].concat().into_iter().map(|[x, y, out]| {
            let (x, out) = (x * yaw.cos() + out * yaw.sin(), out * yaw.cos() - x * yaw.sin());
            let y = y * pitch.cos() - out * pitch.sin();
            upright([50.0 + x, 40.0 + y], [50.0, 50.0], -roll)
        });
        std::array::from_fn(|_| placed.next().unwrap())
    }

    proptest! {
        #[test]
        fn a_head_turned_one_way_has_that_pose(angle in -60.0..60.0_f32, roll in -180.0..180.0_f32) {
            let [yaw, pitch] = pose(&points(angle, 0.0, roll), [50.0, 50.0], roll);
            prop_assert!((yaw - angle).abs() < 0.5 && pitch.abs() < 0.5, "{yaw} {pitch}");
            let [yaw, pitch] = pose(&points(0.0, angle, roll), [50.0, 50.0], roll);
            prop_assert!((pitch - angle).abs() < 0.5 && yaw.abs() < 0.5, "{yaw} {pitch}");
        }

        #[test]
        fn turned_both_ways_it_is_near(yaw in -40.0..40.0_f32, pitch in -25.0..25.0_f32) {
            let [found_yaw, found_pitch] = pose(&points(yaw, pitch, 0.0), [50.0, 50.0], 0.0);
            prop_assert!((found_yaw - yaw).abs() < 5.0, "{found_yaw} is not {yaw}");
            prop_assert!((found_pitch - pitch).abs() < 12.0, "{found_pitch} is not {pitch}");
        }

        #[test]
        fn any_points_have_a_finite_pose(values in prop::array::uniform10(-1e6..1e6_f32), roll in -180.0..180.0_f32) {
            let landmarks = std::array::from_fn(|index| [values[2 * index], values[2 * index + 1]]);
            prop_assert!(pose(&landmarks, [3.0, 4.0], roll).iter().all(|angle| angle.abs() <= 90.0));
        }
    }

    #[test]
    fn each_reason_has_its_number() {
        assert_eq!(CLEAR.reasons().count(), 0);
        for (face, code) in [
            (FaceQuality { size: 23.9, ..CLEAR }, "small"),
            (FaceQuality { sharpness: 0.01, mouth_detail: -4.0, ..CLEAR }, "blurred"),
            (FaceQuality { light: 0.1, ..CLEAR }, "dark"),
            (FaceQuality { yaw: -31.0, ..CLEAR }, "turned"),
            (FaceQuality { pitch: 31.0, ..CLEAR }, "turned"),
            (FaceQuality { outside: 0.2, ..CLEAR }, "cut-off"),
            (FaceQuality { mouth_detail: -2.1, ..CLEAR }, "covered"),
        ] {
            assert!(face.reasons().map(Reason::name).eq([code]), "{code}");
        }
    }

    #[test]
    fn a_face_at_the_border_is_outside_by_its_share() {
        let pixels = [90, 90, 90, 255].repeat(100 * 80);
        let frame = Frame::from_rgba(&pixels, 100, 80).unwrap();
        let bounding_box = BoundingBox { x: -10.0, y: 60.0, width: 40.0, height: 40.0 };
        let face = FaceDetection { bounding_box, landmarks: points(0.0, 0.0, 0.0), confidence: 0.9, roll: 0.0 };
        let chip = crate::chip::FaceChip::from_grey([90; 48 * 48]);
        let quality = FaceQuality::new(&frame, &face, &Appearance::of(&chip));
        assert!((quality.outside - (1.0 - 0.75 * 0.5)).abs() < 1e-6 && quality.size == 38.0, "{quality:?}");
        assert!(quality.reasons().any(|reason| reason == Reason::CutOff));
    }
}
