//! Which pixels spoke for the answer.

use crate::classify::{EmotionClassifier, EmotionProbabilities};
use crate::crop::{CHIP_SIDE, FaceChip};
use crate::emotion::Emotion;
use crate::error::Error;

/// Patches along each side: 64 patches and the chip itself make 65 classifications.
const GRID: usize = 8;

/// Standard deviation of a patch in pixels: about the size of an eye or half a mouth.
const PATCH_SIGMA: f32 = 4.0;

/// Standard deviation in pixels of the kernel that spreads a patch's effect over the map: half the patches' distance.
const MAP_SIGMA: f32 = 3.0;

/// Standard deviation in pixels of the blur that hides what lies under a patch: it takes the features away and leaves
/// the light and the skin, where a black or grey patch would itself be a feature.
const FILL_SIGMA: f32 = 6.0;

/// Why a chip got its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// For each pixel of the chip, rows from the top, -1..=1: above 0 what lies there spoke for the answer, below 0
    /// against it. The strongest pixel is 1 or -1; all are 0 where no patch changed anything.
    pub heat: [f32; CHIP_SIDE * CHIP_SIDE],
    /// The change of the answer's log-odds (natural logarithm) that a heat of 1 stands for. Near 0 no single place
    /// mattered, and the map shows next to nothing.
    pub strength: f32,
    /// The answer explained: the most probable expression.
    pub emotion: Emotion,
    /// The second most probable expression.
    pub runner_up: Emotion,
}

/// Explains the classifier's answer to a chip by occlusion (Zeiler and Fergus, "Visualizing and Understanding
/// Convolutional Networks", ECCV 2014, arXiv 1311.2901): hides one soft patch after another under a blur and maps how
/// far the answer's log-odds fall. Log-odds, because the probability of a sure answer barely moves.
///
/// Takes 65 classifications; the same chip always gets the same map.
///
/// # Errors
/// [`ErrorKind::Inference`](crate::ErrorKind::Inference) when the network's answer is not finite.
pub fn explain(classifier: &mut EmotionClassifier, chip: &FaceChip) -> Result<Explanation, Error> {
    explain_with(chip, |chip| classifier.classify(chip))
}

fn explain_with(
    chip: &FaceChip,
    mut classify: impl FnMut(&FaceChip) -> Result<EmotionProbabilities, Error>,
) -> Result<Explanation, Error> {
    let answer = classify(chip)?;
    let emotion = answer.top().0;
    let stock = log_odds(&answer, emotion);

    let grey = chip.grey().map(f32::from);
    let fill = blur(&grey);
    let patch = bells(PATCH_SIGMA);
    let mut falls = [[0.0; GRID]; GRID];
    for (row, falls) in falls.iter_mut().enumerate() {
        for (column, fall) in falls.iter_mut().enumerate() {
            let occluded = std::array::from_fn(|pixel| {
                let hidden = patch[pixel / CHIP_SIDE][row] * patch[pixel % CHIP_SIDE][column];
                (grey[pixel] + hidden * (fill[pixel] - grey[pixel])).round() as u8
            });
            *fall = stock - log_odds(&classify(&FaceChip::from_grey(occluded))?, emotion);
        }
    }

    let (heat, strength) = spread(&falls);
    Ok(Explanation { heat, strength, emotion, runner_up: runner_up(&answer) })
}

/// The natural logarithm of the odds of an expression against all others, from the others' sum: 1 - p has no digits
/// left for a sure answer.
fn log_odds(probabilities: &EmotionProbabilities, emotion: Emotion) -> f32 {
    let others: f32 = probabilities.iter().filter(|(other, _)| *other != emotion).map(|(_, value)| value).sum();
    probabilities.get(emotion).max(f32::MIN_POSITIVE).ln() - others.max(f32::MIN_POSITIVE).ln()
}

fn runner_up(probabilities: &EmotionProbabilities) -> Emotion {
    let top = probabilities.top().0;
    let others = probabilities.iter().filter(|(emotion, _)| *emotion != top);
    others.fold((top, -1.0), |best, next| if next.1 > best.1 { next } else { best }).0
}

/// A Gaussian bell around the centre of every patch, along one side: `[pixel][patch]`, 1 at the centre.
fn bells(sigma: f32) -> [[f32; GRID]; CHIP_SIDE] {
    let spacing = CHIP_SIDE as f32 / GRID as f32;
    std::array::from_fn(|pixel| {
        std::array::from_fn(|patch| {
            let distance = pixel as f32 + 0.5 - (patch as f32 + 0.5) * spacing;
            (-(distance / sigma).powi(2) / 2.0).exp()
        })
    })
}

/// The patches' values as a smooth map (a kernel-weighted mean at every pixel), divided by its largest magnitude, and
/// that magnitude.
fn spread(falls: &[[f32; GRID]; GRID]) -> ([f32; CHIP_SIDE * CHIP_SIDE], f32) {
    let kernel = bells(MAP_SIGMA).map(|weights| {
        let sum: f32 = weights.iter().sum();
        weights.map(|weight| weight / sum)
    });
    let mean = |weights: &[f32; GRID], values: &[f32; GRID]| -> f32 {
        weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
    };
    let mut heat = [0.0; CHIP_SIDE * CHIP_SIDE];
    for (y, line) in heat.chunks_exact_mut(CHIP_SIDE).enumerate() {
        let along: [f32; GRID] = std::array::from_fn(|column| mean(&kernel[y], &falls.map(|row| row[column])));
        for (x, value) in line.iter_mut().enumerate() {
            *value = mean(&kernel[x], &along);
        }
    }
    let strength = heat.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    if strength > 0.0 {
        for value in &mut heat {
            *value /= strength;
        }
    }
    (heat, strength)
}

/// Gaussian blur of a chip, its border pixels repeated outwards.
fn blur(grey: &[f32; CHIP_SIDE * CHIP_SIDE]) -> [f32; CHIP_SIDE * CHIP_SIDE] {
    const REACH: usize = 3 * FILL_SIGMA as usize;
    let weights: [f32; 2 * REACH + 1] = std::array::from_fn(|tap| {
        let distance = tap as f32 - REACH as f32;
        (-(distance / FILL_SIGMA).powi(2) / 2.0).exp()
    });
    let sum: f32 = weights.iter().sum();
    // One pass along the rows that writes columns; done twice, both axes are blurred and in place again.
    let pass = |source: &[f32; CHIP_SIDE * CHIP_SIDE]| {
        std::array::from_fn(|pixel| {
            let (x, y) = (pixel / CHIP_SIDE, pixel % CHIP_SIDE);
            let tap = |tap: usize| source[y * CHIP_SIDE + (x + tap).saturating_sub(REACH).min(CHIP_SIDE - 1)];
            weights.iter().enumerate().map(|(index, weight)| weight * tap(index)).sum::<f32>() / sum
        })
    };
    pass(&pass(grey))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Picture;
    use crate::detect::{DetectOptions, FaceDetector};
    use crate::error::ErrorKind;
    use crate::weights::{detector_model, emotion_model};
    use proptest::prelude::*;

    const PIXELS: usize = CHIP_SIDE * CHIP_SIDE;

    /// Stripes two pixels wide: something everywhere for a patch to hide.
    fn stripes() -> FaceChip {
        FaceChip::from_grey(std::array::from_fn(|pixel| if pixel % 4 < 2 { 200 } else { 40 }))
    }

    /// A stand-in for the network that looks at the contrast of one square of 12 pixels, and for happy if
    /// `for_happy`, against it otherwise.
    fn square_of_interest(
        left: usize,
        top: usize,
        for_happy: bool,
    ) -> impl FnMut(&FaceChip) -> Result<EmotionProbabilities, Error> {
        move |chip| {
            let inside = (0..144).map(|k| f32::from(chip.grey()[(top + k / 12) * CHIP_SIDE + left + k % 12]));
            let contrast = inside.map(|value| (value - 120.0).abs()).sum::<f32>() / 144.0 / 80.0;
            let odds = if for_happy { 3.0 * contrast } else { 4.0 - 3.0 * contrast }.exp();
            let rest = 1.0 / (1.0 + odds);
            EmotionProbabilities::new([1.0 - rest, rest * 0.2, rest * 0.5, rest * 0.3])
        }
    }

    #[test]
    fn the_map_points_at_what_the_answer_came_from() {
        for (left, top) in [(6, 6), (30, 12), (18, 34)] {
            for for_happy in [true, false] {
                let explanation = explain_with(&stripes(), square_of_interest(left, top, for_happy)).unwrap();
                assert_eq!((explanation.emotion, explanation.runner_up), (Emotion::Happy, Emotion::Sad));
                let sign = if for_happy { 1.0 } else { -1.0 };
                let peak = (0..PIXELS).max_by(|a, b| explanation.heat[*a].abs().total_cmp(&explanation.heat[*b].abs()));
                let (x, y) = (peak.unwrap() % CHIP_SIDE, peak.unwrap() / CHIP_SIDE);
                assert_eq!(explanation.heat[peak.unwrap()], sign);
                assert!(
                    (left..left + 12).contains(&x) && (top..top + 12).contains(&y),
                    "({x}, {y}) for ({left}, {top})"
                );
                let far = (0..PIXELS)
                    .filter(|p| (p % CHIP_SIDE).abs_diff(left + 6) > 18 || (p / CHIP_SIDE).abs_diff(top + 6) > 18);
                assert!(far.into_iter().all(|pixel| explanation.heat[pixel].abs() < 0.1));
            }
        }
    }

    #[test]
    fn no_influence_no_heat() {
        let answer = EmotionProbabilities::new([0.1, 0.2, 0.4, 0.3]).unwrap();
        let explanation = explain_with(&stripes(), |_| Ok(answer)).unwrap();
        assert_eq!(explanation.strength, 0.0);
        assert!(explanation.heat.iter().all(|heat| *heat == 0.0));
        assert_eq!((explanation.emotion, explanation.runner_up), (Emotion::Sad, Emotion::Surprise));
    }

    #[test]
    fn classifications_are_few_and_their_errors_passed_on() {
        let mut calls = 0;
        let result = explain_with(&stripes(), |_| {
            calls += 1;
            if calls == 40 {
                Err(Error::new(ErrorKind::Inference, "broken"))
            } else {
                EmotionProbabilities::new([0.25; 4])
            }
        });
        assert_eq!((result.unwrap_err().kind(), calls), (ErrorKind::Inference, 40));
        let mut calls = 0;
        explain_with(&stripes(), |_| {
            calls += 1;
            EmotionProbabilities::new([0.25; 4])
        })
        .unwrap();
        assert!(calls <= 90, "{calls}");
    }

    #[test]
    fn certain_answers_have_finite_log_odds() {
        for values in [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]] {
            assert!(log_odds(&EmotionProbabilities::new(values).unwrap(), Emotion::Happy).is_finite());
        }
        let even = EmotionProbabilities::new([0.5, 0.5, 0.0, 0.0]).unwrap();
        assert!(log_odds(&even, Emotion::Happy).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn blur_keeps_the_range_and_an_even_grey(values in prop::collection::vec(0.0f32..255.0, PIXELS), even in 0.0f32..255.0) {
            let grey: [f32; PIXELS] = values.try_into().unwrap();
            let least = grey.iter().copied().fold(f32::INFINITY, f32::min);
            let most = grey.iter().copied().fold(0.0, f32::max);
            prop_assert!(blur(&grey).iter().all(|value| (least - 1e-2..=most + 1e-2).contains(value)));
            prop_assert!(blur(&[even; PIXELS]).iter().all(|value| (value - even).abs() < 1e-2));
        }
    }

    #[test]
    fn blur_does_not_swap_the_axes() {
        let grey = std::array::from_fn(|pixel| if pixel / CHIP_SIDE < 24 { 0.0 } else { 255.0 });
        let blurred = blur(&grey);
        assert!((blurred[4 * CHIP_SIDE + 40]) < 1.0 && blurred[44 * CHIP_SIDE + 4] > 254.0);
    }

    /// The faces of the public-domain fixtures, and a classifier.
    fn real_chips() -> (EmotionClassifier, Vec<FaceChip>) {
        let mut detector = FaceDetector::new(&detector_model().unwrap()).unwrap();
        let chips = ["astronaut.png", "grace_hopper.png"].map(|name| {
            let bytes = std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            let picture = Picture::decode(&bytes).unwrap();
            let frame = picture.frame().unwrap();
            let faces = detector.detect(&frame, &DetectOptions::picture()).unwrap();
            crate::crop::crop_face(&frame, &faces[0].bounding_box).unwrap()
        });
        (EmotionClassifier::new(&emotion_model().unwrap()).unwrap(), chips.to_vec())
    }

    /// Blocks of 6 x 6 pixels, the hottest first.
    fn blocks_by_heat(heat: &[f32; PIXELS]) -> Vec<usize> {
        let mean = |block: usize| (0..36).map(|k| heat[pixel_of(block, k)]).sum::<f32>();
        let mut blocks: Vec<usize> = (0..64).collect();
        blocks.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)));
        blocks
    }

    fn pixel_of(block: usize, k: usize) -> usize {
        (block / 8 * 6 + k / 6) * CHIP_SIDE + block % 8 * 6 + k % 6
    }

    /// Mean probability of the answer while the blocks of `from` are replaced by those of `to` in this order, four at a
    /// time: the area under the deletion or insertion curve (Petsiuk et al., "RISE", BMVC 2018, arXiv 1806.07421).
    fn area(
        classifier: &mut EmotionClassifier,
        emotion: Emotion,
        from: &FaceChip,
        to: &FaceChip,
        order: &[usize],
    ) -> f32 {
        let mut grey = *from.grey();
        let mut sum = 0.0;
        for blocks in order.chunks(4) {
            for pixel in blocks.iter().flat_map(|block| (0..36).map(|k| pixel_of(*block, k))) {
                grey[pixel] = to.grey()[pixel];
            }
            sum += classifier.classify(&FaceChip::from_grey(grey)).unwrap().get(emotion);
        }
        sum / 16.0
    }

    #[test]
    fn hot_pixels_carry_the_answer_better_than_random_ones() {
        let (mut classifier, chips) = real_chips();
        for chip in chips {
            let explanation = explain(&mut classifier, &chip).unwrap();
            let hidden = FaceChip::from_grey(blur(&chip.grey().map(f32::from)).map(|value| value.round() as u8));
            let mut areas = |order: &[usize]| {
                [(&chip, &hidden), (&hidden, &chip)]
                    .map(|(from, to)| area(&mut classifier, explanation.emotion, from, to, order))
            };
            let [deletion, insertion] = areas(&blocks_by_heat(&explanation.heat));
            // Five orders scrambled by multiplicative hashing.
            let random = [0, 1, 2, 3, 4].map(|shuffle| {
                let mut order: Vec<usize> = (0..64).collect();
                order.sort_by_key(|block| ((block + 64 * shuffle + 1) as u32).wrapping_mul(2_654_435_761) >> 7);
                areas(&order)
            });
            let [random_deletion, random_insertion] =
                [0, 1].map(|curve| random.map(|areas| areas[curve]).iter().sum::<f32>() / 5.0);
            assert!(deletion < random_deletion - 0.1, "deletion {deletion}, in random order {random_deletion}");
            assert!(insertion > random_insertion + 0.1, "insertion {insertion}, in random order {random_insertion}");
        }
    }

    #[test]
    fn the_face_is_hotter_than_the_border_and_the_map_repeats() {
        let (mut classifier, chips) = real_chips();
        for chip in chips {
            let explanation = explain(&mut classifier, &chip).unwrap();
            assert_eq!(explain(&mut classifier, &chip).unwrap(), explanation);
            let (mut face, mut border) = (Vec::new(), Vec::new());
            for (pixel, heat) in explanation.heat.iter().enumerate() {
                let to_edge = |at: usize| at.min(CHIP_SIDE - 1 - at);
                let inset = to_edge(pixel % CHIP_SIDE).min(to_edge(pixel / CHIP_SIDE));
                if inset < 5 { &mut border } else { &mut face }.push(heat.abs());
            }
            let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
            assert!(mean(&face) > 1.5 * mean(&border), "face {}, border {}", mean(&face), mean(&border));
        }
    }
}
