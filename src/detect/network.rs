//! The forward pass of YuNet-s, the face-detection network.
//!
//! Feature maps are channels-last f32. All the convolutions but the first are depthwise-separable units: a pointwise
//! 1x1 convolution without activation, then a depthwise 3x3 with ReLU. A unit runs by rows: the pointwise results of
//! three rows sit in a ring that stays in the first-level cache, and no full map of them is ever written.
//!
//! ```text
//! input BGR 0..255, sides multiples of 32
//! convolution 3x3 stride 2, 3 -> 16, ReLU; unit 16 -> 16; pool          backbone.0
//! unit 16 -> 16; unit 16 -> 32                                          backbone.1
//! unit 32 -> 32; unit 32 -> 64; pool                                    backbone.2
//! 2 units 64 -> level 0; pool; 2 units -> level 1; pool; 2 units -> level 2    backbone.3 .4 .5
//! level 2 = unit(level 2); level 1 = unit(level 1 + doubled level 2); level 0 likewise    neck.2 .1 .0
//! head of each level: unit 64 -> 16 without ReLU                        head.0 .1 .2
//! ```

use crate::error::Error;
use crate::weights::Weights;

/// Detection levels, and the side of a cell of each in input pixels.
pub(super) const STRIDES: [usize; 3] = [8, 16, 32];

/// Sides of the input are multiples of this.
pub(super) const INPUT_MULTIPLE: usize = 32;

/// Values a cell of a head's map holds: class score, object score, box (4), five points (10).
pub(super) const HEAD_CHANNELS: usize = 16;

const INPUT_CHANNELS: usize = 3;
const STEM_CHANNELS: usize = 16;
/// Channels of the levels and the neck.
const LEVEL_CHANNELS: usize = 64;

/// Four neighbouring channels of one pixel: one SIMD register.
type Lanes = [f32; LANES];
const LANES: usize = 4;

/// Pixels and pairs of [`Lanes`] that one pointwise step computes together: their eight sums, two weights and one
/// input fit the sixteen registers of wasm engines on x86-64.
const TILE_PIXELS: usize = 4;
type LanesPair = [Lanes; 2];

fn multiply_add(sum: &mut Lanes, a: Lanes, b: Lanes) {
    for lane in 0..LANES {
        sum[lane] += a[lane] * b[lane];
    }
}

fn max(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })
}

/// A channels-last feature map whose memory is kept.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) width: usize,
    pub(super) height: usize,
    channels: usize,
    values: Vec<f32>,
}

impl Map {
    /// Takes a new size; the values are whatever was there.
    fn reshape(&mut self, width: usize, height: usize, channels: usize) {
        (self.width, self.height, self.channels) = (width, height, channels);
        self.values.resize(width * height * channels, 0.0);
    }

    /// One row: `width` pixels of `channels` values.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        let length = self.width * self.channels;
        &self.values[y * length..(y + 1) * length]
    }

    fn row_mut(&mut self, y: usize) -> &mut [f32] {
        let length = self.width * self.channels;
        &mut self.values[y * length..(y + 1) * length]
    }

    /// Adds a map of half the size, each pixel of it to four.
    fn add_doubled(&mut self, half: &Self) {
        for y in 0..self.height {
            let pixels = self.row_mut(y).chunks_exact_mut(2 * half.channels);
            for (pair, addend) in pixels.zip(half.row(y / 2).chunks_exact(half.channels)) {
                for pixel in pair.chunks_exact_mut(half.channels) {
                    for (value, addend) in pixel.iter_mut().zip(addend) {
                        *value += addend;
                    }
                }
            }
        }
    }

    /// Makes this the maximum over 2 x 2 pixels of a map of twice the size.
    fn pool(&mut self, double: &Self) {
        self.reshape(double.width / 2, double.height / 2, double.channels);
        for y in 0..self.height {
            pool_rows([double.row(2 * y), double.row(2 * y + 1)], double.channels, self.row_mut(y));
        }
    }
}

/// The maximum over 2 x 2 pixels of two rows.
fn pool_rows(rows: [&[f32]; 2], channels: usize, output: &mut [f32]) {
    let [upper, lower] = rows.map(|row| row.chunks_exact(2 * channels));
    for ((output, upper), lower) in output.chunks_exact_mut(channels).zip(upper).zip(lower) {
        let [(a, b), (c, d)] = [upper.split_at(channels), lower.split_at(channels)];
        let [a, b, c, d] = [a, b, c, d].map(|pixel| pixel.as_chunks().0);
        for ((((output, a), b), c), d) in output.as_chunks_mut().0.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *output = max(max(*a, *b), max(*c, *d));
        }
    }
}

/// The network's input: BGR, 0..255, with one zero row above and one zero column at the left, which is the padding the
/// first convolution needs.
#[derive(Debug, Default)]
pub(super) struct Input {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Input {
    /// Takes a new size, multiples of 32, and is all zero.
    pub(super) fn clear(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.values.clear();
        self.values.resize((width + 1) * (height + 1) * INPUT_CHANNELS, 0.0);
    }

    /// One row of blue, green, red pixels to fill from the left.
    pub(super) fn row_mut(&mut self, y: usize) -> &mut [[f32; INPUT_CHANNELS]] {
        let (pixels, _) = self.values.as_chunks_mut();
        let stride = self.width + 1;
        &mut pixels[(y + 1) * stride + 1..(y + 2) * stride]
    }

    /// The three rows with their border under row `y` of the first convolution's output.
    fn window_rows(&self, y: usize) -> [&[f32]; 3] {
        let length = (self.width + 1) * INPUT_CHANNELS;
        std::array::from_fn(|row| &self.values[(2 * y + row) * length..(2 * y + row + 1) * length])
    }
}

/// The first convolution, 3x3 with stride 2 and ReLU.
#[derive(Debug)]
struct Stem {
    /// By kernel row, kernel column and input channel, as the input's rows run.
    weights: Vec<[Lanes; STEM_CHANNELS / LANES]>,
    bias: [Lanes; STEM_CHANNELS / LANES],
}

impl Stem {
    fn load(weights: &Weights<'_>) -> Result<Self, Error> {
        let kernel = weights.f32("backbone.0.conv.weight", &[STEM_CHANNELS, INPUT_CHANNELS, 3, 3])?;
        let bias = weights.f32("backbone.0.conv.bias", &[STEM_CHANNELS])?;
        let position = |tap: usize| (tap % INPUT_CHANNELS) * 9 + tap / INPUT_CHANNELS;
        let weight = |tap, output| kernel[output * 9 * INPUT_CHANNELS + position(tap)];
        let lanes = |value: &dyn Fn(usize) -> f32| {
            std::array::from_fn(|block| std::array::from_fn(|lane| value(block * LANES + lane)))
        };
        Ok(Self {
            weights: (0..9 * INPUT_CHANNELS).map(|tap| lanes(&|output| weight(tap, output))).collect(),
            bias: lanes(&|output| bias[output]),
        })
    }

    /// Computes one output row.
    fn row(&self, input: &Input, y: usize, output: &mut [f32]) {
        // Two pixels at once: they need 5 input pixels a row, and 4 further on the next two begin.
        const PAIR_INPUTS: usize = 5 * INPUT_CHANNELS;
        let [upper, middle, lower] =
            input.window_rows(y).map(|row| row.windows(PAIR_INPUTS).step_by(4 * INPUT_CHANNELS));
        let (output, _) = output.as_chunks_mut().0.as_chunks_mut::<{ 2 * STEM_CHANNELS / LANES }>();
        for (((output, upper), middle), lower) in output.iter_mut().zip(upper).zip(middle).zip(lower) {
            let mut sums = [self.bias; 2];
            for (row, weights) in [upper, middle, lower].into_iter().zip(self.weights.chunks_exact(3 * INPUT_CHANNELS))
            {
                for (tap, weights) in weights.iter().enumerate() {
                    for (pixel, sums) in sums.iter_mut().enumerate() {
                        let value = [row[pixel * 2 * INPUT_CHANNELS + tap]; LANES];
                        for (sum, weight) in sums.iter_mut().zip(weights) {
                            multiply_add(sum, value, *weight);
                        }
                    }
                }
            }
            for (output, sum) in output.iter_mut().zip(sums.as_flattened()) {
                *output = max(*sum, [0.0; LANES]);
            }
        }
    }
}

/// A depthwise-separable convolution: pointwise with bias, then depthwise 3x3 with zero padding, bias and, in all but
/// the heads, ReLU.
#[derive(Debug)]
struct Unit {
    inputs: usize,
    outputs: usize,
    /// By pair of output lanes, then by input.
    pointwise: Vec<LanesPair>,
    pointwise_bias: Vec<LanesPair>,
    /// By output lanes: nine kernel positions, rows from the top.
    depthwise: Vec<[Lanes; 9]>,
    depthwise_bias: Vec<Lanes>,
    relu: bool,
}

impl Unit {
    fn load(weights: &Weights<'_>, name: &str, inputs: usize, outputs: usize) -> Result<Self, Error> {
        Self::merge(weights, &[name], inputs, &[outputs], true)
    }

    /// Loads several units over the same inputs as one.
    fn merge(
        weights: &Weights<'_>,
        names: &[&str],
        inputs: usize,
        outputs: &[usize],
        relu: bool,
    ) -> Result<Self, Error> {
        let (mut pointwise, mut pointwise_bias, mut depthwise, mut depthwise_bias) = (vec![], vec![], vec![], vec![]);
        for (name, &outputs) in names.iter().zip(outputs) {
            pointwise.extend(weights.f32(&format!("{name}.pw.weight"), &[outputs, inputs, 1, 1])?);
            pointwise_bias.extend(weights.f32(&format!("{name}.pw.bias"), &[outputs])?);
            depthwise.extend(weights.f32(&format!("{name}.dw.weight"), &[outputs, 1, 3, 3])?);
            depthwise_bias.extend(weights.f32(&format!("{name}.dw.bias"), &[outputs])?);
        }
        let outputs = outputs.iter().sum();
        let lanes = |block: usize, value: &dyn Fn(usize) -> f32| -> Lanes {
            std::array::from_fn(|lane| value(block * LANES + lane))
        };
        let pair = |block: usize, value: &dyn Fn(usize) -> f32| [lanes(2 * block, value), lanes(2 * block + 1, value)];
        let pairs = outputs / (2 * LANES);
        Ok(Self {
            inputs,
            outputs,
            pointwise: (0..pairs * inputs)
                .map(|index| pair(index / inputs, &|output| pointwise[output * inputs + index % inputs]))
                .collect(),
            pointwise_bias: (0..pairs).map(|index| pair(index, &|output| pointwise_bias[output])).collect(),
            depthwise: (0..2 * pairs)
                .map(|block| std::array::from_fn(|position| lanes(block, &|output| depthwise[output * 9 + position])))
                .collect(),
            depthwise_bias: (0..2 * pairs).map(|block| lanes(block, &|output| depthwise_bias[output])).collect(),
            relu,
        })
    }

    /// Runs over a whole map.
    fn forward(&self, input: &Map, ring: &mut Ring, output: &mut Map) {
        output.reshape(input.width, input.height, self.outputs);
        ring.run(
            (input.width, input.height, self.outputs),
            |y, pointwise| self.pointwise_row(input.row(y), pointwise),
            |y, pointwise| self.depthwise_row(pointwise, output.row_mut(y)),
        );
    }

    /// Runs over the stem's output, computed row by row, and pools: the two largest maps of the network are never
    /// written.
    fn forward_stem_pooled(
        &self,
        stem: &Stem,
        input: &Input,
        ring: &mut Ring,
        rows: &mut [Vec<f32>; 3],
        output: &mut Map,
    ) {
        let (width, height) = (input.width / 2, input.height / 2);
        output.reshape(width / 2, height / 2, self.outputs);
        let [stem_row, upper, lower] = rows;
        stem_row.resize(width * self.inputs, 0.0);
        upper.resize(width * self.outputs, 0.0);
        lower.resize(width * self.outputs, 0.0);
        ring.run(
            (width, height, self.outputs),
            |y, pointwise| {
                stem.row(input, y, stem_row);
                self.pointwise_row(stem_row, pointwise);
            },
            |y, pointwise| {
                if y % 2 == 0 {
                    self.depthwise_row(pointwise, upper);
                } else {
                    self.depthwise_row(pointwise, lower);
                    pool_rows([upper, lower], self.outputs, output.row_mut(y / 2));
                }
            },
        );
    }

    /// The pointwise convolution of one row, into a row of a [`Ring`].
    fn pointwise_row(&self, input: &[f32], output: &mut [Lanes]) {
        let stride = output.len() * LANES / self.outputs;
        let blocks = output.chunks_exact_mut(2 * stride).zip(self.pointwise.chunks_exact(self.inputs));
        for ((output, weights), bias) in blocks.zip(&self.pointwise_bias) {
            let (first, second) = output.split_at_mut(stride);
            let mut outputs = [&mut first[1..stride - 1], &mut second[1..stride - 1]];
            let tiles = input.chunks_exact(TILE_PIXELS * self.inputs);
            let rest = tiles.remainder();
            for (index, tile) in tiles.enumerate() {
                pointwise_tile::<TILE_PIXELS>(tile, weights, *bias, index * TILE_PIXELS, &mut outputs);
            }
            let done = (stride - 2) / TILE_PIXELS * TILE_PIXELS;
            for (index, pixel) in rest.chunks_exact(self.inputs).enumerate() {
                pointwise_tile::<1>(pixel, weights, *bias, done + index, &mut outputs);
            }
        }
    }

    /// The depthwise convolution of three rows of a [`Ring`].
    fn depthwise_row(&self, input: [&[Lanes]; 3], output: &mut [f32]) {
        let blocks = self.outputs / LANES;
        let stride = input[0].len() / blocks;
        let floor = if self.relu { 0.0 } else { f32::NEG_INFINITY };
        let (output, _) = output.as_chunks_mut::<LANES>();
        for (block, (weights, bias)) in self.depthwise.iter().zip(&self.depthwise_bias).enumerate() {
            let [upper, middle, lower] = input.map(|row| row[block * stride..(block + 1) * stride].array_windows());
            let outputs = output[block..].iter_mut().step_by(blocks);
            for (((output, upper), middle), lower) in outputs.zip(upper).zip(middle).zip(lower) {
                let mut sum = *bias;
                for (row, weights) in [upper, middle, lower].into_iter().zip(weights.as_chunks::<3>().0) {
                    let row: &[Lanes; 3] = row;
                    for (value, weight) in row.iter().zip(weights) {
                        multiply_add(&mut sum, *value, *weight);
                    }
                }
                *output = max(sum, [floor; LANES]);
            }
        }
    }
}

/// The pointwise sums of `P` pixels and one pair of lanes.
#[inline(always)]
fn pointwise_tile<const P: usize>(
    pixels: &[f32],
    weights: &[LanesPair],
    bias: LanesPair,
    at: usize,
    outputs: &mut [&mut [Lanes]; 2],
) {
    let inputs = weights.len();
    let pixels: [&[f32]; P] = std::array::from_fn(|pixel| &pixels[pixel * inputs..(pixel + 1) * inputs]);
    let mut sums = [bias; P];
    for (input, weights) in weights.iter().enumerate() {
        for (sums, pixel) in sums.iter_mut().zip(pixels) {
            let value = [pixel[input]; LANES];
            multiply_add(&mut sums[0], value, weights[0]);
            multiply_add(&mut sums[1], value, weights[1]);
        }
    }
    for (half, output) in outputs.iter_mut().enumerate() {
        for (output, sums) in output[at..at + P].iter_mut().zip(sums) {
            *output = sums[half];
        }
    }
}

/// Three rows of pointwise results, by lanes, then by pixel, with a zero pixel at either end.
#[derive(Debug, Default)]
struct Ring {
    values: Vec<Lanes>,
}

impl Ring {
    /// Drives a unit over a map of `size` = width, height, channels: `fill` computes a row of pointwise results,
    /// `take` gets it with its two neighbours, zero beyond the map.
    fn run(
        &mut self,
        size: (usize, usize, usize),
        mut fill: impl FnMut(usize, &mut [Lanes]),
        mut take: impl FnMut(usize, [&[Lanes]; 3]),
    ) {
        let (width, height, channels) = size;
        let length = (width + 2) * channels / LANES;
        self.values.clear();
        self.values.resize(3 * length, [0.0; LANES]);
        let (first, rest) = self.values.split_at_mut(length);
        let (second, third) = rest.split_at_mut(length);
        // `upper` is the row above the map, all zero at first.
        let (mut upper, mut middle, mut lower) = (first, second, third);
        fill(0, middle);
        for y in 0..height {
            if y + 1 < height {
                fill(y + 1, lower);
            } else {
                lower.fill([0.0; LANES]);
            }
            take(y, [&*upper, &*middle, &*lower]);
            (upper, middle, lower) = (middle, lower, upper);
        }
    }
}

/// The network with its weights and its scratch memory.
#[derive(Debug)]
pub(super) struct Network {
    stem: Stem,
    stem_unit: Unit,
    /// `backbone.1` and `.2`, before the first level.
    trunk: [Unit; 4],
    levels: [[Unit; 2]; 3],
    neck: [Unit; 3],
    heads: [Unit; 3],
    scratch: Scratch,
}

/// What one forward pass leaves for the next to write over.
#[derive(Debug, Default)]
struct Scratch {
    ring: Ring,
    /// One row of the stem, and two that are pooled as soon as they are there.
    rows: [Vec<f32>; 3],
    /// Maps between units.
    maps: [Map; 3],
    levels: [Map; 3],
    heads: [Map; 3],
}

impl Network {
    /// Loads the weights of `models/face-detect-1`.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a tensor is missing or of another shape.
    pub(super) fn load(weights: &Weights<'_>) -> Result<Self, Error> {
        let unit = |name: &str, inputs, outputs| Unit::load(weights, name, inputs, outputs);
        let level = |index: usize| -> Result<[Unit; 2], Error> {
            Ok([
                unit(&format!("backbone.{index}.dp1"), LEVEL_CHANNELS, LEVEL_CHANNELS)?,
                unit(&format!("backbone.{index}.dp2"), LEVEL_CHANNELS, LEVEL_CHANNELS)?,
            ])
        };
        let neck = |index: usize| unit(&format!("neck.{index}"), LEVEL_CHANNELS, LEVEL_CHANNELS);
        let head = |index: usize| {
            let [class, object, bounding_box, landmarks] =
                ["cls", "obj", "bbox", "kps"].map(|part| format!("head.{index}.{part}"));
            let names = [&*class, &*object, &*bounding_box, &*landmarks];
            Unit::merge(weights, &names, LEVEL_CHANNELS, &[1, 1, 4, 10], false)
        };
        Ok(Self {
            stem: Stem::load(weights)?,
            stem_unit: unit("backbone.0.dp", STEM_CHANNELS, 16)?,
            trunk: [
                unit("backbone.1.dp1", 16, 16)?,
                unit("backbone.1.dp2", 16, 32)?,
                unit("backbone.2.dp1", 32, 32)?,
                unit("backbone.2.dp2", 32, LEVEL_CHANNELS)?,
            ],
            levels: [level(3)?, level(4)?, level(5)?],
            neck: [neck(0)?, neck(1)?, neck(2)?],
            heads: [head(0)?, head(1)?, head(2)?],
            scratch: Scratch::default(),
        })
    }

    /// The heads' maps of [`HEAD_CHANNELS`], one a level of [`STRIDES`].
    pub(super) fn forward(&mut self, input: &Input) -> &[Map; 3] {
        let Scratch { ring, rows, maps: [map, next, pooled], levels, heads } = &mut self.scratch;
        self.stem_unit.forward_stem_pooled(&self.stem, input, ring, rows, map);
        for unit in &self.trunk {
            unit.forward(map, ring, next);
            std::mem::swap(map, next);
        }
        for (index, units) in self.levels.iter().enumerate() {
            let (finer, coarser) = levels.split_at_mut(index);
            pooled.pool(finer.last().unwrap_or(map));
            units[0].forward(pooled, ring, next);
            units[1].forward(next, ring, &mut coarser[0]);
        }
        for (index, unit) in self.neck.iter().enumerate().rev() {
            let (finer, coarser) = levels.split_at_mut(index + 1);
            let level = &mut finer[index];
            if let Some(coarser) = coarser.first() {
                level.add_doubled(coarser);
            }
            unit.forward(level, ring, next);
            std::mem::swap(level, next);
        }
        for ((unit, level), head) in self.heads.iter().zip(levels.iter()).zip(heads.iter_mut()) {
            unit.forward(level, ring, head);
        }
        heads
    }
}
