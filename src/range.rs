//! The range of every numeric option, stated once for its check and its message. A test below holds the documentation
//! to them.

use std::fmt::Display;

use crate::error::{Error, ErrorKind};

/// The values an option may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range<T> {
    least: T,
    most: T,
    unit: &'static str,
}

/// Confidences, probabilities and differences of probabilities.
pub(crate) const SHARE: Range<f32> = Range { least: 0.0, most: 1.0, unit: "" };

/// The long side at which a picture is searched. Below the least most faces are missed; the most finds every face of use
/// in 24 megapixels, whatever their format.
pub(crate) const SEARCH_SIDE: Range<u32> = Range { least: 160, most: 4096, unit: " pixels" };

/// The long side at which live frames are searched: the most takes some 25 times as long as the default.
pub(crate) const LIVE_SIDE: Range<u32> = Range { least: 160, most: 1280, unit: " pixels" };

/// How many faces are reported.
pub(crate) const FACES: Range<usize> = Range { least: 1, most: 1000, unit: "" };

/// How long something lasts in live video.
pub(crate) const DURATION_MS: Range<f64> = Range { least: 0.0, most: 60_000.0, unit: " ms" };

impl<T: PartialOrd + Display> Range<T> {
    /// Refuses a value outside the range, NaN included.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`], with the option's name, its range and the value.
    pub(crate) fn check(&self, name: &str, value: T) -> Result<(), Error> {
        if (&self.least..=&self.most).contains(&&value) {
            return Ok(());
        }
        Err(outside(name, [&self.least, &self.most, &value], self.unit))
    }
}

/// Not generic, so that the module carries the message's code once.
fn outside(name: &str, [least, most, value]: [&dyn Display; 3], unit: &str) -> Error {
    let message = format!("{name} must be between {least} and {most}{unit}, not {value}");
    Error::new(ErrorKind::InvalidOptions, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_are_inside_and_nan_is_not() {
        for value in [0.0, 0.5, 1.0] {
            assert_eq!(SHARE.check("share", value), Ok(()));
        }
        for value in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
            assert_eq!(SHARE.check("share", value).unwrap_err().kind(), ErrorKind::InvalidOptions);
        }
        for (size, message) in [
            (159, "picture size must be between 160 and 4096 pixels, not 159"),
            (4097, "picture size must be between 160 and 4096 pixels, not 4097"),
        ] {
            assert_eq!(SEARCH_SIDE.check("picture size", size).unwrap_err().message(), message);
        }
    }

    /// What a file says of an option: its line, and the comment above it.
    fn documented(file: &str, option: &str) -> String {
        let text = std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| line.starts_with(option)).expect(option);
        let is_comment = |line: &str| line.starts_with("//") || line.starts_with("/*") || line.starts_with('*');
        let start = lines[..at].iter().rposition(|line| !is_comment(line)).map_or(0, |above| above + 1);
        lines[start..=at].join(" ")
    }

    #[test]
    fn the_documentation_states_these_ranges() {
        let ends = |ends: [&dyn Display; 2]| ends.map(ToString::to_string);
        let share = ends([&SHARE.least, &SHARE.most]);
        let (side, live) = (ends([&SEARCH_SIDE.least, &SEARCH_SIDE.most]), ends([&LIVE_SIDE.least, &LIVE_SIDE.most]));
        let (faces, time) = (ends([&FACES.least, &FACES.most]), ends([&DURATION_MS.least, &DURATION_MS.most]));
        for (file, separator, options) in [
            (
                "src/pipeline.rs",
                "..=",
                &[
                    ("pub min_confidence:", &share),
                    ("pub uncertain_below:", &share),
                    ("pub other_from:", &share),
                    ("Pixels(u32),", &side),
                    ("pub live_size:", &live),
                    ("pub max_faces:", &faces),
                ][..],
            ),
            ("src/detect/mod.rs", "..=", &[("pub min_confidence:", &share), ("pub long_side:", &side)]),
            (
                "src/smooth.rs",
                "..=",
                &[
                    ("pub uncertain_below:", &share),
                    ("pub other_from:", &share),
                    ("pub switch_margin:", &share),
                    ("pub time_constant_ms:", &time),
                    ("pub persist_ms:", &time),
                ],
            ),
            (
                "src/track.rs",
                "..=",
                &[
                    ("pub start_confidence:", &share),
                    ("pub hold_ms:", &time),
                    ("pub full_pass_every_ms:", &time),
                    ("pub reuse_ms:", &time),
                ],
            ),
            (
                "src/wasm_api.rs",
                "..",
                &[
                    ("minConfidence?:", &share),
                    ("uncertainBelow?:", &share),
                    ("otherFrom?:", &share),
                    ("pictureSize?:", &side),
                    ("liveSize?:", &live),
                    ("maxFaces?:", &faces),
                ],
            ),
            (
                "README.md",
                " to ",
                &[
                    ("| `minConfidence`", &share),
                    ("| `uncertainBelow`", &share),
                    ("| `otherFrom`", &share),
                    ("| `pictureSize`", &side),
                    ("| `liveSize`", &live),
                    ("| `maxFaces`", &faces),
                ],
            ),
            (
                "docs/python.md",
                " to ",
                &[
                    ("| `min_confidence`", &share),
                    ("| `uncertain_below`", &share),
                    ("| `other_from`", &share),
                    ("| `picture_size`", &side),
                    ("| `live_size`", &live),
                    ("| `max_faces`", &faces),
                ],
            ),
        ] {
            for (option, [least, most]) in options {
                let range = format!("{least}{separator}{most}");
                let text = documented(file, option);
                let states = |end| text.contains(&format!("{range}{end}"));
                assert!([" ", ",", ";", ":", "."].iter().any(states), "{file}: {range} is not in {text:?}");
            }
        }
    }
}
