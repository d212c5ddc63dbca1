//! Fits what a face's appearance does to an answer, so that the library can take it back: see the library's
//! `src/appearance.rs`, whose formula this is.

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use countenance::{Appearance, Emotion};
use serde::{Deserialize, Serialize};

use crate::network::store::{self, Metadata};

/// One, each measure and its square.
const TERMS: usize = 1 + 2 * Appearance::COUNT;
/// What a term adds to: the factor of all logits, and each expression's logit.
const PARTS: usize = 1 + Emotion::COUNT;
const PARAMETERS: usize = TERMS * PARTS;

/// How far from its mean, in standard deviations, a measure counts.
const MOST_DEVIATIONS: f64 = 4.0;
/// Weight decay towards no correction: enough to settle what the pictures leave open.
const DECAY: f64 = 1e-4;
/// How much the undamaged pictures count, all together, for each of the damaged ones together.
const UNDAMAGED: f64 = 0.25;
/// Newton's method ends when no weight moves by more than this.
const PRECISION: f64 = 1e-6;
/// It needs fewer than ten.
const MOST_STEPS: usize = 50;

/// The numbers that ship with the weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppearanceFit {
    /// The measures' means over the undamaged pictures.
    pub centres: Vec<f32>,
    /// Their root mean square distances from that over all pictures.
    pub spreads: Vec<f32>,
    /// Term by term, what each adds to the factor and to every expression.
    pub weights: Vec<f32>,
}

/// One picture to fit to.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Its measures.
    pub measures: [f32; Appearance::COUNT],
    /// The answer's logits, or log-probabilities: a constant added to all makes no difference.
    pub logits: [f32; Emotion::COUNT],
    /// What it shows.
    pub label: Emotion,
}

impl AppearanceFit {
    /// Leaves every answer as it is.
    pub fn identity() -> Self {
        let mut weights = vec![0.0; PARAMETERS];
        weights[0] = 1.0;
        Self { centres: vec![0.0; Appearance::COUNT], spreads: vec![1.0; Appearance::COUNT], weights }
    }

    /// Fits by maximum likelihood: multinomial logistic regression, whose loss has a single minimum, by Newton's method. An
    /// expression is shifted by the squares of the measures alone, from the mean of undamaged faces: how labels and network
    /// differ on those is not their appearance's doing. (With shifts by the measures themselves, agreement with the FER+
    /// majority falls by another .003 and the calibration error of undamaged pictures rises by .003; with a constant shift,
    /// by .021 and .005.)
    ///
    /// # Errors
    /// Where there are no pictures of a kind, or all are alike, so that nothing can be fitted.
    pub fn fit(undamaged: &[Seen], damaged: &[Seen]) -> Result<Self> {
        let share = |pictures: &[Seen], of_all: f64| of_all / (1.0 + UNDAMAGED) / pictures.len() as f64;
        let shares = [share(undamaged, UNDAMAGED), share(damaged, 1.0)];
        let pictures = || {
            [undamaged, damaged]
                .into_iter()
                .zip(shares)
                .flat_map(|(some, share)| some.iter().map(move |each| (each, share)))
        };
        let measure = |picture: &Seen, index: usize| f64::from(picture.measures[index]);
        let centres: [f64; Appearance::COUNT] = std::array::from_fn(|index| {
            undamaged.iter().map(|picture| measure(picture, index)).sum::<f64>() / undamaged.len() as f64
        });
        let spreads: [f64; Appearance::COUNT] = std::array::from_fn(|index| {
            let squares = pictures().map(|(picture, share)| share * (measure(picture, index) - centres[index]).powi(2));
            squares.sum::<f64>().sqrt()
        });
        ensure!(spreads.iter().all(|spread| *spread > 0.0), "the pictures are too alike to fit a correction to");
        let mut weights = [0.0; PARAMETERS];
        weights[0] = 1.0;
        for _ in 0..MOST_STEPS {
            let mut slope = Slope::new(&weights);
            for (picture, share) in pictures() {
                slope.add(&weights, &terms(&picture.measures, &centres, &spreads), picture, share);
            }
            for term in 0..=Appearance::COUNT {
                slope.hold(term * PARTS + 1..(term + 1) * PARTS);
            }
            let step = slope.step().context("the correction cannot be fitted")?;
            weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight -= step);
            if step.iter().all(|step| step.abs() < PRECISION) {
                break;
            }
        }
        let single = |values: &[f64]| values.iter().map(|value| *value as f32).collect();
        Ok(Self { centres: single(&centres), spreads: single(&spreads), weights: single(&weights) })
    }

    /// As the weights state it.
    pub fn metadata(&self) -> Metadata {
        let list = |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
        let entries = [
            (store::APPEARANCE_CENTRES, list(&self.centres)),
            (store::APPEARANCE_SPREADS, list(&self.spreads)),
            (store::APPEARANCE_WEIGHTS, list(&self.weights)),
        ];
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

fn terms(
    measures: &[f32; Appearance::COUNT],
    centres: &[f64; Appearance::COUNT],
    spreads: &[f64; Appearance::COUNT],
) -> [f64; TERMS] {
    let mut terms = [1.0; TERMS];
    for (index, measure) in measures.iter().enumerate() {
        let deviation = (f64::from(*measure) - centres[index]) / spreads[index];
        let deviation = deviation.clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS);
        terms[1 + index] = deviation;
        terms[1 + Appearance::COUNT + index] = deviation * deviation;
    }
    terms
}

/// The loss's first and second derivatives.
struct Slope {
    gradient: Vec<f64>,
    curvature: Vec<f64>,
}

impl Slope {
    /// Those of the weight decay.
    fn new(weights: &[f64; PARAMETERS]) -> Self {
        let mut gradient: Vec<f64> = weights.iter().map(|weight| DECAY * weight).collect();
        gradient[0] -= DECAY;
        let mut curvature = vec![0.0; PARAMETERS * PARAMETERS];
        curvature.iter_mut().step_by(PARAMETERS + 1).for_each(|value| *value = DECAY);
        Self { gradient, curvature }
    }

    /// Adds those of the cross-entropy of one picture.
    fn add(&mut self, weights: &[f64; PARAMETERS], terms: &[f64; TERMS], picture: &Seen, share: f64) {
        let mut sums = [0.0; PARTS];
        for (term, weights) in terms.iter().zip(weights.as_chunks::<PARTS>().0) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += term * weight);
        }
        let logits = picture.logits.map(f64::from);
        let scores: [f64; Emotion::COUNT] = std::array::from_fn(|class| sums[0] * logits[class] + sums[1 + class]);
        let largest = scores.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let exponentials = scores.map(|score| (score - largest).exp());
        let sum: f64 = exponentials.iter().sum();
        let shares = exponentials.map(|value| value / sum);

        // How the scores depend on the sums: the factor by the logits, each expression's own by one.
        let by = |class: usize, part: usize| match part {
            0 => logits[class],
            _ => f64::from(u8::from(part == 1 + class)),
        };
        let mean: [f64; PARTS] = std::array::from_fn(|part| (0..Emotion::COUNT).map(|c| shares[c] * by(c, part)).sum());
        let label = picture.label as usize;
        let outer: [f64; PARTS] = std::array::from_fn(|part| mean[part] - by(label, part));
        let mut inner = [[0.0; PARTS]; PARTS];
        for (a, row) in inner.iter_mut().enumerate() {
            for (b, value) in row.iter_mut().enumerate() {
                let square: f64 = (0..Emotion::COUNT).map(|class| shares[class] * by(class, a) * by(class, b)).sum();
                *value = share * (square - mean[a] * mean[b]);
            }
        }
        for (k, term) in terms.iter().enumerate() {
            for (a, outer) in outer.iter().enumerate() {
                self.gradient[k * PARTS + a] += share * term * outer;
            }
            for (l, other) in terms.iter().enumerate() {
                for (a, row) in inner.iter().enumerate() {
                    let start = (k * PARTS + a) * PARAMETERS + l * PARTS;
                    let cells = self.curvature[start..start + PARTS].iter_mut();
                    cells.zip(row).for_each(|(cell, value)| *cell += term * other * value);
                }
            }
        }
    }

    /// Keeps some weights as they are.
    fn hold(&mut self, held: Range<usize>) {
        for weight in held {
            self.gradient[weight] = 0.0;
            for other in 0..PARAMETERS {
                self.curvature[weight * PARAMETERS + other] = 0.0;
                self.curvature[other * PARAMETERS + weight] = 0.0;
            }
            self.curvature[weight * PARAMETERS + weight] = 1.0;
        }
    }

    /// What Newton's method subtracts from the weights: Cholesky's solution. `None` where the curvature is not positive.
    fn step(mut self) -> Option<Vec<f64>> {
        let (matrix, vector) = (&mut self.curvature, &mut self.gradient);
        let at = |row: usize, column: usize| row * PARAMETERS + column;
        for row in 0..PARAMETERS {
            for column in 0..=row {
                let dot: f64 = (0..column).map(|k| matrix[at(row, k)] * matrix[at(column, k)]).sum();
                let rest = matrix[at(row, column)] - dot;
                matrix[at(row, column)] = if row > column {
                    rest / matrix[at(column, column)]
                } else if rest > 0.0 {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        for row in 0..PARAMETERS {
            let known: f64 = (0..row).map(|k| matrix[at(row, k)] * vector[k]).sum();
            vector[row] = (vector[row] - known) / matrix[at(row, row)];
        }
        for row in (0..PARAMETERS).rev() {
            let known: f64 = (row + 1..PARAMETERS).map(|k| matrix[at(k, row)] * vector[k]).sum();
            vector[row] = (vector[row] - known) / matrix[at(row, row)];
        }
        Some(self.gradient)
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Pictures whose logits are twice too large and lean towards the first expression by the square of the second
    /// measure, labelled by chance as the right logits say.
    fn pictures(count: usize) -> Vec<Seen> {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        (0..count)
            .map(|_| {
                let measures: [f32; Appearance::COUNT] = std::array::from_fn(|_| rng.random_range(-1.0..1.0));
                let right: [f32; Emotion::COUNT] = std::array::from_fn(|_| rng.random_range(-2.0..2.0));
                let odds = right.map(f32::exp);
                let mut ball = rng.random_range(0.0..odds.iter().sum::<f32>());
                let label = Emotion::ALL.into_iter().find(|emotion| {
                    ball -= odds[emotion.index()];
                    ball < 0.0
                });
                let mut logits = right.map(|logit| 2.0 * logit);
                logits[0] += measures[1] * measures[1];
                Seen { measures, logits, label: label.unwrap_or(Emotion::Surprise) }
            })
            .collect()
    }

    #[test]
    fn finds_the_factor_and_the_lean() {
        let pictures = pictures(40_000);
        let (undamaged, damaged) = pictures.split_at(20_000);
        let fit = AppearanceFit::fit(undamaged, damaged).unwrap();
        assert!((fit.weights[0] - 0.5).abs() < 0.03, "{:?}", &fit.weights[..PARTS]);
        // Half the lean, less what the other expressions got instead: only differences count.
        let term = &fit.weights[(2 + Appearance::COUNT) * PARTS..][..PARTS];
        let lean = f64::from(term[1]) - f64::from(term[2] + term[3] + term[4]) / 3.0;
        let expected = -0.5 * f64::from(fit.spreads[1]).powi(2);
        assert!((lean - expected).abs() < 0.05, "{lean} is not {expected}: {term:?}");
    }

    #[test]
    fn pictures_that_are_all_alike_are_refused() {
        let alike: Vec<Seen> = pictures(10).into_iter().map(|seen| Seen { measures: [0.5; 6], ..seen }).collect();
        assert!(AppearanceFit::fit(&alike, &alike).is_err());
        assert!(AppearanceFit::fit(&[], &[]).is_err());
    }
}
