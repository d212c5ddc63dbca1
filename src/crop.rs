//! Cuts a detected face out of a frame as the network expects it.
//!
//! The geometry makes a detected face look like the network's training images (FER2013's 48 x 48 frames): measured
//! over 975 of them, the eyes lie at (14.6, 17.9) and (32.7, 17.8) and the mouth's corners at (16.4, 37.1) and
//! (31.2, 37.1); the square cut here puts them at (15.2, 17.5), (32.2, 17.4), (16.8, 36.1) and (30.9, 36.0).

use crate::chip::{CHIP_SIDE, FaceChip};
use crate::error::{Error, ErrorKind};
use crate::frame::Frame;
use crate::geometry::{BoundingBox, centre};
use crate::resample::{Pixel, Span, average_row};
use crate::turn::{TurnedArea, turned_height};

/// Side of the square cut out, as a share of the box's longer side. Measured, and accuracy is sensitive to it: 1.2
/// costs ten points.
const SQUARE_SIDE: f64 = 0.95;

/// The roll, in degrees, from which a face is turned upright.
const LEAST_ROLL: f32 = 10.0;

/// Weights of red, green and blue in grey: ITU-R BT.601, as in every JPEG of the training images.
const GREY_WEIGHTS: [f32; 3] = [0.299, 0.587, 0.114];

/// Cuts a detected face out: the square of 0.95 times the box's longer side, centred on the box, scaled to 48 x 48 grey.
///
/// Scaled down by area average, up bilinearly; where the square reaches beyond the frame the border pixels repeat.
///
/// # Errors
/// [`ErrorKind::InvalidBox`](crate::ErrorKind::InvalidBox) when the box has a side that is not above 0, has a number that
/// is not finite or is beyond 1e9 pixels, or lies outside of the frame. The detector's boxes are always valid.
pub fn crop_face(frame: &Frame<'_>, bounding_box: &BoundingBox) -> Result<FaceChip, Error> {
    bounding_box.check_within(frame.width(), frame.height())?;
    Ok(crop_upright(frame, bounding_box))
}

/// The same for a face that is turned in the picture's plane by `roll` degrees, clockwise: the chip shows it upright. A
/// face turned by less than 10 degrees is cut as it is, since turning it makes no answer better.
///
/// # Errors
/// As [`crop_face`], and when the roll is not finite.
pub fn crop_turned_face(frame: &Frame<'_>, bounding_box: &BoundingBox, roll: f32) -> Result<FaceChip, Error> {
    bounding_box.check_within(frame.width(), frame.height())?;
    if !roll.is_finite() {
        return Err(Error::new(ErrorKind::InvalidBox, format!("a face's roll must be a finite number, not {roll}")));
    }
    Ok(crop_found_face(frame, bounding_box, roll))
}

/// The same for a face of the detector or the tracker. A box that is followed may lie outside of a frame that is smaller
/// than the last one.
pub(crate) fn crop_found_face(frame: &Frame<'_>, bounding_box: &BoundingBox, roll: f32) -> FaceChip {
    let (square, roll) = crop_square(bounding_box, roll);
    if roll == 0.0 {
        return crop_upright(frame, bounding_box);
    }
    let area = TurnedArea::new(centre(bounding_box), [square.width; 2], roll);
    chip_of(&mut |y, row| area.read_row(frame, [CHIP_SIDE; 2], y, row))
}

/// The square that is cut out, in pixels of the frame, and by how many degrees it is turned around its middle.
pub(crate) fn crop_square(bounding_box: &BoundingBox, roll: f32) -> (BoundingBox, f32) {
    let (height, roll) = if roll.abs() < LEAST_ROLL {
        (bounding_box.width.max(bounding_box.height), 0.0)
    } else {
        (turned_height(bounding_box, roll), roll)
    };
    let side = SQUARE_SIDE as f32 * height;
    let [x, y] = centre(bounding_box).map(|at| at - side / 2.0);
    (BoundingBox { x, y, width: side, height: side }, roll)
}

fn crop_upright(frame: &Frame<'_>, bounding_box: &BoundingBox) -> FaceChip {
    let BoundingBox { x, y, width, height } = *bounding_box;
    let [x, y, width, height] = [x, y, width, height].map(f64::from);
    let side = SQUARE_SIDE * width.max(height);
    cut(frame, x + (width - side) / 2.0, y + (height - side) / 2.0, side, side)
}

/// The whole frame as a chip, for a face that is already cut out as the training images are. A frame that is not
/// square is stretched to one.
pub fn chip_from_frame(frame: &Frame<'_>) -> FaceChip {
    cut(frame, 0.0, 0.0, f64::from(frame.width()), f64::from(frame.height()))
}

/// Scales a rectangle of the frame to a chip.
fn cut(frame: &Frame<'_>, left: f64, top: f64, width: f64, height: f64) -> FaceChip {
    let columns: [Span; CHIP_SIDE] =
        std::array::from_fn(|index| Span::new(index, CHIP_SIDE, left, width, frame.width() as usize));
    chip_of(&mut |y, row| {
        average_row(frame, &Span::new(y, CHIP_SIDE, top, height, frame.height() as usize), &columns, row);
    })
}

/// The chip of these rows of pixels.
#[inline(never)]
fn chip_of(read_row: &mut dyn FnMut(usize, &mut [Pixel])) -> FaceChip {
    let mut grey = [0; CHIP_SIDE * CHIP_SIDE];
    let mut pixels = [Pixel::default(); CHIP_SIDE];
    for (y, output) in grey.chunks_exact_mut(CHIP_SIDE).enumerate() {
        read_row(y, &mut pixels);
        for (grey, pixel) in output.iter_mut().zip(pixels) {
            *grey = to_grey(pixel);
        }
    }
    FaceChip::from_grey(grey)
}

fn to_grey([red, green, blue, _alpha]: Pixel) -> u8 {
    let [of_red, of_green, of_blue] = GREY_WEIGHTS;
    // `as` saturates at 255.
    (of_red * red + of_green * green + of_blue * blue).round() as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;

    fn bounding_box(x: f32, y: f32, width: f32, height: f32) -> BoundingBox {
        BoundingBox { x, y, width, height }
    }

    fn mirrored(pixels: &[[u8; 4]], width: usize) -> Vec<[u8; 4]> {
        pixels.chunks_exact(width).flat_map(|row| row.iter().rev().copied()).collect()
    }

    fn any_box() -> impl Strategy<Value = BoundingBox> {
        (-90.0..90.0_f32, -90.0..90.0_f32, 0.01..200.0_f32, 0.01..200.0_f32)
            .prop_map(|(x, y, width, height)| bounding_box(x, y, width, height))
    }

    proptest! {
        #[test]
        fn a_plain_frame_gives_a_plain_chip(
            grey: u8, width in 1_u32..60, height in 1_u32..60, bounding_box in any_box(),
        ) {
            let pixels = [grey, grey, grey, 255].repeat((width * height) as usize);
            let frame = Frame::from_rgba(&pixels, width, height).unwrap();
            let chip = crop_found_face(&frame, &bounding_box, 0.0);
            prop_assert_eq!(chip.grey(), &[grey; CHIP_SIDE * CHIP_SIDE]);
        }

        #[test]
        fn a_mirrored_frame_gives_a_mirrored_chip(
            pixels in prop::collection::vec(any::<[u8; 4]>(), 31 * 23), bounding_box in any_box(),
        ) {
            let chip = crop_found_face(&Frame::from_rgba(pixels.as_flattened(), 31, 23).unwrap(), &bounding_box, 0.0);
            let mirrored_pixels = mirrored(&pixels, 31);
            let mirrored_box = BoundingBox { x: 31.0 - bounding_box.x - bounding_box.width, ..bounding_box };
            let mirrored_frame = Frame::from_rgba(mirrored_pixels.as_flattened(), 31, 23).unwrap();
            let mirrored_chip = crop_found_face(&mirrored_frame, &mirrored_box, 0.0);
            for (row, mirrored_row) in chip.grey().chunks(CHIP_SIDE).zip(mirrored_chip.grey().chunks(CHIP_SIDE)) {
                for (&one, &other) in row.iter().zip(mirrored_row.iter().rev()) {
                    // Rounding may fall to either side of a half.
                    prop_assert!(one.abs_diff(other) <= 1, "{row:?} against {mirrored_row:?}");
                }
            }
        }

        #[test]
        fn any_box_of_sane_numbers_is_cut_or_lies_outside(
            x in -1e9..1e9_f32, y in -1e9..1e9_f32, width in 1e-30..1e9_f32, height in 1e-30..1e9_f32,
        ) {
            let pixels: Vec<u8> = (0..5 * 4 * 4).map(|value| value as u8).collect();
            let (frame, bounding_box) = (Frame::from_rgba(&pixels, 5, 4).unwrap(), bounding_box(x, y, width, height));
            prop_assert_eq!(crop_face(&frame, &bounding_box).is_ok(), bounding_box.touches(5, 4));
            crop_found_face(&frame, &bounding_box, 0.0);
        }
    }

    #[test]
    fn the_square_is_the_measured_one() {
        // A box of 80 x 100 centred on (70, 60): a square of 95 from (22.5, 12.5). Grey ramps show where it lies.
        let pixels: Vec<u8> = (0..120).flat_map(|y| (0..160).flat_map(move |x| [x, y, 0, 255])).collect();
        let frame = Frame::from_rgba(&pixels, 160, 120).unwrap();
        let chip = crop_face(&frame, &bounding_box(30.0, 10.0, 80.0, 100.0)).unwrap();
        for (index, &grey) in chip.grey().iter().enumerate() {
            // A pixel of value v has its centre at v + 0.5.
            let [x, y] = [(index % 48, 22.5), (index / 48, 12.5)]
                .map(|(index, start)| start + (index as f64 + 0.5) * 95.0 / 48.0 - 0.5);
            assert!((f64::from(grey) - (0.299 * x + 0.587 * y)).abs() <= 0.51, "{index}: {grey}");
        }
    }

    #[test]
    fn a_turned_face_gives_the_chip_of_an_upright_one() {
        let (width, height) = (130_usize, 110_usize);
        let value = |x: usize, y: usize| (128.0 + 60.0 * (x as f32 / 9.0).sin() + 50.0 * (y as f32 / 7.0).cos()) as u8;
        let colour = |x, y| [value(x, y), value(x, y), value(x, y), 255];
        let upright: Vec<u8> = (0..height).flat_map(|y| (0..width).flat_map(move |x| colour(x, y))).collect();
        // Turned clockwise by a quarter: what was at the left is at the top.
        let turned: Vec<u8> =
            (0..width).flat_map(|y| (0..height).flat_map(move |x| colour(y, height - 1 - x))).collect();
        let expected = crop_face(
            &Frame::from_rgba(&upright, width as u32, height as u32).unwrap(),
            &bounding_box(30.0, 10.0, 62.4, 80.0),
        );
        let frame = Frame::from_rgba(&turned, height as u32, width as u32).unwrap();
        let found = crop_turned_face(&frame, &bounding_box(20.0, 30.0, 80.0, 62.4), 90.0).unwrap();
        for (found, expected) in found.grey().iter().zip(expected.unwrap().grey()) {
            assert!(found.abs_diff(*expected) <= 12, "{found} is not {expected}");
        }
    }

    #[test]
    fn grey_uses_the_stated_weights() {
        for (rgb, grey) in [([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([200, 100, 50], 124)] {
            let [red, green, blue] = rgb;
            let pixels = [red, green, blue, 255].repeat(48 * 48);
            let chip = chip_from_frame(&Frame::from_rgba(&pixels, 48, 48).unwrap());
            assert_eq!(chip.grey(), &[grey; CHIP_SIDE * CHIP_SIDE], "{rgb:?}");
        }
    }

    #[test]
    fn a_grey_frame_of_chip_size_is_copied() {
        let grey: [u8; CHIP_SIDE * CHIP_SIDE] = std::array::from_fn(|index| (index * 7 % 256) as u8);
        let pixels: Vec<u8> = grey.iter().flat_map(|&value| [value, value, value, 255]).collect();
        assert_eq!(chip_from_frame(&Frame::from_rgba(&pixels, 48, 48).unwrap()), FaceChip::from_grey(grey));
    }

    #[test]
    fn a_face_of_one_pixel_is_interpolated_smoothly() {
        let pixels: Vec<u8> = (0..9).flat_map(|value| [value * 20, value * 20, value * 20, 255]).collect();
        let frame = Frame::from_rgba(&pixels, 3, 3).unwrap();
        let chip = crop_face(&frame, &bounding_box(1.0, 1.0, 1.0, 1.0)).unwrap();
        // The pixel (1, 1) is 80; a pixel to the right adds 20, a pixel down 60.
        assert!(chip.grey()[24 * 48 + 24].abs_diff(80) <= 1);
        for row in chip.grey().chunks(CHIP_SIDE) {
            assert!(row.is_sorted() && row[47] - row[0] <= 20, "{row:?}");
        }
    }

    #[test]
    fn a_face_beyond_the_border_sees_the_border_repeated() {
        let pixels: Vec<u8> = (0..100).flat_map(|value| [value, value, value, 255]).collect();
        let frame = Frame::from_rgba(&pixels, 10, 10).unwrap();
        for (x, y, grey) in [(-500.0, -500.0, 0), (500.0, -500.0, 9), (-500.0, 500.0, 90), (500.0, 500.0, 99)] {
            let beyond = bounding_box(x, y, 40.0, 40.0);
            assert_eq!(crop_found_face(&frame, &beyond, 0.0).grey(), &[grey; CHIP_SIDE * CHIP_SIDE], "{x} {y}");
            assert_eq!(crop_face(&frame, &beyond).unwrap_err().kind(), ErrorKind::InvalidBox);
        }
        // A box whose last tenth of a pixel is in the frame.
        let chip = crop_face(&frame, &bounding_box(-39.9, -39.9, 40.0, 40.0)).unwrap();
        assert_eq!(chip.grey(), &[0; CHIP_SIDE * CHIP_SIDE]);
    }

    #[test]
    fn a_huge_frame_is_averaged() {
        let (width, height) = (6000_u32, 4000_u32);
        let pixels: Vec<u8> = (0..width * height)
            .flat_map(|index| [[0, 0, 0, 255], [200, 200, 200, 255]][(index % 2) as usize])
            .collect();
        let frame = Frame::from_rgba(&pixels, width, height).unwrap();
        let chip = crop_face(&frame, &bounding_box(0.0, 0.0, 6000.0, 4000.0)).unwrap();
        assert!(chip.grey().iter().all(|grey| grey.abs_diff(100) <= 1), "{:?}", chip.grey());
    }

    #[test]
    fn what_is_not_a_box_is_refused() {
        let frame = Frame::from_rgba(&[0; 4 * 4], 2, 2).unwrap();
        let good = bounding_box(0.0, 0.0, 2.0, 2.0);
        assert!(crop_face(&frame, &good).is_ok() && crop_turned_face(&frame, &good, -170.0).is_ok());
        for (x, width) in [(f32::NAN, 2.0), (0.0, f32::INFINITY), (0.0, 0.0), (1.0, -1.0)] {
            for roll in [0.0, 90.0] {
                let error = crop_turned_face(&frame, &bounding_box(x, 0.0, width, 2.0), roll).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidBox, "{x} {width}");
            }
        }
        for bad in [f32::NAN, f32::INFINITY] {
            assert_eq!(crop_turned_face(&frame, &good, bad).unwrap_err().kind(), ErrorKind::InvalidBox, "{bad}");
        }
    }
}
