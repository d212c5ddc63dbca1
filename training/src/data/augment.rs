//! Random changes to a training picture: one affine warp, then light, then damage.
//!
//! Written out, because image libraries interpolate once for each change instead of once for all, and because a run only
//! repeats to the bit while the random draws keep their order.

use anyhow::{Result, ensure};
use countenance::{CHIP_SIDE, FaceChip};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

/// Lower and upper end of a uniform draw.
pub type Range = [f32; 2];

/// What may happen to a picture. Every number is drawn anew for each picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Augmentation {
    /// Probability of a mirror image.
    pub flip: f64,
    /// Largest rotation to either side, degrees.
    pub rotation: f32,
    /// Enlargement; below 1 shrinks.
    pub zoom: Range,
    /// Whether width and height are enlarged independently.
    pub stretch: bool,
    /// Largest shift to either side, as a share of the picture's side.
    pub shift: f32,
    /// Largest shear to either side, degrees.
    pub shear: f32,
    /// Factor on all values.
    pub brightness: Range,
    /// Factor on the distance from the mean.
    pub contrast: Range,
    /// Exponent on all values.
    pub gamma: Range,
    /// Probability of a blur.
    pub blur: f64,
    /// Its standard deviation in pixels of a 48-pixel picture.
    pub blur_sigma: Range,
    /// Probability of noise.
    pub noise: f64,
    /// Its standard deviation, where white is 1.
    pub noise_sigma: Range,
    /// Probability that a box is erased.
    pub erase: f64,
    /// The box's sides as a share of the picture's.
    pub erase_side: Range,
    /// Probability that short lines are drawn all over, as hair, scratches and captions lie before a face.
    #[serde(default)]
    pub strokes: f64,
    /// How many.
    #[serde(default)]
    pub stroke_count: Range,
}

impl Augmentation {
    /// Changes nothing.
    pub const NONE: Self = Self {
        flip: 0.0,
        rotation: 0.0,
        zoom: [1.0, 1.0],
        stretch: false,
        shift: 0.0,
        shear: 0.0,
        brightness: [1.0, 1.0],
        contrast: [1.0, 1.0],
        gamma: [1.0, 1.0],
        blur: 0.0,
        blur_sigma: [0.0, 0.0],
        noise: 0.0,
        noise_sigma: [0.0, 0.0],
        erase: 0.0,
        erase_side: [0.0, 0.0],
        strokes: 0.0,
        stroke_count: [0.0, 0.0],
    };

    /// Where and how large the face is alone, as a detector's crop may vary: light and damage left out.
    pub const fn movements(&self) -> Self {
        let Self { flip, rotation, zoom, stretch, shift, shear, .. } = *self;
        Self { flip, rotation, zoom, stretch, shift, shear, ..Self::NONE }
    }

    /// Whether every number is in its range.
    ///
    /// # Errors
    /// Names the first value that is out of range.
    pub fn check(&self) -> Result<()> {
        let probabilities = [
            ("flip", self.flip),
            ("blur", self.blur),
            ("noise", self.noise),
            ("erase", self.erase),
            ("strokes", self.strokes),
        ];
        for (name, probability) in probabilities {
            ensure!((0.0..=1.0).contains(&probability), "augmentation.{name} must be from 0 to 1, not {probability}");
        }
        let ranges = [
            ("zoom", self.zoom),
            ("brightness", self.brightness),
            ("contrast", self.contrast),
            ("gamma", self.gamma),
            ("blur_sigma", self.blur_sigma),
            ("noise_sigma", self.noise_sigma),
            ("erase_side", self.erase_side),
            ("stroke_count", self.stroke_count),
        ];
        for (name, [low, high]) in ranges {
            ensure!(
                0.0 <= low && low <= high,
                "augmentation.{name} must be a rising range of values from 0 up, not {low}..{high}"
            );
        }
        ensure!(self.zoom[0] > 0.0, "augmentation.zoom must be above 0");
        ensure!(self.gamma[0] > 0.0, "augmentation.gamma must be above 0");
        Ok(())
    }

    /// A changed picture of `side` x `side` values, 0 is black and 1 white, rows from the top.
    pub fn apply(&self, chip: &FaceChip, side: usize, rng: &mut impl Rng) -> Vec<f32> {
        let mut picture = self.draw_warp(rng).apply(chip, side);
        self.relight(&mut picture, rng);
        // Without strokes nothing is drawn from the generator: recipes older than they repeat to the bit.
        if self.strokes > 0.0 && rng.random_bool(self.strokes) {
            self.draw_strokes(&mut picture, side, rng);
        }
        if rng.random_bool(self.blur) {
            let sigma = draw(self.blur_sigma, rng) * side as f32 / CHIP_SIDE as f32;
            picture = blur(&picture, side, sigma);
        }
        if rng.random_bool(self.noise) {
            let sigma = draw(self.noise_sigma, rng);
            for value in &mut picture {
                let normal: f32 = StandardNormal.sample(rng);
                *value = (*value + sigma * normal).clamp(0.0, 1.0);
            }
        }
        if rng.random_bool(self.erase) {
            self.erase_box(&mut picture, side, rng);
        }
        picture
    }

    fn draw_warp(&self, rng: &mut impl Rng) -> Warp {
        let flip = rng.random_bool(self.flip);
        let angle = draw([-self.rotation, self.rotation], rng).to_radians();
        let shear = draw([-self.shear, self.shear], rng).to_radians();
        let zoom_x = draw(self.zoom, rng);
        let zoom_y = if self.stretch { draw(self.zoom, rng) } else { zoom_x };
        let shift = [-self.shift, self.shift];
        let (sin, cos) = angle.sin_cos();
        // From the result's coordinates to the source's: rotation x shear x 1 / zoom, mirrored at the end.
        let sign = if flip { -1.0 } else { 1.0 };
        Warp {
            xx: sign * cos / zoom_x,
            xy: sign * -(sin + shear.sin()) / zoom_y,
            yx: sin / zoom_x,
            yy: (cos * shear.cos()) / zoom_y,
            shift_x: draw(shift, rng),
            shift_y: draw(shift, rng),
        }
    }

    fn relight(&self, picture: &mut [f32], rng: &mut impl Rng) {
        let (brightness, contrast, gamma) =
            (draw(self.brightness, rng), draw(self.contrast, rng), draw(self.gamma, rng));
        let mean = picture.iter().sum::<f32>() / picture.len() as f32;
        for value in picture {
            let changed = ((*value - mean) * contrast + mean) * brightness;
            *value = changed.clamp(0.0, 1.0);
            if gamma != 1.0 {
                *value = value.powf(gamma);
            }
        }
    }

    /// Draws straight lines a pixel wide and up to a sixth of the side long, each black, white or grey.
    fn draw_strokes(&self, picture: &mut [f32], side: usize, rng: &mut impl Rng) {
        let end = side as f32;
        for _ in 0..draw(self.stroke_count, rng) as usize {
            let grey = draw([-0.5, 1.5], rng).clamp(0.0, 1.0);
            let (left, top) = (draw([0.0, end], rng), draw([0.0, end], rng));
            let (down, right) = draw([0.0, std::f32::consts::TAU], rng).sin_cos();
            for step in 0..rng.random_range(1..=side / 6) {
                let (x, y) = (left + step as f32 * right, top + step as f32 * down);
                if (0.0..end).contains(&x) && (0.0..end).contains(&y) {
                    picture[y as usize * side + x as usize] = grey;
                }
            }
        }
    }

    /// Fills a box with one random grey.
    fn erase_box(&self, picture: &mut [f32], side: usize, rng: &mut impl Rng) {
        let length = |rng: &mut _| ((draw(self.erase_side, rng) * side as f32) as usize).clamp(1, side);
        let (width, height) = (length(rng), length(rng));
        let (left, top) = (rng.random_range(0..=side - width), rng.random_range(0..=side - height));
        let grey = rng.random();
        for row in picture.chunks_exact_mut(side).skip(top).take(height) {
            row[left..left + width].fill(grey);
        }
    }
}

/// A picture unchanged but for its side: `side` x `side` values, 0 is black and 1 white.
pub fn plain(chip: &FaceChip, side: usize) -> Vec<f32> {
    Warp::IDENTITY.apply(chip, side)
}

fn draw([low, high]: Range, rng: &mut impl Rng) -> f32 {
    if low < high { rng.random_range(low..high) } else { low }
}

/// An affine map from the result to the source, both with the origin in the middle and sides of length 1.
pub(crate) struct Warp {
    pub(crate) xx: f32,
    pub(crate) xy: f32,
    pub(crate) yx: f32,
    pub(crate) yy: f32,
    pub(crate) shift_x: f32,
    pub(crate) shift_y: f32,
}

impl Warp {
    pub(crate) const IDENTITY: Self = Self { xx: 1.0, xy: 0.0, yx: 0.0, yy: 1.0, shift_x: 0.0, shift_y: 0.0 };

    /// Samples bilinearly; the border's pixels go on beyond it.
    pub(crate) fn apply(&self, chip: &FaceChip, side: usize) -> Vec<f32> {
        let source = CHIP_SIDE as f32;
        let position = |index: usize| (index as f32 + 0.5) / side as f32 - 0.5;
        let mut picture = Vec::with_capacity(side * side);
        for row in 0..side {
            let y = position(row);
            for column in 0..side {
                let x = position(column);
                let source_x = (self.xx * x + self.xy * y + self.shift_x + 0.5) * source - 0.5;
                let source_y = (self.yx * x + self.yy * y + self.shift_y + 0.5) * source - 0.5;
                picture.push(sample(chip, source_x, source_y));
            }
        }
        picture
    }
}

fn sample(chip: &FaceChip, x: f32, y: f32) -> f32 {
    let last = (CHIP_SIDE - 1) as f32;
    let (x, y) = (x.clamp(0.0, last), y.clamp(0.0, last));
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(CHIP_SIDE - 1), (top + 1).min(CHIP_SIDE - 1));
    let (across, down) = (x - left as f32, y - top as f32);
    let grey = |x: usize, y: usize| f32::from(chip.grey()[y * CHIP_SIDE + x]);
    let upper = grey(left, top) * (1.0 - across) + grey(right, top) * across;
    let lower = grey(left, bottom) * (1.0 - across) + grey(right, bottom) * across;
    (upper * (1.0 - down) + lower * down) / 255.0
}

/// Gaussian blur, the border's pixels going on beyond it.
fn blur(picture: &[f32], side: usize, sigma: f32) -> Vec<f32> {
    if sigma <= 0.0 {
        return picture.to_vec();
    }
    let reach = (3.0 * sigma).ceil() as isize;
    let weights: Vec<f32> = (-reach..=reach).map(|d| (-0.5 * (d as f32 / sigma).powi(2)).exp()).collect();
    let total: f32 = weights.iter().sum();
    let at = |index: usize, offset: isize| (index as isize + offset).clamp(0, side as isize - 1) as usize;
    let pass = |source: &[f32], index_of: &dyn Fn(usize, usize, isize) -> usize| -> Vec<f32> {
        let value = |index: usize| {
            let (row, column) = (index / side, index % side);
            let sum: f32 = (-reach..=reach).zip(&weights).map(|(d, w)| w * source[index_of(row, column, d)]).sum();
            sum / total
        };
        (0..side * side).map(value).collect()
    };
    let across = pass(picture, &|row, column, d| row * side + at(column, d));
    pass(&across, &|row, column, d| at(row, d) * side + column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn chip(pixel: impl Fn(usize, usize) -> usize) -> FaceChip {
        FaceChip::from_grey(std::array::from_fn(|index| pixel(index % CHIP_SIDE, index / CHIP_SIDE) as u8))
    }

    fn apply(augmentation: &Augmentation, chip: &FaceChip, side: usize) -> Vec<f32> {
        augmentation.apply(chip, side, &mut ChaCha8Rng::seed_from_u64(5))
    }

    fn assert_close(found: &[f32], expected: impl IntoIterator<Item = f32>) {
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() < 1e-5, "{found} instead of {expected} at {index}");
        }
    }

    #[test]
    fn without_change_the_pixels_stay() {
        let chip = chip(|x, y| (x * 5 + y * 3) % 256);
        let pixels = || chip.grey().iter().map(|&grey| f32::from(grey) / 255.0);
        assert_close(&apply(&Augmentation::NONE, &chip, CHIP_SIDE), pixels());
        assert_close(&plain(&chip, CHIP_SIDE), pixels());
    }

    #[test]
    fn a_flip_mirrors_left_and_right() {
        let chip = chip(|x, y| x * 5 + y % 2);
        let flipped = apply(&Augmentation { flip: 1.0, ..Augmentation::NONE }, &chip, CHIP_SIDE);
        let mirrored = chip.grey().chunks(CHIP_SIDE).flat_map(|row| row.iter().rev()).map(|&g| f32::from(g) / 255.0);
        assert_close(&flipped, mirrored.collect::<Vec<_>>());
    }

    #[test]
    fn zoom_enlarges_about_the_middle() {
        let chip = chip(|x, y| if (18..30).contains(&x) && (18..30).contains(&y) { 255 } else { 0 });
        let share = |zoom: f32| {
            let picture = apply(&Augmentation { zoom: [zoom, zoom], ..Augmentation::NONE }, &chip, CHIP_SIDE);
            picture.iter().sum::<f32>() / 144.0
        };
        assert!((share(2.0) - 4.0).abs() < 0.01);
        assert!((share(0.5) - 0.25).abs() < 0.01);
    }

    #[test]
    fn rotation_moves_the_mark_and_keeps_its_light() {
        let chip = chip(|x, y| if (36..43).contains(&x) && (20..28).contains(&y) { 255 } else { 0 });
        let turn = Augmentation { rotation: 60.0, ..Augmentation::NONE };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let pictures: Vec<_> = (0..50).map(|_| turn.apply(&chip, CHIP_SIDE, &mut rng)).collect();
        let stays = |picture: &Vec<f32>| picture[24 * CHIP_SIDE + 39] > 0.5;
        assert!(pictures.iter().any(stays) && !pictures.iter().all(stays));
        for picture in pictures {
            let light: f32 = picture.iter().sum();
            assert!((54.0..58.0).contains(&light), "{light} of 56");
        }
    }

    #[test]
    fn smaller_pictures_keep_a_gradient() {
        let gradient = plain(&chip(|x, _| x * 5), 32);
        for (column, value) in gradient[..32].iter().enumerate().take(31).skip(1) {
            let expected = ((column as f32 + 0.5) * 1.5 - 0.5) * 5.0 / 255.0;
            assert!((value - expected).abs() < 1e-5);
        }
    }

    #[test]
    fn erasing_fills_one_box_alone() {
        let erase = Augmentation { erase: 1.0, erase_side: [0.25, 0.25], ..Augmentation::NONE };
        let picture = apply(&erase, &chip(|_, _| 0), CHIP_SIDE);
        let filled: Vec<usize> = (0..picture.len()).filter(|&index| picture[index] > 0.0).collect();
        assert_eq!(filled.len(), 144);
        let columns = filled.iter().map(|index| index % CHIP_SIDE);
        assert_eq!(columns.clone().max().unwrap() - columns.min().unwrap(), 11);
    }

    #[test]
    fn strokes_cover_a_little_all_over() {
        let strokes = Augmentation { strokes: 1.0, stroke_count: [40.0, 40.0], ..Augmentation::NONE };
        // No stroke has just this grey.
        let picture = apply(&strokes, &chip(|_, _| 77), CHIP_SIDE);
        let covered = |index: &usize| (picture[*index] - 77.0 / 255.0).abs() > 1e-5;
        let covered: Vec<usize> = (0..picture.len()).filter(covered).collect();
        assert!((40..40 * 8).contains(&covered.len()), "{} pixels", covered.len());
        for quarter in 0..4 {
            let is_within =
                |index: &&usize| (*index % CHIP_SIDE / 24, *index / CHIP_SIDE / 24) == (quarter % 2, quarter / 2);
            assert!(covered.iter().any(|index| is_within(&index)));
        }
    }

    #[test]
    fn blur_keeps_even_areas_and_softens_edges() {
        let blurred = Augmentation { blur: 1.0, blur_sigma: [1.0, 1.0], ..Augmentation::NONE };
        assert_close(&apply(&blurred, &chip(|_, _| 100), CHIP_SIDE), [100.0 / 255.0; CHIP_SIDE * CHIP_SIDE]);
        let edge = apply(&blurred, &chip(|x, _| if x < 24 { 0 } else { 255 }), CHIP_SIDE);
        assert!(edge[23] > 0.2 && edge[24] < 0.8 && (edge[23] + edge[24] - 1.0).abs() < 1e-5);
    }

    #[test]
    fn whatever_is_drawn_stays_between_black_and_white_and_repeats() {
        let wild = Augmentation {
            flip: 0.5,
            rotation: 45.0,
            zoom: [0.5, 2.0],
            stretch: true,
            shift: 0.5,
            shear: 20.0,
            brightness: [0.0, 3.0],
            contrast: [0.0, 3.0],
            gamma: [0.3, 3.0],
            blur: 0.5,
            blur_sigma: [0.1, 3.0],
            noise: 0.5,
            noise_sigma: [0.0, 0.5],
            erase: 0.5,
            erase_side: [0.0, 1.0],
            strokes: 0.5,
            stroke_count: [0.0, 99.0],
        };
        wild.check().unwrap();
        let chip = chip(|x, y| (x * 31 + y * 17) % 256);
        for seed in 0..300 {
            let draw = || wild.apply(&chip, 40, &mut ChaCha8Rng::seed_from_u64(seed));
            let picture = draw();
            assert_eq!(picture.len(), 1600);
            assert!(picture.iter().all(|value| (0.0..=1.0).contains(value)), "seed {seed}");
            assert_eq!(picture, draw());
        }
    }

    #[test]
    fn ranges_must_rise_and_probabilities_be_some() {
        let message = |augmentation: Augmentation| format!("{}", augmentation.check().unwrap_err());
        assert!(message(Augmentation { zoom: [1.2, 0.8], ..Augmentation::NONE }).contains("zoom"));
        assert!(message(Augmentation { flip: 1.1, ..Augmentation::NONE }).contains("flip"));
    }
}
