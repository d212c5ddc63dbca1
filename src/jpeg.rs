//! JPEG files (ITU-T T.81): finds the one image that a file shows, makes sure that all of it is there, and has
//! `jpeg_decoder` decode it.
//!
//! Phones append videos, maps of depth and second pictures; cameras leave out the end marker or the Huffman tables;
//! downloads stop half-way. The image therefore ends where its last coefficient is read, whatever follows, and is
//! refused where the data stops before. The decoder gets nothing but the segments that this file has checked: it would
//! fill what is missing with grey.

mod huffman;
mod scan;

use image::error::{DecodingError, ImageFormatHint, ImageResult, LimitError, LimitErrorKind};
use image::{ColorType, ImageDecoder, ImageError, ImageFormat};
use jpeg_decoder::ColorTransform;

use crate::picture::ensure_memory;
use huffman::Tables;
use scan::Layout;

/// Why a file can't be read, in words that complete the sentence "this picture cannot be read: ...".
type Fault = &'static str;

const ENDS_EARLY: Fault = "the JPEG file ends early";
const DAMAGED: Fault = "the JPEG file is damaged";

/// More scans than any encoder makes: each walks over the whole image, so thousands of empty ones would take minutes.
const MAX_SCANS: usize = 100;

/// Markers, by their second byte (T.81, table B.1).
mod marker {
    pub(super) const SOF0: u8 = 0xC0;
    pub(super) const SOF2: u8 = 0xC2;
    pub(super) const DHT: u8 = 0xC4;
    pub(super) const SOI: u8 = 0xD8;
    pub(super) const EOI: u8 = 0xD9;
    pub(super) const SOS: u8 = 0xDA;
    pub(super) const DQT: u8 = 0xDB;
    pub(super) const DRI: u8 = 0xDD;
    pub(super) const APP0: u8 = 0xE0;
    pub(super) const APP1: u8 = 0xE1;
    pub(super) const APP2: u8 = 0xE2;
    pub(super) const APP14: u8 = 0xEE;
}

/// Whether a file has its end marker after its whole image, or anywhere if the image's extent cannot be determined.
#[cfg(any(target_family = "wasm", test))] // only browsers decode what was not walked here
pub(crate) fn has_its_end(bytes: &[u8]) -> bool {
    let walked = JpegDecoder::read_headers(bytes).and_then(|mut decoder| decoder.walk_scans(|_, _, _| {}));
    walked.unwrap_or_else(|fault| {
        let mut segments = Segments { bytes, at: 0 };
        let mut markers = std::iter::from_fn(|| segments.next().ok().flatten()).map(|(marker, _)| marker);
        fault != ENDS_EARLY && markers.any(|marker| marker == marker::EOI)
    })
}

/// A JPEG file whose headers were read, up to its first scan.
pub(crate) struct JpegDecoder<'a> {
    segments: Segments<'a>,
    /// What the decoder gets: the image and its tables, nothing else.
    image: Vec<u8>,
    layout: Layout,
    tables: Tables,
    /// MCUs between two restart markers; 0 where there are none.
    restart_interval: usize,
    first_scan: &'a [u8],
    color_transform: ColorTransform,
    exif: Option<&'a [u8]>,
    icc: Option<Vec<u8>>,
}

impl<'a> JpegDecoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> ImageResult<Self> {
        Self::read_headers(bytes).map_err(unreadable)
    }

    fn read_headers(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut segments = Segments { bytes, at: 0 };
        let mut own = Vec::new();
        let mut tables = Tables::default();
        let mut restart_interval = 0;
        let mut layout = None;
        let (mut is_jfif, mut adobe, mut exif, mut icc) = (false, None, None, Vec::new());
        loop {
            let (marker, content) = segments.next()?.ok_or(ENDS_EARLY)?;
            match marker {
                marker::EOI => return Err("the JPEG file has no image"),
                marker::SOS => {
                    let layout: Layout = layout.ok_or(DAMAGED)?;
                    let color_transform = color_transform(&layout, is_jfif, adobe);
                    let mut image = vec![0xFF, marker::SOI];
                    if !layout.is_progressive {
                        // Frames of motion JPEG leave the standard tables out. The file's own come behind these.
                        tables.complete_with_standard()?;
                        push(&mut image, marker::DHT, &huffman::STANDARD);
                    }
                    image.extend(own);
                    return Ok(Self {
                        segments,
                        image,
                        layout,
                        tables,
                        restart_interval,
                        first_scan: content,
                        color_transform,
                        exif,
                        icc: joined(icc),
                    });
                }
                marker::APP0 => is_jfif |= content.starts_with(b"JFIF\0"),
                marker::APP1 => exif = exif.or(content.strip_prefix(b"Exif\0\0")),
                marker::APP2 => icc.extend(content.strip_prefix(b"ICC_PROFILE\0")),
                marker::APP14 if content.starts_with(b"Adobe") => adobe = content.get(11).copied(),
                marker::SOF0..=marker::SOF2 => {
                    if layout.is_some() {
                        return Err(DAMAGED);
                    }
                    layout = Some(Layout::read(content, marker == marker::SOF2)?);
                    push(&mut own, marker, content);
                }
                marker::DHT | marker::DQT | marker::DRI => {
                    table_segment(marker, content, &mut tables, &mut restart_interval)?;
                    push(&mut own, marker, content);
                }
                _ => {
                    if let Some(process) = unsupported(marker) {
                        return Err(process);
                    }
                }
            }
        }
    }

    /// The image alone: its tables, its frame and all its scans, complete.
    fn whole_image(mut self) -> Result<Vec<u8>, Fault> {
        let mut image = std::mem::take(&mut self.image);
        self.walk_scans(|marker, content, data| {
            push(&mut image, marker, content);
            image.extend_from_slice(data);
        })?;
        image.extend([0xFF, marker::EOI]);
        Ok(image)
    }

    /// Goes through the scans until the image is complete. Hands over every segment that belongs to it: the marker, the
    /// content, and the data behind it where it begins a scan. Answers whether the end marker follows.
    fn walk_scans(&mut self, mut keep: impl FnMut(u8, &[u8], &[u8])) -> Result<bool, Fault> {
        let mut header = self.first_scan;
        for _ in 0..MAX_SCANS {
            let data = self.segments.rest();
            let length = scan::walk(&mut self.layout, &self.tables, self.restart_interval, header, data)?;
            keep(marker::SOS, header, &data[..length]);
            self.segments.at += length;
            header = loop {
                if self.layout.is_complete() {
                    return Ok(matches!(self.segments.next(), Ok(Some((marker::EOI, _)))));
                }
                match self.segments.next()? {
                    Some((marker::SOS, content)) => break content,
                    // A progressive image may stop at a coarser picture, where its end marker says so.
                    Some((marker::EOI, _)) if self.layout.has_every_component() => return Ok(true),
                    Some((marker::EOI, _)) | None => return Err(ENDS_EARLY),
                    Some((marker @ (marker::DHT | marker::DQT | marker::DRI), content)) => {
                        table_segment(marker, content, &mut self.tables, &mut self.restart_interval)?;
                        keep(marker, content, &[]);
                    }
                    Some(_) => {}
                }
            };
        }
        Err("the JPEG file has too many scans")
    }

    fn decode(self, pixels: &mut [u8]) -> ImageResult<()> {
        let color_transform = self.color_transform;
        let image = self.whole_image().map_err(unreadable)?;
        let mut decoder = jpeg_decoder::Decoder::new(image.as_slice());
        decoder.set_color_transform(color_transform);
        let decoded = decoder.decode().map_err(|error| unreadable(Damaged(error)))?;
        match color_transform {
            ColorTransform::CMYK | ColorTransform::YCCK => {
                for (rgb, ink) in pixels.chunks_exact_mut(3).zip(decoded.chunks_exact(4)) {
                    let light = |ink: u8| u32::from(255 - ink);
                    for (sample, &ink_of_one) in rgb.iter_mut().zip(ink) {
                        *sample = ((light(ink_of_one) * light(ink[3]) + 127) / 255) as u8;
                    }
                }
            }
            _ if decoded.len() == pixels.len() => pixels.copy_from_slice(&decoded),
            _ => return Err(unreadable(DAMAGED)),
        }
        Ok(())
    }
}

impl ImageDecoder for JpegDecoder<'_> {
    fn dimensions(&self) -> (u32, u32) {
        (self.layout.width, self.layout.height)
    }

    fn color_type(&self) -> ColorType {
        if self.layout.components.len() == 1 { ColorType::L8 } else { ColorType::Rgb8 }
    }

    fn icc_profile(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.icc.clone())
    }

    /// The first EXIF block; editors that append another leave the camera's own in front.
    fn exif_metadata(&mut self) -> ImageResult<Option<Vec<u8>>> {
        Ok(self.exif.map(<[u8]>::to_vec))
    }

    fn read_image(self, pixels: &mut [u8]) -> ImageResult<()> {
        // Beside these pixels the decoder makes its own, from the samples of the components.
        ensure_memory(self.layout.memory() + pixels.len() as u64)
            .map_err(|_| ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory)))?;
        self.decode(pixels)
    }

    fn read_image_boxed(self: Box<Self>, pixels: &mut [u8]) -> ImageResult<()> {
        (*self).read_image(pixels)
    }
}

/// A file's marker segments, one after the other.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// The next marker and the content of its segment; nothing where the file has no more. Bytes that belong to no
    /// segment are passed over, as are fill bytes and the markers that stand alone: restarts, a second start of image.
    fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, Fault> {
        loop {
            let Some(fill) = self.rest().iter().position(|&byte| byte == 0xFF) else { return Ok(None) };
            self.at += fill;
            let Some(code) = self.rest().iter().position(|&byte| byte != 0xFF) else { return Ok(None) };
            let marker = self.rest()[code];
            self.at += code + 1;
            match marker {
                0x00 | 0x01 | 0xD0..=marker::SOI => {}
                marker::EOI => return Ok(Some((marker, &[]))),
                _ => {
                    let &[high, low, ..] = self.rest() else { return Ok(None) };
                    let length = usize::from(u16::from_be_bytes([high, low]));
                    let content = self.rest().get(2..length.max(2)).ok_or(ENDS_EARLY)?;
                    if length < 2 {
                        return Err(DAMAGED);
                    }
                    self.at += length;
                    return Ok(Some((marker, content)));
                }
            }
        }
    }
}

/// A file that was found complete but that the decoder refuses.
#[derive(Debug)]
struct Damaged(jpeg_decoder::Error);

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(DAMAGED)
    }
}

impl std::error::Error for Damaged {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn unreadable(fault: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ImageError {
    ImageError::Decoding(DecodingError::new(ImageFormatHint::Exact(ImageFormat::Jpeg), fault))
}

fn push(image: &mut Vec<u8>, marker: u8, content: &[u8]) {
    // The content came from a segment, or is a constant: its length fits.
    let length = (content.len() + 2) as u16;
    image.extend([0xFF, marker]);
    image.extend(length.to_be_bytes());
    image.extend_from_slice(content);
}

fn table_segment(marker: u8, content: &[u8], tables: &mut Tables, restart_interval: &mut usize) -> Result<(), Fault> {
    match marker {
        marker::DHT => tables.define(content)?,
        marker::DRI => {
            let &[high, low] = content else { return Err(DAMAGED) };
            *restart_interval = usize::from(u16::from_be_bytes([high, low]));
        }
        _ => {}
    }
    Ok(())
}

/// What a file with this marker uses that no decoder for the web reads.
fn unsupported(marker: u8) -> Option<Fault> {
    match marker {
        0xC3 => Some("it is a lossless JPEG, which is not supported"),
        0xC5..=0xC7 | 0xCD..=0xCF | 0xDE | 0xDF => Some("it is a hierarchical JPEG, which is not supported"),
        0xC9..=0xCC => Some("it is a JPEG with arithmetic coding, which is not supported"),
        0xF7 => Some("it is a JPEG-LS file, which is not supported"),
        _ => None,
    }
}

/// The colours that the components stand for, by the rules of libjpeg, which browsers use.
fn color_transform(layout: &Layout, is_jfif: bool, adobe: Option<u8>) -> ColorTransform {
    let ids: Vec<u8> = layout.components.iter().map(|component| component.id).collect();
    match (ids.as_slice(), adobe) {
        ([_], _) => ColorTransform::Grayscale,
        ([_, _, _], Some(0)) if !is_jfif => ColorTransform::RGB,
        (b"RGB", None) if !is_jfif => ColorTransform::RGB,
        ([_, _, _], _) => ColorTransform::YCbCr,
        (_, Some(0) | None) => ColorTransform::CMYK,
        _ => ColorTransform::YCCK,
    }
}

/// A colour profile from its numbered parts; nothing where one is missing.
fn joined(mut parts: Vec<&[u8]>) -> Option<Vec<u8>> {
    parts.sort_by_key(|part| part.first().copied());
    let is_whole = parts.iter().zip(1..).all(|(part, number)| part.first() == Some(&number))
        && parts.first().is_some_and(|part| part.get(1).is_some_and(|&count| usize::from(count) == parts.len()));
    is_whole.then(|| parts.iter().flat_map(|part| &part[2..]).copied().collect())
}

#[cfg(test)]
mod tests {
    use crate::error::{Error, ErrorKind};
    use crate::picture::Picture;
    use proptest::prelude::*;

    /// Small files by other encoders, all of which show a part of astronaut_quarter.png from x 40, y 14.
    const READ: [&str; 9] = [
        "baseline-420",
        "grey-progressive",
        "luma-below-chroma",
        "luma-then-chroma-440",
        "one-scan-a-component-420",
        "progressive-420",
        "restarts-422",
        "tables-of-16-bits",
        "ycck",
    ];

    fn file(name: &str) -> Vec<u8> {
        std::fs::read(format!("tests/fixtures/jpeg/{name}.jpg")).unwrap()
    }

    fn pixels(bytes: &[u8]) -> Vec<u8> {
        Picture::decode(bytes).unwrap().frame().unwrap().pixels().to_vec()
    }

    fn refusal(bytes: &[u8]) -> Error {
        let error = Picture::decode(bytes).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::InvalidImage, "{error}");
        error
    }

    /// How far the picture is from the part of astronaut_quarter.png at this place: the mean over its samples.
    fn difference(bytes: &[u8], left: u32, top: u32) -> u32 {
        let original = image::open("tests/fixtures/astronaut_quarter.png").unwrap().to_rgb8();
        let picture = Picture::decode(bytes).unwrap();
        let frame = picture.frame().unwrap();
        let (width, height) = (frame.width(), frame.height());
        let of_pixel = |(at, shown): (u32, &[u8])| -> u32 {
            let expected = original.get_pixel(left + at % width, top + at / width).0;
            expected.iter().zip(shown).map(|(a, b)| u32::from(a.abs_diff(*b))).sum()
        };
        (0..).zip(frame.pixels().chunks_exact(4)).map(of_pixel).sum::<u32>() / (width * height * 3)
    }

    /// Where the content of the first segment of this marker starts, after its length.
    fn content(bytes: &[u8], marker: u8) -> usize {
        bytes.windows(2).position(|pair| pair == [0xFF, marker]).unwrap() + 4
    }

    /// The file with a segment of this marker behind its start.
    fn with_segment(bytes: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&bytes[..2], &[0xFF, marker], &length, content, &bytes[2..]].concat()
    }

    /// The file without its Huffman tables, or without those whose place the function picks.
    fn without_tables(bytes: &[u8], is_left_out: impl Fn(u8) -> bool) -> Vec<u8> {
        let (mut rest, mut kept) = (&bytes[2..], bytes[..2].to_vec());
        while rest[1] != super::marker::SOS {
            let length = 2 + usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            if rest[1] != super::marker::DHT || !is_left_out(rest[4]) {
                kept.extend(&rest[..length]);
            }
            rest = &rest[length..];
        }
        [&kept, rest].concat()
    }

    #[test]
    fn files_of_every_structure_show_their_picture() {
        for name in READ {
            // Less of the picture is left without its colours, with luma at half the size, or by tables of which a
            // step is most of the range.
            let coarsest = match name {
                "grey-progressive" | "luma-below-chroma" => 20,
                "tables-of-16-bits" => 40,
                _ => 12,
            };
            let difference = difference(&file(name), 40, 14);
            assert!(difference < coarsest, "{name}: {difference} grey levels from the original");
        }
    }

    #[test]
    fn a_file_cut_anywhere_before_its_last_bits_ends_early() {
        for name in READ {
            let bytes = file(name);
            let end = bytes.len() - 2;
            for length in 4..end {
                let error = refusal(&bytes[..length]);
                assert!(error.message().ends_with("the JPEG file ends early"), "{name} {length}: {error}");
            }
            // All is there but the marker, or a half of it.
            let whole = pixels(&bytes);
            assert!(pixels(&bytes[..end]) == whole && pixels(&bytes[..=end]) == whole, "{name}");
        }
    }

    #[test]
    fn an_end_marker_does_not_complete_what_was_cut() {
        for name in READ.into_iter().filter(|name| !name.contains("progressive")) {
            let bytes = file(name);
            let data = content(&bytes, super::marker::SOS) + 10;
            for length in data..bytes.len() - 2 {
                refusal(&[&bytes[..length], &[0xFF, 0xD9]].concat());
            }
        }
    }

    #[test]
    fn whatever_follows_the_image_changes_nothing() {
        let mpo = file("baseline-420");
        let trailers: [&[u8]; 7] = [
            &[0; 64],
            &[0xFF; 9],
            b"\0\0\0\x18ftypmp42\0\0\0\0\xFF\xDA\0\x08\x01\x01\0\0\x3F\0\x12\x34",
            b"\xFF\xD9\xFF\xDA\xFF\xD9\xFF\xD8\xFF",
            b"MotionPhoto_Data\xFF\xD8\xFF\xE1\xFF\xFF",
            b"\xFF\xC4\0\x02\xFF\xC0\0\x03\0\xFF\xDD",
            &mpo,
        ];
        for name in READ {
            let bytes = file(name);
            let whole = pixels(&bytes);
            for trailer in trailers {
                assert!(pixels(&[&bytes, trailer].concat()) == whole, "{name} {trailer:?}");
                assert!(pixels(&[&bytes[..bytes.len() - 2], trailer].concat()) == whole, "{name} {trailer:?}");
            }
        }
    }

    #[test]
    fn pictures_within_segments_are_passed_over() {
        let thumbnail = file("rgb");
        for name in READ {
            let bytes = file(name);
            for (marker, head) in [(0xE0, &b"JFXX\0\x10"[..]), (0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0"), (0xFE, b"")] {
                let with = with_segment(&bytes, marker, &[head, &thumbnail].concat());
                assert!(pixels(&with) == pixels(&bytes), "{name} {marker:x}");
            }
        }
    }

    #[test]
    fn fill_bytes_and_strays_before_markers_are_passed_over() {
        for name in READ {
            let bytes = file(name);
            let tables = content(&bytes, super::marker::DQT) - 4;
            let with = [&bytes[..tables], &[0xFF, 0xFF, 0xFF], &bytes[tables..]].concat();
            assert!(pixels(&with) == pixels(&bytes), "{name}");
            let with = [&bytes[..tables], &[7, 0, 9], &bytes[tables..]].concat();
            assert!(pixels(&with) == pixels(&bytes), "{name}");
        }
    }

    #[test]
    fn frames_of_motion_jpeg_get_the_standard_tables() {
        let bytes = file("baseline-420");
        let whole = pixels(&bytes);
        let frame = without_tables(&bytes, |_| true);
        assert_eq!(frame.len(), bytes.len() - 4 * 4 - super::huffman::STANDARD.len());
        assert!(pixels(&frame) == whole);
        assert!(pixels(&with_segment(&frame, 0xE0, b"AVI1\0\0\0\0\0\0\0\0\0\0")) == whole);
        for place in [0x00, 0x01, 0x10, 0x11] {
            assert!(pixels(&without_tables(&bytes, |left_out| left_out == place)) == whole, "{place:x}");
        }
        // A file's own tables count, also in front of its frame.
        let own = file("one-scan-a-component-420");
        let frame = content(&own, super::marker::SOF0) - 4;
        let scan = content(&own, super::marker::SOS) - 4;
        let (header, tables) = own[frame..scan].split_at(2 + 17);
        assert!(pixels(&[&own[..frame], tables, header, &own[scan..]].concat()) == pixels(&own));
        // They mean nothing in a progressive file.
        refusal(&without_tables(&file("progressive-420"), |_| true));
    }

    #[test]
    fn other_kinds_of_jpeg_are_named() {
        assert!(refusal(&file("arithmetic")).message().contains("arithmetic coding"));
        assert!(refusal(&file("sampled-4-2-apart")).message().contains("unusual sampling"));
        let bytes = file("baseline-420");
        let frame = content(&bytes, super::marker::SOF0);
        let change = |at: usize, value: u8| {
            let mut changed = bytes.clone();
            changed[at] = value;
            refusal(&changed).message().to_string()
        };
        for marker in [0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xDE, 0xF7] {
            let kind = match marker {
                0xC3 => "lossless",
                0xC9..=0xCB => "arithmetic coding",
                0xF7 => "JPEG-LS",
                _ => "hierarchical",
            };
            let said = change(frame - 3, marker);
            assert!(said.contains(kind), "{marker:x}: {said}");
        }
        assert!(change(frame, 12).contains("more than 8 bits"));
        let mut fractional = bytes.clone();
        (fractional[frame + 7], fractional[frame + 10]) = (0x32, 0x22);
        assert!(refusal(&fractional).message().contains("fractional sampling"));
        let mut no_height = bytes.clone();
        no_height[frame + 1..frame + 3].fill(0);
        assert!(refusal(&no_height).message().contains("height"));
    }

    #[test]
    fn colours_are_what_the_markers_say() {
        let rgb = file("rgb");
        assert!(difference(&rgb, 56, 30) < 10);
        // Without Adobe's marker the ids R, G and B say it.
        let adobe = content(&rgb, super::marker::APP14) - 4;
        let plain = [&rgb[..adobe], &rgb[adobe + 16..]].concat();
        assert!(pixels(&plain) == pixels(&rgb));
        // A JFIF marker stands above both.
        assert!(pixels(&with_segment(&plain, 0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")) != pixels(&rgb));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_trailer_changes_nothing(index in 0..READ.len(), trailer: Vec<u8>) {
            let bytes = file(READ[index]);
            prop_assert!(pixels(&[&bytes, &trailer[..]].concat()) == pixels(&bytes));
        }

        #[test]
        fn damaged_files_never_panic(
            index in 0..READ.len(),
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        ) {
            let mut bytes = file(READ[index]);
            for (at, value) in changes {
                let at = at.index(bytes.len());
                bytes[at] = value;
            }
            let _ = Picture::decode(&bytes);
        }
    }
}
