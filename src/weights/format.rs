//! The weights container (`.cnw`): named tensors and text metadata in one checked, little-endian file.
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

const MAGIC: [u8; 4] = *b"CNW\x1a";
const VERSION: u32 = 1;
/// Where the bytes begin that the checksum covers.
const CHECKED_FROM: usize = 12;
const MAX_RANK: usize = 4;

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
    fn from_code(code: u8) -> Option<Self> {
        [Self::F32, Self::F16, Self::Int8, Self::Int4, Self::Int3].into_iter().find(|dtype| *dtype as u8 == code)
    }

    /// Of a quantised type: the largest integer.
    const fn limit(self) -> Option<i8> {
        match self {
            Self::F32 | Self::F16 => None,
            Self::Int8 => Some(127),
            Self::Int4 => Some(7),
            Self::Int3 => Some(3),
        }
    }

    /// The payload's length in bytes, if it can be stated for this shape.
    fn payload_length(self, shape: &Shape) -> Option<usize> {
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
struct Shape {
    dimensions: [usize; MAX_RANK],
    rank: usize,
}

impl Shape {
    fn new(dimensions: &[usize]) -> Option<Self> {
        if dimensions.is_empty() || dimensions.len() > MAX_RANK || dimensions.contains(&0) {
            return None;
        }
        let mut shape = Self { dimensions: [1; MAX_RANK], rank: dimensions.len() };
        shape.dimensions[..dimensions.len()].copy_from_slice(dimensions);
        Some(shape)
    }

    fn as_slice(&self) -> &[usize] {
        &self.dimensions[..self.rank]
    }

    fn elements(&self) -> Option<usize> {
        self.dimensions.iter().try_fold(1_usize, |product, dimension| product.checked_mul(*dimension))
    }

    /// Of a quantised tensor: how many runs of inputs there are (outputs x kernel positions), and how long they are.
    fn runs(&self) -> Option<(usize, usize)> {
        let inputs = self.dimensions[1];
        (self.rank >= 2).then_some((self.elements()? / inputs, inputs))
    }

    /// Of a quantised tensor: kernel positions an output.
    fn positions(&self) -> usize {
        self.dimensions[2] * self.dimensions[3]
    }
}

fn damaged(message: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::ModelLoad, format!("the weights cannot be used: {message}"))
}

/// A parsed container that borrows its bytes: everything in it is checked.
#[derive(Debug, Clone)]
pub struct Weights<'a> {
    metadata: Vec<(&'a str, &'a str)>,
    tensors: Vec<Tensor<'a>>,
}

impl<'a> Weights<'a> {
    /// Checks and indexes the bytes of a container.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`] when the bytes are no container, are of another version, damaged or incomplete, name
    /// something twice, lack the metadata `id`, or hold a value that is not finite.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader { rest: bytes };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(damaged("these bytes are no weights container"));
        }
        let version = reader.u32()?;
        if version != VERSION {
            return Err(damaged(format_args!("they are in format version {version}, this library reads {VERSION}")));
        }
        if reader.u32()? != crc32fast::hash(reader.rest) {
            return Err(damaged("the checksum does not match, the bytes are damaged"));
        }

        let mut metadata: Vec<(&str, &str)> = Vec::new();
        for _ in 0..reader.u16()? {
            let key_length = reader.u16()?;
            let key = reader.text(usize::from(key_length))?;
            let value_length = reader.u32()?;
            let value = reader.text(value_length as usize)?;
            if metadata.iter().any(|(known, _)| *known == key) {
                return Err(damaged(format_args!("metadata {key:?} is there twice")));
            }
            metadata.push((key, value));
        }
        if !metadata.iter().any(|(key, _)| *key == "id") {
            return Err(damaged("the metadata has no \"id\""));
        }

        let mut tensors: Vec<Tensor<'_>> = Vec::new();
        for _ in 0..reader.u16()? {
            let tensor = reader.tensor()?;
            if tensors.iter().any(|known| known.name == tensor.name) {
                return Err(damaged(format_args!("tensor {:?} is there twice", tensor.name)));
            }
            tensors.push(tensor);
        }
        if reader.rest.is_empty() {
            Ok(Self { metadata, tensors })
        } else {
            Err(damaged(format_args!("{} bytes follow the last tensor", reader.rest.len())))
        }
    }

    /// The model's id, as in `models/<id>/`.
    pub fn id(&self) -> &'a str {
        self.metadata("id").unwrap_or_default()
    }

    /// The metadata value of this key.
    pub fn metadata(&self, key: &str) -> Option<&'a str> {
        self.metadata.iter().find(|(known, _)| *known == key).map(|(_, value)| *value)
    }

    /// Every metadata key with its value, in the order of the file.
    pub fn metadata_entries(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.metadata.iter().copied()
    }

    /// Every tensor, in the order of the file.
    pub fn tensors(&self) -> &[Tensor<'a>] {
        &self.tensors
    }

    /// Whether there is a tensor of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.tensors.iter().any(|tensor| tensor.name == name)
    }

    /// The tensor of this name and shape.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`] when it is absent or of another shape.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<&Tensor<'a>, Error> {
        let found = self.tensors.iter().find(|tensor| tensor.name == name);
        let tensor = found.ok_or_else(|| damaged(format_args!("tensor {name:?} is missing")))?;
        if tensor.shape() != shape {
            return Err(damaged(format_args!("tensor {name:?} is {:?}, this network needs {shape:?}", tensor.shape())));
        }
        Ok(tensor)
    }

    /// The values of the tensor of this name and shape, row-major.
    ///
    /// # Errors
    /// As [`Weights::tensor`].
    pub fn f32(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        Ok(self.tensor(name, shape)?.to_f32())
    }
}

/// One named tensor, still in the container's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Tensor<'a> {
    name: &'a str,
    dtype: DType,
    shape: Shape,
    payload: &'a [u8],
}

impl<'a> Tensor<'a> {
    /// Its name, as `conv1.weight`.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// How it is stored.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Its dimensions, 1 to 4 of them.
    pub fn shape(&self) -> &[usize] {
        self.shape.as_slice()
    }

    /// Its values in single precision, row-major in the order of [`Tensor::shape`], all finite.
    pub fn to_f32(&self) -> Vec<f32> {
        match self.dtype {
            DType::F32 => singles(self.payload).collect(),
            DType::F16 => halves(self.payload).collect(),
            DType::Int8 | DType::Int4 | DType::Int3 => self.dequantised(),
        }
    }

    /// The scales and the integers of a quantised tensor in the container's order, 4-bit integers widened.
    pub fn quantised(&self) -> Option<(Vec<f32>, Vec<i8>)> {
        self.dtype.limit()?;
        let (runs, inputs) = self.shape.runs()?;
        let (scales, values) = self.scales_and_values();
        let integers = if self.dtype == DType::Int8 {
            values.iter().map(|value| value.cast_signed()).collect()
        } else {
            let mut integers = vec![0; runs * inputs];
            for (bytes, run) in values.chunks_exact(inputs.div_ceil(2)).zip(integers.chunks_exact_mut(inputs)) {
                let (pairs, odd_one) = run.as_chunks_mut();
                for (pair, byte) in pairs.iter_mut().zip(bytes) {
                    *pair = [nibble(*byte, 0), nibble(*byte, 1)];
                }
                for (last, byte) in odd_one.iter_mut().zip(bytes.last()) {
                    *last = nibble(*byte, 0);
                }
            }
            integers
        };
        Some((halves(scales).collect(), integers))
    }

    fn scales_and_values(&self) -> (&'a [u8], &'a [u8]) {
        let (runs, inputs) = self.shape.runs().unwrap_or_default();
        self.payload.split_at(runs * inputs.div_ceil(BLOCK) * 2)
    }

    fn dequantised(&self) -> Vec<f32> {
        let (Some((scales, integers)), Some((_, inputs))) = (self.quantised(), self.shape.runs()) else {
            return Vec::new();
        };
        let positions = self.shape.positions();
        let mut output = vec![0.0; integers.len()];
        let runs = integers.chunks_exact(inputs).zip(scales.chunks_exact(inputs.div_ceil(BLOCK)));
        for (run, (integers, scales)) in runs.enumerate() {
            let first = run / positions * positions * inputs + run % positions;
            let targets = output[first..].iter_mut().step_by(positions);
            for ((input, integer), target) in integers.iter().enumerate().zip(targets) {
                *target = scales[input / BLOCK] * f32::from(*integer);
            }
        }
        output
    }

    /// Whether every value (or scale) is finite.
    fn is_finite(&self) -> bool {
        match self.dtype {
            DType::F32 => singles(self.payload).all(f32::is_finite),
            DType::F16 => halves(self.payload).all(f32::is_finite),
            DType::Int8 | DType::Int4 | DType::Int3 => halves(self.scales_and_values().0).all(f32::is_finite),
        }
    }
}

/// The low (0) or high (1) 4-bit integer of a byte.
fn nibble(byte: u8, half: usize) -> i8 {
    (byte << (4 - 4 * half)).cast_signed() >> 4
}

fn singles(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks().0.iter().map(|chunk| f32::from_le_bytes(*chunk))
}

fn halves(bytes: &[u8]) -> impl Iterator<Item = f32> {
    bytes.as_chunks().0.iter().map(|chunk| f16_to_f32(u16::from_le_bytes(*chunk)))
}

/// Takes fields off the front of the bytes.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| damaged("they end too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| damaged("they end too early"))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, Error> {
        self.array().map(u8::from_le_bytes)
    }

    fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    fn text(&mut self, length: usize) -> Result<&'a str, Error> {
        std::str::from_utf8(self.take(length)?).map_err(|_| damaged("a text in them is not UTF-8"))
    }

    fn tensor(&mut self) -> Result<Tensor<'a>, Error> {
        let name_length = self.u16()?;
        let name = self.text(usize::from(name_length))?;
        let code = self.u8()?;
        let dtype = DType::from_code(code)
            .ok_or_else(|| damaged(format_args!("tensor {name:?} is of the unknown type {code}")))?;
        let rank = usize::from(self.u8()?);
        let mut dimensions = [0; MAX_RANK];
        for dimension in dimensions.iter_mut().take(rank) {
            *dimension = self.u32()? as usize;
        }
        let shape = dimensions.get(..rank).and_then(Shape::new);
        let shape = shape.ok_or_else(|| damaged(format_args!("tensor {name:?} has no valid shape")))?;
        let length = dtype.payload_length(&shape);
        let length = length.ok_or_else(|| damaged(format_args!("tensor {name:?} is no {dtype:?} of {shape:?}")))?;
        let tensor = Tensor { name, dtype, shape, payload: self.take(length)? };
        if !tensor.is_finite() {
            return Err(damaged(format_args!("tensor {name:?} holds a value that is not finite")));
        }
        Ok(tensor)
    }
}

/// Writes a container.
///
/// ```
/// use countenance::weights::{DType, Weights, WeightsWriter};
/// let mut writer = WeightsWriter::new("example-1");
/// writer.metadata("classes", "happy,neutral,sad,surprise");
/// writer.tensor("dense1.weight", &[2, 3], &[0.0, 0.5, 1.0, -1.0, -0.5, 0.0], DType::F16)?;
/// let bytes = writer.finish()?;
/// assert_eq!(Weights::parse(&bytes)?.id(), "example-1");
/// # Ok::<(), countenance::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct WeightsWriter {
    metadata: Vec<(String, String)>,
    tensors: Vec<u8>,
    tensor_count: usize,
}

impl WeightsWriter {
    /// A container for the model of this id.
    pub fn new(id: &str) -> Self {
        let mut writer = Self::default();
        writer.metadata("id", id);
        writer
    }

    /// Adds a metadata entry.
    pub fn metadata(&mut self, key: &str, value: &str) {
        self.metadata.push((key.to_owned(), value.to_owned()));
    }

    /// Adds a tensor from its row-major values, rounded or quantised to `dtype`. Quantised blocks get the scale with
    /// the smallest squared error.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`] when the values do not fill the shape, the shape does not suit the type, or a value is
    /// not finite or out of the type's range.
    pub fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32], dtype: DType) -> Result<(), Error> {
        let invalid = |what: &str| damaged(format_args!("tensor {name:?} of {shape:?} as {dtype:?}: {what}"));
        let checked = Shape::new(shape).ok_or_else(|| invalid("no valid shape"))?;
        let length = dtype.payload_length(&checked).ok_or_else(|| invalid("this type does not store this shape"))?;
        if checked.elements() != Some(values.len()) {
            return Err(invalid("the values do not fill the shape"));
        }
        let header_at = self.tensors.len();
        push_text::<u16>(&mut self.tensors, name)?;
        self.tensors.extend([dtype as u8, checked.rank as u8]);
        for dimension in shape {
            push_length::<u32>(&mut self.tensors, *dimension)?;
        }
        let payload_at = self.tensors.len();
        match (dtype, dtype.limit()) {
            (_, Some(limit)) => quantise(&checked, values, limit, &mut self.tensors),
            (DType::F16, None) => self.tensors.extend(values.iter().flat_map(|value| f32_to_f16(*value).to_le_bytes())),
            (_, None) => self.tensors.extend(values.iter().flat_map(|value| value.to_le_bytes())),
        }
        let payload = &self.tensors[payload_at..];
        debug_assert_eq!(payload.len(), length);
        let stored = Tensor { name, dtype, shape: checked, payload };
        if !stored.is_finite() || !values.iter().all(|value| value.is_finite()) {
            self.tensors.truncate(header_at);
            return Err(invalid("a value is not finite, or too large for the type"));
        }
        self.tensor_count += 1;
        Ok(())
    }

    /// The container's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`] when a name is there twice or too long to be stored.
    pub fn finish(self) -> Result<Vec<u8>, Error> {
        let mut checked = Vec::new();
        push_length::<u16>(&mut checked, self.metadata.len())?;
        for (key, value) in &self.metadata {
            push_text::<u16>(&mut checked, key)?;
            push_text::<u32>(&mut checked, value)?;
        }
        push_length::<u16>(&mut checked, self.tensor_count)?;
        checked.extend_from_slice(&self.tensors);

        let mut bytes = Vec::with_capacity(CHECKED_FROM + checked.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(crc32fast::hash(&checked).to_le_bytes());
        bytes.extend(checked);
        Weights::parse(&bytes)?;
        Ok(bytes)
    }
}

/// Appends a length as the unsigned integer `T`, little-endian.
fn push_length<T: TryFrom<usize> + Into<u32>>(bytes: &mut Vec<u8>, length: usize) -> Result<(), Error> {
    let length = T::try_from(length).map_err(|_| damaged(format_args!("{length} is too much for the format")))?;
    bytes.extend(&length.into().to_le_bytes()[..size_of::<T>()]);
    Ok(())
}

fn push_text<T: TryFrom<usize> + Into<u32>>(bytes: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    push_length::<T>(bytes, text.len())?;
    bytes.extend(text.as_bytes());
    Ok(())
}

/// Appends the payload of a tensor quantised to integers `-limit..=limit`, two a byte where they fit.
fn quantise(shape: &Shape, values: &[f32], limit: i8, payload: &mut Vec<u8>) {
    let (runs, inputs) = shape.runs().unwrap_or_default();
    let positions = shape.positions();
    let mut quantised = Vec::with_capacity(values.len());
    let mut block = Vec::with_capacity(BLOCK);
    for run in 0..runs {
        let first = run / positions * positions * inputs + run % positions;
        let run_at = quantised.len();
        for start in (0..inputs).step_by(BLOCK) {
            let members = start..inputs.min(start + BLOCK);
            block.clear();
            block.extend(members.map(|input| values[first + input * positions]));
            let scale = best_scale(&block, limit);
            payload.extend(scale.to_le_bytes());
            quantised.extend(block.iter().map(|value| nearest(*value, f16_to_f32(scale), limit).cast_unsigned()));
        }
        if limit < 8 {
            let packed: Vec<u8> = quantised[run_at..]
                .chunks(2)
                .map(|pair| pair[0] & 0x0F | pair.get(1).copied().unwrap_or_default() << 4)
                .collect();
            quantised.truncate(run_at);
            quantised.extend(packed);
        }
    }
    payload.extend(quantised);
}

/// The integer in `-limit..=limit` that stands for the value at this scale.
fn nearest(value: f32, scale: f32, limit: i8) -> i8 {
    let limit = f32::from(limit);
    if scale == 0.0 { 0 } else { (value / scale).round().clamp(-limit, limit) as i8 }
}

/// The half-precision scale with the smallest squared error: the one that just reaches the largest magnitude, or one
/// of a few below it that clip the largest values to sharpen the others (worth it with 4 bits, hardly with 8).
fn best_scale(block: &[f32], limit: i8) -> u16 {
    let largest = block.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let full = largest / f32::from(limit);
    let error = |scale: u16| -> f32 {
        let scale = f16_to_f32(scale);
        block.iter().map(|value| (value - scale * f32::from(nearest(*value, scale, limit))).powi(2)).sum()
    };
    let candidates = (0..64).map(|step| f32_to_f16(full * (1.0 - step as f32 / 128.0)));
    candidates.min_by(|a, b| error(*a).total_cmp(&error(*b))).unwrap_or_default()
}

/// 2^112, the ratio of the two formats' exponent biases.
const F16_REBIAS: f32 = f32::from_bits((127 + 112) << 23);

/// Widens a half. Infinities and NaN stay what they are in kind.
fn f16_to_f32(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let magnitude = u32::from(half & 0x7FFF) << 13;
    let value = if half & 0x7C00 == 0x7C00 {
        f32::from_bits(magnitude | 0x7F80_0000)
    } else {
        // The multiplication also puts subnormal halves right.
        f32::from_bits(magnitude) * F16_REBIAS
    };
    f32::from_bits(value.to_bits() | sign)
}

/// Rounds to the nearest half, ties to even; what is too large becomes infinite.
fn f32_to_f16(value: f32) -> u16 {
    let sign = (value.to_bits() >> 16) as u16 & 0x8000;
    let magnitude = value.abs();
    let half = if magnitude.is_nan() {
        0x7E00
    } else if magnitude >= 65_520.0 {
        0x7C00
    } else if magnitude < f32::from_bits((127 - 14) << 23) {
        // Subnormal halves are multiples of 2^-24.
        (magnitude * f32::from_bits((127 + 24) << 23)).round_ties_even() as u16
    } else {
        let bits = magnitude.to_bits() - (112 << 23);
        ((bits + 0x0FFF + (bits >> 13 & 1)) >> 13) as u16
    };
    half | sign
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CONV: [usize; 4] = [2, 67, 1, 3];

    fn ramp(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 37 % 101) as f32 - 50.0) * 0.01).collect()
    }

    fn sample() -> Vec<u8> {
        let mut writer = WeightsWriter::new("sample-1");
        writer.metadata("temperature", "1.25");
        writer.tensor("single", &[3], &[1.0, -2.0, 0.5], DType::F32).unwrap();
        writer.tensor("half", &[1, 2], &[0.25, -65_504.0], DType::F16).unwrap();
        writer.tensor("byte", &[2, 3], &ramp(6), DType::Int8).unwrap();
        writer.tensor("nibble", &[2, 3], &ramp(6), DType::Int4).unwrap();
        writer.tensor("three bits", &[2, 3], &ramp(6), DType::Int3).unwrap();
        writer.finish().unwrap()
    }

    fn refresh_checksum(bytes: &mut [u8]) {
        if let Some((head, checked)) = bytes.split_at_mut_checked(CHECKED_FROM) {
            head[8..].copy_from_slice(&crc32fast::hash(checked).to_le_bytes());
        }
    }

    #[test]
    fn gives_back_what_was_written() {
        let bytes = sample();
        let weights = Weights::parse(&bytes).unwrap();
        assert_eq!(weights.id(), "sample-1");
        assert_eq!(weights.metadata("temperature"), Some("1.25"));
        assert_eq!(weights.metadata("classes"), None);
        assert_eq!(weights.f32("single", &[3]).unwrap(), [1.0, -2.0, 0.5]);
        assert_eq!(weights.f32("half", &[1, 2]).unwrap(), [0.25, -65_504.0]);
        assert_eq!(weights.tensors().len(), 5);
        for (name, shape) in [("single", &[1, 3][..]), ("double", &[3])] {
            assert_eq!(weights.f32(name, shape).unwrap_err().kind(), ErrorKind::ModelLoad);
        }
    }

    #[test]
    fn quantised_values_stay_near_and_in_the_right_order() {
        let values = ramp(CONV.iter().product());
        for (dtype, limit) in [(DType::Int8, 127.0), (DType::Int4, 7.0), (DType::Int3, 3.0)] {
            let mut writer = WeightsWriter::new("quantised");
            writer.tensor("conv", &CONV, &values, dtype).unwrap();
            let bytes = writer.finish().unwrap();
            let read = Weights::parse(&bytes).unwrap().f32("conv", &CONV).unwrap();
            let step = 0.5 / limit;
            let worst = values.iter().zip(&read).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Half a step by rounding; more where the best scale clips the largest value.
            assert!(worst < step * 1.5, "{dtype:?}: {worst} against a step of {step}");
        }
    }

    #[test]
    fn raw_bytes_and_scales_make_the_values() {
        let mut writer = WeightsWriter::new("raw");
        let values = ramp(2 * 130);
        writer.tensor("dense", &[2, 130], &values, DType::Int8).unwrap();
        let bytes = writer.finish().unwrap();
        let weights = Weights::parse(&bytes).unwrap();
        let tensor = weights.tensor("dense", &[2, 130]).unwrap();
        let (scales, raw) = tensor.quantised().unwrap();
        assert_eq!(scales.len(), 6, "three blocks an output: 64, 64 and 2 inputs");
        for (i, value) in tensor.to_f32().into_iter().enumerate() {
            assert_eq!(value, scales[i / 130 * 3 + i % 130 / BLOCK] * f32::from(raw[i]));
        }
        let other = sample();
        assert!(Weights::parse(&other).unwrap().tensor("half", &[1, 2]).unwrap().quantised().is_none());
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = sample();
        for length in 0..bytes.len() {
            for checksum_too in [false, true] {
                let mut cut = bytes[..length].to_vec();
                if checksum_too {
                    refresh_checksum(&mut cut);
                }
                assert_eq!(Weights::parse(&cut).unwrap_err().kind(), ErrorKind::ModelLoad, "{length} bytes");
            }
        }
    }

    #[test]
    fn every_changed_byte_is_an_error() {
        let bytes = sample();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(Weights::parse(&changed).unwrap_err().kind(), ErrorKind::ModelLoad, "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn bytes_after_the_end_are_an_error() {
        let mut bytes = sample();
        bytes.push(0);
        refresh_checksum(&mut bytes);
        assert!(Weights::parse(&bytes).unwrap_err().message().contains("follow"));
    }

    #[test]
    fn the_writer_refuses_what_the_reader_would() {
        let mut writer = WeightsWriter::new("refused");
        for (shape, values, dtype) in [
            (&[2][..], &[1.0][..], DType::F32),
            (&[1], &[f32::NAN], DType::F32),
            (&[1], &[f32::INFINITY], DType::F16),
            (&[1], &[65_520.0], DType::F16),
            (&[1, 2], &[0.0, f32::NAN], DType::Int8),
            (&[1, 1], &[1e9], DType::Int8),
            (&[2], &[1.0, 2.0], DType::Int8),
            (&[], &[], DType::F32),
            (&[0], &[], DType::F32),
            (&[1, 1, 1, 1, 1], &[1.0], DType::F32),
        ] {
            let error = writer.tensor("tensor", shape, values, dtype).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ModelLoad, "{shape:?} {values:?} {dtype:?}");
        }
        writer.tensor("tensor", &[1], &[1.0], DType::F32).unwrap();
        let mut twice = writer.clone();
        twice.tensor("tensor", &[1], &[1.0], DType::F32).unwrap();
        assert!(twice.finish().unwrap_err().message().contains("twice"));
        let bytes = writer.finish().unwrap();
        assert_eq!(Weights::parse(&bytes).unwrap().tensors().len(), 1);
    }

    #[test]
    fn a_container_needs_an_id_once() {
        let mut writer = WeightsWriter::default();
        writer.metadata("name", "nameless");
        assert!(writer.clone().finish().unwrap_err().message().contains("\"id\""));
        writer.metadata("id", "one");
        writer.metadata("id", "two");
        assert!(writer.finish().unwrap_err().message().contains("twice"));
    }

    #[test]
    fn every_half_survives_and_every_single_rounds_to_the_nearest_half() {
        for bits in 0..=u16::MAX {
            let value = f16_to_f32(bits);
            if value.is_nan() {
                assert_eq!(f32_to_f16(value) & 0x7C00, 0x7C00);
                continue;
            }
            assert_eq!(f32_to_f16(value), bits);
            let next = f16_to_f32(bits.wrapping_add(1));
            if next.is_finite() && bits & 0x7FFF < 0x7BFF {
                let middle = f32::midpoint(value, next);
                let even = bits + (bits & 1);
                assert_eq!(f32_to_f16(middle), even, "{bits:#x}");
                let inside = f32::from_bits(middle.to_bits() - 1);
                assert_eq!(f32_to_f16(inside), bits, "{bits:#x}");
                let outside = f32::from_bits(middle.to_bits() + 1);
                assert_eq!(f32_to_f16(outside), bits + 1, "{bits:#x}");
            }
        }
        assert_eq!(f16_to_f32(0x3C00), 1.0);
        assert_eq!(f16_to_f32(0x0001), 2.0_f32.powi(-24));
        assert_eq!(f16_to_f32(0xFBFF), -65_504.0);
        assert!(f16_to_f32(0x7C00).is_infinite() && f16_to_f32(0x7E00).is_nan());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), start in 0..3_usize) {
            let valid = sample();
            let kept = [0, CHECKED_FROM, valid.len() / 2][start];
            bytes.splice(0..kept.min(bytes.len()), valid[..kept].iter().copied());
            refresh_checksum(&mut bytes);
            if let Err(error) = Weights::parse(&bytes) {
                prop_assert_eq!(error.kind(), ErrorKind::ModelLoad);
            }
        }

        #[test]
        fn a_changed_byte_with_a_right_checksum_never_panics(at in 0..200_usize, value: u8) {
            let mut bytes = sample();
            let at = CHECKED_FROM + at % (bytes.len() - CHECKED_FROM);
            bytes[at] = value;
            refresh_checksum(&mut bytes);
            if let Ok(weights) = Weights::parse(&bytes) {
                for tensor in weights.tensors() {
                    prop_assert!(tensor.to_f32().iter().all(|value| value.is_finite()));
                }
            }
        }

        #[test]
        fn every_shape_and_type_comes_back(
            shape in proptest::collection::vec(1..5_usize, 2..5), inputs in 1..140_usize, seed: u32,
        ) {
            let mut shape = shape;
            shape[1] = inputs;
            let count: usize = shape.iter().product();
            let values: Vec<f32> = (0..count as u32)
                .map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 8) as f32 / 8_388_608.0 - 1.0)
                .collect();
            // The best scale may clip the largest value, by a step at most on values like these.
            for (dtype, tolerance) in
                [(DType::F32, 0.0), (DType::F16, 5e-4), (DType::Int8, 1.5 / 127.0), (DType::Int4, 1.5 / 7.0), (DType::Int3, 1.5 / 3.0)]
            {
                let mut writer = WeightsWriter::new("shapes");
                writer.tensor("tensor", &shape, &values, dtype).unwrap();
                let bytes = writer.finish().unwrap();
                let read = Weights::parse(&bytes).unwrap().f32("tensor", &shape).unwrap();
                for (a, b) in values.iter().zip(&read) {
                    prop_assert!((a - b).abs() <= tolerance, "{:?}: {} became {}", dtype, a, b);
                }
            }
        }
    }
}
