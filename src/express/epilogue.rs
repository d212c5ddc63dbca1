//! What follows a convolution or dense layer: bias, ReLU, BatchNorm, LeakyReLU and max pool in one pass.

use super::layer::Stored;
use crate::error::Error;
use crate::simd::{Simd, SimdBase, SimdFloat, lanes, larger_size, load, relu, smaller_size, splat, store};
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
    /// Reads the layer's bias and the BatchNorm that follows it, if one does.
    pub(crate) fn new(stored: &Stored<'_>, channels: usize) -> Result<Self, Error> {
        let bias = stored.bias(channels)?;
        let Some(name) = stored.batch_norm else {
            return Ok(Self { bias, scale: vec![1.0; channels], shift: vec![0.0; channels] });
        };
        let part = |part: &str| stored.weights.f32(&format!("{name}.{part}"), &[channels]);
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

    /// The parameters of the channels from this one on, `NV` vectors of them.
    #[inline(always)]
    pub(crate) fn channels<S: Simd, const NV: usize>(&self, simd: S, channel: usize) -> ChannelEpilogue<S, NV> {
        let zero = [splat(simd, 0.0); NV];
        let mut channels = ChannelEpilogue { bias: zero, scale: zero, shift: zero };
        for n in 0..NV {
            let at = channel + n * lanes::<S>();
            channels.bias[n] = load(simd, &self.bias, at);
            channels.scale[n] = load(simd, &self.scale, at);
            channels.shift[n] = load(simd, &self.shift, at);
        }
        channels
    }
}

/// An [`Epilogue`]'s parameters for `NV` vectors of neighbouring channels.
pub(crate) struct ChannelEpilogue<S: Simd, const NV: usize> {
    bias: [S::f32s; NV],
    scale: [S::f32s; NV],
    shift: [S::f32s; NV],
}

impl<S: Simd, const NV: usize> ChannelEpilogue<S, NV> {
    /// ReLU and BatchNorm, for dense layers.
    #[inline(always)]
    pub(crate) fn activate(&self, simd: S, sums: &[S::f32s; NV], output: &mut [f32]) {
        for n in 0..NV {
            let rectified = relu(simd, sums[n] + self.bias[n]);
            store::<S>(rectified.mul_add(self.scale[n], self.shift[n]), output, n * lanes::<S>());
        }
    }

    /// ReLU, BatchNorm, LeakyReLU and the maximum of a 2x2 window. All four steps are monotonic in each channel, rising
    /// where BatchNorm's scale is positive and falling where it is negative, so the window's maximum (or minimum) can be
    /// taken first and the rest done once instead of four times. Only the ReLU comes before it, for integers order what
    /// it leaves: that is a tenth of the first convolution's time.
    #[inline(always)]
    pub(crate) fn pool(&self, simd: S, window: &[[S::f32s; NV]; 4], output: &mut [f32]) {
        for n in 0..NV {
            let mut rectified = [splat(simd, 0.0); 4];
            for pixel in 0..4 {
                rectified[pixel] = relu(simd, window[pixel][n] + self.bias[n]);
            }
            let [a, b, c, d] = rectified;
            let largest = larger_size::<S>(larger_size::<S>(a, b), larger_size::<S>(c, d));
            let smallest = smaller_size::<S>(smaller_size::<S>(a, b), smaller_size::<S>(c, d));
            let falling = self.scale[n].simd_lt(splat(simd, 0.0));
            let extreme: S::f32s = falling.select(smallest, largest);
            let normalised = extreme.mul_add(self.scale[n], self.shift[n]);
            let negative = normalised.simd_lt(splat(simd, 0.0));
            let leaky: S::f32s = negative.select(normalised * splat(simd, LEAKY_SLOPE), normalised);
            store::<S>(leaky, output, n * lanes::<S>());
        }
    }
}
