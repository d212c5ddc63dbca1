//! The blocks that a JPEG, PNG or WebP file is made of, before anything in them is understood. What runs beyond the
//! file's end is left out; damage is the decoder's to report.

use std::ops::Range;

pub(crate) const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A block of a file: a PNG or WebP chunk, or a JPEG segment before the first scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// A chunk's name; a JPEG segment's marker in front of zeros.
    pub(crate) name: [u8; 4],
    /// Where the name begins.
    pub(crate) start: usize,
    /// Where the contents are.
    pub(crate) data: Range<usize>,
}

/// How a kind of file writes its blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Jpeg,
    Png,
    WebP,
}

impl Container {
    /// The kind of this file; none for every other one.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\xFF\xD8\xFF") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(PNG_SIGNATURE) {
            Some(Self::Png)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::WebP)
        } else {
            None
        }
    }

    /// The file's blocks in their order; of a JPEG file those before its first scan.
    pub(crate) fn blocks(self, bytes: &[u8]) -> impl Iterator<Item = Block> {
        let mut at = match self {
            Self::Jpeg => 2,
            Self::Png => PNG_SIGNATURE.len(),
            Self::WebP => 12,
        };
        std::iter::from_fn(move || {
            let (block, next) = match self {
                Self::Jpeg => jpeg_segment(bytes, at),
                Self::Png => png_chunk(bytes, at),
                Self::WebP => webp_chunk(bytes, at),
            }?;
            at = next;
            Some(block)
        })
    }
}

fn four(bytes: &[u8], at: usize) -> Option<[u8; 4]> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok()
}

/// The block, if the file is long enough for it, and where the next one begins.
fn block(bytes: &[u8], name: [u8; 4], start: usize, data: Range<usize>, next: usize) -> Option<(Block, usize)> {
    (data.end <= bytes.len()).then_some((Block { name, start, data }, next))
}

fn png_chunk(bytes: &[u8], at: usize) -> Option<(Block, usize)> {
    let (length, name) = (u32::from_be_bytes(four(bytes, at)?) as usize, four(bytes, at + 4)?);
    let end = (at + 8).checked_add(length)?;
    block(bytes, name, at + 4, at + 8..end, end.checked_add(4)?)
}

fn webp_chunk(bytes: &[u8], at: usize) -> Option<(Block, usize)> {
    let (name, length) = (four(bytes, at)?, u32::from_le_bytes(four(bytes, at + 4)?) as usize);
    let end = (at + 8).checked_add(length)?;
    block(bytes, name, at, at + 8..end, end.checked_add(length % 2)?)
}

fn jpeg_segment(bytes: &[u8], mut at: usize) -> Option<(Block, usize)> {
    const START_OF_SCAN: u8 = 0xDA;
    if *bytes.get(at)? != 0xFF {
        return None;
    }
    while *bytes.get(at + 1)? == 0xFF {
        at += 1; // a marker may have fill bytes before it
    }
    let marker = bytes[at + 1];
    if marker == START_OF_SCAN {
        return None;
    }
    let length = u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?);
    let end = at + 2 + usize::from(length.max(2));
    block(bytes, [marker, 0, 0, 0], at, at + 4..end, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(bytes: &[u8]) -> Vec<[u8; 4]> {
        Container::of(bytes).unwrap().blocks(bytes).map(|block| block.name).collect()
    }

    #[test]
    fn every_block_is_seen_in_its_order() {
        let png = [PNG_SIGNATURE, b"\0\0\0\x02IHDRab0000\0\0\0\0IDAT0000"].concat();
        assert_eq!(names(&png), [*b"IHDR", *b"IDAT"]);
        let webp = b"RIFF\0\0\0\0WEBPVP8 \x01\0\0\0a\0EXIF\x02\0\0\0bc";
        assert_eq!(names(webp), [*b"VP8 ", *b"EXIF"]);
        let jpeg = b"\xFF\xD8\xFF\xE0\0\x03a\xFF\xFF\xFF\xE1\0\x04bc\xFF\xDA\0\x02\xFF\xE1\0\x02";
        assert_eq!(names(jpeg), [[0xE0, 0, 0, 0], [0xE1, 0, 0, 0]]);
        let last = Container::Jpeg.blocks(jpeg).last().unwrap();
        assert_eq!(&jpeg[last.data], b"bc");
    }

    #[test]
    fn a_block_cut_off_is_left_out() {
        assert_eq!(names(b"RIFF\0\0\0\0WEBPVP8 \x01\0\0\0a\0EXIF\x03\0\0\0bc"), [*b"VP8 "]);
        assert_eq!(names(&[PNG_SIGNATURE, b"\xFF\xFF\xFF\xFFIHDRab"].concat()), [[0; 4]; 0]);
    }

    proptest! {
        #[test]
        fn walking_any_bytes_ends(head in 0usize..3, tail in proptest::collection::vec(any::<u8>(), 0..256)) {
            let heads: [&[u8]; 3] = [b"\xFF\xD8\xFF", PNG_SIGNATURE, b"RIFF\x40\0\0\0WEBP"];
            let bytes = [heads[head], &tail].concat();
            for block in Container::of(&bytes).unwrap().blocks(&bytes) {
                prop_assert!(block.start < block.data.start && block.data.end <= bytes.len());
            }
        }
    }
}
