//! `complex_cnn_model_1` written with Burn: the architecture alone, not how it is stored or trained.
//!
//! | block | layers in order | output |
//! |---|---|---|
//! | 1 | conv 1->32, ReLU, pool | `[32, 24, 24]` |
//! | 2 | conv 32->64, ReLU, batch norm, leaky ReLU, pool, noise | `[64, 12, 12]` |
//! | 3 | conv 64->128, ReLU, batch norm, leaky ReLU, pool, dropout | `[128, 6, 6]` |
//! | 4 | conv 128->256, ReLU, batch norm, leaky ReLU, pool, noise | `[256, 3, 3]` |
//! | 5 | conv 256->512, ReLU, batch norm, leaky ReLU, pool, dropout | `[512, 1, 1]` |
//! | head | dense 256, ReLU, batch norm, dropout; dense 512, ReLU, batch norm, dropout; dense 4 | `[4]` |
//!
//! Convolutions are 3x3, stride 1, padded by 1; pools are max 2x2 without padding. Noise and dropout act only on an
//! autodiff device, that is in training.

use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, GaussianNoise, GaussianNoiseConfig, Initializer, Linear,
    LinearConfig, PaddingConfig2d,
};
use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::{Device, Tensor, TensorData};

use crate::chip::CHIP_SIDE;
use crate::emotion::{Emotion, Emotion8};

/// Slope of every leaky ReLU for negative input.
pub const LEAKY_SLOPE: f64 = 0.1;
/// Added to the variance by every batch norm (the Keras default).
const BATCH_NORM_EPSILON: f64 = 1e-3;

/// How many layers there are, and how wide: `complex_cnn_model_1` unless training compares it with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// Channels behind each convolution; each is followed by a pool.
    pub channels: &'static [usize],
    /// Whether the first convolution has a batch norm and leaky ReLU, as all others have.
    pub first_norm: bool,
    /// Features behind each hidden dense layer; at least one.
    pub hidden: &'static [usize],
    /// Whether the hidden dense layers have a batch norm.
    pub hidden_norm: bool,
}

impl Layers {
    /// The layers of the shipped network.
    pub const COMPLEX_CNN_MODEL_1: Self =
        Self { channels: &[32, 64, 128, 256, 512], first_norm: false, hidden: &[256, 512], hidden_norm: true };

    /// Length of the vector that [`EmotionNet::embed`] gives.
    pub fn embedding(&self) -> usize {
        self.hidden.last().copied().unwrap_or_default()
    }

    /// Length of the last convolution's flattened output for a face of [`CHIP_SIDE`] pixels a side.
    fn flattened(&self) -> usize {
        let side = CHIP_SIDE >> self.channels.len();
        self.channels.last().copied().unwrap_or_default() * side * side
    }
}

/// What the network is made of, and what training may choose; inference does not depend on the latter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmotionNetConfig {
    /// The layers.
    pub layers: Layers,
    /// Standard deviation of the noise behind blocks 2 and 4.
    pub noise: f64,
    /// Share of values dropped behind blocks 3 and 5 and each hidden dense layer, 0..1.
    pub dropout: f64,
    /// Weight of the new value in the running statistics, 0..1.
    pub batch_norm_momentum: f64,
}

impl Default for EmotionNetConfig {
    /// The reference's values; Keras' momentum of 0.99 weighs the old value.
    fn default() -> Self {
        Self { layers: Layers::COMPLEX_CNN_MODEL_1, noise: 0.1, dropout: 0.2, batch_norm_momentum: 0.01 }
    }
}

/// One convolution with what follows it up to the pool.
#[derive(Module, Debug)]
pub struct ConvBlock {
    /// 3x3, padded by 1.
    pub conv: Conv2d,
    /// Every block but the first has one, followed by a leaky ReLU.
    pub norm: Option<BatchNorm>,
    pool: MaxPool2d,
}

impl ConvBlock {
    fn new(input: usize, output: usize, norm: bool, config: &EmotionNetConfig, device: &Device) -> Self {
        let mut conv = Conv2dConfig::new([input, output], [3, 3])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_initializer(GLOROT_UNIFORM)
            .init(device);
        conv.bias = Some(zeros(output, device));
        Self {
            conv,
            norm: norm.then(|| batch_norm(output, config, device)),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        }
    }

    /// `[n, input, height, width]` to `[n, output, height / 2, width / 2]`.
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let mut output = relu(self.conv.forward(input));
        if let Some(norm) = &self.norm {
            output = leaky_relu(norm.forward(output), LEAKY_SLOPE);
        }
        self.pool.forward(output)
    }
}

/// One hidden dense layer with ReLU and, where the layers say so, batch norm.
#[derive(Module, Debug)]
pub struct DenseBlock {
    linear: Linear,
    norm: Option<BatchNorm>,
}

impl DenseBlock {
    fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        let output = relu(self.linear.forward(input));
        match &self.norm {
            Some(norm) => norm.forward(output),
            None => output,
        }
    }
}

/// The classifier: grey faces to one logit an [`Emotion`].
#[derive(Module, Debug)]
pub struct EmotionNet {
    blocks: Vec<ConvBlock>,
    dense: Vec<DenseBlock>,
    output: Linear,
    noise: GaussianNoise,
    dropout: Dropout,
}

impl EmotionNet {
    /// With Glorot-uniform kernels and zero biases. For repeatable weights call [`Device::seed`] before and
    /// [`Module::materialize`] after: Burn draws them on first use.
    pub fn new(config: &EmotionNetConfig, device: &Device) -> Self {
        let Layers { channels, first_norm, hidden, hidden_norm } = config.layers;
        let mut input = 1;
        let blocks = channels.iter().enumerate().map(|(index, &output)| {
            let norm = index > 0 || first_norm;
            ConvBlock::new(std::mem::replace(&mut input, output), output, norm, config, device)
        });
        let mut features = config.layers.flattened();
        let dense = hidden.iter().map(|&output| DenseBlock {
            linear: linear(std::mem::replace(&mut features, output), output, device),
            norm: hidden_norm.then(|| batch_norm(output, config, device)),
        });
        Self {
            blocks: blocks.collect(),
            dense: dense.collect(),
            output: linear(config.layers.embedding(), Emotion::COUNT, device),
            noise: GaussianNoiseConfig::new(config.noise).init(),
            dropout: DropoutConfig::new(config.dropout).init(),
        }
    }

    /// Logits `[n, 4]` in the order of [`Emotion::ALL`] for grey faces `[n, 1, 48, 48]`, 0 is black and 1 white.
    ///
    /// Faces of 32 to 63 pixels a side are accepted too: five halvings leave one pixel of any of them.
    pub fn forward(&self, faces: Tensor<4>) -> Tensor<2> {
        self.classify(self.embed(faces, ConvBlock::forward))
    }

    /// The features `[n, embedding]` in front of the last layer. `run_block` computes each block, so that a backend with a
    /// faster way can take over; [`ConvBlock::forward`] is the definition.
    pub fn embed(&self, faces: Tensor<4>, run_block: impl Fn(&ConvBlock, Tensor<4>) -> Tensor<4>) -> Tensor<2> {
        let mut maps = faces;
        for (index, block) in self.blocks.iter().enumerate() {
            maps = run_block(block, maps);
            maps = match index {
                0 => maps,
                1 | 3 => self.noise.forward(maps),
                _ => self.dropout.forward(maps),
            };
        }
        let mut features: Tensor<2> = maps.flatten(1, 3);
        for dense in &self.dense {
            features = self.dropout.forward(dense.forward(features));
        }
        features
    }

    /// The convolution blocks, in order.
    pub fn blocks(&self) -> &[ConvBlock] {
        &self.blocks
    }

    /// The last layer: logits `[n, 4]` from features `[n, embedding]`.
    pub fn classify(&self, features: Tensor<2>) -> Tensor<2> {
        self.output.forward(features)
    }

    /// A network with the tensors that `read` gives for a name and a shape.
    ///
    /// Names and shapes are those of the weights file: `conv1.weight` (`[output, input, 3, 3]`), `conv1.bias`,
    /// `bn2.weight`, `.bias`, `.mean`, `.var` (batch norm k follows convolution k), `dense1.weight`
    /// (`[output, input]`), `dense_bn1.weight` and so on; values in row-major order.
    ///
    /// # Errors
    /// The first error of `read`.
    pub fn load<E>(
        config: &EmotionNetConfig,
        device: &Device,
        mut read: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let mut net = Self::new(config, device);
        fill(net.slots(), device, &mut read)?;
        Ok(net)
    }

    /// All tensors under the names, shapes and order of values that [`Self::load`] reads.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let mut net = self.clone();
        net.slots()
            .into_iter()
            .map(|(name, slot)| NamedTensor { name, shape: slot.shape(), values: slot.values() })
            .collect()
    }

    /// Every tensor of the network with its name in the weights file.
    fn slots(&mut self) -> Vec<(String, Slot<'_>)> {
        let mut slots = Vec::new();
        for (block, k) in self.blocks.iter_mut().zip(1..) {
            slots.push((format!("conv{k}.weight"), Slot::Kernel(&mut block.conv.weight)));
            slots.extend(block.conv.bias.as_mut().map(|bias| (format!("conv{k}.bias"), Slot::Vector(bias))));
            if let Some(norm) = &mut block.norm {
                push_norm(&mut slots, &format!("bn{k}"), norm);
            }
        }
        let last = self.dense.len() + 1;
        for (dense, k) in self.dense.iter_mut().zip(1..) {
            push_linear(&mut slots, &format!("dense{k}"), &mut dense.linear);
            if let Some(norm) = &mut dense.norm {
                push_norm(&mut slots, &format!("dense_bn{k}"), norm);
            }
        }
        push_linear(&mut slots, &format!("dense{last}"), &mut self.output);
        slots
    }
}

/// A tensor of the network as the weights file knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Its name, such as `conv1.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values in row-major order.
    pub values: Vec<f32>,
}

/// The second head, over the eight expressions of [`Emotion8`](crate::Emotion8): logits `[n, 8]` from the features that
/// [`EmotionNet::embed`] gives. Reads `eight.weight` (`[8, embedding]`) and `eight.bias` (`[8]`).
///
/// # Errors
/// The first error of `read`.
pub fn load_eight<E>(
    config: &EmotionNetConfig,
    device: &Device,
    mut read: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
) -> Result<Linear, E> {
    let mut head = linear(config.layers.embedding(), Emotion8::COUNT, device);
    let mut slots = Vec::new();
    push_linear(&mut slots, "eight", &mut head);
    fill(slots, device, &mut read)?;
    Ok(head)
}

fn fill<E>(
    slots: Vec<(String, Slot<'_>)>,
    device: &Device,
    read: &mut impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
) -> Result<(), E> {
    slots.into_iter().try_for_each(|(name, slot)| {
        let values = read(&name, &slot.shape())?;
        slot.set(values, device);
        Ok(())
    })
}

/// A fresh dense layer: Glorot-uniform weights, zero biases.
pub fn linear(input: usize, output: usize, device: &Device) -> Linear {
    let mut linear = LinearConfig::new(input, output).with_initializer(GLOROT_UNIFORM).init(device);
    linear.bias = Some(zeros(output, device));
    linear
}

const GLOROT_UNIFORM: Initializer = Initializer::XavierUniform { gain: 1.0 };

fn zeros(length: usize, device: &Device) -> Param<Tensor<1>> {
    Initializer::Zeros.init([length], device)
}

fn batch_norm(channels: usize, config: &EmotionNetConfig, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels)
        .with_epsilon(BATCH_NORM_EPSILON)
        .with_momentum(config.batch_norm_momentum)
        .init(device)
}

/// One tensor's place in the network.
enum Slot<'a> {
    Vector(&'a mut Param<Tensor<1>>),
    Statistic(&'a mut RunningState<Tensor<1>>),
    /// Stored `[output, input]`; Burn keeps the transpose.
    Matrix(&'a mut Param<Tensor<2>>),
    Kernel(&'a mut Param<Tensor<4>>),
}

impl Slot<'_> {
    fn shape(&self) -> Vec<usize> {
        match self {
            Self::Vector(param) => param.val().dims().to_vec(),
            // Not `value_sync`, which asks for the thread's id: without Burn's `std` feature, as in wasm, that panics.
            Self::Statistic(state) => state.value().dims().to_vec(),
            Self::Matrix(param) => param.val().transpose().dims().to_vec(),
            Self::Kernel(param) => param.val().dims().to_vec(),
        }
    }

    fn values(&self) -> Vec<f32> {
        let data = match self {
            Self::Vector(param) => param.val().into_data(),
            Self::Statistic(state) => state.value_sync().into_data(),
            Self::Matrix(param) => param.val().transpose().into_data(),
            Self::Kernel(param) => param.val().into_data(),
        };
        data.iter::<f32>().collect()
    }

    fn set(self, values: Vec<f32>, device: &Device) {
        let data = TensorData::new(values, self.shape());
        match self {
            Self::Vector(param) => *param = Param::from_data(data, device),
            Self::Statistic(state) => *state = RunningState::new(Tensor::from_data(data, device)),
            Self::Matrix(param) => *param = Param::from_tensor(Tensor::<2>::from_data(data, device).transpose()),
            Self::Kernel(param) => *param = Param::from_data(data, device),
        }
    }
}

fn push_linear<'a>(slots: &mut Vec<(String, Slot<'a>)>, name: &str, linear: &'a mut Linear) {
    slots.push((format!("{name}.weight"), Slot::Matrix(&mut linear.weight)));
    slots.extend(linear.bias.as_mut().map(|bias| (format!("{name}.bias"), Slot::Vector(bias))));
}

fn push_norm<'a>(slots: &mut Vec<(String, Slot<'a>)>, name: &str, norm: &'a mut BatchNorm) {
    slots.push((format!("{name}.weight"), Slot::Vector(&mut norm.gamma)));
    slots.push((format!("{name}.bias"), Slot::Vector(&mut norm.beta)));
    slots.push((format!("{name}.mean"), Slot::Statistic(&mut norm.running_mean)));
    slots.push((format!("{name}.var"), Slot::Statistic(&mut norm.running_var)));
}

#[cfg(any(feature = "burn-flex", feature = "burn-ndarray"))]
pub(crate) use engine::BurnEngine;

#[cfg(any(feature = "burn-flex", feature = "burn-ndarray"))]
mod engine {
    use super::{ConvBlock, Device, EmotionNet, EmotionNetConfig, Linear, Tensor, TensorData, load_eight};
    use crate::chip::{CHIP_SIDE, FaceChip};
    use crate::error::Error;
    use crate::express::Logits;
    use crate::weights::Weights;

    /// Inference on one of Burn's CPU backends: the reference that the fused engine is held to.
    #[derive(Debug, Clone)]
    pub(crate) struct BurnEngine {
        net: EmotionNet,
        eight: Option<Linear>,
        device: Device,
    }

    impl BurnEngine {
        /// The network with these weights, on burn-flex where both backends are built in.
        ///
        /// # Errors
        /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a tensor is missing or of another shape.
        pub(crate) fn new(weights: &Weights<'_>) -> Result<Self, Error> {
            #[cfg(feature = "burn-flex")]
            let device = Device::flex();
            #[cfg(not(feature = "burn-flex"))]
            let device = Device::ndarray();
            let read = |name: &str, shape: &[usize]| weights.f32(name, shape);
            let config = EmotionNetConfig::default();
            let net = EmotionNet::load(&config, &device, read)?;
            let eight = weights.contains("eight.weight").then(|| load_eight(&config, &device, read)).transpose()?;
            Ok(Self { net, eight, device })
        }

        /// Whether the model has the second head, over eight expressions.
        pub(crate) const fn has_eight(&self) -> bool {
            self.eight.is_some()
        }

        /// The logits of a face.
        pub(crate) fn logits(&mut self, chip: &FaceChip) -> Logits {
            let pixels = chip.grey().iter().map(|&grey| f32::from(grey) / 255.0).collect();
            let face = Tensor::from_data(TensorData::new(pixels, [1, 1, CHIP_SIDE, CHIP_SIDE]), &self.device);
            let features = self.net.embed(face, ConvBlock::forward);
            Logits {
                four: values(self.net.classify(features.clone())),
                eight: self.eight.as_ref().map(|head| values(head.forward(features))),
            }
        }
    }

    fn values<const N: usize>(logits: Tensor<2>) -> [f32; N] {
        let data = logits.into_data();
        let mut values = [0.0; N];
        for (value, logit) in values.iter_mut().zip(data.iter::<f32>()) {
            *value = logit;
        }
        values
    }
}

#[cfg(all(test, feature = "burn-flex"))]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::convert::Infallible;

    fn network(device: &Device) -> EmotionNet {
        device.seed(7);
        EmotionNet::new(&EmotionNetConfig::default(), device).materialize()
    }

    fn faces(count: usize, side: usize, device: &Device) -> Tensor<4> {
        let values = (0..count * side * side).map(|i| (i * 37 % 256) as f32 / 255.0).collect();
        Tensor::from_data(TensorData::new(values, [count, 1, side, side]), device)
    }

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    #[test]
    fn holds_as_many_parameters_as_keras_counts() {
        let tensors = network(&Device::flex()).tensors();
        let count = |statistic: bool| -> usize {
            let is_statistic = |name: &str| name.ends_with(".mean") || name.ends_with(".var");
            tensors.iter().filter(|t| is_statistic(&t.name) == statistic).map(|t| t.values.len()).sum()
        };
        assert_eq!((count(false), count(true)), (1_836_420, 3_456));
        assert_eq!(count(false) + count(true), 1_839_876);
    }

    #[test]
    fn every_layer_gives_the_documented_shape() {
        let device = Device::flex();
        let net = network(&device);
        let shapes = RefCell::new(Vec::new());
        let features = net.embed(faces(2, 48, &device), |block, input| {
            let output = block.forward(input);
            shapes.borrow_mut().push(output.dims());
            output
        });
        let expected = [[2, 32, 24, 24], [2, 64, 12, 12], [2, 128, 6, 6], [2, 256, 3, 3], [2, 512, 1, 1]];
        assert_eq!(shapes.into_inner(), expected);
        assert_eq!(features.dims(), [2, 512]);
        assert_eq!(net.classify(features).dims(), [2, 4]);
        assert_eq!(net.forward(faces(1, 32, &device)).dims(), [1, 4]);
    }

    #[test]
    fn weights_are_named_and_shaped_as_in_the_file() {
        let tensors = network(&Device::flex()).tensors();
        let shape = |name: &str| tensors.iter().find(|tensor| tensor.name == name).map(|tensor| tensor.shape.clone());
        assert_eq!(shape("conv1.weight"), Some(vec![32, 1, 3, 3]));
        assert_eq!(shape("conv5.bias"), Some(vec![512]));
        assert_eq!(shape("bn1.weight"), None, "the first block has no batch norm");
        assert_eq!(shape("bn5.var"), Some(vec![512]));
        assert_eq!(shape("dense1.weight"), Some(vec![256, 512]));
        assert_eq!(shape("dense_bn2.mean"), Some(vec![512]));
        assert_eq!(shape("dense3.weight"), Some(vec![4, 512]));
        assert_eq!(tensors.len(), 5 * 2 + 4 * 4 + 2 * 2 + 2 * 4 + 2);
    }

    #[test]
    fn what_was_stored_answers_as_before() {
        let device = Device::flex();
        let net = network(&device);
        let tensors = net.tensors();
        let loaded = EmotionNet::load(&EmotionNetConfig::default(), &device, |name, shape| {
            let stored = tensors.iter().find(|tensor| tensor.name == name && tensor.shape == shape).unwrap();
            Ok::<_, Infallible>(stored.values.clone())
        });
        let Ok(loaded) = loaded;
        // Matrices lie transposed in memory once loaded, so sums may be taken in another order.
        let answers =
            values(loaded.forward(faces(2, 48, &device))).into_iter().zip(values(net.forward(faces(2, 48, &device))));
        for (found, expected) in answers {
            assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
        }
    }

    #[test]
    fn a_missing_tensor_is_an_error() {
        let result = EmotionNet::load(&EmotionNetConfig::default(), &Device::flex(), |name, _| {
            Err::<Vec<f32>, _>(name.to_owned())
        });
        assert_eq!(result.unwrap_err(), "conv1.weight");
    }
}
