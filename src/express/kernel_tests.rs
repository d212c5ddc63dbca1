//! Every kernel against its definition in double precision (`reference.rs`), with every instruction set this machine
//! has, over many sizes, on ordinary and extreme inputs.

use super::epilogue::Epilogue;
use super::quantised::{self, Block};
use super::tests::levels;
use super::winograd::{self, F2, F4, Scratch, Transform};
use super::{convolution, dense, reference};
use crate::simd::{Simd, dispatch};
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
struct Layer {
    bytes: Vec<u8>,
    shape: Vec<usize>,
}

impl Layer {
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

    fn epilogue(&self) -> Epilogue {
        Epilogue::new(&self.weights(), "layer", Some("bn"), self.shape[0]).unwrap()
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

/// Puts a border of one zero pixel around `side` x `side` pixels.
fn bordered(input: &[f32], side: usize, channels: usize) -> Vec<f32> {
    let mut output = vec![0.0; (side + 2) * (side + 2) * channels];
    for (y, row) in input.chunks(side * channels).enumerate() {
        output[((y + 1) * (side + 2) + 1) * channels..][..row.len()].copy_from_slice(row);
    }
    output
}

/// Checks pixels inside a border, and that the border is still zero.
fn check_bordered(found: &[f32], expected: &[f64], side: usize, channels: usize, tolerance: f64, what: &str) {
    let expected: Vec<f32> = expected.iter().map(|value| *value as f32).collect();
    let expected: Vec<f64> = bordered(&expected, side, channels).into_iter().map(f64::from).collect();
    check(found, &expected, tolerance, what);
}

fn check(found: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-12_f64, |largest, value| largest.max(value.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= tolerance * largest, "{what}: {found} for {expected} at {at}, largest {largest}");
    }
}

fn winograd_case<T, const TILE: usize, const OUT: usize, const SIDE: usize, const CIN: usize, const MR: usize>(
    kind: Kind,
    seed: u32,
) where
    T: Transform<TILE, OUT>,
{
    const COUT: usize = 32;
    let layer = Layer::new(&[COUT, CIN, 3, 3], DType::F32, seed);
    let input = values(kind, SIDE * SIDE * CIN, seed ^ 1);
    let expected = layer.convolved(&input, SIDE);
    for level in levels() {
        let mut output = vec![0.0; (SIDE / 2 + 2).pow(2) * COUT];
        let mut scratch = Scratch::new(TILE * TILE * (SIDE / OUT).pow(2) * CIN.max(COUT));
        dispatch!(level, simd => {
            run_winograd::<_, T, TILE, OUT, SIDE, CIN, MR>(simd, &layer, &input, &mut output, &mut scratch)
        });
        check_bordered(
            &output,
            &expected,
            SIDE / 2,
            COUT,
            WINOGRAD,
            &format!("F{OUT} {SIDE} {CIN} {kind:?} {level:?}"),
        );
    }
}

fn run_winograd<S, T, const TILE: usize, const OUT: usize, const SIDE: usize, const CIN: usize, const MR: usize>(
    simd: S,
    layer: &Layer,
    input: &[f32],
    output: &mut [f32],
    scratch: &mut Scratch,
) where
    S: Simd,
    T: Transform<TILE, OUT>,
{
    let packed = winograd::pack::<S, T, TILE, OUT, 2>(simd, &layer.kernels(), 32, CIN);
    let input = bordered(input, SIDE, CIN);
    let epilogue = layer.epilogue();
    winograd::convolve::<S, T, TILE, OUT, SIDE, CIN, 32, MR, 2>(simd, &input, &packed, &epilogue, output, scratch);
}

fn first_case<const ROW: usize>(kind: Kind, seed: u32) {
    let side = ROW - 2;
    let layer = Layer::new(&[32, 1, 3, 3], DType::F32, seed);
    let input = values(kind, side * side, seed ^ 1);
    let expected = layer.convolved(&input, side);
    let (bordered, epilogue) = (bordered(&input, side, 1), layer.epilogue());
    for level in levels() {
        let mut output = vec![0.0; (side / 2 + 2).pow(2) * 32];
        dispatch!(level, simd => {
            let packed = pack_convolution(simd, &layer);
            convolution::first::<_, ROW, 32>(simd, &bordered, &packed, &epilogue, &mut output);
        });
        check_bordered(&output, &expected, side / 2, 32, DIRECT, &format!("first {side} {kind:?} {level:?}"));
    }
}

fn pack_convolution<S: Simd>(simd: S, layer: &Layer) -> Vec<f32> {
    convolution::pack(simd, &layer.kernels(), layer.shape[0], layer.shape[1])
}

fn pack_dense<S: Simd>(simd: S, layer: &Layer) -> Vec<f32> {
    dense::pack(simd, &layer.kernels(), layer.shape[0], layer.shape[1])
}

fn pack_quantised<S: Simd>(simd: S, layer: &Layer) -> quantised::Packed {
    quantised::Packed::new(simd, layer.weights().tensor("layer.weight", &layer.shape).unwrap()).unwrap()
}

fn last_case<const CIN: usize>(kind: Kind, seed: u32) {
    let layer = Layer::new(&[64, CIN, 3, 3], DType::F32, seed);
    let input = values(kind, 9 * CIN, seed ^ 1);
    let expected = layer.convolved(&input, 3);
    let (bordered, epilogue) = (bordered(&input, 3, CIN), layer.epilogue());
    for level in levels() {
        let mut output = vec![0.0; 64];
        dispatch!(level, simd => {
            let packed = pack_convolution(simd, &layer);
            convolution::last::<_, CIN>(simd, &bordered, &packed, &epilogue, &mut output);
        });
        check(&output, &expected, DIRECT, &format!("last {CIN} {kind:?} {level:?}"));
    }
}

fn quantised_case<const BLOCKS: usize>(kind: Kind, dtype: DType, seed: u32) {
    let inputs = BLOCKS * BLOCK;
    for side in [3, 6] {
        let layer = Layer::new(&[64, inputs, 3, 3], dtype, seed);
        let input = values(kind, side * side * inputs, seed ^ 1);
        let expected = layer.convolved(&input, side);
        let (bordered, epilogue) = (bordered(&input, side, inputs), layer.epilogue());
        for level in levels() {
            // More than needed, and not all zero: what an earlier layer left must not matter.
            let mut blocks = vec![Block::ZERO; (side + 2) * (side + 2) * BLOCKS + 3];
            let what = format!("quantised {side} {inputs} {kind:?} {dtype:?} {level:?}");
            let mut output = vec![0.0; if side == 3 { 64 } else { 25 * 64 }];
            dispatch!(level, simd => {
                let packed = pack_quantised(simd, &layer);
                quantised::quantise(simd, &bordered, &mut blocks);
                if side == 3 {
                    quantised::last::<_, BLOCKS>(simd, &blocks, &packed, &epilogue, &mut output);
                } else {
                    quantised::convolve6::<_, BLOCKS, 64>(simd, &blocks, &packed, &epilogue, &mut output);
                }
            });
            match side {
                3 => check(&output, &expected, QUANTISED, &what),
                _ => check_bordered(&output, &expected, 3, 64, QUANTISED, &what),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn winograd_equals_the_definition(kind in kinds(), seed: u32) {
        winograd_case::<F2, 4, 2, 2, 16, 1>(kind, seed);
        winograd_case::<F2, 4, 2, 6, 48, 3>(kind, seed);
        winograd_case::<F2, 4, 2, 10, 16, 5>(kind, seed);
        winograd_case::<F4, 6, 4, 4, 32, 1>(kind, seed);
        winograd_case::<F4, 6, 4, 12, 16, 9>(kind, seed);
        winograd_case::<F4, 6, 4, 20, 16, 5>(kind, seed);
    }

    #[test]
    fn the_first_convolution_equals_the_definition(kind in kinds(), seed: u32) {
        first_case::<4>(kind, seed);
        first_case::<8>(kind, seed);
        first_case::<20>(kind, seed);
        first_case::<52>(kind, seed);
    }

    #[test]
    fn the_last_convolution_equals_the_definition(kind in kinds(), seed: u32) {
        last_case::<1>(kind, seed);
        last_case::<7>(kind, seed);
        last_case::<65>(kind, seed);
    }

    #[test]
    fn quantised_convolutions_equal_the_definition(kind in kinds(), seed: u32) {
        quantised_case::<1>(kind, DType::Int8, seed);
        quantised_case::<3>(kind, DType::Int4, seed);
    }

    #[test]
    fn dense_layers_equal_the_definition(kind in kinds(), seed: u32, inputs in 1..200_usize) {
        let layer = Layer::new(&[128, inputs], DType::F32, seed);
        let input = values(kind, inputs, seed ^ 1);
        let expected = layer.activated(&input);
        for level in levels() {
            let mut output = vec![0.0; 128];
            dispatch!(level, simd => {
                dense::hidden(simd, &input, &pack_dense(simd, &layer), &layer.epilogue(), &mut output)
            });
            check(&output, &expected, DIRECT, &format!("dense {inputs} {kind:?} {level:?}"));
        }
    }

    #[test]
    fn quantised_dense_layers_equal_the_definition(kind in kinds(), seed: u32, blocks in 1..5_usize) {
        for dtype in [DType::Int8, DType::Int4] {
            let layer = Layer::new(&[64, blocks * BLOCK], dtype, seed);
            let input = values(kind, blocks * BLOCK, seed ^ 1);
            let expected = layer.activated(&input);
            for level in levels() {
                let mut output = vec![0.0; 64];
                let mut rounded = vec![Block::ZERO; blocks];
                dispatch!(level, simd => {
                    quantised::quantise(simd, &input, &mut rounded);
                    quantised::hidden(simd, &rounded, &pack_quantised(simd, &layer), &layer.epilogue(), &mut output);
                });
                check(&output, &expected, QUANTISED, &format!("dense {blocks} {kind:?} {dtype:?} {level:?}"));
            }
        }
    }

    #[test]
    fn logits_equal_the_definition(kind in kinds(), seed: u32, sixteens in 1..9_usize) {
        let inputs = sixteens * 16;
        let layer = Layer::new(&[4, inputs], DType::F32, seed);
        let input = values(kind, inputs, seed ^ 1);
        let (kernels, bias) = (layer.kernels(), layer.bias());
        let expected: Vec<f64> = kernels
            .chunks(inputs)
            .zip(&bias)
            .map(|(row, bias)| row.iter().zip(&input).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum::<f64>() + f64::from(*bias))
            .collect();
        for level in levels() {
            let bias = [bias[0], bias[1], bias[2], bias[3]];
            let found = dispatch!(level, simd => dense::logits(simd, &input, &kernels, &bias));
            check(&found, &expected, DIRECT, &format!("logits {inputs} {kind:?} {level:?}"));
        }
    }
}

#[test]
fn a_block_rounds_to_one_part_in_65_534_of_its_largest_value() {
    let input = values(Kind::Ordinary, 2 * BLOCK, 3);
    for level in levels() {
        let mut blocks = [Block::ZERO; 2];
        dispatch!(level, simd => quantised::quantise(simd, &input, &mut blocks));
        for (values, block) in input.chunks(BLOCK).zip(&blocks) {
            let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
            for (value, found) in values.iter().zip(block.values()) {
                assert!((value - found).abs() <= largest / 65_000.0, "{level:?}: {found} for {value}");
            }
        }
        let mut zero = [Block::ZERO];
        dispatch!(level, simd => quantised::quantise(simd, &[0.0; BLOCK], &mut zero));
        assert!(zero[0].values().all(|value| value == 0.0));
    }
}
