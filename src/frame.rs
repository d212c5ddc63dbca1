//! A picture as it arrives: borrowed RGBA pixels, checked once.

use crate::error::{Error, ErrorKind};

/// The longest side a frame may have, in pixels. Browsers cap a canvas at 16,384 to 65,535 a side; a picture longer
/// than this is refused rather than scaled in secret.
pub const MAX_SIDE: u32 = 16_384;

/// The most pixels a frame may have (120 megapixels, 480 MB of RGBA): wasm memory ends at 4 GiB.
pub const MAX_PIXELS: u64 = 120_000_000;

/// Borrowed RGBA pixels, 8 bits a channel, rows from the top, no padding between rows. Alpha is ignored.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pixels: &'a [u8],
    width: u32,
    height: u32,
}

impl<'a> Frame<'a> {
    /// Wraps `width * height * 4` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidFrame`] when a side is zero, a side or the area is over the limit, or the length is not
    /// `width * height * 4`.
    pub fn from_rgba(pixels: &'a [u8], width: u32, height: u32) -> Result<Self, Error> {
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
        Ok(Self { pixels, width, height })
    }

    /// The pixels, RGBA, rows from the top.
    pub const fn pixels(&self) -> &'a [u8] {
        self.pixels
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
