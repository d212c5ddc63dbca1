//! Tells `src/weights.rs` which weights to compile in, and their hashes.

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=COUNTENANCE_MODEL");
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let emotion =
        std::env::var_os("COUNTENANCE_MODEL").map_or_else(|| "models/emotion-6/weights.cnw".into(), PathBuf::from);
    compile_in("EMOTION", &root.join(emotion))?;
    compile_in("DETECTOR", &root.join("models/face-detect-1/weights.cnw"))
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
