//! Reads a container: everything in it is checked before it is used.

use super::format::{DType, MAGIC, MAX_RANK, Shape, VERSION, damaged};
use super::half::f16_to_f32;
use super::quantise::{dequantise, split, unpack};
use crate::error::Error;
use std::fmt;

/// A parsed container that borrows its bytes: everything in it is checked.
#[derive(Clone)]
pub struct Weights<'a> {
    metadata: Vec<(&'a str, &'a str)>,
    tensors: Vec<Tensor<'a>>,
}

impl<'a> Weights<'a> {
    /// Checks and indexes the bytes of a container.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when the bytes are not a container, are of another
    /// version, damaged or incomplete, name something twice, lack the metadata `id`, or hold a value that is not finite.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader { rest: bytes };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(damaged("these bytes are not a weights container"));
        }
        let version = reader.u32()?;
        if version != VERSION {
            return Err(damaged(format_args!(
                "they are in format version {version}, but this library reads {VERSION}"
            )));
        }
        if reader.u32()? != crc32fast::hash(reader.rest) {
            return Err(damaged("the checksum does not match: the bytes are damaged"));
        }

        let mut metadata: Vec<(&str, &str)> = Vec::new();
        for _ in 0..reader.u16()? {
            let key_length = reader.u16()?;
            let key = reader.text(usize::from(key_length))?;
            let value_length = reader.u32()?;
            let value = reader.text(value_length as usize)?;
            if metadata.iter().any(|(known, _)| *known == key) {
                return Err(damaged(format_args!("metadata {key:?} is defined twice")));
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
                return Err(damaged(format_args!("tensor {:?} is defined twice", tensor.name)));
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
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when it is absent or of another shape.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<&Tensor<'a>, Error> {
        let found = self.tensors.iter().find(|tensor| tensor.name == name);
        let tensor = found.ok_or_else(|| damaged(format_args!("tensor {name:?} is missing")))?;
        if tensor.shape() != shape {
            return Err(damaged(format_args!(
                "tensor {name:?} is {:?}, but this network needs {shape:?}",
                tensor.shape()
            )));
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
#[derive(Clone, Copy)]
pub struct Tensor<'a> {
    pub(super) name: &'a str,
    pub(super) dtype: DType,
    pub(super) shape: Shape,
    pub(super) payload: &'a [u8],
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
            DType::Int8 | DType::Int4 | DType::Int3 => {
                let (scales, integers) = self.scales_and_integers();
                dequantise(&self.shape, &scales, &integers)
            }
        }
    }

    /// The scales and the integers of a quantised tensor in the container's order, 4-bit integers widened.
    pub fn quantised(&self) -> Option<(Vec<f32>, Vec<i8>)> {
        self.dtype.limit().map(|_| self.scales_and_integers())
    }

    fn scales_and_integers(&self) -> (Vec<f32>, Vec<i8>) {
        let (scales, packed) = split(&self.shape, self.payload);
        (halves(scales).collect(), unpack(self.dtype, &self.shape, packed))
    }

    /// Whether every value (or scale) is finite.
    pub(super) fn is_finite(&self) -> bool {
        match self.dtype {
            DType::F32 => singles(self.payload).all(f32::is_finite),
            DType::F16 => halves(self.payload).all(f32::is_finite),
            DType::Int8 | DType::Int4 | DType::Int3 => halves(split(&self.shape, self.payload).0).all(f32::is_finite),
        }
    }
}

impl fmt::Debug for Weights<'_> {
    /// Metadata and tensors, without their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Weights").field("metadata", &self.metadata).field("tensors", &self.tensors).finish()
    }
}

impl fmt::Debug for Tensor<'_> {
    /// As `conv1.weight: Int8 [32, 1, 3, 3]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} {:?}", self.name, self.dtype, self.shape())
    }
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
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|error| damaged("a text in them is not valid UTF-8").caused_by(error))
    }

    fn tensor(&mut self) -> Result<Tensor<'a>, Error> {
        let name_length = self.u16()?;
        let name = self.text(usize::from(name_length))?;
        let code = self.u8()?;
        let dtype = DType::from_code(code)
            .ok_or_else(|| damaged(format_args!("tensor {name:?} has the unknown type {code}")))?;
        let rank = usize::from(self.u8()?);
        let mut dimensions = [0; MAX_RANK];
        for dimension in dimensions.iter_mut().take(rank) {
            *dimension = self.u32()? as usize;
        }
        let shape = dimensions.get(..rank).and_then(Shape::new);
        let shape = shape.ok_or_else(|| damaged(format_args!("tensor {name:?} has no valid shape")))?;
        let length = dtype.payload_length(&shape);
        let length = length.ok_or_else(|| damaged(format_args!("tensor {name:?} cannot be {dtype:?} of {shape:?}")))?;
        let tensor = Tensor { name, dtype, shape, payload: self.take(length)? };
        if !tensor.is_finite() {
            return Err(damaged(format_args!("tensor {name:?} holds a value that is not finite")));
        }
        Ok(tensor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::format::CHECKED_FROM;
    use super::super::sample::sample;
    use super::*;
    use crate::error::ErrorKind;

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
        assert!(weights.tensor("half", &[1, 2]).unwrap().quantised().is_none());
        assert_eq!(weights.tensors().len(), 5);
        for (name, shape) in [("single", &[1, 3][..]), ("double", &[3])] {
            assert_eq!(weights.f32(name, shape).unwrap_err().kind(), ErrorKind::ModelLoad);
        }
    }

    #[test]
    fn what_is_printed_has_no_values() {
        let bytes = sample();
        let printed = format!("{:?}", Weights::parse(&bytes).unwrap());
        assert!(printed.contains("byte: Int8 [2, 3]") && printed.contains("temperature"), "{printed}");
        assert!(printed.len() < 300, "{printed}");
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
    fn a_text_that_is_not_utf_8_names_its_cause() {
        let mut bytes = sample();
        let id = bytes.windows(8).position(|text| text == b"sample-1").unwrap();
        bytes[id + 2] = 0xFF;
        refresh_checksum(&mut bytes);
        let error = Weights::parse(&bytes).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().downcast_ref::<std::str::Utf8Error>().unwrap();
        assert_eq!((error.kind(), cause.valid_up_to()), (ErrorKind::ModelLoad, 2));
    }

    #[test]
    fn bytes_after_the_end_are_an_error() {
        let mut bytes = sample();
        bytes.push(0);
        refresh_checksum(&mut bytes);
        assert!(Weights::parse(&bytes).unwrap_err().message().contains("follow"));
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
    }
}
