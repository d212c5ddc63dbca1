//! Whether the first image of a GIF file, the one that is read, is all there.

/// Whether this is a GIF file that ends within its first image or before it. Damage is the decoder's to report.
pub(crate) fn ends_early(bytes: &[u8]) -> bool {
    (bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a")) && end_of_first_image(bytes).is_none()
}

/// Where the first image's data ends, or the first block that is neither an image nor an extension begins; none where
/// the file ends before.
fn end_of_first_image(bytes: &[u8]) -> Option<usize> {
    let mut at = 13 + color_table_length(*bytes.get(10)?);
    loop {
        match *bytes.get(at)? {
            b'!' => at = end_of_sub_blocks(bytes, at + 2)?,
            b',' => {
                let data = at + 10 + color_table_length(*bytes.get(at + 9)?);
                return end_of_sub_blocks(bytes, data + 1);
            }
            _ => return Some(at),
        }
    }
}

/// The bytes of the colour table that these flags announce.
fn color_table_length(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Goes past blocks of up to 255 bytes, each behind its length, to the end of the empty one that is the last.
fn end_of_sub_blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> Vec<u8> {
        std::fs::read(format!("tests/fixtures/animations/{name}.gif")).unwrap()
    }

    #[test]
    fn a_file_cut_before_the_end_of_its_first_image_ends_early() {
        for name in ["frames", "background"] {
            let bytes = file(name);
            let end = end_of_first_image(&bytes).unwrap();
            // Another image follows, behind its control extension.
            assert!(end < bytes.len() && bytes[end..].starts_with(b"!\xF9\x04"), "{name} {end}");
            for length in 6..bytes.len() {
                assert_eq!(ends_early(&bytes[..length]), length < end, "{name} {length}");
            }
            assert!(!ends_early(&bytes), "{name}");
        }
    }

    #[test]
    fn colour_tables_and_extensions_are_passed_over() {
        let image = b",\0\0\0\0\x01\0\x01\0\x81ABCDEFGHIJKL\x02\x02\x4C\x01\0";
        let bytes = [&b"GIF87a\x01\0\x01\0\x80\0\0abcdef!\xFE\x02,;\0"[..], image, b";"].concat();
        for length in 6..=bytes.len() {
            assert_eq!(ends_early(&bytes[..length]), length < bytes.len() - 1, "{length}");
        }
        assert!(!ends_early(b"GIF89a\x01\0\x01\0\0\0\0;"), "a file without an image does not end early");
        assert!(!ends_early(b"GIF88a"), "it is not a GIF file");
    }
}
