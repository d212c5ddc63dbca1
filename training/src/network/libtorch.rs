//! A convolution block on libtorch's own kernels and gradients, for training on the CPU.
//!
//! Burn differentiates a block operation by operation, in f32; on libtorch that leaves the gradient of a 3x3 kernel to
//! a convolution with a picture-sized kernel. Here the block is one node of Burn's graph: libtorch computes it in
//! bfloat16, channels last, and its gradients by its own automatic differentiation. The running statistics, the
//! weights and everything between blocks stay f32 and with Burn.

// Burn 0.22 marks its libtorch backend deprecated; no other trains half as fast on a CPU.
#![allow(deprecated)]

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::libtorch::TchTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, DispatchDevice, LibTorch, backend_extension};
use burn::tensor::{Device, Tensor};
use countenance::network::{ConvBlock, LEAKY_SLOPE};
use tch::{Kind, no_grad};

/// Whether [`conv_block`] can run on a device, with or without autodiff.
pub fn is_libtorch(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::LibTorch(_))
}

/// What [`ConvBlock::forward`] computes, on a libtorch device; updates the running statistics where it has a batch norm.
pub fn conv_block(block: &ConvBlock, input: Tensor<4>) -> Tensor<4> {
    let weight = block.conv.weight.val();
    let device = weight.device();
    let bias = block.conv.bias.as_ref().map_or_else(|| Tensor::zeros([weight.dims()[0]], &device), |bias| bias.val());
    let (input, weight, bias) = (input.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    match &block.norm {
        None => Tensor::from_dispatch(Dispatch::conv_block(input, weight, bias)),
        Some(norm) => {
            let (output, mean, variance) = Dispatch::conv_norm_block(
                input,
                weight,
                bias,
                norm.gamma.val().into_dispatch(),
                norm.beta.val().into_dispatch(),
                norm.running_mean.value_sync().into_dispatch(),
                norm.running_var.value_sync().into_dispatch(),
                norm.momentum,
                norm.epsilon,
            );
            norm.running_mean.update(Tensor::from_dispatch(mean));
            norm.running_var.update(Tensor::from_dispatch(variance));
            Tensor::from_dispatch(output)
        }
    }
}

/// The blocks as operations of Burn's backends.
#[backend_extension(LibTorch, Autodiff)]
trait ConvBlockOps: Backend {
    /// Convolution, ReLU, pool.
    fn conv_block(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Convolution, ReLU, batch norm over the batch's own statistics, leaky ReLU, pool; with the running mean and
    /// variance moved on.
    #[allow(clippy::too_many_arguments)]
    fn conv_norm_block(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        running_mean: FloatTensor<Self>,
        running_variance: FloatTensor<Self>,
        momentum: f64,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// Channels last in memory, `[n, channels, height, width]` in shape.
fn channels_last(tensor: &tch::Tensor) -> tch::Tensor {
    tensor.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}

fn convolve(input: &tch::Tensor, weight: &tch::Tensor, bias: &tch::Tensor) -> tch::Tensor {
    let low = Kind::BFloat16;
    channels_last(&input.to_kind(low))
        .conv2d(&channels_last(&weight.to_kind(low)), Some(bias.to_kind(low)), 1, 1, 1, 1)
        .relu()
}

fn pool(maps: &tch::Tensor) -> tch::Tensor {
    maps.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false).to_kind(Kind::Float)
}

struct Norm {
    running_mean: tch::Tensor,
    running_variance: tch::Tensor,
    momentum: f64,
    epsilon: f64,
}

impl Norm {
    /// With copies of the statistics, since libtorch updates them in place.
    fn new(running_mean: &TchTensor, running_variance: &TchTensor, momentum: f64, epsilon: f64) -> Self {
        Self {
            running_mean: running_mean.tensor.copy(),
            running_variance: running_variance.tensor.copy(),
            momentum,
            epsilon,
        }
    }

    /// `leaves` are input, weight, bias, gamma, beta.
    fn forward(&self, leaves: &[tch::Tensor]) -> tch::Tensor {
        let maps = convolve(&leaves[0], &leaves[1], &leaves[2]).batch_norm(
            Some(&leaves[3]),
            Some(&leaves[4]),
            Some(&self.running_mean),
            Some(&self.running_variance),
            true,
            self.momentum,
            self.epsilon,
            false,
        );
        // Leaky ReLU rises, so it may as well follow the maximum, on a quarter of the values. The bindings give it no
        // slope; for a slope below 1 it is the larger of the two.
        let maps = pool(&maps);
        maps.maximum(&(&maps * LEAKY_SLOPE))
    }

    fn statistics(self) -> (TchTensor, TchTensor) {
        (TchTensor::new(self.running_mean), TchTensor::new(self.running_variance))
    }
}

impl ConvBlockOps for LibTorch {
    fn conv_block(input: TchTensor, weight: TchTensor, bias: TchTensor) -> TchTensor {
        TchTensor::new(no_grad(|| pool(&convolve(&input.tensor, &weight.tensor, &bias.tensor))))
    }

    fn conv_norm_block(
        input: TchTensor,
        weight: TchTensor,
        bias: TchTensor,
        gamma: TchTensor,
        beta: TchTensor,
        running_mean: TchTensor,
        running_variance: TchTensor,
        momentum: f64,
        epsilon: f64,
    ) -> (TchTensor, TchTensor, TchTensor) {
        let norm = Norm::new(&running_mean, &running_variance, momentum, epsilon);
        let leaves = [input, weight, bias, gamma, beta].map(|tensor| tensor.tensor);
        let output = TchTensor::new(no_grad(|| norm.forward(&leaves)));
        let (mean, variance) = norm.statistics();
        (output, mean, variance)
    }
}

/// One recorded call of libtorch: the Burn tensors it read, the leaves of libtorch's graph that share their memory, and
/// the graph's output.
#[derive(Debug, Clone)]
struct Recorded<const N: usize> {
    _inputs: [TchTensor; N],
    leaves: [TchTensor; N],
    output: TchTensor,
}

impl<const N: usize> Recorded<N> {
    fn new(inputs: [TchTensor; N], forward: impl FnOnce(&[tch::Tensor]) -> tch::Tensor) -> Self {
        let leaves = inputs.each_ref().map(|input| input.tensor.detach().set_requires_grad(true));
        let output = TchTensor::new(forward(&leaves));
        Self { _inputs: inputs, leaves: leaves.map(TchTensor::new), output }
    }

    /// The output without its graph.
    fn value(&self) -> TchTensor {
        TchTensor::new(self.output.tensor.detach())
    }
}

/// Hands the gradient of a [`Recorded`] call to libtorch, and libtorch's gradients back to Burn.
#[derive(Debug)]
struct RecordedBackward;

impl<const N: usize> Backward<LibTorch, N> for RecordedBackward {
    type State = Recorded<N>;

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let grad = grads.consume::<LibTorch>(&ops.node);
        let Recorded { leaves, output, .. } = ops.state;
        let wanted: Vec<_> = ops.parents.iter().flatten().map(|node| node.id).collect();
        let inputs: Vec<_> =
            ops.parents.iter().zip(&leaves).filter_map(|(node, leaf)| node.as_ref().map(|_| &leaf.tensor)).collect();
        let scalar = (&output.tensor * &grad.tensor).sum(Kind::Float);
        for (node, grad) in wanted.into_iter().zip(tch::Tensor::run_backward(&[scalar], &inputs, false, false)) {
            grads.register::<LibTorch>(node, TchTensor::new(grad));
        }
    }
}

impl<C: CheckpointStrategy> ConvBlockOps for Autodiff<LibTorch, C> {
    fn conv_block(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [input.node(), weight.node(), bias.node()];
        let inputs = [input, weight, bias].map(|tensor| tensor.into_primitive());
        match RecordedBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let recorded = Recorded::new(inputs, |leaves| pool(&convolve(&leaves[0], &leaves[1], &leaves[2])));
                let value = recorded.value();
                prep.finish(recorded, value)
            }
            OpsKind::UnTracked(prep) => {
                let [input, weight, bias] = inputs;
                prep.finish(<LibTorch as ConvBlockOps>::conv_block(input, weight, bias))
            }
        }
    }

    fn conv_norm_block(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        running_mean: FloatTensor<Self>,
        running_variance: FloatTensor<Self>,
        momentum: f64,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let norm = Norm::new(running_mean.primitive(), running_variance.primitive(), momentum, epsilon);
        let nodes = [input.node(), weight.node(), bias.node(), gamma.node(), beta.node()];
        let inputs = [input, weight, bias, gamma, beta].map(|tensor| tensor.into_primitive());
        let output = match RecordedBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let recorded = Recorded::new(inputs, |leaves| norm.forward(leaves));
                let value = recorded.value();
                prep.finish(recorded, value)
            }
            OpsKind::UnTracked(prep) => {
                let leaves = inputs.map(|tensor| tensor.tensor);
                prep.finish(TchTensor::new(no_grad(|| norm.forward(&leaves))))
            }
        };
        let (mean, variance) = norm.statistics();
        (output, Self::from_inner(mean), Self::from_inner(variance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;
    use countenance::network::{EmotionNet, EmotionNetConfig};

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    /// bfloat16 has 8 bits of precision.
    const VALUES: f64 = 0.02;
    /// Of nearly equal values, the pool may choose another one, and send it all of their gradient.
    const GRADIENTS: f64 = 0.15;

    fn assert_close(name: &str, found: &[f32], expected: &[f32], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        let size = |values: &[f32]| values.iter().map(|value| f64::from(value * value)).sum::<f64>().sqrt();
        let difference: Vec<f32> = found.iter().zip(expected).map(|(a, b)| a - b).collect();
        let relative = size(&difference) / size(expected).max(1e-9);
        assert!(relative < tolerance, "{name} differs by {relative}");
    }

    #[test]
    fn answers_gradients_and_statistics_are_those_of_the_block() {
        let device = Device::libtorch().autodiff();
        device.seed(1);
        let config =
            EmotionNetConfig { noise: 0.0, dropout: 0.0, batch_norm_momentum: 0.5, ..EmotionNetConfig::default() };
        let (ours, reference) = (EmotionNet::new(&config, &device), EmotionNet::new(&config, &device));
        for index in [0, 1, 3] {
            let mine = ours.blocks()[index].clone();
            // The same weights, but statistics of its own.
            let mut theirs = reference.blocks()[index].clone();
            theirs.conv = mine.conv.clone();
            if let (Some(theirs), Some(mine)) = (&mut theirs.norm, &mine.norm) {
                (theirs.gamma, theirs.beta) = (mine.gamma.clone(), mine.beta.clone());
            }
            let channels = mine.conv.weight.val().dims()[1];
            let input =
                Tensor::<4>::random([16, channels, 8, 8], Distribution::Normal(0.0, 1.0), &device).require_grad();
            let weight =
                Tensor::<4>::random([16, mine.conv.weight.val().dims()[0], 4, 4], Distribution::Default, &device);
            let run = |output: Tensor<4>| {
                let gradients = (output.clone() * weight.clone()).sum().backward();
                let of_kernel = mine.conv.weight.val().grad(&gradients).map(values).unwrap_or_default();
                (values(output), input.grad(&gradients).map(values).unwrap_or_default(), of_kernel)
            };
            let (output, of_input, of_kernel) = run(conv_block(&mine, input.clone()));
            let (expected, expected_of_input, expected_of_kernel) = run(theirs.forward(input.clone()));
            assert_close("output", &output, &expected, VALUES);
            assert_close("gradient of the input", &of_input, &expected_of_input, GRADIENTS);
            assert_close("gradient of the kernel", &of_kernel, &expected_of_kernel, GRADIENTS);
            if let (Some(mine), Some(theirs)) = (&mine.norm, &theirs.norm) {
                let statistics = |norm: &burn::nn::BatchNorm| {
                    (values(norm.running_mean.value_sync()), values(norm.running_var.value_sync()))
                };
                assert_close("mean", &statistics(mine).0, &statistics(theirs).0, VALUES);
                assert_close("variance", &statistics(mine).1, &statistics(theirs).1, VALUES);
            }
        }
    }
}
