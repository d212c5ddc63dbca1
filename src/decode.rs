//! JPEG, PNG and WebP bytes to RGBA pixels, for callers without a browser's decoder.

use std::io::Cursor;

use image::error::{ImageError, ImageResult, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::error::{Error, ErrorKind};
use crate::frame::{Frame, MAX_PIXELS, MAX_SIDE};
use crate::jpeg::JpegDecoder;

/// The most memory a decoder may take beside its output, in bytes: room for the largest frame in 16-bit RGBA.
const MAX_DECODER_BYTES: u64 = MAX_PIXELS * 8;

/// A decoded picture, turned upright as its EXIF orientation says.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    rgba: Vec<u8>,
    width: u32,
    height: u32,
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl Picture {
    /// Decodes the bytes of a JPEG, PNG or WebP file (of an animation, the first image). The format is told by the
    /// bytes, never by a name.
    ///
    /// # Errors
    /// [`ErrorKind::ImageTooLarge`] when the picture is over the limits of [`Frame`], found out before its pixels are
    /// decoded; [`ErrorKind::OutOfMemory`] when there is no memory for them; [`ErrorKind::InvalidImage`] for every other
    /// format and for truncated or damaged bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.is_empty() {
            return Err(invalid("the file is empty"));
        }
        let mut decoder = decoder(bytes)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(Error::new(
                ErrorKind::ImageTooLarge,
                format!("a picture of {width} x {height} is over the limit of {MAX_PIXELS} pixels"),
            ));
        }
        ensure_memory(decoder.total_bytes() + u64::from(width) * u64::from(height) * 4)?;
        let orientation = decoder.orientation().map_err(|error| named(&error))?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(|error| named(&error))?;
        image.apply_orientation(orientation);
        let rgba = image.into_rgba8();
        let (width, height) = rgba.dimensions();
        Ok(Self { rgba: rgba.into_raw(), width, height })
    }

    /// The picture as a frame.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidFrame`] for a picture without pixels.
    pub fn frame(&self) -> Result<Frame<'_>, Error> {
        Frame::from_rgba(&self.rgba, self.width, self.height)
    }
}

/// The decoder for the format that the bytes show. It has read their headers.
fn decoder(bytes: &[u8]) -> Result<Box<dyn ImageDecoder + '_>, Error> {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    let open = || -> ImageResult<Option<Box<dyn ImageDecoder + '_>>> {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
        reader.limits(limits.clone());
        Ok(match reader.format() {
            Some(ImageFormat::Jpeg) => {
                let mut decoder = JpegDecoder::new(bytes)?;
                decoder.set_limits(limits)?;
                Some(Box::new(decoder))
            }
            Some(ImageFormat::Png | ImageFormat::WebP) => Some(Box::new(reader.into_decoder()?)),
            _ => None,
        })
    };
    open().map_err(|error| named(&error))?.ok_or_else(|| invalid("only JPEG, PNG and WebP are supported"))
}

/// Refuses a picture that there is no memory for, before its decoder, whose allocations end the program when they fail.
/// Memory that wasm once has stays its own, so the decoder finds it again.
pub(crate) fn ensure_memory(bytes: u64) -> Result<(), Error> {
    let mut probe: Vec<u8> = Vec::new();
    let reserved = usize::try_from(bytes).is_ok_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
    // An allocation that nobody looks at is optimised away.
    std::hint::black_box(&probe);
    if !reserved {
        return Err(Error::new(ErrorKind::OutOfMemory, format!("decoding the picture takes {bytes} bytes of memory")));
    }
    Ok(())
}

fn named(error: &ImageError) -> Error {
    match error {
        ImageError::Limits(limit) if !matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) => {
            Error::new(ErrorKind::ImageTooLarge, format!("the picture is too large: {error}"))
        }
        _ => invalid(&error.to_string()),
    }
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidImage, format!("this picture cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageEncoder, RgbImage};
    use proptest::prelude::*;

    fn pattern(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 16) as u8, (y * 24) as u8, 90]))
    }

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        pattern(12, 8).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
        bytes
    }

    /// A JPEG with an EXIF block that holds nothing but the orientation.
    fn jpeg_with_orientation(orientation: u8) -> Vec<u8> {
        let mut exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
        encoder.set_exif_metadata(exif).unwrap();
        encoder.encode_image(&pattern(32, 16)).unwrap();
        bytes
    }

    #[test]
    fn decodes_every_format_to_the_same_pixels() {
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Jpeg] {
            let picture = Picture::decode(&encoded(format)).unwrap();
            assert_eq!((picture.width, picture.height), (12, 8), "{format:?}");
            let tolerance = if format == ImageFormat::Jpeg { 24 } else { 0 };
            for (x, y, pixel) in pattern(12, 8).enumerate_pixels() {
                let at = (y * 12 + x) as usize * 4;
                for channel in 0..3 {
                    assert!(picture.rgba[at + channel].abs_diff(pixel[channel]) <= tolerance, "{format:?} at {x},{y}");
                }
            }
        }
    }

    #[test]
    fn a_picture_without_room_in_memory_is_named_so() {
        assert!(ensure_memory(1 << 20).is_ok());
        assert_eq!(ensure_memory(u64::MAX).unwrap_err().kind(), ErrorKind::OutOfMemory);
    }

    #[test]
    fn honours_exif_orientation() {
        let upright = Picture::decode(&jpeg_with_orientation(1)).unwrap();
        assert_eq!((upright.width, upright.height), (32, 16));
        let turned = Picture::decode(&jpeg_with_orientation(6)).unwrap();
        assert_eq!((turned.width, turned.height), (16, 32));
        // Orientation 6: the first stored row is the right-hand column of the upright picture.
        let corner = &turned.rgba[15 * 4..15 * 4 + 3];
        let origin = &upright.rgba[..3];
        assert!(corner.iter().zip(origin).all(|(a, b)| a.abs_diff(*b) < 12), "{corner:?} {origin:?}");
    }

    #[test]
    fn every_truncation_is_an_invalid_image() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let bytes = encoded(format);
            // A PNG is complete without the checksum and the empty end chunk behind its last pixel, a JPEG without
            // its end marker.
            let needed = match format {
                ImageFormat::Png => bytes.len() - 16,
                ImageFormat::Jpeg => bytes.len() - 2,
                _ => bytes.len() - 1,
            };
            for length in 0..needed {
                let error = Picture::decode(&bytes[..length]).expect_err(&format!("{format:?} {length}"));
                assert_eq!(error.kind(), ErrorKind::InvalidImage, "{format:?} {length}: {error}");
            }
        }
    }

    #[test]
    fn refuses_what_is_no_picture() {
        for bytes in [&b"hello"[..], b"GIF89a\x01\0\x01\0\0\0\0;", b"%PDF-1.7", b"BM\x00\x00", b"<svg/>"] {
            assert_eq!(Picture::decode(bytes).unwrap_err().kind(), ErrorKind::InvalidImage);
        }
    }

    #[test]
    fn refuses_a_huge_picture_before_decoding_it() {
        for (width, height) in [(MAX_SIDE, MAX_SIDE), (MAX_SIDE + 1, 1), (u32::MAX >> 1, 3)] {
            let mut bytes = Vec::new();
            image::codecs::png::PngEncoder::new(&mut bytes)
                .write_image(&[0; 3], 1, 1, image::ExtendedColorType::Rgb8)
                .unwrap();
            bytes[16..20].copy_from_slice(&width.to_be_bytes());
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            let checksum = crc32fast::hash(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
            let error = Picture::decode(&bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ImageTooLarge, "{width} x {height}: {error}");
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(format in 0usize..3, at in 0usize..4096, value: u8, cut in 0usize..4096) {
            let mut bytes = encoded([ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP][format]);
            let length = bytes.len();
            bytes[at % length] = value;
            bytes.truncate(length - cut % 8);
            let _ = Picture::decode(&bytes);
        }

        #[test]
        fn arbitrary_bytes_never_panic(head in 0usize..4, tail in proptest::collection::vec(any::<u8>(), 0..256)) {
            let heads: [&[u8]; 4] = [b"", b"\xFF\xD8\xFF\xE0", b"\x89PNG\r\n\x1A\n", b"RIFF\x40\0\0\0WEBPVP8L"];
            let bytes = [heads[head], &tail].concat();
            let _ = Picture::decode(&bytes);
        }
    }
}
