//! How a whole model is stored: which tensor in which type.

use super::{DType, Weights, WeightsWriter};
use crate::error::Error;

/// A model's storage. Vectors (biases, BatchNorm) are always single precision: they are few, and errors in them are
/// not averaged out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Everything in single precision.
    F32,
    /// Kernels and matrices in half precision.
    F16,
    /// Kernels and matrices in signed bytes with block scales.
    Int8,
    /// As [`Precision::Int8`], but large layers in 4 bits.
    Int4,
    /// As [`Precision::Int4`], but the largest layer, two thirds of all weights, in 3 bits.
    Int3,
}

/// Kernels and matrices from this many values on make up nearly all of the size: the fourth and fifth convolution and
/// the hidden dense layers.
const LARGE: usize = 100_000;

/// Only the fifth convolution has so many values.
const LARGEST: usize = 1_000_000;

impl Precision {
    /// All, from the largest to the smallest.
    pub const ALL: [Self; 5] = [Self::F32, Self::F16, Self::Int8, Self::Int4, Self::Int3];

    /// The name in options and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
            Self::Int3 => "int3",
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
            Self::Int3 if values >= LARGEST => DType::Int3,
            Self::Int3 | Self::Int4 if values >= LARGE => DType::Int4,
            Self::Int8 | Self::Int4 | Self::Int3 => DType::Int8,
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
        let shapes = [&[512, 256, 3, 3][..], &[256, 128, 3, 3], &[32, 1, 3, 3], &[4, 512], &[512]];
        for (name, expected) in [
            ("f32", [DType::F32; 5]),
            ("f16", [DType::F16, DType::F16, DType::F16, DType::F16, DType::F32]),
            ("int8", [DType::Int8, DType::Int8, DType::Int8, DType::Int8, DType::F32]),
            ("int4", [DType::Int4, DType::Int4, DType::Int8, DType::Int8, DType::F32]),
            ("int3", [DType::Int3, DType::Int4, DType::Int8, DType::Int8, DType::F32]),
        ] {
            let precision = Precision::from_name(name).unwrap();
            assert_eq!(shapes.map(|shape| precision.dtype(shape)), expected, "{name}");
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
