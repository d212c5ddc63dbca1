//! What several commands write, and how paths are written down.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use countenance::Emotion;
use countenance_training::network::model::JointNet;
use countenance_training::network::store::{self, WEIGHTS};
use countenance_training::run::calibration::Calibration;

/// Writes the f32 weights into a run's folder.
pub(super) fn write_weights(net: &JointNet, calibration: &Calibration, folder: &Path) -> Result<()> {
    let mut metadata = calibration.metadata();
    metadata.insert("classes".to_owned(), Emotion::ALL.map(Emotion::name).join(","));
    store::write_safetensors(net, metadata, &folder.join(WEIGHTS))
}

/// Makes a folder with all above it.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Writes a file.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// The last part of a path.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A path as others should read it: without the folders of this machine.
pub(super) fn shown(path: &Path) -> String {
    if path.is_absolute() { file_name(path) } else { path.display().to_string() }
}
