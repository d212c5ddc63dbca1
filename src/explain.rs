//! Which pixels supported the answer.

use crate::chip::{CHIP_SIDE, FaceChip};
use crate::classify::Answers;
use crate::emotion::{Emotion, Emotion8, Expressions};
use crate::error::Error;
use crate::probabilities::Probabilities;
use std::fmt;

/// Patches along each side: 64 patches and the chip itself make 65 classifications.
const GRID: usize = 8;

/// Standard deviation of a patch in pixels: about the size of an eye or half a mouth.
const PATCH_SIGMA: f32 = 4.0;

/// Standard deviation in pixels of the kernel that spreads a patch's effect over the map: half the patches' distance.
const MAP_SIGMA: f32 = 3.0;

/// Standard deviation in pixels of the blur that hides what lies under a patch: it takes the features away and leaves
/// the light and the skin, where a black or grey patch would itself be a feature.
const FILL_SIGMA: f32 = 6.0;

/// Why a chip got its answer: by default the one over the four expressions.
#[derive(Clone, PartialEq)]
pub struct Explanation<E = Emotion> {
    /// For each pixel of the chip, rows from the top, -1..=1: above 0 it supported the answer, below 0 it spoke against
    /// it. The strongest pixel is 1 or -1; all are 0 if no patch changed anything.
    pub heat: [f32; CHIP_SIDE * CHIP_SIDE],
    /// The change of the answer's log-odds (natural logarithm) that a heat of 1 stands for. Near 0 no single place
    /// mattered, and the map shows next to nothing.
    pub strength: f32,
    /// The answer explained: the most probable expression.
    pub emotion: E,
    /// The second most probable expression.
    pub runner_up: E,
}

impl<E: fmt::Debug> fmt::Debug for Explanation<E> {
    /// Without the heat map.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { strength, emotion, runner_up, .. } = self;
        f.debug_struct("Explanation")
            .field("emotion", emotion)
            .field("runner_up", runner_up)
            .field("strength", strength)
            .finish_non_exhaustive()
    }
}

/// Why a chip got the answers of both heads.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanations {
    /// The answer over the four expressions.
    pub four: Explanation,
    /// The answer over the eight, if there is one.
    pub eight: Option<Explanation<Emotion8>>,
}

/// Explains the answers to a chip by occlusion (Zeiler and Fergus, "Visualizing and Understanding Convolutional
/// Networks", ECCV 2014, arXiv 1311.2901): hides one soft patch after another under a blur and maps how far the
/// answer's log-odds fall. Log-odds, because the probability of a sure answer barely moves.
///
/// Asks `classify` 65 times, for both heads together; the same chip always gets the same map.
///
/// # Errors
/// Those of `classify`.
pub fn explain(
    chip: &FaceChip,
    mut classify: impl FnMut(&FaceChip) -> Result<Answers, Error>,
) -> Result<Explanations, Error> {
    let answers = classify(chip)?;
    let grey = chip.grey().map(f32::from);
    let fill = blur(&grey);
    let patch = bells(PATCH_SIGMA);
    let occlude = |row: usize, column: usize| {
        FaceChip::from_grey(std::array::from_fn(|pixel| {
            let hidden = patch[pixel / CHIP_SIDE][row] * patch[pixel % CHIP_SIDE][column];
            (grey[pixel] + hidden * (fill[pixel] - grey[pixel])).round() as u8
        }))
    };
    let patches = (0..GRID * GRID).map(|patch| classify(&occlude(patch / GRID, patch % GRID)));
    let occluded = patches.collect::<Result<Vec<_>, _>>()?;
    let occluded_eight = || occluded.iter().filter_map(|answers| answers.eight.as_ref());
    Ok(Explanations {
        four: explanation(&answers.four, occluded.iter().map(|answers| &answers.four)),
        eight: answers.eight.map(|answer| explanation(&answer, occluded_eight())),
    })
}

/// The explanation of one head's answer, from those with each patch occluded, row by row.
fn explanation<'a, E: Expressions<N>, const N: usize>(
    answer: &Probabilities<E, N>,
    occluded: impl Iterator<Item = &'a Probabilities<E, N>>,
) -> Explanation<E> {
    let emotion = answer.top().0;
    let mut falls = [[0.0; GRID]; GRID];
    for (fall, occluded) in falls.as_flattened_mut().iter_mut().zip(occluded) {
        *fall = log_odds(answer, emotion) - log_odds(occluded, emotion);
    }
    let (heat, strength) = spread(&falls);
    Explanation { heat, strength, emotion, runner_up: runner_up(answer) }
}

/// The natural logarithm of the odds of an expression against all others, from the others' sum: 1 - p loses all
/// its digits for a sure answer.
fn log_odds<E: Expressions<N>, const N: usize>(probabilities: &Probabilities<E, N>, emotion: E) -> f32 {
    let others: f32 = probabilities.iter().filter(|(other, _)| *other != emotion).map(|(_, value)| value).sum();
    probabilities.get(emotion).max(f32::MIN_POSITIVE).ln() - others.max(f32::MIN_POSITIVE).ln()
}

fn runner_up<E: Expressions<N>, const N: usize>(probabilities: &Probabilities<E, N>) -> E {
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
    use crate::appearance::Appearance;
    use crate::classify::EmotionClassifier;
    use crate::detect::{DetectOptions, FaceDetector};
    use crate::error::ErrorKind;
    use crate::picture::Picture;
    use crate::probabilities::{Emotion8Probabilities, EmotionProbabilities};
    use crate::weights::{detector_model, emotion_model};
    use proptest::prelude::*;

    const PIXELS: usize = CHIP_SIDE * CHIP_SIDE;

    /// Stripes two pixels wide: something everywhere for a patch to hide.
    fn stripes() -> FaceChip {
        FaceChip::from_grey(std::array::from_fn(|pixel| if pixel % 4 < 2 { 200 } else { 40 }))
    }

    /// A stand-in for the network: the four look at the contrast of one square of 12 pixels and the eight at that of
    /// another, for their answers if `spoken_for`, against them otherwise.
    fn squares_of_interest(
        four: [usize; 2],
        eight: [usize; 2],
        spoken_for: bool,
    ) -> impl FnMut(&FaceChip) -> Result<Answers, Error> {
        move |chip| {
            let rest = |[left, top]: [usize; 2]| {
                let inside = (0..144).map(|k| f32::from(chip.grey()[(top + k / 12) * CHIP_SIDE + left + k % 12]));
                let contrast = inside.map(|value| (value - 120.0).abs()).sum::<f32>() / 144.0 / 80.0;
                let odds = if spoken_for { 3.0 * contrast } else { 4.0 - 3.0 * contrast }.exp();
                1.0 / (1.0 + odds)
            };
            let (four, eight) = (rest(four), rest(eight));
            Ok(Answers {
                four: EmotionProbabilities::new([1.0 - four, four * 0.2, four * 0.5, four * 0.3])?,
                eight: Some(Emotion8Probabilities::new([
                    eight * 0.1,
                    eight * 0.1,
                    eight * 0.1,
                    eight * 0.1,
                    eight * 0.4,
                    eight * 0.1,
                    eight * 0.1,
                    1.0 - eight,
                ])?),
                other: None,
                appearance: Appearance::of(chip),
            })
        }
    }

    /// What answers the same to every chip.
    fn constant(four: [f32; 4]) -> Answers {
        let appearance = Appearance::of(&stripes());
        Answers { four: EmotionProbabilities::new(four).unwrap(), eight: None, other: None, appearance }
    }

    fn assert_points_at<E>(explanation: &Explanation<E>, [left, top]: [usize; 2], sign: f32) {
        let heat = &explanation.heat;
        let peak = (0..PIXELS).max_by(|a, b| heat[*a].abs().total_cmp(&heat[*b].abs())).unwrap();
        let (x, y) = (peak % CHIP_SIDE, peak / CHIP_SIDE);
        assert_eq!(heat[peak], sign);
        assert!((left..left + 12).contains(&x) && (top..top + 12).contains(&y), "({x}, {y}) for ({left}, {top})");
        let far =
            |pixel: &usize| (pixel % CHIP_SIDE).abs_diff(left + 6) > 18 || (pixel / CHIP_SIDE).abs_diff(top + 6) > 18;
        assert!((0..PIXELS).filter(far).all(|pixel| heat[pixel].abs() < 0.1));
    }

    #[test]
    fn each_map_points_at_what_its_answer_came_from() {
        for (at, at_eight) in [([6, 6], [30, 12]), ([30, 12], [18, 34]), ([18, 34], [6, 6])] {
            for (spoken_for, sign) in [(true, 1.0), (false, -1.0)] {
                let Explanations { four, eight } =
                    explain(&stripes(), squares_of_interest(at, at_eight, spoken_for)).unwrap();
                assert_eq!((four.emotion, four.runner_up), (Emotion::Happy, Emotion::Sad));
                assert_points_at(&four, at, sign);
                let eight = eight.unwrap();
                assert_eq!((eight.emotion, eight.runner_up), (Emotion8::Contempt, Emotion8::Angry));
                assert_points_at(&eight, at_eight, sign);
            }
        }
    }

    #[test]
    fn no_influence_no_heat() {
        let Explanations { four, eight } = explain(&stripes(), |_| Ok(constant([0.1, 0.2, 0.4, 0.3]))).unwrap();
        assert_eq!(four.strength, 0.0);
        assert!(four.heat.iter().all(|heat| *heat == 0.0));
        assert_eq!((four.emotion, four.runner_up), (Emotion::Sad, Emotion::Surprise));
        assert_eq!(eight, None);
    }

    #[test]
    fn classifications_are_few_and_their_errors_passed_on() {
        let mut calls = 0;
        let result = explain(&stripes(), |_| {
            calls += 1;
            if calls == 40 { Err(Error::new(ErrorKind::Inference, "broken")) } else { Ok(constant([0.25; 4])) }
        });
        assert_eq!((result.unwrap_err().kind(), calls), (ErrorKind::Inference, 40));
        let mut calls = 0;
        explain(&stripes(), |_| {
            calls += 1;
            Ok(constant([0.25; 4]))
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
            let frame = picture.frame();
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

    /// Mean of what `probability` reads from the answers while the blocks of `from` are replaced by those of `to` in this
    /// order, four at a time: the area under the deletion or insertion curve (Petsiuk et al., "RISE", BMVC 2018, arXiv
    /// 1806.07421).
    fn area(
        classifier: &mut EmotionClassifier,
        probability: impl Fn(&Answers) -> f32,
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
            sum += probability(&classifier.answers(&FaceChip::from_grey(grey)).unwrap());
        }
        sum / 16.0
    }

    /// The areas under the deletion and the insertion curve when the hottest go first, and the same in random order.
    fn areas_by_heat_and_at_random(
        classifier: &mut EmotionClassifier,
        chip: &FaceChip,
        heat: &[f32; PIXELS],
        probability: impl Fn(&Answers) -> f32,
    ) -> [[f32; 2]; 2] {
        let hidden = FaceChip::from_grey(blur(&chip.grey().map(f32::from)).map(|value| value.round() as u8));
        let mut areas = |order: &[usize]| {
            [(chip, &hidden), (&hidden, chip)].map(|(from, to)| area(classifier, &probability, from, to, order))
        };
        let by_heat = areas(&blocks_by_heat(heat));
        let random = [0, 1, 2, 3, 4].map(|seed| {
            let mut order: Vec<usize> = (0..64).collect();
            fastrand::Rng::with_seed(seed).shuffle(&mut order);
            areas(&order)
        });
        [by_heat, [0, 1].map(|curve| random.map(|areas| areas[curve]).iter().sum::<f32>() / 5.0)]
    }

    #[test]
    fn hot_pixels_carry_the_answers_better_than_random_ones() {
        let (mut classifier, chips) = real_chips();
        let mut all = Vec::new();
        for chip in chips {
            let Explanations { four, eight } = explain(&chip, |chip| classifier.answers(chip)).unwrap();
            let eight = eight.unwrap();
            all.push(areas_by_heat_and_at_random(&mut classifier, &chip, &four.heat, |answers| {
                answers.four.get(four.emotion)
            }));
            all.push(areas_by_heat_and_at_random(&mut classifier, &chip, &eight.heat, |answers| {
                answers.eight.unwrap().get(eight.emotion)
            }));
        }
        for [[deletion, insertion], [random_deletion, random_insertion]] in &all {
            assert!(insertion > random_insertion, "insertion {insertion}, in random order {random_insertion}");
            // Of a face whose blur still gets the answer, the deletion curve alone says little.
            let (between, random_between) = (insertion - deletion, random_insertion - random_deletion);
            assert!(between > random_between + 0.15, "{between} between the curves, in random order {random_between}");
        }
        let mean = |order: usize, curve: usize| all.iter().map(|areas| areas[order][curve]).sum::<f32>() / 4.0;
        let [deletion, insertion, random_deletion, random_insertion] = [mean(0, 0), mean(0, 1), mean(1, 0), mean(1, 1)];
        assert!(deletion < random_deletion - 0.15, "deletion {deletion}, in random order {random_deletion}");
        assert!(insertion > random_insertion + 0.15, "insertion {insertion}, in random order {random_insertion}");
    }

    #[test]
    fn the_face_is_hotter_than_the_border_and_the_maps_repeat() {
        let (mut classifier, chips) = real_chips();
        for chip in chips {
            let mut explain = || explain(&chip, |chip| classifier.answers(chip)).unwrap();
            let explanations = explain();
            assert_eq!(explain(), explanations);
            for heat in [explanations.four.heat, explanations.eight.unwrap().heat] {
                let (mut face, mut border) = (Vec::new(), Vec::new());
                for (pixel, heat) in heat.iter().enumerate() {
                    let to_edge = |at: usize| at.min(CHIP_SIDE - 1 - at);
                    let inset = to_edge(pixel % CHIP_SIDE).min(to_edge(pixel / CHIP_SIDE));
                    if inset < 5 { &mut border } else { &mut face }.push(heat.abs());
                }
                let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
                assert!(mean(&face) > 1.5 * mean(&border), "face {}, border {}", mean(&face), mean(&border));
            }
        }
    }
}
