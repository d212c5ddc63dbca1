//! How a file says it is stored: turned, mirrored or upright.
//!
//! Only EXIF counts, and of several EXIF blocks the first, even if it states no orientation: browsers do the same. A
//! block that is damaged or missing means upright.

use image::metadata::Orientation;

use crate::container::{Block, Container};

/// What stands before the EXIF data of a JPEG segment, and of some WebP chunks.
const PREFIX: &[u8] = b"Exif\0\0";

const APP1: [u8; 4] = [0xE1, 0, 0, 0];

/// The orientation that a JPEG, PNG or WebP file says it is stored in.
pub(crate) fn orientation(bytes: &[u8]) -> Orientation {
    let stored = Container::of(bytes).and_then(|container| {
        // What follows a PNG file's pixels comes too late for a viewer that shows them as they arrive.
        let mut blocks = container.blocks(bytes).take_while(|block| block.name != *b"IDAT");
        let block = blocks.find(|block| holds_exif(container, block, bytes))?;
        let data = &bytes[block.data];
        let exif = if container == Container::Png { data } else { data.strip_prefix(PREFIX).unwrap_or(data) };
        Orientation::from_exif_chunk(exif)
    });
    stored.unwrap_or(Orientation::NoTransforms)
}

/// Makes a file's EXIF blocks unreadable, in place, so that every decoder leaves the pixels as they are stored. Whether
/// there were any.
#[cfg(any(target_family = "wasm", test))] // only browsers' decoders need it
pub(crate) fn hide(bytes: &mut [u8]) -> bool {
    let Some(container) = Container::of(bytes) else { return false };
    let blocks: Vec<Block> = container.blocks(bytes).filter(|block| holds_exif(container, block, bytes)).collect();
    for Block { start, data, .. } in &blocks {
        match container {
            Container::Jpeg => bytes[data.start..][..PREFIX.len()].fill(0),
            Container::WebP => bytes[*start..][..4].copy_from_slice(b"exif"),
            Container::Png => {
                bytes[*start..][..4].copy_from_slice(b"exIf");
                let checksum = crc32fast::hash(&bytes[*start..data.end]).to_be_bytes();
                if let Some(old) = bytes.get_mut(data.end..data.end + 4) {
                    old.copy_from_slice(&checksum);
                }
            }
        }
    }
    !blocks.is_empty()
}

fn holds_exif(container: Container, block: &Block, bytes: &[u8]) -> bool {
    match container {
        Container::Jpeg => block.name == APP1 && bytes[block.data.clone()].starts_with(PREFIX),
        Container::Png => block.name == *b"eXIf",
        Container::WebP => block.name == *b"EXIF",
    }
}

/// EXIF data that holds nothing but the orientation.
#[cfg(test)]
pub(crate) fn exif_of(orientation: u8, is_big_endian: bool) -> Vec<u8> {
    if is_big_endian {
        [&b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..], &[orientation, 0, 0, 0, 0, 0, 0]].concat()
    } else {
        [&b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..], &[orientation, 0, 0, 0, 0, 0, 0, 0]].concat()
    }
}

/// A file with an EXIF block put where its kind has it: after a JPEG file's start, before a PNG file's pixels, at the
/// end of a WebP file.
#[cfg(test)]
pub(crate) fn with_exif(bytes: &[u8], exif: &[u8]) -> Vec<u8> {
    let container = Container::of(bytes).unwrap();
    match container {
        Container::Jpeg => {
            let length = (exif.len() + PREFIX.len() + 2) as u16;
            [&bytes[..2], &[0xFF, 0xE1], &length.to_be_bytes(), PREFIX, exif, &bytes[2..]].concat()
        }
        Container::Png => {
            let pixels = container.blocks(bytes).find(|block| block.name == *b"IDAT").unwrap().start - 4;
            let named = [b"eXIf", exif].concat();
            let (length, checksum) = ((exif.len() as u32).to_be_bytes(), crc32fast::hash(&named).to_be_bytes());
            [&bytes[..pixels], &length, &named, &checksum, &bytes[pixels..]].concat()
        }
        Container::WebP => {
            let padding = &[0][..exif.len() % 2];
            let mut bytes = [bytes, b"EXIF", &(exif.len() as u32).to_le_bytes(), exif, padding].concat();
            let length = (bytes.len() - 8) as u32;
            bytes[4..8].copy_from_slice(&length.to_le_bytes());
            bytes
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Picture;
    use image::{ImageFormat, RgbImage};
    use std::io::Cursor;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        RgbImage::new(6, 4).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    const FORMATS: [ImageFormat; 3] = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP];

    #[test]
    fn every_orientation_is_read_in_every_format_and_byte_order() {
        for format in FORMATS {
            for (stored, is_big_endian) in (1..=8).flat_map(|stored| [(stored, false), (stored, true)]) {
                let bytes = with_exif(&encoded(format), &exif_of(stored, is_big_endian));
                assert_eq!(orientation(&bytes).to_exif(), stored, "{format:?}, big-endian: {is_big_endian}");
            }
        }
    }

    #[test]
    fn the_first_block_counts_whatever_it_says() {
        for format in FORMATS {
            for (first, second, expected) in [
                (exif_of(6, false), exif_of(1, false), 6),
                (exif_of(1, false), exif_of(6, true), 1),
                (b"II*\0garbage".to_vec(), exif_of(6, false), 1),
                (exif_of(9, false), exif_of(6, false), 1),
                (Vec::new(), exif_of(6, false), 1),
            ] {
                // Each helper puts its block first, but for WebP, where it comes last.
                let (inner, outer) = if format == ImageFormat::Jpeg { (&second, &first) } else { (&first, &second) };
                let bytes = with_exif(&with_exif(&encoded(format), inner), outer);
                assert_eq!(orientation(&bytes).to_exif(), expected, "{format:?}");
            }
        }
    }

    #[test]
    fn a_webp_file_may_carry_the_prefix_and_a_png_file_may_not() {
        let exif = [PREFIX, &exif_of(6, true)].concat();
        assert_eq!(orientation(&with_exif(&encoded(ImageFormat::WebP), &exif)).to_exif(), 6);
        assert_eq!(orientation(&with_exif(&encoded(ImageFormat::Png), &exif)).to_exif(), 1);
    }

    #[test]
    fn what_is_hidden_is_not_found_again_and_the_picture_stays() {
        for format in FORMATS {
            let plain = encoded(format);
            assert!(!hide(&mut plain.clone()), "{format:?}");
            let mut bytes = with_exif(&with_exif(&plain, &exif_of(6, true)), &exif_of(8, false));
            assert!(hide(&mut bytes), "{format:?}");
            assert_eq!(orientation(&bytes), Orientation::NoTransforms);
            assert!(!hide(&mut bytes), "{format:?}");
            assert_eq!(Picture::decode(&bytes).unwrap(), Picture::decode(&plain).unwrap(), "{format:?}");
        }
    }

    #[test]
    fn an_exif_block_cut_anywhere_is_no_error() {
        for format in FORMATS {
            for length in 0..26 {
                let bytes = with_exif(&encoded(format), &exif_of(6, false)[..length]);
                assert!([1, 6].contains(&orientation(&bytes).to_exif()));
                assert!(Picture::decode(&bytes).is_ok(), "{format:?} {length}");
            }
        }
    }
}
