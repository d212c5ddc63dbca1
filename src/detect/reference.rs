//! The detection network's arithmetic as its definition reads, in double precision: what the kernels are tested
//! against.

use proptest::prelude::*;

use crate::weights::{DType, WeightsWriter};

/// Random values -1..1, the same for the same seed.
pub(super) fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut random = fastrand::Rng::with_seed(seed);
    move || 2.0 * random.f32() - 1.0
}

/// A channels-last map in double precision.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) channels: usize,
    pub(super) values: Vec<f64>,
}

impl Reference {
    /// The value at a place, 0 beyond the map.
    fn at(&self, x: isize, y: isize, channel: usize) -> f64 {
        if x < 0 || y < 0 || x >= self.width as isize || y >= self.height as isize {
            return 0.0;
        }
        self.values[(y as usize * self.width + x as usize) * self.channels + channel]
    }

    fn map(width: usize, height: usize, channels: usize, value: impl Fn(isize, isize, usize) -> f64) -> Self {
        let values = (0..width * height * channels)
            .map(|index| {
                let pixel = index / channels;
                value((pixel % width) as isize, (pixel / width) as isize, index % channels)
            })
            .collect();
        Self { width, height, channels, values }
    }

    /// A 3x3 convolution with padding 1, OIHW weights and ReLU.
    pub(super) fn convolution(&self, weights: &[f32], bias: &[f32], stride: usize) -> Self {
        Self::map(self.width / stride, self.height / stride, bias.len(), |x, y, output| {
            let mut sum = f64::from(bias[output]);
            for input in 0..self.channels {
                for tap in 0..9 {
                    let (column, row) = ((tap % 3) as isize - 1, (tap / 3) as isize - 1);
                    let value = self.at(x * stride as isize + column, y * stride as isize + row, input);
                    sum += value * f64::from(weights[(output * self.channels + input) * 9 + tap]);
                }
            }
            sum.max(0.0)
        })
    }

    /// A 1x1 convolution.
    pub(super) fn pointwise(&self, weights: &[f32], bias: &[f32]) -> Self {
        Self::map(self.width, self.height, bias.len(), |x, y, output| {
            let inputs = (0..self.channels)
                .map(|input| self.at(x, y, input) * f64::from(weights[output * self.channels + input]));
            inputs.sum::<f64>() + f64::from(bias[output])
        })
    }

    /// A 3x3 convolution of each channel by itself, padding 1.
    pub(super) fn depthwise(&self, weights: &[f32], bias: &[f32], relu: bool) -> Self {
        Self::map(self.width, self.height, self.channels, |x, y, channel| {
            let taps = (0..9).map(|tap| {
                let (column, row) = (tap % 3 - 1, tap / 3 - 1);
                self.at(x + column, y + row, channel) * f64::from(weights[channel * 9 + tap as usize])
            });
            let sum = taps.sum::<f64>() + f64::from(bias[channel]);
            if relu { sum.max(0.0) } else { sum }
        })
    }

    /// The maximum over 2 x 2 pixels.
    pub(super) fn pool(&self) -> Self {
        Self::map(self.width / 2, self.height / 2, self.channels, |x, y, channel| {
            let corners = [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| self.at(2 * x + dx, 2 * y + dy, channel));
            corners.into_iter().fold(f64::NEG_INFINITY, f64::max)
        })
    }

    /// Fails unless `found` is this, to 1e-5 of the largest value and what rounding to integers may add.
    pub(super) fn check(&self, found: impl Iterator<Item = f32>, rounding: f64) -> Result<(), TestCaseError> {
        let largest = self.values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let found: Vec<f32> = found.collect();
        prop_assert_eq!(found.len(), self.values.len());
        for (index, (found, expected)) in found.iter().zip(&self.values).enumerate() {
            let difference = (f64::from(*found) - expected).abs();
            prop_assert!(difference <= 1e-5 * largest + rounding, "value {}: {} for {}", index, found, expected);
        }
        Ok(())
    }
}

/// A container of these tensors.
pub(super) fn container(tensors: &[(&str, &[usize], &[f32])]) -> Vec<u8> {
    let mut writer = WeightsWriter::new("test-1");
    for (name, shape, values) in tensors {
        writer.tensor(name, shape, values, DType::F32).unwrap();
    }
    writer.finish().unwrap()
}
