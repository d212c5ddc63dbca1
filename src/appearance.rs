//! How well a face can be seen, measured on its chip; and what that does to an answer.
//!
//! A blurred, dark, overexposed or covered face pulls the network towards some expressions and makes it too sure. How much
//! it does so was measured on damaged pictures, and is taken back.

use crate::chip::{CHIP_SIDE, FaceChip};
use crate::emotion::Emotion;
use crate::error::{Error, ErrorKind};
use std::ops::Range;

/// What is added to a contrast before its logarithm is taken: one grey level of 255.
const LEAST_CONTRAST: f32 = 0.004;

/// What is added to a mean squared difference of neighbours, so that a plain picture has a ratio: a quarter level squared.
const LEAST_ENERGY: f32 = 1e-6;

/// The same for the parts of a face, of which one may be plain: about a grey level squared.
const LEAST_PART: f32 = 1e-5;

/// The rows and columns of a chip that hold the eyes, and those that hold the mouth (see `crop.rs`).
const EYES: [Range<usize>; 2] = [12..24, 8..40];
const MOUTH: [Range<usize>; 2] = [30..44, 10..38];

/// The largest measure of a cover, either way: a plain patch has no grain at all, a chin strap leaves hardly any.
const MOST_COVER: f32 = 4.0;

/// The grey from which a pixel counts as overexposed.
const GLARE: u8 = 254;

/// What one sees of a face before any network does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Appearance {
    /// Mean brightness, 0 (black) ..=1 (white).
    pub light: f32,
    /// Standard deviation of the brightness, 0..=0.5.
    pub contrast: f32,
    /// How fine the detail is along the axis, across or down, that has less of it: 0 for a smooth picture, 1 for noise.
    /// Sharp faces have 0.12 to 0.3, one blurred by a pixel of 48 (a Gaussian's standard deviation) 0.04.
    pub sharpness: f32,
    /// The same along the other axis.
    pub sharpness_across: f32,
    /// The share of overexposed pixels, 0..=1.
    pub glare: f32,
    /// The natural logarithm of how much detail there is around the mouth for each part around the eyes, -4..=4: a mask
    /// makes it small.
    pub mouth_detail: f32,
}

impl Appearance {
    /// How many [measures](Self::measures) there are.
    pub const COUNT: usize = 6;

    /// Measures a chip.
    pub fn of(chip: &FaceChip) -> Self {
        let grey = chip.grey();
        let count = grey.len() as f32;
        let sum: u32 = grey.iter().map(|&grey| u32::from(grey)).sum();
        let squares: u32 = grey.iter().map(|&grey| u32::from(grey) * u32::from(grey)).sum();
        let mean = sum as f32 / count;
        let variance = (squares as f32 / count - mean * mean).max(0.0);
        let whole = [0..CHIP_SIDE, 0..CHIP_SIDE];
        let [across, down] = [1, CHIP_SIDE].map(|step| {
            let energy = |distance| detail(grey, &whole, step, distance) + LEAST_ENERGY;
            // A ramp has a quarter, noise has one.
            ((energy(1) / energy(2) - 0.25) / 0.75).clamp(0.0, 1.0)
        });
        let part = |area| detail(grey, area, 1, 1) + detail(grey, area, CHIP_SIDE, 1) + LEAST_PART;
        Self {
            light: mean / 255.0,
            contrast: variance.sqrt() / 255.0,
            sharpness: across.min(down),
            sharpness_across: across.max(down),
            glare: grey.iter().filter(|&&grey| grey >= GLARE).count() as f32 / count,
            mouth_detail: (part(&MOUTH) / part(&EYES)).ln().clamp(-MOST_COVER, MOST_COVER),
        }
    }

    /// What an answer depends on.
    pub fn measures(&self) -> [f32; Self::COUNT] {
        let log_sharpness = |sharpness: f32| (sharpness + 1.0 / 3.0).ln();
        [
            (self.contrast + LEAST_CONTRAST).ln(),
            self.light,
            log_sharpness(self.sharpness),
            log_sharpness(self.sharpness_across),
            self.mouth_detail,
            self.glare,
        ]
    }
}

/// The mean squared difference of the pixels of an area that are so many steps apart, for values 0..=1.
fn detail(
    grey: &[u8; CHIP_SIDE * CHIP_SIDE],
    [rows, columns]: &[Range<usize>; 2],
    step: usize,
    distance: usize,
) -> f32 {
    let reach = step * distance;
    let [down, right] = [reach / CHIP_SIDE, reach % CHIP_SIDE];
    let (rows, columns) = (rows.start..rows.end - down, columns.start..columns.end - right);
    let count = rows.len() * columns.len();
    let mut sum = 0;
    for row in rows {
        let from = &grey[row * CHIP_SIDE..][columns.clone()];
        let to = &grey[row * CHIP_SIDE + reach..][columns.clone()];
        sum += from.iter().zip(to).map(|(&from, &to)| u32::from(from.abs_diff(to)).pow(2)).sum::<u32>();
    }
    sum as f32 / (count as f32 * 255.0 * 255.0)
}

/// Terms of [`AppearanceCorrection`]: one, and each measure and its square.
pub(crate) const TERMS: usize = 1 + 2 * Appearance::COUNT;

/// What each term adds to: the factor of all logits, and each expression's logit.
const PARTS: usize = 1 + Emotion::COUNT;

/// How far from its mean, in standard deviations, a measure counts: beyond, nothing was measured.
const MOST_DEVIATIONS: f32 = 4.0;

/// The least factor of the logits: an answer may become unsure, never its own opposite.
const LEAST_FACTOR: f32 = 0.2;

/// Takes back what a face's appearance does to the first head's answer: its logits are multiplied by a factor and shifted,
/// both of second degree in the measures. Fitted with the weights.
#[derive(Debug, Clone)]
pub(crate) struct AppearanceCorrection {
    centres: [f32; Appearance::COUNT],
    spreads: [f32; Appearance::COUNT],
    weights: [[f32; PARTS]; TERMS],
}

impl AppearanceCorrection {
    /// From lists of numbers: the measures' means, their standard deviations, and the weights, term by term.
    pub(crate) fn parse(centres: &str, spreads: &str, weights: &str) -> Result<Self, Error> {
        let spreads = numbers(spreads)?;
        if spreads.iter().any(|&spread| spread <= 0.0) {
            return Err(invalid(format!("the measures' spreads {spreads:?} must be above 0")));
        }
        let flat: [f32; TERMS * PARTS] = numbers(weights)?;
        let mut weights = [[0.0; PARTS]; TERMS];
        weights.as_flattened_mut().copy_from_slice(&flat);
        Ok(Self { centres: numbers(centres)?, spreads, weights })
    }

    /// The corrected logits.
    pub(crate) fn apply(&self, appearance: &Appearance, logits: [f32; Emotion::COUNT]) -> [f32; Emotion::COUNT] {
        let [first, others @ ..] = &self.weights;
        let mut sums = *first;
        let (singles, squares) = others.split_at(Appearance::COUNT);
        for (index, measure) in appearance.measures().into_iter().enumerate() {
            let deviation = (measure - self.centres[index]) / self.spreads[index];
            let deviation = deviation.clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS);
            for (sum, (single, square)) in sums.iter_mut().zip(singles[index].iter().zip(&squares[index])) {
                *sum += deviation * (single + deviation * square);
            }
        }
        let [factor, shifts @ ..] = sums;
        std::array::from_fn(|index| factor.max(LEAST_FACTOR) * logits[index] + shifts[index])
    }
}

fn numbers<const N: usize>(list: &str) -> Result<[f32; N], Error> {
    let numbers: Option<Vec<f32>> =
        list.split(',').map(|number| number.parse().ok().filter(|number: &f32| number.is_finite())).collect();
    let numbers = numbers.and_then(|numbers| numbers.try_into().ok());
    numbers.ok_or_else(|| invalid(format!("{list:?} is not a list of {N} numbers")))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::ModelLoad, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chip(grey: impl Fn(usize, usize) -> u8) -> FaceChip {
        FaceChip::from_grey(std::array::from_fn(|index| grey(index % CHIP_SIDE, index / CHIP_SIDE)))
    }

    #[test]
    fn a_plain_chip_is_smooth() {
        let found = Appearance::of(&chip(|_, _| 51));
        assert_eq!((found.light, found.contrast, found.glare, found.mouth_detail), (0.2, 0.0, 0.0, 0.0));
        assert_eq!(Appearance::of(&chip(|_, _| 255)).glare, 1.0);
    }

    #[test]
    fn a_checkerboard_has_half_a_contrast_and_is_as_fine_as_can_be() {
        let found = Appearance::of(&chip(|x, y| if (x + y) % 2 == 0 { 255 } else { 0 }));
        assert_eq!((found.light, found.contrast, found.glare), (0.5, 0.5, 0.5));
        assert_eq!((found.sharpness, found.sharpness_across), (1.0, 1.0));
    }

    #[test]
    fn a_ramp_is_smooth_and_stripes_are_fine_one_way_only() {
        let ramp = Appearance::of(&chip(|x, y| (2 * x + 3 * y) as u8));
        assert!(ramp.sharpness < 0.01 && ramp.sharpness_across < 0.01, "{ramp:?}");
        let noise = |x: usize, y: usize| (x * 7919 + y / 8 * 104_729) % 251;
        let stripes = Appearance::of(&chip(|x, y| noise(x, y) as u8));
        assert!(stripes.sharpness < 0.5 && stripes.sharpness_across > 0.6, "{stripes:?}");
    }

    #[test]
    fn a_plain_mouth_is_covered() {
        let grain = |x: usize, y: usize| ((x * 31 + y * 17) % 7 * 20) as u8;
        let whole = Appearance::of(&chip(grain));
        let masked = Appearance::of(&chip(|x, y| if y < 28 { grain(x, y) } else { 200 }));
        assert!(whole.mouth_detail.abs() < 0.2 && masked.mouth_detail < -3.0, "{whole:?} {masked:?}");
    }

    #[test]
    fn the_correction_by_hand() {
        let appearance = Appearance::of(&chip(|_, _| 51));
        let centres = appearance.measures().map(|measure| measure - 2.0).map(|centre| centre.to_string()).join(",");
        // Each measure is two deviations above its mean. The second weighs .1 in the factor and its square .05, the fifth
        // shifts the first expression by .3 a deviation.
        let mut weights = [[0.0; PARTS]; TERMS];
        weights[0] = [0.5, 0.0, 0.0, 0.0, 0.25];
        (weights[2][0], weights[2 + Appearance::COUNT][0], weights[5][1]) = (0.1, 0.05, 0.3);
        let weights = weights.as_flattened().iter().map(f32::to_string).collect::<Vec<_>>().join(",");
        let correction = AppearanceCorrection::parse(&centres, "1,1,1,1,1,1", &weights).unwrap();
        // Factor .5 + .2 + .2.
        let corrected = correction.apply(&appearance, [1.0, 2.0, -1.0, 0.0]);
        for (found, expected) in corrected.iter().zip([0.9 + 0.6, 1.8, -0.9, 0.25]) {
            assert!((found - expected).abs() < 1e-5, "{corrected:?}");
        }
    }

    #[test]
    fn what_is_not_a_correction_is_refused() {
        let weights = vec!["0"; TERMS * PARTS].join(",");
        let six = "1,1,1,1,1,1";
        assert!(AppearanceCorrection::parse(six, six, &weights).is_ok());
        for (centres, spreads, weights) in [
            ("", six, &*weights),
            ("1,2", six, &weights),
            ("1,1,1,1,1,inf", six, &weights),
            (six, "1,1,1,0,1,1", &weights),
            (six, six, "1"),
        ] {
            let error = AppearanceCorrection::parse(centres, spreads, weights).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ModelLoad, "{centres} {spreads} {weights}");
        }
    }

    proptest! {
        #[test]
        fn every_chip_has_measures_in_their_range(grey in prop::collection::vec(any::<u8>(), CHIP_SIDE * CHIP_SIDE)) {
            let found = Appearance::of(&FaceChip::from_grey(grey.try_into().unwrap()));
            for (value, range) in [
                (found.light, 0.0..=1.0),
                (found.contrast, 0.0..=0.5),
                (found.sharpness, 0.0..=found.sharpness_across),
                (found.sharpness_across, 0.0..=1.0),
                (found.glare, 0.0..=1.0),
                (found.mouth_detail, -MOST_COVER..=MOST_COVER),
            ] {
                prop_assert!(range.contains(&value), "{found:?}");
            }
            prop_assert!(found.measures().iter().all(|measure| measure.is_finite()));
        }
    }
}
