//! The pipeline's options as flags.

use clap::{Args, value_parser};
use countenance::{Error, ErrorKind, PersonalCalibration, PipelineOptions, SearchSize};

/// One face fewer than the library finds, so that it can be said whether there are more.
const MOST_FACES: i64 = 999;

/// How faces are looked for and when an answer is uncertain. Ranges are the library's to check.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "How faces are read")]
pub(crate) struct ReadingArgs {
    /// Report the four expressions, or eight as well
    #[arg(long, value_name = "4|8", default_value = "4", value_parser = ["4", "8"])]
    expressions: String,

    /// Answer "uncertain" where the top probability is below this, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = PipelineOptions::default().uncertain_below)]
    uncertain_below: f32,

    /// Answer "other" where its probability is at least this, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = PipelineOptions::default().other_from)]
    other_from: f32,

    /// Report faces of at least this confidence, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = PipelineOptions::default().min_confidence)]
    min_confidence: f32,

    /// Report at most this many faces of a picture, the most confident first
    #[arg(long, value_name = "FACES", default_value_t = PipelineOptions::default().max_faces as u16, value_parser = value_parser!(u16).range(1..=MOST_FACES))]
    max_faces: u16,

    /// Search pictures at this long side, in pixels; more finds smaller faces and takes longer
    #[arg(long, value_name = "PIXELS|auto", default_value = "auto", value_parser = search_size)]
    picture_size: SearchSize,

    /// Search frames of videos at this long side, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = PipelineOptions::default().live_size)]
    live_size: u32,

    /// One person's calibration, as the line of text that the page or the library gives
    #[arg(long, value_name = "LINE")]
    calibration: Option<PersonalCalibration>,
}

impl From<ReadingArgs> for PipelineOptions {
    fn from(arguments: ReadingArgs) -> Self {
        let ReadingArgs {
            expressions,
            uncertain_below,
            other_from,
            min_confidence,
            max_faces,
            picture_size,
            live_size,
            calibration,
        } = arguments;
        let max_faces = max_faces.into();
        let eight = expressions == "8";
        Self { min_confidence, uncertain_below, other_from, picture_size, live_size, max_faces, calibration, eight }
    }
}

fn search_size(text: &str) -> Result<SearchSize, Error> {
    if text == "auto" {
        return Ok(SearchSize::Auto);
    }
    let pixels = text.parse().map_err(|_| {
        Error::new(ErrorKind::InvalidOptions, format!("a number of pixels or \"auto\" is expected, not {text:?}"))
    })?;
    Ok(SearchSize::Pixels(pixels))
}
