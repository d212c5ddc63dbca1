//! The forward pass of YuNet-s, the face-detection network.
//!
//! ```text
//! input: red, green, blue 0..255, sides multiples of 32
//! stem: convolution 3x3 stride 2, 3 -> 16, ReLU          backbone.0.conv
//! unit 16 -> 16, pool                                    backbone.0.dp
//! units 16 -> 16 -> 32                                   backbone.1
//! units 32 -> 32 -> 64, pool                             backbone.2
//! units 64 -> 64 -> level 0, and pool                    backbone.3
//! units 64 -> 64 -> level 1, and pool                    backbone.4
//! units 64 -> 64 -> level 2                              backbone.5
//! level 2 = unit(level 2)                                neck.2
//! level 1 = unit(level 1 + level 2 doubled)              neck.1
//! level 0 = unit(level 0 + level 1 doubled)              neck.0
//! each level: unit 64 -> 16 without ReLU                 head.0 head.1 head.2
//! ```

use super::input::Input;
use super::map::Map;
use super::stem::{STEM_CHANNELS, Stem, StemRows};
use super::unit::{Scratch, Unit};
use crate::error::Error;
use crate::simd::{Level, Simd, dispatch};
use crate::weights::Weights;

/// Sides of the input are multiples of this.
pub(super) const INPUT_MULTIPLE: usize = 32;

/// Side of a cell of each level, in input pixels.
pub(super) const STRIDES: [usize; 3] = [8, 16, 32];

/// Values of a cell: class score and object score before the sigmoid, box (4), five points (10).
pub(super) const CELL_VALUES: usize = 16;

/// Channels of the levels.
const WIDE: usize = 64;

/// The network, ready to run: packed weights and all the memory it needs.
#[derive(Debug)]
pub(super) struct Network {
    level: Level,
    layers: Layers,
    buffers: Buffers,
}

#[derive(Debug)]
struct Layers {
    stem: Stem,
    backbone0: Unit<STEM_CHANNELS, 16>,
    backbone1: (Unit<16, 16>, Unit<16, 32>),
    backbone2: (Unit<32, 32>, Unit<32, WIDE>),
    levels: [[Unit<WIDE, WIDE>; 2]; 3],
    neck: [Unit<WIDE, WIDE>; 3],
    heads: [Unit<WIDE, CELL_VALUES, false>; 3],
}

#[derive(Debug, Default)]
struct Buffers {
    scratch: Scratch,
    stem_row: Vec<f32>,
    narrow: [Map<16>; 2],
    middle: [Map<32>; 2],
    wide: [Map<WIDE>; 2],
    levels: [Map<WIDE>; 3],
    /// The levels after the neck.
    fused: [Map<WIDE>; 3],
    heads: [Map<CELL_VALUES>; 3],
}

impl Network {
    /// Packs the weights of `models/face-detect-1`.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a tensor is missing or of another shape.
    pub(super) fn load(weights: &Weights<'_>) -> Result<Self, Error> {
        Ok(Self { level: Level::new(), layers: Layers::load(weights)?, buffers: Buffers::default() })
    }

    /// The instructions it runs with.
    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// The cells of every level.
    pub(super) fn forward(&mut self, input: &Input) -> &[Map<CELL_VALUES>; 3] {
        let Self { level, layers, buffers } = self;
        dispatch!(*level, simd => layers.forward(simd, input, buffers));
        &buffers.heads
    }
}

impl Layers {
    fn load(weights: &Weights<'_>) -> Result<Self, Error> {
        let level = |stage: usize| -> Result<_, Error> {
            Ok([unit(weights, &format!("backbone.{stage}.dp1"))?, unit(weights, &format!("backbone.{stage}.dp2"))?])
        };
        let head = |level: usize| {
            let [class, object, bounding_box, landmarks] =
                ["cls", "obj", "bbox", "kps"].map(|part| format!("head.{level}.{part}"));
            Unit::load(weights, &[(&class, 1), (&object, 1), (&bounding_box, 4), (&landmarks, 10)])
        };
        Ok(Self {
            stem: Stem::load(weights)?,
            backbone0: unit(weights, "backbone.0.dp")?,
            backbone1: (unit(weights, "backbone.1.dp1")?, unit(weights, "backbone.1.dp2")?),
            backbone2: (unit(weights, "backbone.2.dp1")?, unit(weights, "backbone.2.dp2")?),
            levels: [level(3)?, level(4)?, level(5)?],
            neck: [unit(weights, "neck.0")?, unit(weights, "neck.1")?, unit(weights, "neck.2")?],
            heads: [head(0)?, head(1)?, head(2)?],
        })
    }

    fn forward<S: Simd>(&self, simd: S, input: &Input, buffers: &mut Buffers) {
        let Buffers {
            scratch,
            stem_row,
            narrow: [narrow, narrow2],
            middle: [middle, middle2],
            wide: [map, next],
            levels,
            fused,
            heads,
        } = buffers;
        self.backbone0.forward_pooled(simd, StemRows::new(&self.stem, input, stem_row), scratch, narrow);
        self.backbone1.0.forward(simd, &*narrow, scratch, narrow2);
        self.backbone1.1.forward(simd, &*narrow2, scratch, middle);
        self.backbone2.0.forward(simd, &*middle, scratch, middle2);
        self.backbone2.1.forward_pooled(simd, &*middle2, scratch, map);

        for (index, [first, second]) in self.levels.iter().enumerate() {
            if index > 0 {
                map.pool(simd, &levels[index - 1]);
            }
            first.forward(simd, &*map, scratch, next);
            second.forward(simd, &*next, scratch, &mut levels[index]);
        }
        for index in (0..levels.len()).rev() {
            let (finer, coarser) = fused.split_at_mut(index + 1);
            let (level, fused) = (&mut levels[index], &mut finer[index]);
            if let Some(coarser) = coarser.first() {
                level.add_doubled(coarser);
            }
            self.neck[index].forward(simd, &*level, scratch, fused);
            self.heads[index].forward(simd, &*fused, scratch, &mut heads[index]);
        }
    }
}

fn unit<const INPUTS: usize, const OUTPUTS: usize>(
    weights: &Weights<'_>,
    name: &str,
) -> Result<Unit<INPUTS, OUTPUTS>, Error> {
    Unit::load(weights, &[(name, OUTPUTS)])
}
