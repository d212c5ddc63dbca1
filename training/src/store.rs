//! Trained weights on disk: f32 in a safetensors file, and the container that the module compiles in.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use countenance::network::NamedTensor;
use countenance::weights::{Precision, Weights, WeightsWriter};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use crate::model::JointNet;

/// Metadata of the weights file, by key: `id`, `classes`, `temperature` and whatever else describes the run.
pub type Metadata = HashMap<String, String>;

/// Writes the network, the second head as `eight.weight` and `eight.bias` with it, in f32.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_safetensors(net: &JointNet, metadata: Metadata, path: &Path) -> Result<()> {
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = net
        .tensors()
        .into_iter()
        .map(|tensor| (tensor.name, tensor.shape, tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>>>()?;
    let file = with_sorted_header(safetensors::serialize(views, Some(metadata))?)?;
    fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))
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
/// Where they have not the same tensors.
pub fn largest_difference(ours: &[NamedTensor], theirs: &[NamedTensor]) -> Result<f32> {
    let mut largest = 0.0f32;
    for tensor in ours {
        let other = theirs.iter().find(|other| (&other.name, &other.shape) == (&tensor.name, &tensor.shape));
        let other = other.with_context(|| format!("only one of the two has {} of {:?}", tensor.name, tensor.shape))?;
        let differences = tensor.values.iter().zip(&other.values).map(|(a, b)| (a - b).abs());
        largest = differences.fold(largest, f32::max);
    }
    ensure!(ours.len() == theirs.len(), "{} tensors and {}", ours.len(), theirs.len());
    Ok(largest)
}

/// `share` of the first weights and the rest of the second, weight by weight and statistic by statistic.
///
/// # Errors
/// Where they have not the same tensors.
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

/// The f32 weights, in a run's folder and a model's.
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
/// Where the bytes are no such file.
pub fn convert(safetensors: &[u8], id: Option<&str>, precision: Precision) -> Result<Vec<u8>> {
    let metadata = SafeTensors::read_metadata(safetensors)?.1.metadata().clone().unwrap_or_default();
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

/// The name of the second head's tensors begins so.
pub const SECOND_HEAD: &str = "eight.";

/// The metadata key of the second head's temperature.
pub const SECOND_TEMPERATURE: &str = "temperature_eight";

/// Every tensor of a safetensors file.
///
/// # Errors
/// Where the bytes are no safetensors file of f32.
pub fn read_tensors(bytes: &[u8]) -> Result<Vec<NamedTensor>> {
    let file = SafeTensors::deserialize(bytes).context("damaged, or no safetensors file")?;
    let mut names = file.names();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let view = file.tensor(name)?;
            if view.dtype() != Dtype::F32 {
                bail!("{name} is stored as {:?}, not F32", view.dtype());
            }
            let values = view.data().as_chunks().0.iter().map(|chunk| f32::from_le_bytes(*chunk)).collect();
            Ok(NamedTensor { name: name.to_owned(), shape: view.shape().to_vec(), values })
        })
        .collect()
}
