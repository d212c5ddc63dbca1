//! What follows a convolution or dense layer: bias, ReLU, BatchNorm, LeakyReLU and max pool in one pass.

use super::simd::{Simd, SimdBase, SimdFloat, lanes, load, splat};
use crate::error::Error;
use crate::weights::Weights;
use fearless_simd::Select;

/// Keras' default, which the network was defined with.
const BATCH_NORM_EPSILON: f64 = 1e-3;

const LEAKY_SLOPE: f32 = 0.1;

/// Per channel: `x -> scale * relu(x + bias) + shift`, with BatchNorm as scale and shift.
#[derive(Debug, Clone)]
pub(crate) struct Epilogue {
    bias: Vec<f32>,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Epilogue {
    /// Reads `<layer>.bias` and the BatchNorm that follows the layer, if one does.
    pub(crate) fn new(
        weights: &Weights<'_>,
        layer: &str,
        batch_norm: Option<&str>,
        channels: usize,
    ) -> Result<Self, Error> {
        let bias = weights.f32(&format!("{layer}.bias"), &[channels])?;
        let Some(name) = batch_norm else {
            return Ok(Self { bias, scale: vec![1.0; channels], shift: vec![0.0; channels] });
        };
        let part = |part: &str| weights.f32(&format!("{name}.{part}"), &[channels]);
        let (gamma, beta, mean, variance) = (part("weight")?, part("bias")?, part("mean")?, part("var")?);
        let mut scale = Vec::with_capacity(channels);
        let mut shift = Vec::with_capacity(channels);
        for channel in 0..channels {
            let exact = f64::from(gamma[channel]) / (f64::from(variance[channel]) + BATCH_NORM_EPSILON).sqrt();
            scale.push(exact as f32);
            shift.push((f64::from(beta[channel]) - f64::from(mean[channel]) * exact) as f32);
        }
        Ok(Self { bias, scale, shift })
    }

    /// ReLU and BatchNorm, for dense layers.
    #[inline(always)]
    pub(crate) fn activate<S: Simd>(&self, simd: S, sum: S::f32s, channel: usize) -> S::f32s {
        let rectified = (sum + load(simd, &self.bias, channel)).max(splat(simd, 0.0));
        rectified.mul_add(load(simd, &self.scale, channel), load(simd, &self.shift, channel))
    }

    /// ReLU, BatchNorm, LeakyReLU and the maximum of a 2x2 window. All four steps are monotonic in each channel, rising
    /// where BatchNorm's scale is positive and falling where it is negative, so the window's maximum (or minimum) can be
    /// taken first and the rest done once instead of four times.
    #[inline(always)]
    pub(crate) fn pool<S: Simd>(&self, simd: S, window: [S::f32s; 4], channel: usize) -> S::f32s {
        let [a, b, c, d] = window;
        let falling = load(simd, &self.scale, channel).simd_lt(splat(simd, 0.0));
        let extreme = falling.select(a.min(b).min(c.min(d)), a.max(b).max(c.max(d)));
        let normalised = self.activate(simd, extreme, channel);
        normalised.max(normalised * splat(simd, LEAKY_SLOPE))
    }
}

/// Applies [`Epilogue::pool`] to the four sums of `vectors` neighbouring vectors of channels.
#[inline(always)]
pub(crate) fn pool_all<S: Simd, const NV: usize>(
    simd: S,
    epilogue: &Epilogue,
    sums: &[[S::f32s; NV]; 4],
    channel: usize,
    output: &mut [f32],
) {
    for n in 0..NV {
        let window = [sums[0][n], sums[1][n], sums[2][n], sums[3][n]];
        let at = n * lanes::<S>();
        epilogue.pool(simd, window, channel + at).store_slice(&mut output[at..][..lanes::<S>()]);
    }
}
