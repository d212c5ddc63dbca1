//! The One Euro filter of one point.
//!
//! Written out, because a filter of single values would give each coordinate its own cutoff and bend every motion.

use std::f32::consts::TAU;

/// Cutoff of a point at rest, in hertz. At 30 frames a second it takes two thirds of the detector's jitter away.
const REST_CUTOFF: f32 = 1.0;

/// How fast the cutoff rises with speed, in hertz per face size a second. A point at constant speed lags by at most
/// 1 / (2 pi * 6) = 2.7% of the face's size, however fast it goes.
const CUTOFF_SLOPE: f32 = 6.0;

/// Cutoff of the speed estimate, in hertz (the authors' own value is 1; faces start faster than mouse pointers).
const SPEED_CUTOFF: f32 = 2.0;

/// A low-pass filter whose cutoff rises with speed: steady at rest, without lag in motion. Casiez, Roussel and Vogel,
/// "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems", CHI 2012,
/// doi 10.1145/2207676.2208639. Both coordinates share one cutoff, so that a motion is not bent.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneEuro {
    raw: [f32; 2],
    filtered: [f32; 2],
    velocity: [f32; 2],
}

impl OneEuro {
    /// A filter at rest at this point.
    pub(super) const fn new(point: [f32; 2]) -> Self {
        Self { raw: point, filtered: point, velocity: [0.0; 2] }
    }

    /// Takes in the point seen `seconds` after the last one, on a face `size` pixels large. No time, no change.
    pub(super) fn update(&mut self, point: [f32; 2], seconds: f32, size: f32) {
        if seconds > 0.0 {
            let velocity = [0, 1].map(|axis| (point[axis] - self.raw[axis]) / seconds);
            blend(&mut self.velocity, velocity, weight(SPEED_CUTOFF, seconds));
            let cutoff = REST_CUTOFF + CUTOFF_SLOPE * self.speed() / size;
            blend(&mut self.filtered, point, weight(cutoff, seconds));
        }
        self.raw = point;
    }

    /// The filtered point.
    pub(super) const fn point(&self) -> [f32; 2] {
        self.filtered
    }

    /// Where the point is expected `seconds` after it was last seen.
    pub(super) fn predict(&self, seconds: f32) -> [f32; 2] {
        [0, 1].map(|axis| self.raw[axis] + self.velocity[axis] * seconds)
    }

    /// Pixels a second.
    pub(super) fn speed(&self) -> f32 {
        self.velocity[0].hypot(self.velocity[1])
    }
}

/// The weight of a new sample in a first-order low-pass filter (equation 3 of the paper).
fn weight(cutoff: f32, seconds: f32) -> f32 {
    let r = TAU * cutoff * seconds;
    r / (r + 1.0)
}

fn blend(state: &mut [f32; 2], sample: [f32; 2], weight: f32) {
    for (state, sample) in state.iter_mut().zip(sample) {
        *state += weight * (sample - *state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn motion_at_constant_speed_lags_by_a_few_hundredths_of_the_face() {
        for frames_per_second in [10.0, 30.0, 60.0] {
            for speed in [20.0, 100.0, 400.0] {
                let mut filter = OneEuro::new([0.0; 2]);
                let mut at = 0.0;
                for _ in 0..(2.0 * frames_per_second) as usize {
                    at += speed / frames_per_second;
                    filter.update([at, 0.0], 1.0 / frames_per_second, 100.0);
                }
                let lag = at - filter.point()[0];
                assert!((0.0..=2.7).contains(&lag), "{frames_per_second} fps, {speed} px/s: {lag} px behind");
            }
        }
    }

    #[test]
    fn no_time_no_change_and_no_division_by_zero() {
        let mut filter = OneEuro::new([3.0, 4.0]);
        filter.update([50.0, 60.0], 0.0, 100.0);
        assert_eq!(filter.point(), [3.0, 4.0]);
        assert_eq!(filter.speed(), 0.0);
    }

    #[test]
    fn prediction_carries_the_last_point_along_its_velocity() {
        let mut filter = OneEuro::new([0.0; 2]);
        for frame in 1..=60 {
            filter.update([frame as f32, -2.0 * frame as f32], 1.0 / 30.0, 100.0);
        }
        let ahead = filter.predict(0.5);
        assert!((ahead[0] - 75.0).abs() < 0.1 && (ahead[1] + 150.0).abs() < 0.2, "{ahead:?}");
    }
}
