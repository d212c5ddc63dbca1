//! Damage done to a face on purpose, to measure what it does to the answer.
//!
//! It is done to the 48x48 picture that the network reads, so it stands for what is left after detection and cropping.
//! Contrast, noise, JPEG and low resolution have the five strengths of ImageNet-C (Hendrycks and Dietterich,
//! *Benchmarking Neural Network Robustness to Common Corruptions and Perturbations*, 2019); the others go in steps of
//! about the same size up to where a person begins to doubt.

use std::io::Cursor;

use anyhow::{Context, Result};
use countenance::{CHIP_SIDE, FaceChip};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, GrayImage, ImageFormat};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::data::augment::Warp;

const SIDE: u32 = CHIP_SIDE as u32;

/// The average place of the eyes in such pictures, pixels (measured, see the library's `src/crop.rs`).
const EYES: [[f32; 2]; 2] = [[14.6, 17.9], [32.7, 17.8]];
/// Half the width and height of a lens of glasses, pixels.
const LENS: [f32; 2] = [7.5, 6.0];
/// The grey of rims and of lenses that let nothing through.
const LENS_GREY: f32 = 0.08;
/// The grey of a surgical mask.
const MASK_GREY: f32 = 0.8;
/// Half the width and height of the outline of a face that fills the picture: a mask ends there.
const OUTLINE: [f32; 2] = [19.0, 25.0];
/// Width and height of a letter, pixels.
const LETTER: [usize; 2] = [3, 5];
/// Pixels from one line of letters to the next.
const LINE: usize = 8;

/// A kind of damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Corruption {
    /// Too little light.
    Darkness,
    /// Too much light.
    Overexposure,
    /// Too little contrast.
    Contrast,
    /// Middle tones too dark or too bright.
    Gamma,
    /// A sensor's noise.
    Noise,
    /// Out of focus.
    Blur,
    /// The face or the camera moves.
    Motion,
    /// Strong compression.
    Jpeg,
    /// A small face enlarged.
    LowResolution,
    /// A tilted head.
    Rotation,
    /// A face cut out too small or too large.
    Scale,
    /// A face cut out beside the middle.
    Shift,
    /// Glasses, from tinted to black.
    Glasses,
    /// A mask over mouth and chin.
    Mask,
    /// A hand before the face.
    Hand,
    /// Lines of text across the picture.
    Text,
}

/// What a corruption does at its five strengths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The corruption's name.
    pub name: &'static str,
    /// What the amount is, with its unit.
    pub amount: &'static str,
    /// The amounts, from weak to strong.
    pub amounts: [f32; 5],
}

impl Corruption {
    /// All.
    pub const ALL: [Self; 16] = [
        Self::Darkness,
        Self::Overexposure,
        Self::Contrast,
        Self::Gamma,
        Self::Noise,
        Self::Blur,
        Self::Motion,
        Self::Jpeg,
        Self::LowResolution,
        Self::Rotation,
        Self::Scale,
        Self::Shift,
        Self::Glasses,
        Self::Mask,
        Self::Hand,
        Self::Text,
    ];

    /// Its name and strengths.
    pub const fn scale(self) -> Scale {
        let (name, amount, amounts) = match self {
            Self::Darkness => ("darkness", "factor on all values", [0.7, 0.5, 0.35, 0.2, 0.1]),
            Self::Overexposure => ("overexposure", "factor on all values, cut at white", [1.3, 1.6, 2.0, 2.5, 3.0]),
            Self::Contrast => ("low contrast", "factor on the distance from the mean", [0.4, 0.3, 0.2, 0.1, 0.05]),
            Self::Gamma => ("gamma", "exponent, or its inverse, on values from 0 to 1", [1.25, 1.5, 2.0, 2.5, 3.0]),
            Self::Noise => ("noise", "standard deviation, white is 1", [0.08, 0.12, 0.18, 0.26, 0.38]),
            Self::Blur => ("blur", "standard deviation of the Gaussian, pixels", [0.5, 1.0, 1.5, 2.0, 3.0]),
            Self::Motion => ("motion blur", "length of the way, pixels", [3.0, 5.0, 7.0, 9.0, 12.0]),
            Self::Jpeg => ("JPEG", "quality", [25.0, 18.0, 15.0, 10.0, 7.0]),
            Self::LowResolution => ("low resolution", "side before enlarging, pixels", [29.0, 24.0, 19.0, 14.0, 12.0]),
            Self::Rotation => ("rotation", "degrees to either side", [8.0, 15.0, 22.0, 30.0, 45.0]),
            Self::Scale => ("scale", "factor on the face's size, or its inverse", [1.1, 1.2, 1.3, 1.45, 1.6]),
            Self::Shift => ("shift", "way in any direction, pixels", [2.0, 4.0, 6.0, 8.0, 11.0]),
            Self::Glasses => ("glasses", "share of light that the lenses keep back", [0.0, 0.25, 0.5, 0.75, 1.0]),
            Self::Mask => ("mask", "share of the picture's height covered from below", [0.2, 0.3, 0.4, 0.5, 0.6]),
            Self::Hand => ("hand", "radius of the palm, pixels", [5.0, 7.0, 9.0, 11.0, 14.0]),
            Self::Text => ("text", "lines of letters", [1.0, 2.0, 3.0, 4.0, 5.0]),
        };
        Scale { name, amount, amounts }
    }

    /// The damaged face, with the random numbers of a picture: the same for every model.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn of_picture(self, chip: &FaceChip, amount: f32, picture: u64) -> Result<FaceChip> {
        let mut rng = ChaCha8Rng::seed_from_u64(picture);
        rng.set_stream(self as u64);
        self.apply(chip, amount, &mut rng)
    }

    /// The damaged face. The same random numbers at another amount give the same damage, only weaker or stronger.
    ///
    /// # Errors
    /// Where the JPEG codec fails, which it does not for a quality from 1 to 100.
    pub fn apply(self, chip: &FaceChip, amount: f32, rng: &mut impl Rng) -> Result<FaceChip> {
        let grey = || chip.grey().iter().map(|grey| f32::from(*grey) / 255.0);
        let each = |change: &dyn Fn(f32) -> f32| Ok(to_chip(grey().map(change)));
        match self {
            Self::Darkness | Self::Overexposure => each(&|value| value * amount),
            Self::Contrast => {
                let mean = mean(chip);
                each(&|value| (value - mean) * amount + mean)
            }
            Self::Gamma => {
                let exponent = either_way(amount, rng);
                each(&|value| value.powf(exponent))
            }
            Self::Noise => Ok(to_chip(grey().map(|value| {
                let normal: f32 = StandardNormal.sample(rng);
                value + amount * normal
            }))),
            Self::Blur => from_image(&imageops::blur(&to_image(chip)?, amount)),
            Self::Motion => {
                let angle = rng.random_range(0.0..std::f32::consts::TAU);
                Ok(motion(chip, amount, angle))
            }
            Self::Jpeg => jpeg(chip, amount as u8),
            Self::LowResolution => {
                let side = amount as u32;
                let small = imageops::resize(&to_image(chip)?, side, side, FilterType::Triangle);
                from_image(&imageops::resize(&small, SIDE, SIDE, FilterType::Triangle))
            }
            Self::Rotation => {
                let angle = if rng.random() { amount } else { -amount };
                let (sin, cos) = angle.to_radians().sin_cos();
                Ok(warp(chip, &Warp { xx: cos, xy: -sin, yx: sin, yy: cos, ..Warp::IDENTITY }))
            }
            Self::Scale => {
                let factor = 1.0 / either_way(amount, rng);
                Ok(warp(chip, &Warp { xx: factor, yy: factor, ..Warp::IDENTITY }))
            }
            Self::Shift => {
                let angle = rng.random_range(0.0..std::f32::consts::TAU);
                Ok(warp(chip, &shift(amount, angle)))
            }
            Self::Glasses => Ok(paint(chip, |x, y| glasses(x, y, amount))),
            Self::Mask => {
                let top = (1.0 - amount) * SIDE as f32;
                Ok(paint(chip, |x, y| {
                    (y >= top && is_in_ellipse(x, y, [24.0, 24.0], OUTLINE)).then_some((MASK_GREY, 1.0))
                }))
            }
            Self::Hand => {
                let palm = [rng.random_range(14.0..34.0), rng.random_range(30.0..44.0)];
                let lean = rng.random_range(-0.6..0.6);
                let skin = mean(chip);
                Ok(paint(chip, |x, y| hand(x, y, palm, lean, amount, skin)))
            }
            Self::Text => Ok(text(chip, amount as usize, rng)),
        }
    }
}

/// The amount or its inverse, half the time each.
fn either_way(amount: f32, rng: &mut impl Rng) -> f32 {
    if rng.random() { amount } else { 1.0 / amount }
}

fn mean(chip: &FaceChip) -> f32 {
    chip.grey().iter().map(|grey| f32::from(*grey) / 255.0).sum::<f32>() / chip.grey().len() as f32
}

/// Values outside of 0..1 become black or white.
fn to_chip(values: impl IntoIterator<Item = f32>) -> FaceChip {
    let mut grey = [0; CHIP_SIDE * CHIP_SIDE];
    for (grey, value) in grey.iter_mut().zip(values) {
        // `as` saturates at 0 and 255.
        *grey = (value * 255.0).round() as u8;
    }
    FaceChip::from_grey(grey)
}

fn to_image(chip: &FaceChip) -> Result<GrayImage> {
    GrayImage::from_raw(SIDE, SIDE, chip.grey().to_vec()).context("a face chip has 48 x 48 pixels")
}

fn from_image(image: &GrayImage) -> Result<FaceChip> {
    Ok(FaceChip::from_grey(image.as_raw().as_slice().try_into().context("the picture is not 48 x 48")?))
}

fn jpeg(chip: &FaceChip, quality: u8) -> Result<FaceChip> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode(chip.grey(), SIDE, SIDE, ExtendedColorType::L8)?;
    from_image(&image::load(Cursor::new(bytes), ImageFormat::Jpeg)?.into_luma8())
}

fn warp(chip: &FaceChip, warp: &Warp) -> FaceChip {
    to_chip(warp.apply(chip, CHIP_SIDE))
}

fn shift(pixels: f32, angle: f32) -> Warp {
    let (sin, cos) = angle.sin_cos();
    let share = pixels / SIDE as f32;
    Warp { shift_x: share * cos, shift_y: share * sin, ..Warp::IDENTITY }
}

/// The mean of the picture at places a pixel apart or less on a straight way.
fn motion(chip: &FaceChip, length: f32, angle: f32) -> FaceChip {
    let places = length.ceil() as usize;
    let mut sum = vec![0.0; CHIP_SIDE * CHIP_SIDE];
    for place in 0..places {
        let way = ((place as f32 + 0.5) / places as f32 - 0.5) * length;
        for (sum, value) in sum.iter_mut().zip(shift(way, angle).apply(chip, CHIP_SIDE)) {
            *sum += value;
        }
    }
    to_chip(sum.into_iter().map(|sum| sum / places as f32))
}

/// Paints over the picture: `cover` gives a pixel's new grey and its opacity for the coordinates of its middle.
fn paint(chip: &FaceChip, cover: impl Fn(f32, f32) -> Option<(f32, f32)>) -> FaceChip {
    to_chip(chip.grey().iter().enumerate().map(|(index, grey)| {
        let value = f32::from(*grey) / 255.0;
        let (x, y) = ((index % CHIP_SIDE) as f32 + 0.5, (index / CHIP_SIDE) as f32 + 0.5);
        cover(x, y).map_or(value, |(grey, opacity)| value + opacity * (grey - value))
    }))
}

fn is_in_ellipse(x: f32, y: f32, [middle_x, middle_y]: [f32; 2], [width, height]: [f32; 2]) -> bool {
    ((x - middle_x) / width).powi(2) + ((y - middle_y) / height).powi(2) <= 1.0
}

/// Two lenses with rims of a pixel and a bridge between them.
fn glasses(x: f32, y: f32, opacity: f32) -> Option<(f32, f32)> {
    let is_inside = |inset: f32| EYES.iter().any(|eye| is_in_ellipse(x, y, *eye, LENS.map(|half| half - inset)));
    let is_bridge = (EYES[0][0] + LENS[0]..EYES[1][0] - LENS[0]).contains(&x) && (y - EYES[0][1]).abs() <= 1.0;
    if is_inside(1.0) { Some((LENS_GREY, opacity)) } else { (is_inside(0.0) || is_bridge).then_some((LENS_GREY, 1.0)) }
}

/// A round palm and four straight fingers upwards, as bright as the picture's mean, with darker outlines.
fn hand(x: f32, y: f32, palm: [f32; 2], lean: f32, radius: f32, skin: f32) -> Option<(f32, f32)> {
    let (dx, dy) = (x - palm[0], y - palm[1]);
    let finger = |number: usize| {
        let angle = lean + (number as f32 - 1.5) * 0.25;
        let (right, up) = angle.sin_cos();
        let along = (dx * right - dy * up).clamp(0.0, 2.2 * radius);
        (dx - along * right).hypot(dy + along * up) - 0.24 * radius
    };
    // The distance from the outline, below 0 inside.
    let distance = (0..4).map(finger).fold(dx.hypot(dy) - radius, f32::min);
    (distance <= 0.0).then_some((if distance > -1.0 { 0.6 * skin } else { skin }, 1.0))
}

/// Lines of white letters of random strokes with black shadows, as captions and watermarks are.
fn text(chip: &FaceChip, lines: usize, rng: &mut impl Rng) -> FaceChip {
    let mut tops: Vec<usize> = (1..CHIP_SIDE - LETTER[1]).step_by(LINE).collect();
    tops.shuffle(rng);
    let mut grey = *chip.grey();
    for top in tops.into_iter().take(lines) {
        for left in (1..CHIP_SIDE - LETTER[0]).step_by(LETTER[0] + 1) {
            let strokes: u16 = rng.random();
            let is_stroke = |index: usize| strokes >> index & 1 == 1;
            let pixels = (0..LETTER[0] * LETTER[1]).filter(|index| is_stroke(*index));
            let place = |index: usize| (top + index / LETTER[0]) * CHIP_SIDE + left + index % LETTER[0];
            pixels.clone().for_each(|index| grey[place(index) + CHIP_SIDE + 1] = 0);
            pixels.for_each(|index| grey[place(index)] = u8::MAX);
        }
    }
    FaceChip::from_grey(grey)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dark eyes and mouth and a bright nose in uneven light, with fine grain.
    fn face() -> FaceChip {
        const SPOTS: [[f32; 5]; 4] = [
            [15.0, 18.0, 5.0, 2.5, -70.0],
            [33.0, 18.0, 5.0, 2.5, -70.0],
            [24.0, 37.0, 8.0, 2.5, -60.0],
            [24.0, 27.0, 3.0, 6.0, 45.0],
        ];
        let mut random = ChaCha8Rng::seed_from_u64(1);
        FaceChip::from_grey(std::array::from_fn(|index| {
            let (x, y) = ((index % CHIP_SIDE) as f32, (index / CHIP_SIDE) as f32);
            let grain = random.random_range(-7.5..7.5_f32);
            let spot = |[left, top, width, height, light]: [f32; 5]| {
                light * (-((x - left) / width).powi(2) - ((y - top) / height).powi(2)).exp()
            };
            (90.0 + 1.2 * x + 0.8 * y + grain + SPOTS.map(spot).iter().sum::<f32>()) as u8
        }))
    }

    fn apply(corruption: Corruption, amount: f32, seed: u64) -> FaceChip {
        corruption.apply(&face(), amount, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
    }

    fn distance(a: &FaceChip, b: &FaceChip) -> f64 {
        let square = |(a, b): (&u8, &u8)| (f64::from(*a) - f64::from(*b)).powi(2);
        (a.grey().iter().zip(b.grey()).map(square).sum::<f64>() / a.grey().len() as f64).sqrt()
    }

    #[test]
    fn the_amount_that_means_none_changes_nothing() {
        use Corruption::*;
        let factors = [Darkness, Overexposure, Contrast, Gamma, Scale].map(|corruption| (corruption, 1.0));
        let sizes = [Noise, Rotation, Shift, Mask, Text].map(|corruption| (corruption, 0.0));
        for (corruption, none) in factors.into_iter().chain(sizes).chain([(LowResolution, 48.0), (Motion, 1e-3)]) {
            assert_eq!(apply(corruption, none, 1).grey(), face().grey(), "{corruption:?}");
        }
    }

    #[test]
    fn what_is_stronger_is_farther_from_the_picture() {
        for corruption in Corruption::ALL {
            let mean_distance =
                |amount: f32| (0..8).map(|seed| distance(&apply(corruption, amount, seed), &face())).sum::<f64>() / 8.0;
            let distances = corruption.scale().amounts.map(mean_distance);
            assert!(distances[0] > 0.5, "{corruption:?} does next to nothing: {distances:?}");
            assert!(distances.is_sorted_by(|weaker, stronger| weaker < stronger), "{corruption:?}: {distances:?}");
        }
    }

    #[test]
    fn the_same_random_numbers_do_the_same_damage() {
        for corruption in Corruption::ALL {
            let strongest = corruption.scale().amounts[4];
            assert_eq!(apply(corruption, strongest, 3).grey(), apply(corruption, strongest, 3).grey());
        }
        for corruption in [Corruption::Noise, Corruption::Shift, Corruption::Hand, Corruption::Text] {
            let strongest = corruption.scale().amounts[4];
            assert_ne!(apply(corruption, strongest, 3).grey(), apply(corruption, strongest, 4).grey());
        }
    }

    #[test]
    fn both_directions_occur() {
        let means: Vec<f32> = (0..20).map(|seed| mean(&apply(Corruption::Gamma, 2.0, seed))).collect();
        assert!(means.iter().any(|&each| each > mean(&face())) && means.iter().any(|&each| each < mean(&face())));
    }

    #[test]
    fn covers_lie_where_they_belong() {
        let changed = |corruption: Corruption, amount: f32| -> Vec<[usize; 2]> {
            let (damaged, whole) = (apply(corruption, amount, 2), face());
            let differs = |index: &usize| damaged.grey()[*index] != whole.grey()[*index];
            (0..CHIP_SIDE * CHIP_SIDE).filter(differs).map(|index| [index % CHIP_SIDE, index / CHIP_SIDE]).collect()
        };
        let glasses = changed(Corruption::Glasses, 1.0);
        assert!(glasses.iter().all(|[_, y]| (11..25).contains(y)));
        assert!(glasses.contains(&[14, 17]) && glasses.contains(&[32, 17]) && glasses.contains(&[23, 17]));
        let mask = changed(Corruption::Mask, 0.5);
        assert!(mask.iter().all(|[_, y]| *y >= 24) && mask.contains(&[24, 37]) && !mask.contains(&[0, 47]));
        // One line of letters and its shadow.
        let text = changed(Corruption::Text, 1.0);
        let (top, bottom) = (text.iter().map(|[_, y]| y).min().unwrap(), text.iter().map(|[_, y]| y).max().unwrap());
        assert!(bottom - top <= 6);
    }

    #[test]
    fn blur_and_motion_keep_the_light_and_lower_resolution_takes_detail() {
        for (corruption, amount) in
            [(Corruption::Blur, 2.0), (Corruption::Motion, 7.0), (Corruption::LowResolution, 12.0)]
        {
            let damaged = apply(corruption, amount, 5);
            assert!((mean(&damaged) - mean(&face())).abs() < 0.02, "{corruption:?}");
            let roughness = |chip: &FaceChip| -> u32 {
                chip.grey().windows(2).map(|pair| u32::from(pair[0].abs_diff(pair[1]))).sum()
            };
            assert!(roughness(&damaged) < roughness(&face()), "{corruption:?}");
        }
    }
}
