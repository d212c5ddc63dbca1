//! What all layers have in common: maps to run on, parameters to pack, and shared memory to work in.

use super::rounded::Block;
use crate::error::Error;
use crate::simd::Simd;
use crate::weights::{Tensor, Weights};

/// `SIDE` x `SIDE` pixels of `CHANNELS` values, inside a border of one zero pixel: so no kernel has an edge case.
#[derive(Debug, Clone)]
pub(crate) struct Map<const SIDE: usize, const CHANNELS: usize> {
    values: Vec<f32>,
}

impl<const SIDE: usize, const CHANNELS: usize> Map<SIDE, CHANNELS> {
    /// Pixels of a row with its border.
    pub(crate) const ROW: usize = SIDE + 2;

    /// A black map.
    pub(crate) fn new() -> Self {
        Self { values: vec![0.0; Self::ROW * Self::ROW * CHANNELS] }
    }

    /// All values, the border's too, rows from the top.
    #[inline(always)]
    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    /// All pixels, the border's too, rows from the top.
    #[inline(always)]
    pub(crate) fn pixels(&self) -> &[[f32; CHANNELS]] {
        self.values.as_chunks().0
    }

    /// One row of pixels with the border, of which the first row is the border's too.
    #[inline(always)]
    pub(crate) fn bordered_row(&self, y: usize) -> &[[f32; CHANNELS]] {
        &self.pixels()[y * Self::ROW..][..Self::ROW]
    }

    /// One row of pixels inside the border.
    #[inline(always)]
    pub(crate) fn row_mut(&mut self, y: usize) -> &mut [[f32; CHANNELS]] {
        &mut self.values.as_chunks_mut().0[(y + 1) * Self::ROW + 1..][..SIDE]
    }
}

/// A kind of layer. Its sizes are those of its input and output, so a layer runs only on the map it was packed for.
pub(crate) trait Layer: Sized {
    type Input;
    type Output;

    /// Reads the layer's parameters, brings them into the order in which [`compute`](Self::compute) reads them, and
    /// makes room in `scratch` for what it needs.
    fn pack<S: Simd>(simd: S, stored: &Stored<'_>, scratch: &mut Scratch) -> Result<Self, Error>;

    /// The arithmetic, to be called by [`run`](Self::run) alone.
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, scratch: &mut Scratch);

    /// Computes the output, as a function of its own ([`Simd::vectorize`]): several layers together are too large for
    /// compilers to keep their sums in registers.
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, scratch: &mut Scratch) {
        simd.vectorize(
            #[inline(always)]
            || self.compute(simd, input, output, scratch),
        );
    }
}

/// A layer whose weights a model may store in floats or in small integers.
#[derive(Debug, Clone)]
pub(crate) enum Either<F, Q> {
    Float(F),
    Quantised(Q),
}

impl<F: Layer, Q: Layer<Input = F::Input, Output = F::Output>> Either<F, Q> {
    /// Packs the layer as it is stored.
    #[inline(always)]
    pub(crate) fn pack<S: Simd>(simd: S, stored: &Stored<'_>, scratch: &mut Scratch) -> Result<Self, Error> {
        if stored.is_quantised() {
            Q::pack(simd, stored, scratch).map(Self::Quantised)
        } else {
            F::pack(simd, stored, scratch).map(Self::Float)
        }
    }

    /// Computes the output.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, simd: S, input: &F::Input, output: &mut F::Output, scratch: &mut Scratch) {
        match self {
            Self::Float(layer) => layer.run(simd, input, output, scratch),
            Self::Quantised(layer) => layer.run(simd, input, output, scratch),
        }
    }
}

/// Where a layer's parameters are stored: `<layer>.weight`, `<layer>.bias`, and the BatchNorm's that follows the layer,
/// if one does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) weights: &'a Weights<'a>,
    pub(crate) layer: &'a str,
    pub(crate) batch_norm: Option<&'a str>,
}

impl<'a> Stored<'a> {
    /// The weights.
    pub(crate) fn tensor(&self, shape: &[usize]) -> Result<&'a Tensor<'a>, Error> {
        self.weights.tensor(&self.weight_name(), shape)
    }

    /// The weights in floats, `[outputs][inputs]` or `[outputs][inputs][9]`.
    pub(crate) fn kernels(&self, shape: &[usize]) -> Result<Vec<f32>, Error> {
        self.tensor(shape).map(Tensor::to_f32)
    }

    /// The bias of each output.
    pub(crate) fn bias(&self, outputs: usize) -> Result<Vec<f32>, Error> {
        self.weights.f32(&format!("{}.bias", self.layer), &[outputs])
    }

    fn is_quantised(&self) -> bool {
        let name = self.weight_name();
        self.weights.tensors().iter().any(|tensor| tensor.name() == name && tensor.dtype().is_quantised())
    }

    fn weight_name(&self) -> String {
        format!("{}.weight", self.layer)
    }
}

/// Memory that the layers work in, one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    /// A Winograd convolution's transformed inputs.
    pub(crate) transformed: Vec<f32>,
    /// A Winograd convolution's products.
    pub(crate) products: Vec<f32>,
    /// A quantised layer's input, rounded.
    pub(crate) blocks: Vec<Block>,
}

/// Lengthens memory that is shorter than this.
pub(crate) fn make_room<T: Clone>(memory: &mut Vec<T>, length: usize, value: T) {
    if memory.len() < length {
        memory.resize(length, value);
    }
}

/// What must not compile. Sides that do not fit each other (see the `const` blocks in `pack`) end a build too.
#[cfg(test)]
mod refused {
    use super::super::convolution::First;
    use super::super::quantised;
    use super::super::winograd::{F4, Tiles, Winograd};
    use super::{Layer, Map};

    /// Compiles only where no kind is such a layer: where one is, both implementations of `Refused` fit, and the
    /// compiler cannot choose.
    macro_rules! refuse {
        ($($kind:ty as $layer:path;)*) => {
            $(const _: fn() = || {
                trait Refused<Why> {
                    fn check() {}
                }
                impl<T> Refused<()> for T {}
                struct IsLayer;
                impl<T: $layer> Refused<IsLayer> for T {}
                <$kind as Refused<_>>::check();
            };)*
        };
    }

    refuse! {
        // On another map than it was packed for.
        Winograd<F4, Map<24, 32>, Map<12, 64>, 6, 2> as Layer<Input = Map<12, 64>>;
        Winograd<F4, Map<24, 32>, Map<12, 64>, 6, 2> as Layer<Output = Map<12, 128>>;
        First<Map<48, 1>, Map<24, 32>> as Layer<Input = Map<24, 32>>;
        // Tiles that no transform is known for.
        Winograd<Tiles<6, 2>, Map<24, 32>, Map<12, 64>, 6, 2> as Layer;
        // The first convolution is of one channel, quantised convolutions are of 6x6 pixels, or of 3x3.
        First<Map<48, 3>, Map<24, 32>> as Layer;
        quantised::Convolution<Map<24, 32>, Map<12, 64>> as Layer;
        quantised::Last<Map<6, 128>, [f32; 256]> as Layer;
        quantised::Last<Map<3, 256>, Map<1, 512>> as Layer;
    }
}
