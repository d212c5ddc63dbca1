//! Pictures from files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use countenance::Picture;

use crate::failure::Failure;

/// The largest file that is read, in bytes: what the JavaScript API reads.
const MAX_BYTES: u64 = 2 << 30;

/// The bytes of a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::new("unreadable-file", "the file is over 2 GB"));
    }
    Ok(bytes)
}

/// The picture in a file.
pub(crate) fn load(path: &Path) -> Result<Picture, Failure> {
    Ok(Picture::decode(&bytes(path)?)?)
}
