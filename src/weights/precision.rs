//! How a whole model is stored: which tensor in which type.

use super::format::{DType, Weights, WeightsWriter};
use crate::error::Error;

/// A model's storage. Vectors (biases, BatchNorm) are always single precision: they are few, and errors in them are
/// not averaged out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Everything in single precision.
    F32,
    /// Kernels and matrices in half precision.
    F16,
    /// Kernels and matrices in signed bytes with block scales, the smallest in half precision.
    Int8,
    /// As [`Precision::Int8`], but the largest layers in 4 bits.
    Int4,
}

/// Kernels and matrices up to this many values are not worth quantising: the first convolution and the output layer.
const SMALL: usize = 4096;

/// Kernels and matrices from this many values on make up nearly all of the size.
const LARGE: usize = 100_000;

impl Precision {
    /// All, from the largest to the smallest.
    pub const ALL: [Self; 4] = [Self::F32, Self::F16, Self::Int8, Self::Int4];

    /// The name in options and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
        }
    }

    /// The precision of this name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|precision| precision.name() == name)
    }

    /// The type to store a tensor of this shape in.
    pub fn dtype(self, shape: &[usize]) -> DType {
        let values: usize = shape.iter().product();
        match self {
            _ if shape.len() < 2 => DType::F32,
            Self::F32 => DType::F32,
            Self::F16 => DType::F16,
            Self::Int8 | Self::Int4 if values <= SMALL => DType::F16,
            Self::Int4 if values >= LARGE => DType::Int4,
            Self::Int8 | Self::Int4 => DType::Int8,
        }
    }

    /// The same model in this precision: its id, metadata and tensors, in a new container.
    ///
    /// # Errors
    /// [`ErrorKind::ModelLoad`](crate::ErrorKind::ModelLoad) when a value is out of the type's range.
    pub fn convert(self, weights: &Weights<'_>) -> Result<Vec<u8>, Error> {
        let mut writer = WeightsWriter::new(weights.id());
        for (key, value) in weights.metadata_entries().filter(|(key, _)| *key != "id") {
            writer.metadata(key, value);
        }
        for tensor in weights.tensors() {
            writer.tensor(tensor.name(), tensor.shape(), &tensor.to_f32(), self.dtype(tensor.shape()))?;
        }
        writer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_s_layers_are_stored_as_documented() {
        let (first, fourth, output, bias) = (&[32, 1, 3, 3][..], &[256, 128, 3, 3][..], &[4, 512][..], &[512][..]);
        for (name, expected) in [
            ("f32", [DType::F32; 4]),
            ("f16", [DType::F16, DType::F16, DType::F16, DType::F32]),
            ("int8", [DType::F16, DType::Int8, DType::F16, DType::F32]),
            ("int4", [DType::F16, DType::Int4, DType::F16, DType::F32]),
        ] {
            let precision = Precision::from_name(name).unwrap();
            assert_eq!([first, fourth, output, bias].map(|shape| precision.dtype(shape)), expected, "{name}");
        }
        assert_eq!(Precision::from_name("int2"), None);
    }

    #[test]
    fn a_converted_model_keeps_its_names_and_nearly_its_values() {
        let values: Vec<f32> = (0..64 * 128).map(|i| (i as f32 * 0.37).sin()).collect();
        let mut writer = WeightsWriter::new("model-1");
        writer.metadata("temperature", "1.5");
        writer.tensor("dense.weight", &[64, 128], &values, DType::F32).unwrap();
        writer.tensor("dense.bias", &[64], &values[..64], DType::F32).unwrap();
        let original = writer.finish().unwrap();
        for precision in Precision::ALL {
            let bytes = precision.convert(&Weights::parse(&original).unwrap()).unwrap();
            let converted = Weights::parse(&bytes).unwrap();
            assert_eq!((converted.id(), converted.metadata("temperature")), ("model-1", Some("1.5")));
            assert_eq!(converted.f32("dense.bias", &[64]).unwrap(), values[..64]);
            let found = converted.f32("dense.weight", &[64, 128]).unwrap();
            assert!(found.iter().zip(&values).all(|(a, b)| (a - b).abs() < 0.01), "{precision:?}");
        }
    }
}
