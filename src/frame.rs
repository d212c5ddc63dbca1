//! A picture as it arrives: RGBA pixels, checked once and laid on white.

use std::borrow::Cow;

use crate::error::{Error, ErrorKind};

/// The longest side a frame may have, in pixels. Browsers cap a canvas at 16,384 to 65,535 a side; a picture longer
/// than this is refused rather than scaled in secret.
pub const MAX_SIDE: u32 = 16_384;

/// The most pixels a frame may have (120 megapixels, 480 MB of RGBA): wasm memory ends at 4 GiB.
pub const MAX_PIXELS: u64 = 120_000_000;

/// RGBA pixels, 8 bits a channel, rows from the top, no padding between rows; every one of them opaque.
///
/// What is transparent is composited over white, the paper most viewers lay under a picture. A pixel of alpha 0 is
/// white whatever colour it hides, so nobody is found where a person sees nothing.
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
    /// `width * height * 4`; [`ErrorKind::OutOfMemory`] when there is no memory for the copy.
    pub fn from_rgba(pixels: &'a [u8], width: u32, height: u32) -> Result<Self, Error> {
        let frame = Self::from_opaque(pixels, width, height)?;
        Ok(if is_opaque(pixels) { frame } else { Self { pixels: Cow::Owned(on_white(pixels)?), ..frame } })
    }

    /// The same for pixels that are known to be opaque.
    pub(crate) fn from_opaque(pixels: &'a [u8], width: u32, height: u32) -> Result<Self, Error> {
        let invalid = |message: String| Err(Error::new(ErrorKind::InvalidFrame, message));
        let area = u64::from(width) * u64::from(height);
        if area == 0 {
            return invalid(format!("a frame needs at least one pixel, this one is {width} x {height}"));
        }
        if width > MAX_SIDE || height > MAX_SIDE || area > MAX_PIXELS {
            return invalid(format!(
                "a frame of {width} x {height} is over the limit of {MAX_SIDE} pixels a side and {MAX_PIXELS} in all"
            ));
        }
        if pixels.len() as u64 != area * 4 {
            return invalid(format!("{width} x {height} RGBA pixels take {} bytes, not {}", area * 4, pixels.len()));
        }
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

/// Whether every alpha is 255. Live frames pass here, so it looks at two pixels at once and never stops to decide.
fn is_opaque(rgba: &[u8]) -> bool {
    const ALPHAS: u64 = u64::from_le_bytes([0, 0, 0, 255, 0, 0, 0, 255]);
    let (pairs, last) = rgba.as_chunks::<8>();
    let common = pairs.iter().fold(ALPHAS, |common, &pair| common & u64::from_le_bytes(pair));
    common == ALPHAS && last.get(3).is_none_or(|&alpha| alpha == 255)
}

fn on_white(rgba: &[u8]) -> Result<Vec<u8>, Error> {
    let mut pixels = Vec::new();
    pixels.try_reserve_exact(rgba.len()).map_err(|_| {
        Error::new(ErrorKind::OutOfMemory, format!("there is no memory for {} bytes of a picture", rgba.len()))
    })?;
    pixels.extend_from_slice(rgba);
    lay_on_white(&mut pixels);
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
