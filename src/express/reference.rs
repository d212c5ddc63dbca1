//! The network's arithmetic as its definition reads, in double precision: what the kernels are tested against.

use crate::chip::{CHIP_SIDE, FaceChip};
use crate::emotion::{Emotion, Emotion8};
use crate::weights::{DType, Weights, WeightsWriter};

/// Channels in front of each convolution and behind the last.
const CHANNELS: [usize; 6] = [1, 32, 64, 128, 256, 512];

/// Features in front of each hidden dense layer and behind the last.
const DENSE: [usize; 3] = [512, 256, 512];

/// A "same" 3x3 convolution of `side` x `side` channels-last pixels with `[outputs][inputs][9]` kernels.
pub(super) fn convolve(input: &[f64], side: usize, inputs: usize, kernels: &[f32], outputs: usize) -> Vec<f64> {
    let mut sums = vec![0.0; side * side * outputs];
    for (pixel, sums) in sums.chunks_exact_mut(outputs).enumerate() {
        for tap in 0..9 {
            let (y, x) = (pixel / side + tap / 3, pixel % side + tap % 3);
            if (1..=side).contains(&y) && (1..=side).contains(&x) {
                let values = &input[((y - 1) * side + x - 1) * inputs..][..inputs];
                for (output, sum) in sums.iter_mut().enumerate() {
                    for (i, value) in values.iter().enumerate() {
                        *sum += value * f64::from(kernels[(output * inputs + i) * 9 + tap]);
                    }
                }
            }
        }
    }
    sums
}

/// Bias, ReLU and, where the layer has one, BatchNorm `[gamma, beta, mean, variance]`.
pub(super) fn activate(sum: f64, bias: f32, batch_norm: Option<[f32; 4]>) -> f64 {
    let rectified = (sum + f64::from(bias)).max(0.0);
    batch_norm.map_or(rectified, |parameters| {
        let [gamma, beta, mean, variance] = parameters.map(f64::from);
        gamma * (rectified - mean) / (variance + 1e-3).sqrt() + beta
    })
}

/// A "valid" 2x2 max pool of `side` x `side` channels-last pixels.
pub(super) fn pool(input: &[f64], side: usize, channels: usize) -> Vec<f64> {
    let half = side / 2;
    let at = |y: usize, x: usize, channel: usize| input[(y * side + x) * channels + channel];
    (0..half * half * channels)
        .map(|index| {
            let (pixel, channel) = (index / channels, index % channels);
            let (y, x) = (pixel / half * 2, pixel % half * 2);
            let upper = at(y, x, channel).max(at(y, x + 1, channel));
            upper.max(at(y + 1, x, channel)).max(at(y + 1, x + 1, channel))
        })
        .collect()
}

/// Activation, LeakyReLU where a BatchNorm was, and pool.
pub(super) fn finish(
    sums: &[f64],
    side: usize,
    channels: usize,
    bias: &[f32],
    batch_norm: Option<&[Vec<f32>; 4]>,
) -> Vec<f64> {
    let activated: Vec<f64> = sums
        .iter()
        .enumerate()
        .map(|(index, sum)| {
            let channel = index % channels;
            let value = activate(*sum, bias[channel], parameters(batch_norm, channel));
            if value < 0.0 { value * 0.1 } else { value }
        })
        .collect();
    pool(&activated, side, channels)
}

fn parameters(batch_norm: Option<&[Vec<f32>; 4]>, channel: usize) -> Option<[f32; 4]> {
    batch_norm.map(|parts| [0, 1, 2, 3].map(|part| parts[part][channel]))
}

fn batch_norm(weights: &Weights<'_>, name: &str, channels: usize) -> [Vec<f32>; 4] {
    ["weight", "bias", "mean", "var"].map(|part| weights.f32(&format!("{name}.{part}"), &[channels]).unwrap())
}

/// The whole network with both heads.
pub(super) fn logits(weights: &Weights<'_>, chip: &FaceChip) -> ([f64; Emotion::COUNT], [f64; Emotion8::COUNT]) {
    let mut map: Vec<f64> = chip.grey().iter().map(|grey| f64::from(*grey) / 255.0).collect();
    let mut side = CHIP_SIDE;
    for (layer, [inputs, outputs]) in CHANNELS.array_windows().enumerate() {
        let name = format!("conv{}", layer + 1);
        let kernels = weights.f32(&format!("{name}.weight"), &[*outputs, *inputs, 3, 3]).unwrap();
        let bias = weights.f32(&format!("{name}.bias"), &[*outputs]).unwrap();
        let batch_norm = (layer > 0).then(|| batch_norm(weights, &format!("bn{}", layer + 1), *outputs));
        let sums = convolve(&map, side, *inputs, &kernels, *outputs);
        map = finish(&sums, side, *outputs, &bias, batch_norm.as_ref());
        side /= 2;
    }
    for (layer, [inputs, outputs]) in DENSE.array_windows().enumerate() {
        let name = format!("dense{}", layer + 1);
        let bias = weights.f32(&format!("{name}.bias"), &[*outputs]).unwrap();
        let batch_norm = batch_norm(weights, &format!("dense_bn{}", layer + 1), *outputs);
        map = dense(weights, &name, &map, *inputs, *outputs)
            .into_iter()
            .enumerate()
            .map(|(output, sum)| activate(sum, bias[output], parameters(Some(&batch_norm), output)))
            .collect();
    }
    (head(weights, "dense3", &map), head(weights, "eight", &map))
}

fn head<const N: usize>(weights: &Weights<'_>, name: &str, features: &[f64]) -> [f64; N] {
    let sums = dense(weights, name, features, DENSE[2], N);
    let bias = weights.f32(&format!("{name}.bias"), &[N]).unwrap();
    std::array::from_fn(|output| sums[output] + f64::from(bias[output]))
}

fn dense(weights: &Weights<'_>, name: &str, input: &[f64], inputs: usize, outputs: usize) -> Vec<f64> {
    let matrix = weights.f32(&format!("{name}.weight"), &[outputs, inputs]).unwrap();
    matrix.chunks(inputs).map(|row| row.iter().zip(input).map(|(w, x)| f64::from(*w) * x).sum()).collect()
}

/// Random values -1..1, the same for the same seed.
pub(super) fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut random = fastrand::Rng::with_seed(seed.into());
    move || 2.0 * random.f32() - 1.0
}

/// A network of random weights with activations of ordinary size and BatchNorm scales of both signs.
pub(super) fn random_network(seed: u32, dtype: DType) -> Vec<u8> {
    let mut noise = noise(seed);
    let mut writer = WeightsWriter::new("random");
    let mut tensor = |name: String, shape: &[usize], centre: f32, spread: f32, dtype: DType| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| centre + spread * noise()).collect();
        writer.tensor(&name, shape, &values, dtype).unwrap();
    };
    let mut layer = |name: String, batch_norm: Option<String>, shape: &[usize], dtype: DType| {
        let inputs: usize = shape[1..].iter().product();
        tensor(format!("{name}.weight"), shape, 0.0, (6.0 / inputs as f32).sqrt(), dtype);
        tensor(format!("{name}.bias"), &shape[..1], 0.0, 0.1, DType::F32);
        if let Some(batch_norm) = batch_norm {
            tensor(format!("{batch_norm}.weight"), &shape[..1], 0.3, 1.0, DType::F32);
            tensor(format!("{batch_norm}.bias"), &shape[..1], 0.0, 0.3, DType::F32);
            tensor(format!("{batch_norm}.mean"), &shape[..1], 0.5, 0.3, DType::F32);
            tensor(format!("{batch_norm}.var"), &shape[..1], 1.0, 0.5, DType::F32);
        }
    };
    for (index, [inputs, outputs]) in CHANNELS.array_windows().enumerate() {
        let batch_norm = (index > 0).then(|| format!("bn{}", index + 1));
        let dtype = if index == 0 { DType::F32 } else { dtype };
        layer(format!("conv{}", index + 1), batch_norm, &[*outputs, *inputs, 3, 3], dtype);
    }
    for (index, [inputs, outputs]) in DENSE.array_windows().enumerate() {
        let batch_norm = Some(format!("dense_bn{}", index + 1));
        layer(format!("dense{}", index + 1), batch_norm, &[*outputs, *inputs], dtype);
    }
    layer("dense3".to_owned(), None, &[Emotion::COUNT, DENSE[2]], DType::F32);
    layer("eight".to_owned(), None, &[Emotion8::COUNT, DENSE[2]], DType::F32);
    writer.finish().unwrap()
}
