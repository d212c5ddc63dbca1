//! Trained weights on disk: a safetensors file, in f32 in a run's folder and in f16 in a model's, and the container that
//! the module compiles in.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use countenance::network::NamedTensor;
use countenance::weights::{DType, Precision, Weights, WeightsWriter};
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use crate::network::model::{JointNet, SECOND_HEAD};

/// Metadata of the weights file, by key: `id`, `classes`, `temperature` and whatever else describes the run.
pub type Metadata = HashMap<String, String>;

/// Writes the network in f32, with the second head as `eight.weight` and `eight.bias`.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_safetensors(net: &JointNet, metadata: Metadata, path: &Path) -> Result<()> {
    let file = serialize(&net.tensors(), metadata, Precision::F32)?;
    fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))
}

/// The same weights as [`Precision::F16`] stores them: kernels and matrices in f16, vectors in f32.
///
/// # Errors
/// Where the bytes are not a safetensors file of a network.
pub fn to_f16(safetensors: &[u8]) -> Result<Vec<u8>> {
    serialize(&read_tensors(safetensors)?, read_metadata(safetensors)?, Precision::F16)
}

fn serialize(tensors: &[NamedTensor], metadata: Metadata, precision: Precision) -> Result<Vec<u8>> {
    let stored: Vec<(Dtype, Vec<u8>)> = tensors
        .iter()
        .map(|NamedTensor { shape, values, .. }| match precision.dtype(shape) {
            DType::F16 => (Dtype::F16, values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect()),
            _ => (Dtype::F32, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        })
        .collect();
    let views = tensors.iter().zip(&stored).map(|(tensor, (dtype, bytes))| {
        Ok((tensor.name.as_str(), TensorView::new(*dtype, tensor.shape.clone(), bytes)?))
    });
    with_sorted_header(safetensors::serialize(views.collect::<Result<Vec<_>>>()?, Some(metadata))?)
}

fn read_metadata(safetensors: &[u8]) -> Result<Metadata> {
    Ok(SafeTensors::read_metadata(safetensors)?.1.metadata().clone().unwrap_or_default())
}

/// The same file with its header's entries in alphabetical order, where the library leaves it to chance: equal weights
/// give equal files.
fn with_sorted_header(mut file: Vec<u8>) -> Result<Vec<u8>> {
    let (length, rest) = file.split_first_chunk_mut().context("a safetensors file begins with its header's length")?;
    let length = usize::try_from(u64::from_le_bytes(*length))?;
    let header = rest.get_mut(..length).context("the header is longer than the file")?;
    let entries: BTreeMap<String, BTreeMap<String, serde_json::Value>> = serde_json::from_slice(header)?;
    let mut sorted = serde_json::to_vec(&entries)?;
    sorted.resize(length, b' ');
    header.copy_from_slice(&sorted);
    Ok(file)
}

/// Weights to begin or teach with.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// SHA-256 of the file.
    pub sha256: String,
    /// All of its tensors, the second head's too.
    pub tensors: Vec<NamedTensor>,
}

impl Source {
    /// Reads a `model.safetensors`, or that of a run's or model's folder.
    ///
    /// # Errors
    /// Where the file is absent or damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let path = if path.is_dir() { &path.join(WEIGHTS) } else { path };
        let bytes = fs::read(path).with_context(|| format!("cannot read the weights {}", path.display()))?;
        let tensors = read_tensors(&bytes).with_context(|| path.display().to_string())?;
        Ok(Self { sha256: sha256(&bytes), tensors })
    }
}

/// The largest difference between two networks' weights.
///
/// # Errors
/// Where their tensors differ in name or shape.
pub fn largest_difference(ours: &[NamedTensor], theirs: &[NamedTensor]) -> Result<f32> {
    let mut largest = 0.0f32;
    for tensor in ours {
        let other = theirs.iter().find(|other| (&other.name, &other.shape) == (&tensor.name, &tensor.shape));
        let other = other.with_context(|| {
            format!("only one of the two networks has a tensor {} of shape {:?}", tensor.name, tensor.shape)
        })?;
        let differences = tensor.values.iter().zip(&other.values).map(|(a, b)| (a - b).abs());
        largest = differences.fold(largest, f32::max);
    }
    ensure!(ours.len() == theirs.len(), "the networks have {} and {} tensors", ours.len(), theirs.len());
    Ok(largest)
}

/// `share` of the first weights and the rest of the second, weight by weight and statistic by statistic.
///
/// # Errors
/// Where their tensors differ in name or shape.
pub fn mix(first: &[NamedTensor], second: &[NamedTensor], share: f64) -> Result<Vec<NamedTensor>> {
    largest_difference(first, second)?;
    let mixed = |tensor: &NamedTensor| {
        let other = first.iter().find(|other| other.name == tensor.name)?;
        let mix = |(a, b): (&f32, &f32)| (share * f64::from(*a) + (1.0 - share) * f64::from(*b)) as f32;
        let values = other.values.iter().zip(&tensor.values).map(mix).collect();
        Some(NamedTensor { values, ..tensor.clone() })
    };
    Ok(second.iter().filter_map(mixed).collect())
}

/// The weights to train on from, in a run's folder and a model's.
pub const WEIGHTS: &str = "model.safetensors";

/// In hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The container's bytes of a weights file, either kind.
///
/// # Errors
/// Where the file is absent or damaged.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read the weights {}", path.display()))?;
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        return convert(&bytes, None, Precision::F32).with_context(|| path.display().to_string());
    }
    Weights::parse(&bytes).with_context(|| path.display().to_string())?;
    Ok(bytes)
}

/// A container of the classifier in a safetensors file, stored in this precision; the second head stays
/// behind where it has no temperature, for then it was not trained.
///
/// # Errors
/// Where the bytes are not such a file.
pub fn convert(safetensors: &[u8], id: Option<&str>, precision: Precision) -> Result<Vec<u8>> {
    let metadata = read_metadata(safetensors)?;
    let id = id.or(metadata.get("id").map(String::as_str)).unwrap_or("unnamed").to_owned();
    let mut writer = WeightsWriter::new(&id);
    let mut entries: Vec<_> = metadata.iter().filter(|(key, _)| *key != "id").collect();
    entries.sort();
    for (key, value) in entries {
        writer.metadata(key, value);
    }
    for tensor in read_tensors(safetensors)? {
        if tensor.name.starts_with(SECOND_HEAD) && !metadata.contains_key(SECOND_TEMPERATURE) {
            continue;
        }
        writer.tensor(&tensor.name, &tensor.shape, &tensor.values, precision.dtype(&tensor.shape))?;
    }
    Ok(writer.finish()?)
}

/// The metadata key of the second head's temperature.
pub const SECOND_TEMPERATURE: &str = "temperature_eight";

/// The metadata keys of what takes back the effect of a face's appearance.
pub const APPEARANCE_CENTRES: &str = "appearance_centres";
/// See [`APPEARANCE_CENTRES`].
pub const APPEARANCE_SPREADS: &str = "appearance_spreads";
/// See [`APPEARANCE_CENTRES`].
pub const APPEARANCE_WEIGHTS: &str = "appearance_weights";

/// The metadata keys of what makes the second head's answer the probability of "other".
pub const OTHER_SCALE: &str = "other_scale";
/// See [`OTHER_SCALE`].
pub const OTHER_OFFSET: &str = "other_offset";

/// A container with the same tensors, under another id and with these metadata entries changed or added.
///
/// # Errors
/// Where an entry is too long to be stored.
pub fn annotate(weights: &Weights<'_>, id: &str, changed: &Metadata) -> Result<Vec<u8>> {
    let mut metadata: BTreeMap<&str, &str> = weights.metadata_entries().filter(|(key, _)| *key != "id").collect();
    metadata.extend(changed.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let mut writer = WeightsWriter::new(id);
    metadata.into_iter().for_each(|(key, value)| writer.metadata(key, value));
    weights.tensors().iter().try_for_each(|tensor| writer.copy(tensor))?;
    Ok(writer.finish()?)
}

/// A safetensors file with the same tensors, and these metadata entries changed or added.
///
/// # Errors
/// Where the bytes are not such a file.
pub fn annotate_safetensors(bytes: &[u8], changed: &Metadata) -> Result<Vec<u8>> {
    let mut metadata = read_metadata(bytes)?;
    metadata.extend(changed.clone());
    let file = SafeTensors::deserialize(bytes).context("damaged, or not a safetensors file")?;
    with_sorted_header(safetensors::serialize(file.tensors(), Some(metadata))?)
}

/// Every tensor of a safetensors file, widened to f32.
///
/// # Errors
/// Where the bytes are not a safetensors file of f32 and f16.
pub fn read_tensors(bytes: &[u8]) -> Result<Vec<NamedTensor>> {
    let file = SafeTensors::deserialize(bytes).context("damaged, or not a safetensors file")?;
    let mut names = file.names();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let view = file.tensor(name)?;
            let values = match view.dtype() {
                Dtype::F32 => view.data().as_chunks().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect(),
                Dtype::F16 => {
                    view.data().as_chunks().0.iter().map(|chunk| f16::from_le_bytes(*chunk).to_f32()).collect()
                }
                other => bail!("{name} is stored as {other:?}, neither F32 nor F16"),
            };
            Ok(NamedTensor { name: name.to_owned(), shape: view.shape().to_vec(), values })
        })
        .collect()
}

/// Whether every tensor of a safetensors file is in f32.
///
/// # Errors
/// Where the bytes are not such a file.
pub fn is_f32(safetensors: &[u8]) -> Result<bool> {
    let file = SafeTensors::deserialize(safetensors).context("damaged, or not a safetensors file")?;
    Ok(file.tensors().iter().all(|(_, view)| view.dtype() == Dtype::F32))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use countenance::network::EmotionNetConfig;

    use super::*;

    /// A file of a network drawn at random, with temperatures of 1.
    fn file() -> Vec<u8> {
        let tensors = JointNet::new(&EmotionNetConfig::default(), &Device::flex()).tensors();
        let metadata = ["temperature", SECOND_TEMPERATURE].map(|key| (key.to_owned(), "1".to_owned()));
        serialize(&tensors, metadata.into(), Precision::F32).unwrap()
    }

    #[test]
    fn f16_takes_half_the_bytes_and_holds_what_the_container_holds_in_f16() {
        let exact = file();
        let small = to_f16(&exact).unwrap();
        assert!(is_f32(&exact).unwrap() && !is_f32(&small).unwrap());
        assert!(small.len() < exact.len() * 51 / 100, "{} of {}", small.len(), exact.len());
        let container = |bytes: &[u8], precision| convert(bytes, Some("tiny-1"), precision).unwrap();
        assert!(container(&small, Precision::F16) == container(&exact, Precision::F16));
        assert!(container(&small, Precision::F32) != container(&exact, Precision::F32));
        // Storing it again changes nothing.
        assert!(to_f16(&small).unwrap() == small);
        for (exact, small) in read_tensors(&exact).unwrap().iter().zip(read_tensors(&small).unwrap()) {
            assert_eq!((&exact.name, &exact.shape), (&small.name, &small.shape));
            let closest = |value: f32| if exact.shape.len() > 1 { f16::from_f32(value).to_f32() } else { value };
            assert!(exact.values.iter().zip(&small.values).all(|(exact, small)| closest(*exact) == *small));
        }
    }

    #[test]
    fn other_types_are_refused() {
        let bytes = [0u8; 8];
        let view = TensorView::new(Dtype::F64, vec![1], &bytes).unwrap();
        let file = safetensors::serialize([("dense1.bias", view)], None).unwrap();
        let error = read_tensors(&file).unwrap_err().to_string();
        assert!(error.contains("dense1.bias") && error.contains("F64"), "{error}");
        assert!(read_tensors(b"text").unwrap_err().to_string().contains("not a safetensors file"));
    }
}
