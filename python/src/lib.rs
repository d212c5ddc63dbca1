//! The library as the Python module `countenance._native`, which the package `countenance` wraps.
//!
//! Faces and options cross as dictionaries with the keys of the JavaScript API (the library's feature `serde`). Python's
//! lock is released while a picture is decoded or analysed.

use std::ffi::OsString;
use std::sync::{Mutex, PoisonError};

use countenance::weights::{self, detector_model, emotion_model};
use countenance::{
    BoundingBox, Emotion, Emotion8, EmotionPipeline, EmotionProbabilities, Error, ErrorKind, FaceChip, Frame,
    PersonalCalibration, PipelineOptions,
};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict};
use pythonize::{depythonize, pythonize};
use serde::Serialize;
use serde::de::DeserializeOwned;

pyo3::import_exception!(countenance.errors, EmotionError);

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::{Picture, Pipeline, check_options, default_options, fit_calibration, models, run_command};
}

/// A picture to be analysed: a decoded file, or pixels.
#[pyclass(frozen)]
#[derive(Debug)]
struct Picture(Pixels);

#[derive(Debug)]
enum Pixels {
    Decoded(countenance::Picture),
    Given { bytes: PyBackedBytes, width: u32, height: u32, channels: usize },
}

#[pymethods]
impl Picture {
    /// Decodes the bytes of a JPEG, PNG, WebP or GIF file.
    #[staticmethod]
    fn decode(py: Python<'_>, file: PyBackedBytes) -> PyResult<Self> {
        let picture = py.detach(|| countenance::Picture::decode(&file)).map_err(raised)?;
        Ok(Self(Pixels::Decoded(picture)))
    }

    /// Takes pixels of 8 bits a channel, rows from the top: 1 channel is grey, 3 are RGB, 4 are RGBA.
    #[staticmethod]
    fn of_pixels(bytes: PyBackedBytes, width: u32, height: u32, channels: usize) -> Self {
        Self(Pixels::Given { bytes, width, height, channels })
    }
}

impl Picture {
    fn frame(&self) -> Result<Frame<'_>, Error> {
        match &self.0 {
            Pixels::Decoded(picture) => Ok(picture.frame()),
            Pixels::Given { bytes, width, height, channels: 1 } => Frame::from_grey(bytes, *width, *height),
            Pixels::Given { bytes, width, height, channels: 3 } => Frame::from_rgb(bytes, *width, *height),
            Pixels::Given { bytes, width, height, .. } => Frame::from_rgba(bytes, *width, *height),
        }
    }
}

/// A pipeline with its options. Threads that share one take turns.
#[pyclass(frozen)]
#[derive(Debug)]
struct Pipeline(Mutex<EmotionPipeline>);

#[pymethods]
impl Pipeline {
    #[new]
    fn new(py: Python<'_>, options: &Bound<'_, PyDict>) -> PyResult<Self> {
        let options = options_from(options)?;
        let pipeline = py.detach(|| EmotionPipeline::new(options)).map_err(raised)?;
        Ok(Self(Mutex::new(pipeline)))
    }

    /// The faces of a picture.
    fn analyze<'py>(&self, py: Python<'py>, picture: &Picture) -> PyResult<Bound<'py, PyAny>> {
        let faces = self.run(py, |pipeline| pipeline.analyze_image(&picture.frame()?).map(<[_]>::to_vec))?;
        to_python(py, &faces)
    }

    /// The faces of the next frame of a video.
    fn analyze_frame<'py>(&self, py: Python<'py>, picture: &Picture, timestamp_ms: f64) -> PyResult<Bound<'py, PyAny>> {
        let faces =
            self.run(py, |pipeline| pipeline.analyze_frame(&picture.frame()?, timestamp_ms).map(<[_]>::to_vec))?;
        to_python(py, &faces)
    }

    /// The answer to a face already cut out.
    fn classify_face<'py>(&self, py: Python<'py>, chip: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let chip = chip.try_into().map(FaceChip::from_grey).map_err(|_| {
            raised(Error::new(ErrorKind::InvalidFrame, format!("a face has 48 x 48 bytes, not {}", chip.len())))
        })?;
        let expression = self.run(py, |pipeline| pipeline.classify_face(&chip))?;
        to_python(py, &expression)
    }

    /// What supported the answers to the face in this box.
    fn explain<'py>(
        &self,
        py: Python<'py>,
        picture: &Picture,
        face: (f32, f32, f32, f32),
        roll: f32,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (x, y, width, height) = face;
        let face = BoundingBox { x, y, width, height };
        let (chip, reasons) = self.run(py, |pipeline| pipeline.explain_face(&picture.frame()?, &face, roll))?;
        let explanation = to_python(py, &reasons)?;
        explanation.set_item("chip", PyBytes::new(py, chip.grey()))?;
        Ok(explanation)
    }
}

impl Pipeline {
    /// Works with the pipeline while other Python threads go on.
    fn run<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut EmotionPipeline) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        // A pipeline starts anew with every picture, so one that an earlier picture broke is good again.
        py.detach(|| work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))).map_err(raised)
    }
}

/// Learns one person's calibration from `(probabilities, expression)` of at least ten frames each.
#[pyfunction]
fn fit_calibration(frames: &Bound<'_, PyAny>) -> PyResult<String> {
    let frames: Vec<(EmotionProbabilities, Emotion)> = from_python(frames, ErrorKind::InvalidCalibration)?;
    let model = emotion_model().map_err(raised)?;
    let calibration = PersonalCalibration::fit(model.id(), &frames).map_err(raised)?;
    Ok(calibration.to_string())
}

/// Every option with its default.
#[pyfunction]
fn default_options(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    to_python(py, &PipelineOptions::default())
}

/// Refuses options of a type that they cannot have. A pipeline checks their ranges.
#[pyfunction]
fn check_options(options: &Bound<'_, PyDict>) -> PyResult<()> {
    options_from(options).map(drop)
}

/// The models that are compiled in: id and SHA-256 of each, and the expressions in the order of the network.
#[pyfunction]
fn models(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let model = |id: &str, sha256: &str| -> PyResult<Bound<'_, PyDict>> {
        let dictionary = PyDict::new(py);
        dictionary.set_item("id", id)?;
        dictionary.set_item("sha256", sha256)?;
        Ok(dictionary)
    };
    let emotion = model(emotion_model().map_err(raised)?.id(), weights::EMOTION_MODEL_SHA256)?;
    emotion.set_item("classes", Emotion::ALL.map(Emotion::name))?;
    emotion.set_item("eight", Emotion8::ALL.map(Emotion8::name))?;
    let models = PyDict::new(py);
    models.set_item("emotion", emotion)?;
    models.set_item("detector", model(detector_model().map_err(raised)?.id(), weights::DETECTOR_MODEL_SHA256)?)?;
    Ok(models)
}

/// Runs the command line, whose first argument is the program's name, and gives the exit status.
#[pyfunction]
fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| countenance_cli::run(arguments)).status()
}

fn options_from(options: &Bound<'_, PyDict>) -> PyResult<PipelineOptions> {
    if let Some(calibration) = options.get_item("calibration")? {
        // Its own kind of error, which is lost among those of the options.
        let line: String = from_python(&calibration, ErrorKind::InvalidCalibration)?;
        if !line.is_empty() {
            line.parse::<PersonalCalibration>().map_err(raised)?;
        }
    }
    from_python(options, ErrorKind::InvalidOptions)
}

fn to_python<'py>(py: Python<'py>, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize(py, value)?)
}

fn from_python<T: DeserializeOwned>(value: &Bound<'_, PyAny>, kind: ErrorKind) -> PyResult<T> {
    depythonize(value).map_err(|error| raised(Error::new(kind, error.to_string())))
}

/// The error as an exception.
fn raised(error: Error) -> PyErr {
    EmotionError::new_err((error.kind().code(), error.message().to_owned()))
}
