//! Decodes JPEG, PNG, WebP and GIF files to RGBA pixels for callers without a browser's decoder; for the others, says
//! whether a file is complete.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::{ImageError, ImageResult, LimitErrorKind, ParameterError, ParameterErrorKind};
use image::{AnimationDecoder, DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgba};

use crate::colour::Colours;
use crate::container::Container;
use crate::error::{Error, ErrorKind};
use crate::exif;
use crate::frame::{self, Frame, MAX_PIXELS, MAX_SIDE};
use crate::gif;
use crate::jpeg::JpegDecoder;

/// The most memory a decoder may take beside its output, in bytes: room for the largest frame in 16-bit RGBA.
const MAX_DECODER_BYTES: u64 = MAX_PIXELS * 8;

/// What lies under a transparent picture, as under a [`Frame`].
const WHITE: Rgba<u8> = Rgba([255; 4]);

/// A decoded picture, turned upright as its first EXIF block says, and composited over white (see [`Frame`]).
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
    /// Decodes the bytes of a JPEG, PNG, WebP or GIF file; of an animation, the first image that a browser shows. The
    /// format is recognised by the bytes. Colours are converted to sRGB from an ICC profile of curves and primaries, or
    /// from what a PNG file's chunks state.
    ///
    /// # Errors
    /// [`ErrorKind::ImageTooLarge`] when the picture is over the limits of [`Frame`], which is checked before its pixels
    /// are decoded; [`ErrorKind::OutOfMemory`] when there is not enough memory for them; [`ErrorKind::InvalidImage`] for
    /// every other format and for truncated or damaged bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        Self::decode_within(bytes, MAX_PIXELS)
    }

    /// The same for pictures of at most so many pixels: a server's limit, say, on what a stranger's picture may cost.
    /// More than the limit of [`Frame`] is not read all the same.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_within(bytes: &[u8], most_pixels: u64) -> Result<Self, Error> {
        let most_pixels = most_pixels.min(MAX_PIXELS);
        if bytes.is_empty() {
            return Err(invalid("the file is empty"));
        }
        if gif::ends_early(bytes) {
            return Err(invalid("the GIF file ends early"));
        }
        let mut decoder = decoder(bytes)?;
        let (width, height) = decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 {
            return Err(invalid("the picture has no pixels"));
        }
        if width.max(height) > MAX_SIDE || pixels > most_pixels {
            return Err(Error::new(
                ErrorKind::ImageTooLarge,
                format!(
                    "a picture of {width} x {height} is over the limit of {MAX_SIDE} pixels a side and {most_pixels} in all"
                ),
            ));
        }
        ensure_memory(decoder.total_bytes() + pixels * 4)?;
        let profile = decoder.icc_profile().unwrap_or_default();
        let is_grey = !decoder.color_type().has_color();
        let first = if hides_its_first_image(bytes) { first_frame(bytes) } else { DynamicImage::from_decoder(decoder) };
        let mut image = first.map_err(named)?;
        let colours = Colours::of(bytes, profile.as_deref(), is_grey);
        image.apply_orientation(exif::orientation(bytes));
        let mut rgba = image.into_rgba8();
        if let Some(colours) = colours {
            colours.convert(&mut rgba);
        }
        frame::lay_on_white(&mut rgba);
        let (width, height) = rgba.dimensions();
        Ok(Self { rgba: rgba.into_raw(), width, height })
    }

    /// The picture as a frame.
    pub fn frame(&self) -> Frame<'_> {
        Frame::of_checked(&self.rgba, self.width, self.height)
    }
}

/// Whether a file has its end, so that a browser may decode it. Of a file without its end, some browsers show the part
/// that is there and others nothing, although the whole picture may be there: [`Picture::decode`] decides. Every other
/// fault is left to the browser, which may read what is refused here.
#[cfg(any(target_family = "wasm", test))]
pub(crate) fn has_its_end(bytes: &[u8]) -> bool {
    let Some(container) = Container::of(bytes) else { return !gif::ends_early(bytes) };
    let checksum = 4;
    match container {
        Container::Jpeg => crate::jpeg::has_its_end(bytes),
        Container::Png => {
            container.blocks(bytes).any(|block| block.name == *b"IEND" && block.data.end + checksum <= bytes.len())
        }
        Container::WebP => container.blocks(bytes).last().is_some_and(|last| {
            let stated = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
            last.data.end.next_multiple_of(2).min(bytes.len()) - 8 >= stated
        }),
    }
}

/// The decoder for the format of these bytes. It has read their headers.
fn decoder(bytes: &[u8]) -> Result<Box<dyn ImageDecoder + '_>, Error> {
    let open = || -> ImageResult<Option<Box<dyn ImageDecoder + '_>>> {
        let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
        reader.limits(limits());
        Ok(match reader.format() {
            Some(ImageFormat::Jpeg) => {
                let mut decoder = JpegDecoder::new(bytes)?;
                decoder.set_limits(limits())?;
                Some(Box::new(decoder))
            }
            Some(ImageFormat::Png | ImageFormat::Gif) => Some(Box::new(reader.into_decoder()?)),
            Some(ImageFormat::WebP) => Some(webp_decoder(bytes)?),
            _ => None,
        })
    };
    open().map_err(named)?.ok_or_else(|| invalid("only JPEG, PNG, WebP and GIF are supported"))
}

/// An animation's first frame need not fill the picture: what it leaves is transparent, though the file may state that
/// it has no transparency at all.
fn webp_decoder(bytes: &[u8]) -> ImageResult<Box<dyn ImageDecoder + '_>> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes))?;
    decoder.set_limits(limits())?;
    if decoder.has_animation() {
        decoder.set_background_color(WHITE)?;
    }
    Ok(Box::new(decoder))
}

/// Whether this is an animated PNG file whose first image is not a frame of the animation: viewers that support
/// animations never show it.
fn hides_its_first_image(bytes: &[u8]) -> bool {
    let names = || {
        let png = Container::of(bytes).filter(|&container| container == Container::Png);
        png.into_iter().flat_map(|png| png.blocks(bytes)).map(|block| block.name)
    };
    let has_before_pixels = |name| names().take_while(|name| name != b"IDAT").any(|found| found == name);
    has_before_pixels(*b"acTL") && !has_before_pixels(*b"fcTL") && names().any(|name| name == *b"fcTL")
}

fn first_frame(png: &[u8]) -> ImageResult<DynamicImage> {
    let frame = PngDecoder::with_limits(Cursor::new(png), limits())?.apng()?.into_frames().next();
    let missing = || ParameterError::from_kind(ParameterErrorKind::NoMoreData);
    Ok(frame.ok_or_else(|| ImageError::Parameter(missing()))??.into_buffer().into())
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    limits
}

/// Refuses a picture that does not fit into memory, before its decoder starts: a failed allocation there would end the
/// program. Wasm never gives memory back, so the decoder then finds what was reserved here.
pub(crate) fn ensure_memory(bytes: u64) -> Result<(), Error> {
    let mut probe: Vec<u8> = Vec::new();
    let reserved = usize::try_from(bytes).is_ok_and(|bytes| probe.try_reserve_exact(bytes).is_ok());
    // An unused allocation would be optimised away.
    std::hint::black_box(&probe);
    if !reserved {
        let message = format!("there is not enough memory to decode the picture, which takes {bytes} bytes");
        return Err(Error::new(ErrorKind::OutOfMemory, message));
    }
    Ok(())
}

fn named(cause: ImageError) -> Error {
    let error = match &cause {
        ImageError::Limits(limit) if !matches!(limit.kind(), LimitErrorKind::Unsupported { .. }) => {
            Error::new(ErrorKind::ImageTooLarge, format!("the picture is too large: {cause}"))
        }
        _ => invalid(&cause.to_string()),
    };
    error.caused_by(cause)
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidImage, format!("this picture cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageEncoder, RgbImage};
    use proptest::prelude::*;

    const FORMATS: [ImageFormat; 4] = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];

    fn pattern(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 16) as u8, (y * 24) as u8, 90]))
    }

    fn fixture(name: &str) -> Picture {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
        Picture::decode(&std::fs::read(path).unwrap()).unwrap()
    }

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        pattern(12, 8).write_to(&mut Cursor::new(&mut bytes), format).unwrap();
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
    fn every_format_is_turned_upright() {
        for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Jpeg] {
            let stored = Picture::decode(&encoded(format)).unwrap();
            for orientation in 1..=8 {
                let file = exif::with_exif(&encoded(format), &exif::exif_of(orientation, orientation % 2 == 0));
                let turned = Picture::decode(&file).unwrap();
                let is_sideways = orientation > 4;
                let size = if is_sideways { (8, 12) } else { (12, 8) };
                assert_eq!((turned.width, turned.height), size, "{format:?} {orientation}");
                for (x, y) in (0..12).flat_map(|x| (0..8).map(move |y| (x, y))) {
                    // TIFF 6.0, tag 274: which sides of the picture the first stored row and column are.
                    let [at_x, at_y] = match orientation {
                        1 => [x, y],
                        2 => [11 - x, y],
                        3 => [11 - x, 7 - y],
                        4 => [x, 7 - y],
                        5 => [y, x],
                        6 => [7 - y, x],
                        7 => [7 - y, 11 - x],
                        _ => [y, 11 - x],
                    };
                    let (from, to) = ((y * 12 + x) as usize * 4, (at_y * size.0 + at_x) as usize * 4);
                    assert_eq!(stored.rgba[from..][..4], turned.rgba[to..][..4], "{format:?} {orientation}");
                }
            }
        }
    }

    #[test]
    fn what_is_transparent_is_white() {
        let rgba = image::RgbaImage::from_fn(12, 8, |x, _| image::Rgba([9, 20, 30, if x < 6 { 0 } else { 255 }]));
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let mut bytes = Vec::new();
            rgba.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
            let picture = Picture::decode(&bytes).unwrap();
            assert_eq!(picture.rgba[..4], [255; 4], "{format:?}");
            assert_eq!(picture.rgba[44..48], [9, 20, 30, 255], "{format:?}");
        }
    }

    #[test]
    fn of_an_animation_the_first_image_shown_is_read() {
        let [red, green, white] = [[255, 0, 0, 255], [0, 255, 0, 255], [255; 4]];
        for (name, first, last) in [
            ("frames.png", red, red),
            ("frames.webp", red, red),
            ("frames.gif", red, red),
            ("background.gif", green, white),
            ("hidden.png", green, green),
            ("hidden-part.png", white, white),
            ("background.webp", green, white),
        ] {
            let picture = fixture(&format!("animations/{name}"));
            assert_eq!((picture.width, picture.height), (40, 24), "{name}");
            let (start, end) = (&picture.rgba[..4], &picture.rgba[picture.rgba.len() - 4..]);
            assert_eq!((start, end), (&first[..], &last[..]), "{name}");
        }
        let part = fixture("animations/hidden-part.png");
        let pixel = |x: usize, y: usize| &part.rgba[4 * (y * 40 + x)..][..4];
        assert_eq!(
            [pixel(9, 6), pixel(10, 5), pixel(10, 6), pixel(29, 17), pixel(30, 17)],
            [&white[..], &white, &green, &green, &white]
        );
    }

    #[test]
    fn every_truncation_is_an_invalid_image() {
        for format in FORMATS {
            let bytes = encoded(format);
            // A PNG is complete without its last checksum, a JPEG without its end marker, a GIF without its trailer.
            let needed = match format {
                ImageFormat::Png => bytes.len() - 4,
                ImageFormat::Jpeg => bytes.len() - 2,
                ImageFormat::Gif => bytes.len() - 1,
                _ => bytes.len() - 1,
            };
            for length in 0..needed {
                let error = Picture::decode(&bytes[..length]).expect_err(&format!("{format:?} {length}"));
                assert_eq!(error.kind(), ErrorKind::InvalidImage, "{format:?} {length}: {error}");
            }
        }
    }

    #[test]
    fn no_file_that_was_cut_is_left_to_a_browser() {
        let read = |path: &str| std::fs::read(format!("tests/{path}")).unwrap();
        let files = [
            (encoded(ImageFormat::Png), 4),  // the last checksum
            (encoded(ImageFormat::Jpeg), 2), // the end marker
            (encoded(ImageFormat::WebP), 0),
            (read("fixtures/jpeg/progressive-420.jpg"), 2),
            (read("fixtures/jpeg/restarts-422.jpg"), 2),
            (read("cases/webp-that-browsers-refuse/2-wrong-size.webp"), 0), // it states 2 bytes fewer than it has
        ];
        for (index, (bytes, spare)) in files.iter().enumerate() {
            assert!(has_its_end(bytes), "{index}");
            let shortest = 12; // shows what kind of file it is
            for length in shortest..bytes.len() {
                assert!(!has_its_end(&bytes[..length]), "{index} {length}");
            }
            let picture = Picture::decode(bytes).unwrap();
            assert_eq!(Picture::decode(&bytes[..bytes.len() - spare]), Ok(picture), "{index}");
        }
    }

    #[test]
    fn a_jpeg_file_has_its_end_where_the_marker_follows_its_image() {
        for name in ["progressive-420", "one-scan-a-component-420", "baseline-420"] {
            let bytes = std::fs::read(format!("tests/fixtures/jpeg/{name}.jpg")).unwrap();
            let (image, end) = bytes.split_at(bytes.len() - 2);
            let film = b"\0\0\0\x18ftypmp42\0\0\0\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\x12\x34";
            for (behind, expected) in [
                (vec![end, film], true),
                (vec![end, &bytes], true),
                (vec![&[0; 64], end], true),
                (vec![&[0; 64]], false),
                (vec![film, end], false),
                (vec![&bytes], false),
            ] {
                let file = [&[image], &behind[..]].concat().concat();
                assert_eq!(has_its_end(&file), expected, "{name} {behind:?}");
                assert_eq!(Picture::decode(&file), Picture::decode(&bytes), "{name} {behind:?}");
            }
        }
    }

    #[test]
    fn a_file_with_another_fault_is_left_to_the_browser() {
        let jpeg = |name: &str| std::fs::read(format!("tests/fixtures/jpeg/{name}.jpg")).unwrap();
        let mut of_12_bits = jpeg("baseline-420");
        let frame = of_12_bits.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
        of_12_bits[frame + 4] = 12;
        let mut damaged = encoded(ImageFormat::Png);
        damaged[40] ^= 0xFF;
        for bytes in [&jpeg("arithmetic"), &jpeg("sampled-4-2-apart"), &of_12_bits, &damaged] {
            assert!(Picture::decode(bytes).is_err());
            assert!(has_its_end(bytes));
            assert!(!has_its_end(&bytes[..bytes.len() - 16]), "unless it was cut too");
        }
        let with_more_behind = [encoded(ImageFormat::WebP), vec![7; 5]].concat();
        assert!(has_its_end(&with_more_behind));
        for bytes in [&b""[..], b"hello", b"BM\x00\x00", b"\0\0\0\x1CftypavifPARTIAL", b"RIFF", b"\xFF\xD8"] {
            assert!(has_its_end(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn a_gif_file_that_ends_early_is_named() {
        let gif = std::fs::read("tests/fixtures/animations/frames.gif").unwrap();
        assert!(has_its_end(&gif) && !has_its_end(&gif[..60]));
        let error = Picture::decode(&gif[..60]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidImage);
        assert_eq!(error.message(), "this picture cannot be read: the GIF file ends early");
    }

    /// The last error of the chain of causes.
    fn root<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
        error.source().map_or(error, root)
    }

    #[test]
    fn the_decoder_s_own_error_is_kept_as_the_cause() {
        let mut jpeg = std::fs::read("tests/fixtures/jpeg/baseline-420.jpg").unwrap();
        let table = jpeg.windows(2).position(|pair| pair == [0xFF, 0xDB]).unwrap();
        jpeg[table + 4] = 0x70; // no quantisation table has this precision
        let error = Picture::decode(&jpeg).unwrap_err();
        let image = std::error::Error::source(&error).unwrap();
        assert!(image.is::<ImageError>());
        let decoder = root(image);
        assert!(decoder.is::<jpeg_decoder::Error>(), "{decoder:?}");
        assert!(error.message().ends_with("the JPEG file is damaged"), "{error}");

        let mut png = encoded(ImageFormat::Png);
        let pixels = png.windows(4).position(|name| name == b"IDAT").unwrap();
        png[pixels + 8] ^= 0xFF;
        let error = Picture::decode(&png).unwrap_err();
        let decoder = root(&error);
        assert!(!decoder.is::<Error>() && !decoder.is::<ImageError>(), "{decoder:?}");
        assert!(error.message().contains(&decoder.to_string()), "{error}: {decoder}");

        // What this library finds out by itself has no other cause.
        assert!(std::error::Error::source(&Picture::decode(b"hello").unwrap_err()).is_none());
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

    #[test]
    fn a_limit_of_pixels_holds_to_the_pixel() {
        for format in FORMATS {
            let bytes = encoded(format);
            assert_eq!(Picture::decode_within(&bytes, 12 * 8), Picture::decode(&bytes), "{format:?}");
            let error = Picture::decode_within(&bytes, 12 * 8 - 1).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ImageTooLarge, "{format:?}");
            assert!(error.message().ends_with("and 95 in all"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(format in 0usize..4, at in 0usize..4096, value: u8, cut in 0usize..4096) {
            let mut bytes = encoded(FORMATS[format]);
            let length = bytes.len();
            bytes[at % length] = value;
            bytes.truncate(length - cut % 8);
            let (_, _) = (Picture::decode(&bytes), has_its_end(&bytes));
        }

        #[test]
        fn arbitrary_bytes_never_panic(head in 0usize..6, tail in proptest::collection::vec(any::<u8>(), 0..256)) {
            let heads: [&[u8]; 6] =
                [b"", b"\xFF\xD8\xFF\xE0", b"\x89PNG\r\n\x1A\n", b"RIFF\x40\0\0\0WEBPVP8L", b"GIF89a", b"BM"];
            let bytes = [heads[head], &tail].concat();
            let (_, _) = (Picture::decode(&bytes), has_its_end(&bytes));
        }
    }
}
