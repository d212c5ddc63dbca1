//! Chooses the weights that `src/weights.rs` compiles in, and computes their hashes.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The shipped models, by their folders under `models/`. Their ids are written nowhere else: scripts read them from here
/// (`scripts/models.mjs`), programs from the weights.
const EMOTION: &str = "emotion-8";
const DETECTOR: &str = "face-detect-1";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=COUNTENANCE_MODEL");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let shipped = |id| root.join("models").join(id).join("weights.cnw");
    let emotion = std::env::var_os("COUNTENANCE_MODEL").map_or_else(|| shipped(EMOTION), |path| root.join(path));
    compile_in("EMOTION", &emotion)?;
    compile_in("DETECTOR", &shipped(DETECTOR))
}

fn compile_in(name: &str, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let bytes = std::fs::read(path)
        .map_err(|error| format!("cannot read the weights to compile in, {}: {error}", path.display()))?;
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo:rerun-if-changed={}", path.display());
    println!("cargo:rustc-env=COUNTENANCE_{name}_WEIGHTS={}", path.display());
    println!("cargo:rustc-env=COUNTENANCE_{name}_SHA256={hash}");
    Ok(())
}
