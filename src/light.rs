//! Whether a live video is too dark to read a face by.

use crate::frame::Frame;

/// How often the light is measured, in milliseconds, so that what a page says about it does not flicker.
const LOOK_MS: f64 = 1000.0;

/// Mean brightness, 0..=255, below which a video is too dark, and from which it is light enough again. Set by
/// judgement, not by measurement; the gap keeps the answer steady at the border.
const DARK: u32 = 40;
const LIGHT: u32 = 55;

/// The brightness is the mean of this many pixels a side, evenly spaced.
const GRID: usize = 32;

/// The light of a live video.
#[derive(Debug, Default)]
pub(crate) struct Light {
    is_dark: bool,
    looked_ms: Option<f64>,
}

impl Light {
    /// Looks at the next frame, if it is time to.
    pub(crate) fn look(&mut self, frame: &Frame<'_>, timestamp_ms: f64) {
        if self.looked_ms.is_none_or(|looked_ms| timestamp_ms - looked_ms >= LOOK_MS) {
            self.looked_ms = Some(timestamp_ms);
            self.is_dark = brightness(frame) < if self.is_dark { LIGHT } else { DARK };
        }
    }

    /// Whether it was too dark when it was last measured; not before the first frame.
    pub(crate) const fn is_dark(&self) -> bool {
        self.is_dark
    }
}

/// The mean of the green channel, which carries most of what people see as brightness.
fn brightness(frame: &Frame<'_>) -> u32 {
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let place = |cell: usize, side: usize| (2 * cell + 1) * side / (2 * GRID);
    let green = |x: usize, y: usize| u32::from(frame.pixels()[4 * (y * width + x) + 1]);
    let sum: u32 = (0..GRID).flat_map(|y| (0..GRID).map(move |x| green(place(x, width), place(y, height)))).sum();
    sum / (GRID * GRID) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it is dark after frames of one grey each, a second apart.
    fn after(greys: &[u8]) -> bool {
        let mut light = Light::default();
        for (second, grey) in greys.iter().enumerate() {
            look(&mut light, *grey, 1000.0 * second as f64);
        }
        light.is_dark()
    }

    fn look(light: &mut Light, grey: u8, timestamp_ms: f64) {
        light.look(&Frame::from_rgba(&[grey, grey, grey, 255].repeat(64 * 48), 64, 48).unwrap(), timestamp_ms);
    }

    #[test]
    fn a_video_stays_dark_until_it_is_clearly_lighter() {
        for (greys, dark) in [
            (&[39][..], true),
            (&[40], false),
            (&[39, 54], true),
            (&[39, 55], false),
            (&[39, 55, 54], false),
            (&[], false),
        ] {
            assert_eq!(after(greys), dark, "{greys:?}");
        }
    }

    #[test]
    fn the_light_is_measured_once_a_second() {
        let mut light = Light::default();
        look(&mut light, 200, 500.0);
        look(&mut light, 0, 1499.0);
        assert!(!light.is_dark());
        look(&mut light, 0, 1500.0);
        assert!(light.is_dark());
    }

    #[test]
    fn the_brightness_is_the_mean_over_the_whole_frame() {
        for (width, height) in [(1, 1), (1, 7), (3, 2), (640, 480), (479, 641)] {
            let rgba: Vec<u8> = (0..width * height)
                .flat_map(|pixel| [0, if pixel % width < width / 2 { 200 } else { 0 }, 0, 255])
                .collect();
            let mean = 200 * (width / 2) / width;
            let measured = brightness(&Frame::from_rgba(&rgba, width, height).unwrap());
            assert!(measured.abs_diff(mean) <= 3, "{width} x {height}: {measured}, not {mean}");
        }
    }
}
