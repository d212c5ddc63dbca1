//! 3x3 convolutions by Winograd's minimal filtering, with their epilogue.
//!
//! F(m x m, 3x3) computes a tile of m x m outputs from n x n inputs, n = m + 2, as `A' [(G g G') . (B' d B)] A` (Lavin and
//! Gray, 2015): n * n multiplications a tile and pair of channels instead of 9 m * m, 2.25 times fewer for m = 2 and 4
//! times for m = 4. Over all channels and tiles each of the n * n positions is one matrix product.
//! m is even, so that every tile holds whole pooling windows.

use super::epilogue::Epilogue;
use crate::simd::{MAX_LANES, Simd, SimdFloat, lanes, load, splat, store};

/// The three transforms of F(`OUT` x `OUT`, 3x3) in one dimension, `TILE` = `OUT` + 2.
pub(crate) trait Transform<const TILE: usize, const OUT: usize> {
    /// `G`: kernel to products.
    const KERNEL: [[f32; 3]; TILE];

    /// `B'`: inputs to products.
    fn input<S: Simd>(simd: S, values: [S::f32s; TILE]) -> [S::f32s; TILE];

    /// `A'`: products to outputs.
    fn output<S: Simd>(simd: S, values: [S::f32s; TILE]) -> [S::f32s; OUT];
}

/// F(2x2, 3x3), interpolated at 0, 1, -1 and infinity.
pub(crate) struct F2;

impl Transform<4, 2> for F2 {
    const KERNEL: [[f32; 3]; 4] = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]];

    #[inline(always)]
    fn input<S: Simd>(_: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 4] {
        [a - c, b + c, c - b, b - d]
    }

    #[inline(always)]
    fn output<S: Simd>(_: S, [a, b, c, d]: [S::f32s; 4]) -> [S::f32s; 2] {
        [a + b + c, b - c - d]
    }
}

/// F(4x4, 3x3), interpolated at 0, 1, -1, 2, -2 and infinity.
pub(crate) struct F4;

impl Transform<6, 4> for F4 {
    const KERNEL: [[f32; 3]; 6] = [
        [1.0 / 4.0, 0.0, 0.0],
        [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
        [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
        [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
        [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
        [0.0, 0.0, 1.0],
    ];

    #[inline(always)]
    fn input<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 6] {
        let (minus_4, minus_5) = (splat(simd, -4.0), splat(simd, -5.0));
        let four = splat(simd, 4.0);
        let even = c.mul_add(minus_4, e);
        let odd = b.mul_add(minus_4, d);
        let even_far = e - c;
        let odd_far = (d - b) * splat(simd, 2.0);
        [
            a.mul_add(four, c.mul_add(minus_5, e)),
            even + odd,
            even - odd,
            even_far + odd_far,
            even_far - odd_far,
            b.mul_add(four, d.mul_add(minus_5, f)),
        ]
    }

    #[inline(always)]
    fn output<S: Simd>(simd: S, [a, b, c, d, e, f]: [S::f32s; 6]) -> [S::f32s; 4] {
        let (sum, difference) = (b + c, b - c);
        let (sum_far, difference_far) = (d + e, d - e);
        [
            a + sum + sum_far,
            difference_far.mul_add(splat(simd, 2.0), difference),
            sum_far.mul_add(splat(simd, 4.0), sum),
            difference_far.mul_add(splat(simd, 8.0), difference) + f,
        ]
    }
}

/// Transforms `[outputs][inputs][9]` weights and orders them in blocks of `NV` vectors of outputs:
/// `[block][TILE * TILE][inputs][outputs of block]`.
pub(crate) fn pack<S: Simd, T: Transform<TILE, OUT>, const TILE: usize, const OUT: usize, const NV: usize>(
    simd: S,
    weights: &[f32],
    outputs: usize,
    inputs: usize,
) -> Vec<f32> {
    simd.vectorize(
        #[inline(always)]
        || transform_kernels::<S, T, TILE, OUT, NV>(simd, weights, outputs, inputs),
    )
}

#[inline(always)]
fn transform_kernels<S: Simd, T: Transform<TILE, OUT>, const TILE: usize, const OUT: usize, const NV: usize>(
    simd: S,
    weights: &[f32],
    outputs: usize,
    inputs: usize,
) -> Vec<f32> {
    let width = NV * lanes::<S>();
    let mut packed = vec![0.0; TILE * TILE * outputs * inputs];
    let (kernels, _) = weights.as_chunks::<9>();
    for output in (0..outputs).step_by(lanes::<S>()) {
        let block = &mut packed[output / width * TILE * TILE * inputs * width..][..TILE * TILE * inputs * width];
        for input in 0..inputs {
            let mut kernel = [[splat(simd, 0.0); 3]; 3];
            for tap in 0..9 {
                let mut outputs = [0.0; MAX_LANES];
                for lane in 0..lanes::<S>() {
                    outputs[lane] = kernels[(output + lane) * inputs + input][tap];
                }
                kernel[tap / 3][tap % 3] = load(simd, &outputs, 0);
            }
            for (row, g) in T::KERNEL.iter().enumerate() {
                let mut half = [splat(simd, 0.0); 3];
                for x in 0..3 {
                    half[x] = combine(simd, g, [kernel[0][x], kernel[1][x], kernel[2][x]]);
                }
                for (column, g) in T::KERNEL.iter().enumerate() {
                    let at = ((row * TILE + column) * inputs + input) * width + output % width;
                    store::<S>(combine(simd, g, half), block, at);
                }
            }
        }
    }
    packed
}

/// The sum of three vectors times their factors.
#[inline(always)]
fn combine<S: Simd>(simd: S, factors: &[f32; 3], [a, b, c]: [S::f32s; 3]) -> S::f32s {
    let [x, y, z] = [splat(simd, factors[0]), splat(simd, factors[1]), splat(simd, factors[2])];
    a * x + b * y + c * z
}

/// Convolves `SIDE` x `SIDE` pixels of `CIN` channels, inside a border of one zero pixel, and applies the epilogue, into
/// `SIDE / 2` x `SIDE / 2` pixels of `COUT` channels inside such a border too. `MR` tiles are multiplied at a time.
#[inline(always)]
pub(crate) fn convolve<
    S: Simd,
    T: Transform<TILE, OUT>,
    const TILE: usize,
    const OUT: usize,
    const SIDE: usize,
    const CIN: usize,
    const COUT: usize,
    const MR: usize,
    const NV: usize,
>(
    simd: S,
    input: &[f32],
    packed: &[f32],
    epilogue: &Epilogue,
    output: &mut [f32],
    scratch: &mut Scratch,
) {
    let tiles_a_side = const { SIDE / OUT };
    let tiles = tiles_a_side * tiles_a_side;
    let width = NV * lanes::<S>();
    let transformed = &mut scratch.transformed[..TILE * TILE * tiles * CIN];
    let products = &mut scratch.products[..TILE * TILE * tiles * width];

    for tile in 0..tiles {
        let corner = tile / tiles_a_side * OUT * (SIDE + 2) + tile % tiles_a_side * OUT;
        for channel in (0..CIN).step_by(lanes::<S>()) {
            let mut rows = [[splat(simd, 0.0); TILE]; TILE];
            for (y, row) in rows.iter_mut().enumerate() {
                for (x, value) in row.iter_mut().enumerate() {
                    *value = load(simd, input, (corner + y * (SIDE + 2) + x) * CIN + channel);
                }
                *row = T::input(simd, *row);
            }
            for x in 0..TILE {
                let mut column = [splat(simd, 0.0); TILE];
                for (value, row) in column.iter_mut().zip(&rows) {
                    *value = row[x];
                }
                for (y, value) in T::input(simd, column).into_iter().enumerate() {
                    store::<S>(value, transformed, ((y * TILE + x) * tiles + tile) * CIN + channel);
                }
            }
        }
    }

    let (transformed, _) = transformed.as_chunks::<CIN>();
    let (pixels, _) = output.as_chunks_mut::<COUT>();
    for (block, weights) in packed.chunks_exact(TILE * TILE * CIN * width).enumerate() {
        let positions = transformed.chunks_exact(tiles).zip(products.chunks_exact_mut(tiles * width));
        for ((tiles, products), weights) in positions.zip(weights.chunks_exact(CIN * width)) {
            let (groups, _) = tiles.as_chunks::<MR>();
            for (group, products) in groups.iter().zip(products.chunks_exact_mut(MR * width)) {
                multiply::<S, CIN, MR, NV>(simd, group, weights, products);
            }
        }
        for n in 0..NV {
            let at = n * lanes::<S>();
            let channel = block * width + at;
            let epilogue = epilogue.channels(simd, channel);
            for tile in 0..tiles {
                let mut rows = [[splat(simd, 0.0); OUT]; TILE];
                for (y, row) in rows.iter_mut().enumerate() {
                    let mut values = [splat(simd, 0.0); TILE];
                    for (x, value) in values.iter_mut().enumerate() {
                        *value = load(simd, products, ((y * TILE + x) * tiles + tile) * width + at);
                    }
                    *row = T::output(simd, values);
                }
                let mut outputs = [[splat(simd, 0.0); OUT]; OUT];
                for x in 0..OUT {
                    let mut column = [splat(simd, 0.0); TILE];
                    for (value, row) in column.iter_mut().zip(&rows) {
                        *value = row[x];
                    }
                    outputs[x] = T::output(simd, column);
                }
                let corner_y = tile / tiles_a_side * (OUT / 2) + 1;
                let corner_x = tile % tiles_a_side * (OUT / 2) + 1;
                for y in 0..OUT / 2 {
                    for x in 0..OUT / 2 {
                        let (left, right) = (&outputs[2 * x], &outputs[2 * x + 1]);
                        let window = [[left[2 * y]], [right[2 * y]], [left[2 * y + 1]], [right[2 * y + 1]]];
                        let pixel = &mut pixels[(corner_y + y) * (SIDE / 2 + 2) + corner_x + x];
                        epilogue.pool(simd, &window, &mut pixel[channel..]);
                    }
                }
            }
        }
    }
}

/// Memory that every Winograd layer reuses.
#[derive(Debug, Clone)]
pub(crate) struct Scratch {
    transformed: Vec<f32>,
    products: Vec<f32>,
}

impl Scratch {
    /// Room for `TILE * TILE * tiles` times the larger of `CIN` and the channels of a block of weights.
    pub(crate) fn new(size: usize) -> Self {
        Self { transformed: vec![0.0; size], products: vec![0.0; size] }
    }
}

/// Multiplies `MR` rows of inputs with a `[CIN][NV vectors]` block of weights.
#[inline(always)]
fn multiply<S: Simd, const CIN: usize, const MR: usize, const NV: usize>(
    simd: S,
    rows: &[[f32; CIN]; MR],
    weights: &[f32],
    products: &mut [f32],
) {
    let width = NV * lanes::<S>();
    let mut sums = [[splat(simd, 0.0); NV]; MR];
    for (k, weights) in (0..CIN).zip(weights.chunks_exact(width)) {
        let mut vectors = [splat(simd, 0.0); NV];
        for (n, vector) in vectors.iter_mut().enumerate() {
            *vector = load(simd, weights, n * lanes::<S>());
        }
        for r in 0..MR {
            let value = splat(simd, rows[r][k]);
            for n in 0..NV {
                sums[r][n] = value.mul_add(vectors[n], sums[r][n]);
            }
        }
    }
    for (sums, products) in sums.iter().zip(products.chunks_exact_mut(width)) {
        for (n, sum) in sums.iter().enumerate() {
            store::<S>(*sum, products, n * lanes::<S>());
        }
    }
}
