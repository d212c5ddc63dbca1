//! The weights container (`.cnw`): named tensors and text metadata in one checked, little-endian file. Our own format,
//! because safetensors has no integers with a scale for each block and no checksum, and its header needs a JSON parser.
//!
//! ```text
//! offset  type     what
//! 0       [u8; 4]  magic, "CNW" and 0x1A
//! 4       u32      version, 1
//! 8       u32      CRC-32 (IEEE) of every byte from offset 12 on
//! 12      u16      number of metadata entries, then each entry:
//!                    u16 length and UTF-8 key; u32 length and UTF-8 value
//!         u16      number of tensors, then each tensor:
//!                    u16 length and UTF-8 name; u8 dtype; u8 rank 1..=4; rank x u32 dimensions, each above 0; payload
//! ```
//! Nothing is aligned or padded, and the file ends with the last payload. Payloads by dtype:
//!
//! | code | dtype | payload |
//! |---|---|---|
//! | 0 | [`DType::F32`] | IEEE single, row-major |
//! | 1 | [`DType::F16`] | IEEE half, row-major |
//! | 2 | [`DType::Int8`] | scales, then one signed byte a weight; value = scale x byte |
//! | 3 | [`DType::Int4`] | scales, then two signed 4-bit values a byte, the first in the low half; value = scale x nibble |
//! | 4 | [`DType::Int3`] | as `Int4`, with values of 3 bits: no shorter as it is, but once the file is compressed |
//!
//! The quantised types need at least two axes, output first, input second, then the kernel's. Their values run
//! output, kernel position, input (inputs next to each other), and every run of inputs is cut into blocks of
//! [`BLOCK`] (the last may be shorter) with one half-precision scale each; the scales come in the same order. Where
//! [`DType::Int4`] and [`DType::Int3`] have an odd number of inputs, a zero nibble ends the run.

use crate::error::{Error, ErrorKind};

/// How many weights of one output and kernel position, side by side along the input axis, share a scale.
pub const BLOCK: usize = 64;

pub(super) const MAGIC: [u8; 4] = *b"CNW\x1a";
pub(super) const VERSION: u32 = 1;
/// Where the bytes begin that the checksum covers.
pub(super) const CHECKED_FROM: usize = 12;
pub(super) const MAX_RANK: usize = 4;

/// How a tensor's values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DType {
    /// IEEE single precision.
    F32 = 0,
    /// IEEE half precision.
    F16 = 1,
    /// Signed bytes -127..=127 with a half-precision scale a block.
    Int8 = 2,
    /// Signed 4-bit values -7..=7 with a half-precision scale a block.
    Int4 = 3,
    /// Signed 3-bit values -3..=3, each in 4 bits, with a half-precision scale a block.
    Int3 = 4,
}

impl DType {
    pub(super) fn from_code(code: u8) -> Option<Self> {
        [Self::F32, Self::F16, Self::Int8, Self::Int4, Self::Int3].into_iter().find(|dtype| *dtype as u8 == code)
    }

    /// Of a quantised type: the largest integer.
    pub(super) const fn limit(self) -> Option<i8> {
        match self {
            Self::F32 | Self::F16 => None,
            Self::Int8 => Some(127),
            Self::Int4 => Some(7),
            Self::Int3 => Some(3),
        }
    }

    /// Whether it stores integers that share scales.
    pub(crate) const fn is_quantised(self) -> bool {
        self.limit().is_some()
    }

    /// The payload's length in bytes, if it can be stated for this shape.
    pub(super) fn payload_length(self, shape: &Shape) -> Option<usize> {
        let elements = shape.elements()?;
        match self {
            Self::F32 => elements.checked_mul(4),
            Self::F16 => elements.checked_mul(2),
            Self::Int8 | Self::Int4 | Self::Int3 => {
                let (runs, inputs) = shape.runs()?;
                let run = if self == Self::Int8 { inputs } else { inputs.div_ceil(2) };
                runs.checked_mul(inputs.div_ceil(BLOCK).checked_mul(2)?.checked_add(run)?)
            }
        }
    }
}

/// The dimensions of a tensor: 1 to 4 of them, each above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    dimensions: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    pub(super) fn new(dimensions: &[usize]) -> Option<Self> {
        if dimensions.is_empty() || dimensions.len() > MAX_RANK || dimensions.contains(&0) {
            return None;
        }
        let mut shape = Self { dimensions: [1; MAX_RANK], rank: dimensions.len() };
        shape.dimensions[..dimensions.len()].copy_from_slice(dimensions);
        Some(shape)
    }

    pub(super) fn as_slice(&self) -> &[usize] {
        &self.dimensions[..self.rank]
    }

    pub(super) fn elements(&self) -> Option<usize> {
        self.dimensions.iter().try_fold(1_usize, |product, dimension| product.checked_mul(*dimension))
    }

    /// Of a quantised tensor: how many runs of inputs there are (outputs x kernel positions), and how long they are.
    pub(super) fn runs(&self) -> Option<(usize, usize)> {
        let inputs = self.dimensions[1];
        (self.rank >= 2).then_some((self.elements()? / inputs, inputs))
    }

    /// Of a quantised tensor: kernel positions an output.
    pub(super) fn positions(&self) -> usize {
        self.dimensions[2] * self.dimensions[3]
    }
}

/// The error of a container that cannot be read or written.
pub(super) fn damaged(message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::ModelLoad, format!("the weights cannot be used: {message}"))
}
