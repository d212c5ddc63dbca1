//! From the colours a file is written in to sRGB, which the networks know: as browsers convert them, 8 bits a channel.
//!
//! An ICC profile is honoured where it is of curves and primaries (all cameras' and screens' are) or of one grey curve;
//! one of tables alone, of ink, or damaged is ignored. A PNG file may say it in chunks: cICP counts before iCCP, that
//! before sRGB, and that before gAMA with cHRM (PNG 3, section 4.3). Brightness beyond a screen's (PQ, HLG) is left as it
//! is.

use crate::container::Container;

type Matrix = [[f32; 3]; 3];
/// Where red, green, blue and white lie in CIE 1931's diagram, as x and y.
type Chromaticities = [[f32; 2]; 4];

const D65: [f32; 2] = [0.3127, 0.329];
const SRGB: Chromaticities = [[0.64, 0.33], [0.3, 0.6], [0.15, 0.06], D65];
const DISPLAY_P3: Chromaticities = [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06], D65];
const BT_2020: Chromaticities = [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046], D65];

/// The white of ICC's connection space, as XYZ.
const D50: [f32; 3] = [0.964_2, 1.0, 0.824_9];

/// Bradford's responses of the eye, in which a white is adapted to another.
const BRADFORD: Matrix = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]];

/// How many steps between black and white are distinguished before conversion to sRGB: finer than its darkest ones.
const STEPS: usize = 4096;

/// The way from a file's colours to sRGB.
#[derive(Debug, Clone)]
pub(crate) struct Colours {
    /// How bright each value of a channel is, 0..=1.
    brightness: [[f32; 256]; 3],
    /// From the file's red, green and blue to sRGB's, both by brightness.
    matrix: Matrix,
    /// sRGB's value for each of so many steps of brightness.
    written: Vec<u8>,
}

impl Colours {
    /// Of a file, with its ICC profile if it has one. None where its colours are sRGB, or nothing usable is said of them.
    pub(crate) fn of(file: &[u8], profile: Option<&[u8]>, is_grey: bool) -> Option<Self> {
        let container = Container::of(file)?;
        let (mut cicp, mut is_srgb, mut gamma, mut chromaticities) = (None, false, None, None);
        for block in container.blocks(file).take_while(|block| block.name != *b"IDAT") {
            let data = &file[block.data];
            match (container, &block.name) {
                (Container::Png, b"cICP") => cicp = code_points(data),
                (Container::Png, b"sRGB") => is_srgb = true,
                (Container::Png, b"gAMA") => gamma = be_u32(data, 0),
                (Container::Png, b"cHRM") => chromaticities = Some(stated_chromaticities(data)?),
                (Container::Jpeg, [0xC0..=0xC2, ..]) if data.get(5) == Some(&4) => return None, // ink
                _ => {}
            }
        }
        let colours = cicp.or_else(|| profile.and_then(|profile| icc(profile, is_grey))).or_else(|| {
            const OF_SRGB: u32 = 45_455;
            match (is_srgb, gamma?, chromaticities) {
                (true, ..) | (_, 0, _) | (_, OF_SRGB, None) => None,
                (_, gamma, chromaticities) => {
                    let gamma = 100_000.0 / gamma as f32;
                    Self::new([&|value| value.powf(gamma); 3], to_srgb(&chromaticities.unwrap_or(SRGB))?)
                }
            }
        })?;
        (!colours.changes_nothing()).then_some(colours)
    }

    fn new(curves: [&dyn Fn(f32) -> f32; 3], matrix: Matrix) -> Option<Self> {
        let brightness = curves.map(|curve| std::array::from_fn(|value| curve(value as f32 / 255.0).clamp(0.0, 1.0)));
        let numbers = brightness.as_flattened().iter().chain(matrix.as_flattened());
        if !numbers.copied().all(f32::is_finite) {
            return None;
        }
        let written = (0..STEPS).map(|step| written_as_srgb(step as f32 / (STEPS - 1) as f32)).collect();
        Some(Self { brightness, matrix, written })
    }

    /// Converts RGBA pixels, in place.
    pub(crate) fn convert(&self, rgba: &mut [u8]) {
        for pixel in rgba.as_chunks_mut::<4>().0 {
            let [red, green, blue] =
                std::array::from_fn(|channel| self.brightness[channel][usize::from(pixel[channel])]);
            for (value, row) in pixel.iter_mut().zip(&self.matrix) {
                let brightness = row[0] * red + row[1] * green + row[2] * blue;
                *value = self.written[(brightness.clamp(0.0, 1.0) * (STEPS - 1) as f32 + 0.5) as usize];
            }
        }
    }

    /// Whether it is sRGB under another name: most profiles are, and rounding is not worth a pass over the picture.
    fn changes_nothing(&self) -> bool {
        let samples: Vec<u8> =
            (0..=255).flat_map(|value| [value, value, value, 255, value, 255 - value, 128, 255]).collect();
        let mut converted = samples.clone();
        self.convert(&mut converted);
        samples.iter().zip(&converted).all(|(before, after)| before.abs_diff(*after) <= 1)
    }
}

/// A PNG file's cICP chunk (ITU-T H.273). Browsers take the curve of television as that of its screens, a power of 2.4.
fn code_points(data: &[u8]) -> Option<Colours> {
    let &[primaries, curve, 0, 1] = data else { return None };
    let chromaticities = match primaries {
        1 => SRGB,
        9 => BT_2020,
        12 => DISPLAY_P3,
        _ => return None,
    };
    let power = |exponent: f32| move |value: f32| value.powf(exponent);
    let curve: &dyn Fn(f32) -> f32 = match curve {
        1 | 6 | 14 | 15 => &power(2.4),
        4 => &power(2.2),
        5 => &power(2.8),
        8 => &power(1.0),
        13 => &read_as_srgb,
        _ => return None,
    };
    Colours::new([curve; 3], to_srgb(&chromaticities)?)
}

/// A PNG file's cHRM chunk: white, red, green, blue.
fn stated_chromaticities(data: &[u8]) -> Option<Chromaticities> {
    let point = |at: usize| Some([0, 4].map(|offset| be_u32(data, at + offset).map(|value| value as f32 / 100_000.0)));
    let [white, red, green, blue] = [0, 8, 16, 24].map(|at| point(at).and_then(|[x, y]| Some([x?, y?])));
    let chromaticities = [red?, green?, blue?, white?];
    to_srgb(&chromaticities).map(|_| chromaticities)
}

/// An ICC profile (ICC.1:2022): a grey picture may have a profile of colours too, but not the other way round.
fn icc(profile: &[u8], is_grey: bool) -> Option<Colours> {
    if profile.get(36..40) != Some(b"acsp") {
        return None;
    }
    let tags = profile.get(132..)?.chunks_exact(12).take(be_u32(profile, 128)? as usize);
    let tag = |name: &[u8; 4]| {
        let entry = tags.clone().find(|entry| entry.starts_with(name))?;
        let (start, length) = (be_u32(entry, 4)? as usize, be_u32(entry, 8)? as usize);
        profile.get(start..start.checked_add(length)?)
    };
    match profile.get(16..20)? {
        b"GRAY" if is_grey => {
            let curve = icc_curve(tag(b"kTRC")?)?;
            Colours::new([&curve; 3], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        }
        b"RGB " => {
            let [red, green, blue] = [b"rTRC", b"gTRC", b"bTRC"].map(|name| icc_curve(tag(name)?));
            let primaries = [b"rXYZ", b"gXYZ", b"bXYZ"].map(|name| icc_numbers::<3>(tag(name)?, 8));
            let [Some(x), Some(y), Some(z)] = primaries else { return None };
            Colours::new([&red?, &green?, &blue?], times(&xyz_to_srgb()?, &transposed(&[x, y, z])))
        }
        _ => None,
    }
}

/// An ICC curve: a power, a table, or a formula.
fn icc_curve(tag: &[u8]) -> Option<impl Fn(f32) -> f32 + 'static> {
    enum Curve {
        Table(Vec<f32>),
        Formula { kind: u16, numbers: [f32; 7] },
    }
    let formula = |kind: u16, numbers: &[f32]| {
        let mut seven = [0.0; 7];
        seven.get_mut(..numbers.len())?.copy_from_slice(numbers);
        Some(Curve::Formula { kind, numbers: seven })
    };
    let curve = match tag.get(..4)? {
        b"curv" => match be_u32(tag, 8)? {
            0 => formula(0, &[1.0])?,
            1 => formula(0, &[f32::from(be_u16(tag, 12)?) / 256.0])?,
            count => {
                let table = tag.get(12..)?.as_chunks::<2>().0.get(..count as usize)?;
                Curve::Table(table.iter().map(|&value| f32::from(u16::from_be_bytes(value)) / 65_535.0).collect())
            }
        },
        b"para" => match be_u16(tag, 8)? {
            0 => formula(0, &icc_numbers::<1>(tag, 12)?)?,
            1 => formula(1, &icc_numbers::<3>(tag, 12)?)?,
            2 => formula(2, &icc_numbers::<4>(tag, 12)?)?,
            3 => formula(3, &icc_numbers::<5>(tag, 12)?)?,
            4 => formula(4, &icc_numbers::<7>(tag, 12)?)?,
            _ => return None,
        },
        _ => return None,
    };
    Some(move |value: f32| match &curve {
        Curve::Table(table) => {
            let place = value * (table.len() - 1) as f32;
            let below = (place as usize).min(table.len() - 2);
            table[below] + (table[below + 1] - table[below]) * (place - below as f32)
        }
        Curve::Formula { kind, numbers: [gamma, a, b, c, d, e, f] } => {
            let power = (a * value + b).max(0.0).powf(*gamma);
            match kind {
                0 => value.powf(*gamma),
                1 => power,
                2 => power + c,
                _ if value >= *d => power + e,
                _ => c * value + f,
            }
        }
    })
}

/// Numbers of 16 bits before and after the point.
fn icc_numbers<const N: usize>(tag: &[u8], at: usize) -> Option<[f32; N]> {
    let mut numbers = [0.0; N];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = be_u32(tag, at + 4 * index)? as i32 as f32 / 65_536.0;
    }
    Some(numbers)
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be_u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// IEC 61966-2-1.
fn read_as_srgb(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

fn written_as_srgb(brightness: f32) -> u8 {
    let value = if brightness <= 0.003_130_8 { 12.92 * brightness } else { 1.055 * brightness.powf(1.0 / 2.4) - 0.055 };
    (value * 255.0).round() as u8
}

fn to_srgb(chromaticities: &Chromaticities) -> Option<Matrix> {
    Some(times(&xyz_to_srgb()?, &to_xyz(chromaticities)?))
}

fn xyz_to_srgb() -> Option<Matrix> {
    inverse(&to_xyz(&SRGB)?)
}

/// From brightness of these primaries to XYZ, with their white adapted to [`D50`].
fn to_xyz([red, green, blue, white]: &Chromaticities) -> Option<Matrix> {
    let xyz = |[x, y]: [f32; 2]| [x / y, 1.0, (1.0 - x - y) / y];
    let scaled_by = |matrix: &Matrix, factors: [f32; 3]| {
        matrix.map(|row| std::array::from_fn(|column| row[column] * factors[column]))
    };
    let white = xyz(*white);
    let primaries = transposed(&[xyz(*red), xyz(*green), xyz(*blue)]);
    let primaries = scaled_by(&primaries, applied(&inverse(&primaries)?, white));
    let (from, to) = (applied(&BRADFORD, white), applied(&BRADFORD, D50));
    let adapted = scaled_by(&inverse(&BRADFORD)?, std::array::from_fn(|response| to[response] / from[response]));
    let matrix = times(&times(&adapted, &BRADFORD), &primaries);
    matrix.as_flattened().iter().all(|number| number.is_finite()).then_some(matrix)
}

fn transposed(matrix: &Matrix) -> Matrix {
    std::array::from_fn(|row| std::array::from_fn(|column| matrix[column][row]))
}

fn applied(matrix: &Matrix, vector: [f32; 3]) -> [f32; 3] {
    matrix.map(|row| row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2])
}

fn times(left: &Matrix, right: &Matrix) -> Matrix {
    transposed(&transposed(right).map(|column| applied(left, column)))
}

fn inverse(matrix: &Matrix) -> Option<Matrix> {
    // Each entry's cofactor; the rows and columns left of three are those that follow, in a circle.
    let cofactors: Matrix = std::array::from_fn(|row| {
        std::array::from_fn(|column| {
            let at = |down: usize, right: usize| matrix[(row + down) % 3][(column + right) % 3];
            at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)
        })
    });
    let determinant: f32 = matrix[0].iter().zip(cofactors[0]).map(|(entry, cofactor)| entry * cofactor).sum();
    (determinant.abs() > 1e-9).then(|| transposed(&cofactors).map(|row| row.map(|entry| entry / determinant)))
}
