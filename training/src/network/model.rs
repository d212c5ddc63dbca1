//! The network in training: the shipped classifier with a second head over eight expressions on the same features.

use anyhow::{Context, Result, ensure};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use countenance::network::{ConvBlock, EmotionNet, EmotionNetConfig, NamedTensor, linear, load_eight};
use countenance::{Emotion, Emotion8};
use std::collections::HashMap;

use crate::data::augment::plain;
use crate::data::dataset::Sample;

/// Prefix of the names of the second head's tensors.
pub const SECOND_HEAD: &str = "eight.";

/// Pictures answered at once when nothing is learned from them.
const BATCH: usize = 128;

/// [`EmotionNet`] and a head over [`Emotion8::ALL`].
#[derive(Module, Debug)]
pub struct JointNet {
    /// What ships.
    pub emotion: EmotionNet,
    /// From the features to eight logits.
    pub eight: Linear,
}

/// Logits for a batch.
#[derive(Debug, Clone)]
pub struct JointLogits {
    /// `[n, 4]`, in the order of `Emotion::ALL`.
    pub four: Tensor<2>,
    /// `[n, 8]`, in the order of [`Emotion8::ALL`].
    pub eight: Tensor<2>,
}

impl JointNet {
    /// With random weights that a seed of the device decides.
    pub fn new(config: &EmotionNetConfig, device: &Device) -> Self {
        Self {
            emotion: EmotionNet::new(config, device),
            eight: linear(config.layers.embedding(), Emotion8::COUNT, device),
        }
        .materialize()
    }

    /// With the tensors of a weights file, as [`Self::tensors`] gives them.
    ///
    /// # Errors
    /// Where one is missing or of another shape.
    pub fn load(config: &EmotionNetConfig, device: &Device, tensors: &[NamedTensor]) -> Result<Self> {
        let read = |name: &str, shape: &[usize]| {
            let tensor = tensors.iter().find(|tensor| tensor.name == name);
            let tensor = tensor.with_context(|| format!("the weights have no tensor {name}"))?;
            ensure!(tensor.shape == shape, "{name} is {:?} instead of {shape:?}", tensor.shape);
            Ok(tensor.values.clone())
        };
        let emotion = EmotionNet::load(config, device, read)?;
        let eight = load_eight(config, device, read)?;
        Ok(Self { emotion, eight })
    }

    /// Logits in training, each block by the fastest way the backend has.
    pub fn forward_train(&self, faces: Tensor<4>) -> JointLogits {
        self.logits(self.emotion.embed(faces, fastest_block))
    }

    /// Logits in f32.
    pub fn forward(&self, faces: Tensor<4>) -> JointLogits {
        self.logits(self.emotion.embed(faces, ConvBlock::forward))
    }

    /// All tensors: those of [`EmotionNet::tensors`] and `eight.weight` (`[8, 512]`) and `eight.bias`.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let mut tensors = self.emotion.tensors();
        let weight = self.eight.weight.val().transpose();
        tensors.push(NamedTensor {
            name: format!("{SECOND_HEAD}weight"),
            shape: weight.dims().to_vec(),
            values: weight.into_data().iter::<f32>().collect(),
        });
        tensors.extend(self.eight.bias.as_ref().map(|bias| NamedTensor {
            name: format!("{SECOND_HEAD}bias"),
            shape: bias.val().dims().to_vec(),
            values: bias.val().into_data().iter::<f32>().collect(),
        }));
        tensors
    }

    fn logits(&self, features: Tensor<2>) -> JointLogits {
        JointLogits { four: self.emotion.classify(features.clone()), eight: self.eight.forward(features) }
    }
}

fn fastest_block(block: &ConvBlock, input: Tensor<4>) -> Tensor<4> {
    #[cfg(feature = "tch")]
    if crate::network::libtorch::is_libtorch(&input.device()) {
        return crate::network::libtorch::conv_block(block, input);
    }
    block.forward(input)
}

/// A batch of square pictures as the network's input.
pub fn faces(pictures: Vec<f32>, count: usize, side: usize, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(pictures, [count, 1, side, side]), device)
}

/// The network's logits for each sample, first head and second.
pub fn logits(
    net: &JointNet,
    samples: &[Sample],
    side: usize,
    device: &Device,
) -> Vec<([f32; Emotion::COUNT], [f32; Emotion8::COUNT])> {
    let mut all = Vec::with_capacity(samples.len());
    for chunk in samples.chunks(BATCH) {
        let pictures = chunk.iter().flat_map(|sample| plain(&sample.chip, side)).collect();
        let logits = net.forward(faces(pictures, chunk.len(), side, device));
        all.extend(rows(logits.four).into_iter().zip(rows(logits.eight)));
    }
    all
}

/// The rows of a matrix with `N` columns.
pub fn rows<const N: usize>(matrix: Tensor<2>) -> Vec<[f32; N]> {
    let values: Vec<f32> = matrix.into_data().iter::<f32>().collect();
    values.as_chunks().0.to_vec()
}

/// `average * share + newest * (1 - share)`, parameter by parameter and statistic by statistic.
pub fn average<M: Module>(average: M, newest: &M, share: f64) -> M {
    let mut values = Values::default();
    newest.visit(&mut values);
    average.map(&mut Average { newest: values.0, share })
}

#[derive(Default)]
struct Values(HashMap<ParamId, Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.insert(param.id, param.val().flatten(0, D - 1));
    }
}

struct Average {
    newest: HashMap<ParamId, Tensor<1>>,
    share: f64,
}

impl ModuleMapper for Average {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(newest) = self.newest.remove(&param.id) else {
            return param;
        };
        param.map(|old| {
            let newest = newest.reshape(old.shape());
            old.mul_scalar(self.share) + newest.mul_scalar(1.0 - self.share)
        })
    }
}
