//! Confidence intervals of shares.

use serde::{Deserialize, Serialize};

/// The 97.5% quantile of the standard normal distribution: intervals cover 95%.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its 95% confidence interval by Wilson's score method, which stays inside 0..1 and is honest about small
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Proportion {
    /// Of how many.
    pub count: usize,
    /// The share; 0 of none.
    pub accuracy: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Proportion {
    /// The share `hits / count`. Where `count` is 0 the interval is 0..1.
    pub fn new(hits: usize, count: usize) -> Self {
        if count == 0 {
            return Self { count, accuracy: 0.0, low: 0.0, high: 1.0 };
        }
        let n = count as f64;
        let share = hits as f64 / n;
        let scale = 1.0 + Z * Z / n;
        let middle = (share + Z * Z / (2.0 * n)) / scale;
        let half = Z / scale * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        // Rounding must not push the share itself out.
        Self { count, accuracy: share, low: (middle - half).clamp(0.0, share), high: (middle + half).clamp(share, 1.0) }
    }
}

/// A difference of two shares with its 95% confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The first share less the second.
    pub value: f64,
    /// The interval's lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Difference {
    /// Of shares of different pictures, by Newcombe's hybrid score method (*Statistics in Medicine* 17, 1998, method 10).
    pub fn new(first: Proportion, second: Proportion) -> Self {
        let value = first.accuracy - second.accuracy;
        let below = (first.accuracy - first.low).hypot(second.high - second.accuracy);
        let above = (first.high - first.accuracy).hypot(second.accuracy - second.low);
        Self { value, low: value - below, high: value + above }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: [f64; 2], expected: [f64; 2]) {
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 5e-5, "{found} instead of {expected}");
        }
    }

    /// The examples of Newcombe's papers of 1998 on single proportions and on differences.
    #[test]
    fn agrees_with_published_intervals() {
        let of = |hits, count| Proportion::new(hits, count);
        assert_close([of(81, 263).low, of(81, 263).high], [0.2553, 0.3662]);
        assert_close([of(15, 148).low, of(15, 148).high], [0.0624, 0.1605]);
        assert_close([of(0, 20).low, of(0, 20).high], [0.0, 0.1611]);
        let difference = Difference::new(of(56, 70), of(48, 80));
        assert_close([difference.low, difference.high], [0.0524, 0.3339]);
    }

    #[test]
    fn stays_inside_and_around_the_share() {
        for count in 0..40 {
            for hits in 0..=count {
                let Proportion { accuracy, low, high, .. } = Proportion::new(hits, count);
                assert!(0.0 <= low && low <= accuracy && accuracy <= high && high <= 1.0, "{hits} of {count}");
            }
        }
    }
}
