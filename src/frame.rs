//! A picture as it arrives: RGBA pixels, checked once and composited over white.

use std::borrow::Cow;

use image::DynamicImage;

use crate::error::{Error, ErrorKind};

/// The longest side a frame may have, in pixels. Browsers cap a canvas at 16,384 to 65,535 a side; a picture longer
/// than this is refused rather than scaled silently.
pub const MAX_SIDE: u32 = 16_384;

/// The most pixels a frame may have (120 megapixels, 480 MB of RGBA): wasm memory ends at 4 GiB.
pub const MAX_PIXELS: u64 = 120_000_000;

/// Opaque RGBA pixels, 8 bits a channel, rows from the top, no padding between rows.
///
/// Transparent pixels are composited over white, as most viewers show them. A pixel of alpha 0 is white whatever colour
/// it hides, so no face is found where a person sees nothing.
#[derive(Clone)]
pub struct Frame<'a> {
    pixels: Cow<'a, [u8]>,
    width: u32,
    height: u32,
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}x{})", self.width, self.height)
    }
}

impl<'a> Frame<'a> {
    /// Takes `width * height * 4` bytes: borrows them where all are opaque, and copies them onto white otherwise.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidFrame`] when a side is zero, a side or the area is over the limit, or the length is not
    /// `width * height * 4`; [`ErrorKind::OutOfMemory`] when there is not enough memory for the copy.
    pub fn from_rgba(pixels: &'a [u8], width: u32, height: u32) -> Result<Self, Error> {
        let frame = Self::from_opaque(pixels, width, height)?;
        Ok(if is_opaque(pixels) { frame } else { Self { pixels: Cow::Owned(on_white(pixels)?), ..frame } })
    }

    /// Copies `width * height * 3` bytes: red, green and blue of each pixel, rows from the top.
    ///
    /// # Errors
    /// As [`from_rgba`](Self::from_rgba), with 3 bytes a pixel.
    pub fn from_rgb(pixels: &[u8], width: u32, height: u32) -> Result<Self, Error> {
        Self::from_channels(pixels, width, height, |[red, green, blue]| [red, green, blue, 255])
    }

    /// Copies `width * height` grey bytes, rows from the top.
    ///
    /// # Errors
    /// As [`from_rgba`](Self::from_rgba), with 1 byte a pixel.
    pub fn from_grey(pixels: &[u8], width: u32, height: u32) -> Result<Self, Error> {
        Self::from_channels(pixels, width, height, |[grey]| [grey, grey, grey, 255])
    }

    fn from_channels<const N: usize>(
        pixels: &[u8],
        width: u32,
        height: u32,
        to_rgba: impl Fn([u8; N]) -> [u8; 4],
    ) -> Result<Self, Error> {
        check(width, height, pixels.len(), N)?;
        let (from, _) = pixels.as_chunks::<N>();
        let mut rgba = with_room(from.len() * 4)?;
        rgba.resize(from.len() * 4, 0);
        for (to, from) in rgba.as_chunks_mut().0.iter_mut().zip(from) {
            *to = to_rgba(*from);
        }
        Ok(Self { pixels: Cow::Owned(rgba), width, height })
    }

    /// The same as [`from_rgba`](Self::from_rgba) for pixels that are known to be opaque.
    pub(crate) fn from_opaque(pixels: &'a [u8], width: u32, height: u32) -> Result<Self, Error> {
        check(width, height, pixels.len(), 4)?;
        Ok(Self { pixels: Cow::Borrowed(pixels), width, height })
    }

    /// The pixels, RGBA and opaque, rows from the top.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Width in pixels, at least 1.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    pub const fn height(&self) -> u32 {
        self.height
    }
}

/// A picture of the `image` crate, version 0.25: of 8-bit RGBA pixels that are all opaque it borrows them, all others it
/// copies. The numbers are taken as they are: neither an ICC profile nor an EXIF orientation is looked at, as
/// [`Picture::decode`](crate::Picture::decode) does.
impl<'a> TryFrom<&'a DynamicImage> for Frame<'a> {
    type Error = Error;

    /// # Errors
    /// As [`Frame::from_rgba`].
    fn try_from(image: &'a DynamicImage) -> Result<Self, Error> {
        let (width, height) = (image.width(), image.height());
        match image {
            DynamicImage::ImageRgba8(rgba) => Self::from_rgba(rgba, width, height),
            DynamicImage::ImageRgb8(rgb) => Self::from_rgb(rgb, width, height),
            DynamicImage::ImageLuma8(grey) => Self::from_grey(grey, width, height),
            _ => {
                check_size(width, height)?;
                let mut rgba = image.to_rgba8().into_raw();
                lay_on_white(&mut rgba);
                Ok(Self { pixels: Cow::Owned(rgba), width, height })
            }
        }
    }
}

/// Refuses a size of zero or over the limits.
fn check_size(width: u32, height: u32) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::new(ErrorKind::InvalidFrame, message));
    let area = u64::from(width) * u64::from(height);
    if area == 0 {
        return invalid(format!("a frame must have at least one pixel, this one is {width} x {height}"));
    }
    if width > MAX_SIDE || height > MAX_SIDE || area > MAX_PIXELS {
        return invalid(format!(
            "a frame of {width} x {height} is over the limit of {MAX_SIDE} pixels a side and {MAX_PIXELS} in all"
        ));
    }
    Ok(())
}

/// Refuses a size of zero or over the limits, and bytes that do not fill it.
fn check(width: u32, height: u32, length: usize, channels: usize) -> Result<(), Error> {
    check_size(width, height)?;
    let bytes = u64::from(width) * u64::from(height) * channels as u64;
    if length as u64 != bytes {
        let message = format!("{width} x {height} pixels of {channels} bytes take {bytes} bytes, not {length}");
        return Err(Error::new(ErrorKind::InvalidFrame, message));
    }
    Ok(())
}

/// Whether every alpha is 255. Every live frame is checked, so this reads two pixels at once and does not branch.
fn is_opaque(rgba: &[u8]) -> bool {
    const ALPHAS: u64 = u64::from_le_bytes([0, 0, 0, 255, 0, 0, 0, 255]);
    let (pairs, last) = rgba.as_chunks::<8>();
    let common = pairs.iter().fold(ALPHAS, |common, &pair| common & u64::from_le_bytes(pair));
    common == ALPHAS && last.get(3).is_none_or(|&alpha| alpha == 255)
}

fn on_white(rgba: &[u8]) -> Result<Vec<u8>, Error> {
    let mut pixels = with_room(rgba.len())?;
    pixels.extend_from_slice(rgba);
    lay_on_white(&mut pixels);
    Ok(pixels)
}

fn with_room(bytes: usize) -> Result<Vec<u8>, Error> {
    let mut pixels = Vec::new();
    pixels.try_reserve_exact(bytes).map_err(|_| {
        Error::new(ErrorKind::OutOfMemory, format!("there is not enough memory for {bytes} bytes of a picture"))
    })?;
    Ok(pixels)
}

/// Composites RGBA pixels over white, where they are not opaque already.
pub(crate) fn lay_on_white(rgba: &mut [u8]) {
    for [red, green, blue, alpha] in rgba.as_chunks_mut::<4>().0.iter_mut().filter(|pixel| pixel[3] != 255) {
        for channel in [red, green, blue] {
            let mixed = u32::from(*channel) * u32::from(*alpha) + 255 * u32::from(255 - *alpha);
            *channel = ((mixed + 127) / 255) as u8;
        }
        *alpha = 255;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn accepts_exactly_the_right_length() {
        assert!(Frame::from_rgba(&[0; 24], 2, 3).is_ok());
        for (length, width, height) in
            [(23, 2, 3), (25, 2, 3), (0, 0, 0), (0, 0, 5), (24, 0, 6), (0, u32::MAX, u32::MAX)]
        {
            let error = Frame::from_rgba(&vec![0; length], width, height).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidFrame, "{length} {width} {height}");
        }
    }

    #[test]
    fn refuses_sides_over_the_limit_even_when_the_length_fits() {
        let row = vec![0; (MAX_SIDE as usize + 1) * 4];
        assert!(Frame::from_rgba(&row, MAX_SIDE + 1, 1).is_err());
        assert!(Frame::from_rgba(&row[4..], MAX_SIDE, 1).is_ok());
    }

    #[test]
    fn what_is_transparent_lies_on_white() {
        let rgba = [[9, 20, 30, 255], [9, 20, 30, 0], [0, 100, 255, 128], [50, 60, 70, 254]].concat();
        let frame = Frame::from_rgba(&rgba, 4, 1).unwrap();
        let expected = [[9, 20, 30, 255], [255, 255, 255, 255], [127, 177, 255, 255], [51, 61, 71, 255]].concat();
        assert_eq!(frame.pixels(), expected);
    }

    #[test]
    fn rgb_and_grey_pixels_become_opaque() {
        let rgb = Frame::from_rgb(&[1, 2, 3, 4, 5, 6], 1, 2).unwrap();
        assert_eq!((rgb.width(), rgb.height(), rgb.pixels()), (1, 2, &[1, 2, 3, 255, 4, 5, 6, 255][..]));
        let grey = Frame::from_grey(&[7, 8], 2, 1).unwrap();
        assert_eq!((grey.width(), grey.height(), grey.pixels()), (2, 1, &[7, 7, 7, 255, 8, 8, 8, 255][..]));
        for (length, width, height) in [(5, 1, 2), (7, 1, 2), (0, 0, 2), (0, MAX_SIDE + 1, 1)] {
            let bytes = vec![0; length];
            for result in [Frame::from_rgb(&bytes, width, height), Frame::from_grey(&bytes, width, height)] {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidFrame, "{length} {width} {height}");
            }
        }
    }

    #[test]
    fn pictures_of_the_image_crate_lie_on_white() {
        let rgba = [[9, 20, 30, 255], [9, 20, 30, 0], [0, 100, 255, 128]].concat();
        let image = DynamicImage::ImageRgba8(image::RgbaImage::from_raw(3, 1, rgba.clone()).unwrap());
        let expected = Frame::from_rgba(&rgba, 3, 1).unwrap();
        assert_eq!(Frame::try_from(&image).unwrap().pixels(), expected.pixels());
        // 8 bits become 16 by a factor of 257, and 8 again.
        assert_eq!(Frame::try_from(&DynamicImage::ImageRgba16(image.to_rgba16())).unwrap().pixels(), expected.pixels());

        let opaque = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(3, 2, image::Rgba([1, 2, 3, 255])));
        assert!(matches!(Frame::try_from(&opaque).unwrap().pixels, Cow::Borrowed(_)));
        let opaque_pixels = [1, 2, 3, 255].repeat(6);
        assert_eq!(Frame::try_from(&DynamicImage::ImageRgb8(opaque.to_rgb8())).unwrap().pixels(), opaque_pixels);

        let grey = image::GrayAlphaImage::from_raw(2, 1, vec![100, 255, 100, 0]).unwrap();
        let grey = DynamicImage::ImageLumaA8(grey);
        assert_eq!(Frame::try_from(&grey).unwrap().pixels(), [100, 100, 100, 255, 255, 255, 255, 255]);
        let grey = DynamicImage::ImageLuma8(grey.to_luma8());
        assert_eq!(Frame::try_from(&grey).unwrap().pixels(), [100, 100, 100, 255].repeat(2));

        for empty in [DynamicImage::new_rgb8(0, 0), DynamicImage::new_rgba16(0, 3), DynamicImage::new_luma8(3, 0)] {
            assert_eq!(Frame::try_from(&empty).unwrap_err().kind(), ErrorKind::InvalidFrame);
        }
        let long = DynamicImage::new_luma_a8(MAX_SIDE + 1, 1);
        assert_eq!(Frame::try_from(&long).unwrap_err().kind(), ErrorKind::InvalidFrame);
    }

    #[test]
    fn opaque_pixels_are_borrowed() {
        let rgba = [10, 20, 30, 255].repeat(700);
        assert!(matches!(Frame::from_rgba(&rgba, 70, 10).unwrap().pixels, Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn one_pixel_that_is_not_opaque_is_found_anywhere(width in 1u32..700, at in 0usize..700, alpha in 0u8..255) {
            let mut rgba = [10, 20, 30, 255].repeat(width as usize);
            let at = at % width as usize;
            rgba[4 * at + 3] = alpha;
            let frame = Frame::from_rgba(&rgba, width, 1).unwrap();
            prop_assert!(frame.pixels().iter().skip(3).step_by(4).all(|&alpha| alpha == 255));
            prop_assert!(frame.pixels()[4 * at] > 10);
        }
    }
}
