//! Writes a container.

use super::format::{CHECKED_FROM, DType, MAGIC, Shape, VERSION, damaged};
use super::half::f32_to_f16;
use super::quantise::quantise;
use super::read::{Tensor, Weights};
use crate::error::Error;
use std::fmt;

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
#[derive(Clone, Default)]
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
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when the values do not fill the shape, the shape does not
    /// suit the type, or a value is not finite or out of the type's range.
    pub fn tensor(&mut self, name: &str, shape: &[usize], values: &[f32], dtype: DType) -> Result<(), Error> {
        let invalid = |what: &str| damaged(format_args!("tensor {name:?} of {shape:?} as {dtype:?}: {what}"));
        let checked = Shape::new(shape).ok_or_else(|| invalid("no valid shape"))?;
        let length = dtype.payload_length(&checked).ok_or_else(|| invalid("this type does not store this shape"))?;
        if checked.elements() != Some(values.len()) {
            return Err(invalid("the values do not fill the shape"));
        }
        let header_at = self.tensors.len();
        push_header(&mut self.tensors, name, dtype, shape)?;
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

    /// Adds a tensor of another container exactly as it is stored there.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when its name or a dimension is too long to be stored.
    pub fn copy(&mut self, tensor: &Tensor<'_>) -> Result<(), Error> {
        push_header(&mut self.tensors, tensor.name, tensor.dtype, tensor.shape())?;
        self.tensors.extend_from_slice(tensor.payload);
        self.tensor_count += 1;
        Ok(())
    }

    /// The container's bytes.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a name is used twice or is too long to be stored.
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

impl fmt::Debug for WeightsWriter {
    /// Without the tensors' values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { metadata, tensor_count, .. } = self;
        f.debug_struct("WeightsWriter")
            .field("metadata", metadata)
            .field("tensor_count", tensor_count)
            .finish_non_exhaustive()
    }
}

/// Appends a length as the unsigned integer `T`, little-endian.
fn push_length<T: TryFrom<usize> + Into<u32>>(bytes: &mut Vec<u8>, length: usize) -> Result<(), Error> {
    let length = T::try_from(length).map_err(|_| damaged(format_args!("{length} is too much for the format")))?;
    bytes.extend(&length.into().to_le_bytes()[..size_of::<T>()]);
    Ok(())
}

/// What stands before a tensor's payload.
fn push_header(bytes: &mut Vec<u8>, name: &str, dtype: DType, shape: &[usize]) -> Result<(), Error> {
    push_text::<u16>(bytes, name)?;
    bytes.extend([dtype as u8, shape.len() as u8]);
    shape.iter().try_for_each(|dimension| push_length::<u32>(bytes, *dimension))
}

fn push_text<T: TryFrom<usize> + Into<u32>>(bytes: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    push_length::<T>(bytes, text.len())?;
    bytes.extend(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

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
    fn a_copied_tensor_keeps_every_byte() {
        let values: Vec<f32> = (0..64 * 100).map(|index| (index as f32 * 0.37).sin()).collect();
        let mut writer = WeightsWriter::new("original");
        writer.tensor("tensor", &[64, 100], &values, DType::Int3).unwrap();
        let original = writer.finish().unwrap();
        let original = Weights::parse(&original).unwrap();
        let mut writer = WeightsWriter::new("copy");
        writer.copy(&original.tensors()[0]).unwrap();
        let copy = writer.finish().unwrap();
        let copy = Weights::parse(&copy).unwrap();
        assert_eq!(copy.tensors()[0].payload, original.tensors()[0].payload);
        assert_eq!(copy.tensor("tensor", &[64, 100]).unwrap().dtype(), DType::Int3);
    }

    proptest! {
        #[test]
        fn every_shape_and_type_comes_back(
            shape in proptest::collection::vec(1..5_usize, 2..5), inputs in 1..140_usize, seed: u64,
        ) {
            let mut shape = shape;
            shape[1] = inputs;
            let count: usize = shape.iter().product();
            let mut random = fastrand::Rng::with_seed(seed);
            let values: Vec<f32> = (0..count).map(|_| 2.0 * random.f32() - 1.0).collect();
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
