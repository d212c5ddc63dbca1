//! 3x3 convolutions by Winograd's minimal filtering, with their epilogue.
//!
//! F(m x m, 3x3) computes a tile of m x m outputs from n x n inputs, n = m + 2, as `A' [(G g G') . (B' d B)] A` (Lavin and
//! Gray, 2015): n * n multiplications a tile and pair of channels instead of 9 m * m, 2.25 times fewer for m = 2 and 4
//! times for m = 4. Over all channels and tiles each of the n * n positions is one matrix product.
//! m is even, so that every tile holds whole pooling windows.

use super::epilogue::Epilogue;
use super::layer::{Layer, Map, Scratch, Stored, make_room};
use crate::error::Error;
use crate::simd::{MAX_LANES, Simd, SimdFloat, lanes, load, splat, store};
use std::marker::PhantomData;

/// The three transforms of F(`OUT` x `OUT`, 3x3) in one dimension, `TILE` = `OUT` + 2.
pub(crate) trait Transform<const TILE: usize, const OUT: usize> {
    /// `G`: kernel to products.
    const KERNEL: [[f32; 3]; TILE];

    /// `B'`: inputs to products.
    fn input<S: Simd>(simd: S, values: [S::f32s; TILE]) -> [S::f32s; TILE];

    /// `A'`: products to outputs.
    fn output<S: Simd>(simd: S, values: [S::f32s; TILE]) -> [S::f32s; OUT];
}

/// Tiles of `TILE` x `TILE` inputs and `OUT` x `OUT` outputs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tiles<const TILE: usize, const OUT: usize>;

/// F(2x2, 3x3), interpolated at 0, 1, -1 and infinity.
pub(crate) type F2 = Tiles<4, 2>;

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
pub(crate) type F4 = Tiles<6, 4>;

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

/// A convolution in such tiles, a `Map<SIDE, CIN>` into a `Map<SIDE / 2, COUT>`. `MR` tiles and `NV` vectors of outputs
/// are multiplied at a time: as many sums as stay in registers.
#[derive(Debug, Clone)]
pub(crate) struct Winograd<T, From, To, const MR: usize, const NV: usize> {
    /// By block of `NV` vectors of outputs: `[block][TILE * TILE][inputs][outputs of block]`.
    weights: Vec<f32>,
    epilogue: Epilogue,
    sizes: PhantomData<(T, From, To)>,
}

impl<
    const TILE: usize,
    const OUT: usize,
    const SIDE: usize,
    const CIN: usize,
    const HALF: usize,
    const COUT: usize,
    const MR: usize,
    const NV: usize,
> Layer for Winograd<Tiles<TILE, OUT>, Map<SIDE, CIN>, Map<HALF, COUT>, MR, NV>
where
    Tiles<TILE, OUT>: Transform<TILE, OUT>,
{
    type Input = Map<SIDE, CIN>;
    type Output = Map<HALF, COUT>;

    #[inline(always)]
    fn pack<S: Simd>(simd: S, stored: &Stored<'_>, scratch: &mut Scratch) -> Result<Self, Error> {
        const {
            assert!(SIDE == 2 * HALF, "the pool halves the side");
            assert!(SIDE.is_multiple_of(OUT), "tiles fill the map");
            assert!(Self::TILES.is_multiple_of(MR), "groups of tiles are full");
        }
        let kernels = stored.kernels(&[COUT, CIN, 3, 3])?;
        make_room(&mut scratch.transformed, Self::POSITIONS * Self::TILES * CIN, 0.0);
        make_room(&mut scratch.products, Self::POSITIONS * Self::TILES * NV * lanes::<S>(), 0.0);
        let weights = simd.vectorize(
            #[inline(always)]
            || Self::transform_kernels(simd, &kernels),
        );
        Ok(Self { weights, epilogue: Epilogue::new(stored, COUT)?, sizes: PhantomData })
    }

    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output, scratch: &mut Scratch) {
        let width = NV * lanes::<S>();
        let transformed = &mut scratch.transformed[..Self::POSITIONS * Self::TILES * CIN];
        let products = &mut scratch.products[..Self::POSITIONS * Self::TILES * width];
        Self::transform_input(simd, input.values(), transformed);
        for (block, weights) in self.weights.chunks_exact(Self::POSITIONS * CIN * width).enumerate() {
            Self::multiply_block(simd, transformed, weights, products);
            for n in 0..NV {
                self.transform_output(simd, products, n, block * width + n * lanes::<S>(), output);
            }
        }
    }
}

impl<
    const TILE: usize,
    const OUT: usize,
    const SIDE: usize,
    const CIN: usize,
    const HALF: usize,
    const COUT: usize,
    const MR: usize,
    const NV: usize,
> Winograd<Tiles<TILE, OUT>, Map<SIDE, CIN>, Map<HALF, COUT>, MR, NV>
where
    Tiles<TILE, OUT>: Transform<TILE, OUT>,
{
    const TILES_A_SIDE: usize = SIDE / OUT;
    const TILES: usize = Self::TILES_A_SIDE * Self::TILES_A_SIDE;
    const POSITIONS: usize = TILE * TILE;

    /// `G g G'` of `[outputs][inputs][9]` weights.
    #[inline(always)]
    fn transform_kernels<S: Simd>(simd: S, weights: &[f32]) -> Vec<f32> {
        let width = NV * lanes::<S>();
        let mut packed = vec![0.0; TILE * TILE * COUT * CIN];
        let (kernels, _) = weights.as_chunks::<9>();
        for output in (0..COUT).step_by(lanes::<S>()) {
            let block = &mut packed[output / width * TILE * TILE * CIN * width..][..TILE * TILE * CIN * width];
            for input in 0..CIN {
                let mut kernel = [[splat(simd, 0.0); 3]; 3];
                for tap in 0..9 {
                    let mut outputs = [0.0; MAX_LANES];
                    for lane in 0..lanes::<S>() {
                        outputs[lane] = kernels[(output + lane) * CIN + input][tap];
                    }
                    kernel[tap / 3][tap % 3] = load(simd, &outputs, 0);
                }
                for (row, g) in Tiles::<TILE, OUT>::KERNEL.iter().enumerate() {
                    let mut half = [splat(simd, 0.0); 3];
                    for x in 0..3 {
                        half[x] = combine(simd, g, [kernel[0][x], kernel[1][x], kernel[2][x]]);
                    }
                    for (column, g) in Tiles::<TILE, OUT>::KERNEL.iter().enumerate() {
                        let at = ((row * TILE + column) * CIN + input) * width + output % width;
                        store::<S>(combine(simd, g, half), block, at);
                    }
                }
            }
        }
        packed
    }

    /// `B' d B` of every tile: `[position][tile][inputs]`.
    #[inline(always)]
    fn transform_input<S: Simd>(simd: S, input: &[f32], transformed: &mut [f32]) {
        for tile in 0..Self::TILES {
            let corner = tile / Self::TILES_A_SIDE * OUT * (SIDE + 2) + tile % Self::TILES_A_SIDE * OUT;
            for channel in (0..CIN).step_by(lanes::<S>()) {
                let mut rows = [[splat(simd, 0.0); TILE]; TILE];
                for (y, row) in rows.iter_mut().enumerate() {
                    for (x, value) in row.iter_mut().enumerate() {
                        *value = load(simd, input, (corner + y * (SIDE + 2) + x) * CIN + channel);
                    }
                    *row = Tiles::<TILE, OUT>::input(simd, *row);
                }
                for x in 0..TILE {
                    let mut column = [splat(simd, 0.0); TILE];
                    for (value, row) in column.iter_mut().zip(&rows) {
                        *value = row[x];
                    }
                    for (y, value) in Tiles::<TILE, OUT>::input(simd, column).into_iter().enumerate() {
                        store::<S>(value, transformed, ((y * TILE + x) * Self::TILES + tile) * CIN + channel);
                    }
                }
            }
        }
    }

    /// The products of every position with a block of weights: `[position][tile][outputs of block]`.
    #[inline(always)]
    fn multiply_block<S: Simd>(simd: S, transformed: &[f32], weights: &[f32], products: &mut [f32]) {
        let width = NV * lanes::<S>();
        let (transformed, _) = transformed.as_chunks::<CIN>();
        let positions = transformed.chunks_exact(Self::TILES).zip(products.chunks_exact_mut(Self::TILES * width));
        for ((tiles, products), weights) in positions.zip(weights.chunks_exact(CIN * width)) {
            let (groups, _) = tiles.as_chunks::<MR>();
            for (group, products) in groups.iter().zip(products.chunks_exact_mut(MR * width)) {
                multiply::<S, CIN, MR, NV>(simd, group, weights, products);
            }
        }
    }

    /// `A' .. A` of the products with vector `n` of a block, which are the channels from `channel` on, and the epilogue.
    #[inline(always)]
    fn transform_output<S: Simd>(
        &self,
        simd: S,
        products: &[f32],
        n: usize,
        channel: usize,
        output: &mut Map<HALF, COUT>,
    ) {
        let (width, at) = (NV * lanes::<S>(), n * lanes::<S>());
        let epilogue = self.epilogue.channels(simd, channel);
        for tile in 0..Self::TILES {
            let mut rows = [[splat(simd, 0.0); OUT]; TILE];
            for (y, row) in rows.iter_mut().enumerate() {
                let mut values = [splat(simd, 0.0); TILE];
                for (x, value) in values.iter_mut().enumerate() {
                    *value = load(simd, products, ((y * TILE + x) * Self::TILES + tile) * width + at);
                }
                *row = Tiles::<TILE, OUT>::output(simd, values);
            }
            let mut outputs = [[splat(simd, 0.0); OUT]; OUT];
            for x in 0..OUT {
                let mut column = [splat(simd, 0.0); TILE];
                for (value, row) in column.iter_mut().zip(&rows) {
                    *value = row[x];
                }
                outputs[x] = Tiles::<TILE, OUT>::output(simd, column);
            }
            let corner_y = tile / Self::TILES_A_SIDE * (OUT / 2);
            let corner_x = tile % Self::TILES_A_SIDE * (OUT / 2);
            for y in 0..OUT / 2 {
                for x in 0..OUT / 2 {
                    let (left, right) = (&outputs[2 * x], &outputs[2 * x + 1]);
                    let window = [[left[2 * y]], [right[2 * y]], [left[2 * y + 1]], [right[2 * y + 1]]];
                    let pixel = &mut output.row_mut(corner_y + y)[corner_x + x];
                    epilogue.pool(simd, &window, &mut pixel[channel..]);
                }
            }
        }
    }
}

/// The sum of three vectors times their factors.
#[inline(always)]
fn combine<S: Simd>(simd: S, factors: &[f32; 3], [a, b, c]: [S::f32s; 3]) -> S::f32s {
    let [x, y, z] = [splat(simd, factors[0]), splat(simd, factors[1]), splat(simd, factors[2])];
    a * x + b * y + c * z
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
