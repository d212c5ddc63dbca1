//! Every kernel against its definition in double precision (`reference.rs`), with every instruction set this machine
//! has, over many sizes, on ordinary and extreme inputs.

use super::convolution::{First, Last};
use super::dense::{Dense, Head};
use super::layer::{Layer, Map, Scratch, Stored};
use super::quantised;
use super::reference;
use super::rounded::{Block, round};
use super::winograd::{F2, F4, Winograd};
use crate::simd::{Level, dispatch, levels};
use crate::weights::{BLOCK, DType, Weights, WeightsWriter};
use proptest::prelude::*;

/// Of the largest expected value: single precision's share of a sum of some thousand products.
const DIRECT: f64 = 1e-5;
/// Winograd's transforms multiply the rounding errors.
const WINOGRAD: f64 = 1e-4;
/// Activations in 16 bits.
const QUANTISED: f64 = 1e-4;

/// What the input looks like.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Ordinary,
    Huge,
    Tiny,
    /// Nearly all zero.
    Sparse,
    /// One pixel a million times brighter than the others.
    Spike,
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Ordinary), Just(Kind::Huge), Just(Kind::Tiny), Just(Kind::Sparse), Just(Kind::Spike)]
}

fn values(kind: Kind, count: usize, seed: u32) -> Vec<f32> {
    let mut noise = reference::noise(seed);
    let spike = seed as usize % count;
    (0..count)
        .map(|at| {
            let value = noise();
            match kind {
                Kind::Ordinary => value,
                Kind::Huge => value * 1e15,
                Kind::Tiny => value * 1e-15,
                Kind::Sparse if value.abs() < 0.95 => 0.0,
                Kind::Spike if at != spike => value * 1e-6,
                Kind::Sparse | Kind::Spike => value,
            }
        })
        .collect()
}

/// A layer of random weights, as a container with `layer.weight`, `layer.bias` and `bn.*`.
struct Stock {
    bytes: Vec<u8>,
    shape: Vec<usize>,
}

impl Stock {
    fn new(shape: &[usize], dtype: DType, seed: u32) -> Self {
        let mut noise = reference::noise(seed);
        let mut writer = WeightsWriter::new("layer");
        let mut random = |shape: &[usize], name: &str, centre: f32, spread: f32, dtype| {
            let values: Vec<f32> = (0..shape.iter().product()).map(|_| centre + spread * noise()).collect();
            writer.tensor(name, shape, &values, dtype).unwrap();
        };
        random(shape, "layer.weight", 0.0, 0.1, dtype);
        for (name, centre) in [("layer.bias", 0.0), ("bn.weight", 0.1), ("bn.bias", 0.0), ("bn.mean", 0.2)] {
            random(&shape[..1], name, centre, 0.5, DType::F32);
        }
        random(&shape[..1], "bn.var", 1.0, 0.9, DType::F32);
        Self { bytes: writer.finish().unwrap(), shape: shape.to_vec() }
    }

    fn weights(&self) -> Weights<'_> {
        Weights::parse(&self.bytes).unwrap()
    }

    fn kernels(&self) -> Vec<f32> {
        self.weights().f32("layer.weight", &self.shape).unwrap()
    }

    fn bias(&self) -> Vec<f32> {
        self.weights().f32("layer.bias", &self.shape[..1]).unwrap()
    }

    fn batch_norm(&self) -> [Vec<f32>; 4] {
        ["weight", "bias", "mean", "var"].map(|p| self.weights().f32(&format!("bn.{p}"), &self.shape[..1]).unwrap())
    }

    /// Packs the layer and runs it once, with every instruction set.
    fn run<L: Layer>(&self, input: &L::Input, output: impl Fn() -> L::Output, check: impl Fn(&L::Output, Level)) {
        let weights = self.weights();
        let stored = Stored { weights: &weights, layer: "layer", batch_norm: Some("bn") };
        for level in levels() {
            // What an earlier layer left must not matter.
            let dirty = vec![f32::NAN; 50_000];
            let mut scratch = Scratch { transformed: dirty.clone(), products: dirty, blocks: vec![Block::ZERO; 500] };
            let mut output = output();
            dispatch!(level, simd => {
                let layer = L::pack(simd, &stored, &mut scratch).unwrap();
                layer.run(simd, input, &mut output, &mut scratch);
            });
            check(&output, level);
        }
    }

    /// The pooled answer of a convolution.
    fn convolved(&self, input: &[f32], side: usize) -> Vec<f64> {
        let input: Vec<f64> = input.iter().map(|value| f64::from(*value)).collect();
        let sums = reference::convolve(&input, side, self.shape[1], &self.kernels(), self.shape[0]);
        reference::finish(&sums, side, self.shape[0], &self.bias(), Some(&self.batch_norm()))
    }

    /// The answer of a hidden dense layer.
    fn activated(&self, input: &[f32]) -> Vec<f64> {
        let (bias, batch_norm) = (self.bias(), self.batch_norm());
        let sums = self.kernels();
        let rows = sums.chunks(input.len()).enumerate();
        rows.map(|(output, row)| {
            let sum = row.iter().zip(input).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum();
            reference::activate(sum, bias[output], Some([0, 1, 2, 3].map(|part| batch_norm[part][output])))
        })
        .collect()
    }
}

/// A map of these pixels.
fn map<const SIDE: usize, const CHANNELS: usize>(pixels: &[f32]) -> Map<SIDE, CHANNELS> {
    let mut map = Map::new();
    for (y, row) in pixels.chunks(SIDE * CHANNELS).enumerate() {
        map.row_mut(y).as_flattened_mut().copy_from_slice(row);
    }
    map
}

/// Checks the pixels of a map, and that its border is still zero.
fn check_map<const SIDE: usize, const CHANNELS: usize>(
    found: &Map<SIDE, CHANNELS>,
    expected: &[f64],
    tolerance: f64,
    what: &str,
) {
    let expected: Vec<f32> = expected.iter().map(|value| *value as f32).collect();
    let expected: Vec<f64> = map::<SIDE, CHANNELS>(&expected).values().iter().copied().map(f64::from).collect();
    check(found.values(), &expected, tolerance, what);
}

fn check(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-12_f64, |largest, value| largest.max(value.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= tolerance * largest, "{what}: {found} for {expected} at {at}, largest {largest}");
    }
}

/// A convolution of kind `L` against its definition.
fn convolution_case<L, const SIDE: usize, const CIN: usize, const HALF: usize, const COUT: usize>(
    kind: Kind,
    dtype: DType,
    seed: u32,
    tolerance: f64,
) where
    L: Layer<Input = Map<SIDE, CIN>, Output = Map<HALF, COUT>>,
{
    let layer = Stock::new(&[COUT, CIN, 3, 3], dtype, seed);
    let input = values(kind, SIDE * SIDE * CIN, seed ^ 1);
    let expected = layer.convolved(&input, SIDE);
    layer.run::<L>(&map(&input), Map::new, |output, level| {
        let what = format!("{} {kind:?} {dtype:?} {level:?}", std::any::type_name::<L>());
        check_map(output, &expected, tolerance, &what);
    });
}

/// A last convolution of kind `L` against its definition.
fn last_case<L, const CIN: usize>(kind: Kind, dtype: DType, seed: u32, tolerance: f64)
where
    L: Layer<Input = Map<3, CIN>, Output = [f32; 64]>,
{
    let layer = Stock::new(&[64, CIN, 3, 3], dtype, seed);
    let input = values(kind, 9 * CIN, seed ^ 1);
    let expected = layer.convolved(&input, 3);
    layer.run::<L>(
        &map(&input),
        || [f32::NAN; 64],
        |output, level| {
            let what = format!("{} {kind:?} {dtype:?} {level:?}", std::any::type_name::<L>());
            check(output, &expected, tolerance, &what);
        },
    );
}

/// A hidden dense layer of kind `L` against its definition.
fn dense_case<L, const INPUTS: usize>(kind: Kind, dtype: DType, seed: u32, tolerance: f64)
where
    L: Layer<Input = [f32; INPUTS], Output = [f32; 128]>,
{
    let layer = Stock::new(&[128, INPUTS], dtype, seed);
    let input = values(kind, INPUTS, seed ^ 1);
    let expected = layer.activated(&input);
    let input: &[f32; INPUTS] = input.as_slice().try_into().unwrap();
    layer.run::<L>(
        input,
        || [f32::NAN; 128],
        |output, level| {
            let what = format!("{} {kind:?} {dtype:?} {level:?}", std::any::type_name::<L>());
            check(output, &expected, tolerance, &what);
        },
    );
}

fn head_case<const INPUTS: usize>(kind: Kind, seed: u32) {
    let layer = Stock::new(&[4, INPUTS], DType::F32, seed);
    let input = values(kind, INPUTS, seed ^ 1);
    let products = layer
        .kernels()
        .iter()
        .zip(input.iter().cycle())
        .map(|(w, x)| f64::from(*w) * f64::from(*x))
        .collect::<Vec<_>>();
    let expected: Vec<f64> = products
        .chunks(INPUTS)
        .zip(layer.bias())
        .map(|(row, bias)| row.iter().sum::<f64>() + f64::from(bias))
        .collect();
    let input: &[f32; INPUTS] = input.as_slice().try_into().unwrap();
    layer.run::<Head<[f32; INPUTS], [f32; 4]>>(
        input,
        || [f32::NAN; 4],
        |output, level| {
            check(output, &expected, DIRECT, &format!("head {INPUTS} {kind:?} {level:?}"));
        },
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn winograd_equals_the_definition(kind in kinds(), seed: u32) {
        convolution_case::<Winograd<F2, Map<2, 16>, Map<1, 32>, 1, 2>, _, _, _, _>(kind, DType::F32, seed, WINOGRAD);
        convolution_case::<Winograd<F2, Map<6, 48>, Map<3, 32>, 3, 2>, _, _, _, _>(kind, DType::F32, seed, WINOGRAD);
        convolution_case::<Winograd<F2, Map<10, 16>, Map<5, 32>, 5, 2>, _, _, _, _>(kind, DType::F32, seed, WINOGRAD);
        convolution_case::<Winograd<F4, Map<4, 32>, Map<2, 32>, 1, 2>, _, _, _, _>(kind, DType::F32, seed, WINOGRAD);
        convolution_case::<Winograd<F4, Map<12, 16>, Map<6, 32>, 9, 1>, _, _, _, _>(kind, DType::F32, seed, WINOGRAD);
        convolution_case::<Winograd<F4, Map<20, 16>, Map<10, 32>, 5, 2>, _, _, _, _>(kind, DType::F32, seed, WINOGRAD);
    }

    #[test]
    fn the_first_convolution_equals_the_definition(kind in kinds(), seed: u32) {
        convolution_case::<First<Map<2, 1>, Map<1, 32>>, _, _, _, _>(kind, DType::F32, seed, DIRECT);
        convolution_case::<First<Map<6, 1>, Map<3, 32>>, _, _, _, _>(kind, DType::F32, seed, DIRECT);
        convolution_case::<First<Map<18, 1>, Map<9, 32>>, _, _, _, _>(kind, DType::F32, seed, DIRECT);
        convolution_case::<First<Map<50, 1>, Map<25, 32>>, _, _, _, _>(kind, DType::F32, seed, DIRECT);
    }

    #[test]
    fn the_last_convolution_equals_the_definition(kind in kinds(), seed: u32) {
        last_case::<Last<Map<3, 1>, _>, 1>(kind, DType::F32, seed, DIRECT);
        last_case::<Last<Map<3, 7>, _>, 7>(kind, DType::F32, seed, DIRECT);
        last_case::<Last<Map<3, 65>, _>, 65>(kind, DType::F32, seed, DIRECT);
    }

    #[test]
    fn quantised_convolutions_equal_the_definition(kind in kinds(), seed: u32) {
        convolution_case::<quantised::Convolution<Map<6, BLOCK>, Map<3, 64>>, _, _, _, _>(kind, DType::Int8, seed, QUANTISED);
        convolution_case::<quantised::Convolution<Map<6, { 3 * BLOCK }>, Map<3, 64>>, _, _, _, _>(kind, DType::Int4, seed, QUANTISED);
        last_case::<quantised::Last<Map<3, BLOCK>, _>, BLOCK>(kind, DType::Int8, seed, QUANTISED);
        last_case::<quantised::Last<Map<3, { 3 * BLOCK }>, _>, { 3 * BLOCK }>(kind, DType::Int4, seed, QUANTISED);
    }

    #[test]
    fn dense_layers_equal_the_definition(kind in kinds(), seed: u32) {
        dense_case::<Dense<[f32; 1], _>, 1>(kind, DType::F32, seed, DIRECT);
        dense_case::<Dense<[f32; 7], _>, 7>(kind, DType::F32, seed, DIRECT);
        dense_case::<Dense<[f32; 64], _>, 64>(kind, DType::F32, seed, DIRECT);
        dense_case::<Dense<[f32; 199], _>, 199>(kind, DType::F32, seed, DIRECT);
    }

    #[test]
    fn quantised_dense_layers_equal_the_definition(kind in kinds(), seed: u32) {
        for dtype in [DType::Int8, DType::Int4, DType::Int3] {
            dense_case::<quantised::Dense<[f32; BLOCK], _>, BLOCK>(kind, dtype, seed, QUANTISED);
            dense_case::<quantised::Dense<[f32; 3 * BLOCK], _>, { 3 * BLOCK }>(kind, dtype, seed, QUANTISED);
            dense_case::<quantised::Dense<[f32; 4 * BLOCK], _>, { 4 * BLOCK }>(kind, dtype, seed, QUANTISED);
        }
    }

    #[test]
    fn logits_equal_the_definition(kind in kinds(), seed: u32) {
        head_case::<16>(kind, seed);
        head_case::<48>(kind, seed);
        head_case::<128>(kind, seed);
    }
}

#[test]
fn a_block_rounds_to_one_part_in_65_534_of_its_largest_value() {
    let input = values(Kind::Ordinary, 2 * BLOCK, 3);
    for level in levels() {
        let mut blocks = [Block::ZERO; 2];
        dispatch!(level, simd => round(simd, &input, &mut blocks));
        for (values, block) in input.chunks(BLOCK).zip(&blocks) {
            let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            for (value, found) in values.iter().zip(block.values()) {
                assert!((value - found).abs() <= largest / 65_000.0, "{level:?}: {found} for {value}");
            }
        }
        let mut zero = [Block::ZERO];
        dispatch!(level, simd => round(simd, &[0.0; BLOCK], &mut zero));
        assert!(zero[0].values().all(|value| value == 0.0));
    }
}
