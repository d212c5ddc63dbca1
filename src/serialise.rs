//! The feature `serde`: answers and options with the keys and values of the JavaScript API, whatever the format.
//!
//! What is read is checked: probabilities that do not add up to 1, a box without a size, an unknown expression or option
//! are errors of the format.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calibrate::PersonalCalibration;
use crate::emotion::{Emotion, Emotion8, Expressions, Label, UNCERTAIN};
use crate::error::{Error, ErrorKind};
use crate::explain::{Explanation, Explanations};
use crate::face::{Expression, FaceEmotion};
use crate::geometry::{BoundingBox, FaceDetection, Landmarks};
use crate::pipeline::{PipelineOptions, SearchSize};
use crate::probabilities::{EmotionProbabilities, Probabilities};
use crate::quality::{FaceQuality, Reason};
use crate::range::SHARE;
use crate::smooth::{Reading, Reading8};

/// A type that is written and read in the form of another one.
macro_rules! in_the_form_of {
    ($($form:ty => $type:ty;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$form>::from(self).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$form>::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
            }
        }
    )*};
}

in_the_form_of! {
    Name => Emotion;
    Name => Emotion8;
    BoxForm => BoundingBox;
    DetectionForm => FaceDetection;
    QualityForm => FaceQuality;
    ExpressionForm => Expression;
    FaceForm => FaceEmotion;
    Line => PersonalCalibration;
    OptionsForm => PipelineOptions;
}

/// An expression's lower-case name.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Name(String);

impl<'a> From<&'a Emotion> for Name {
    fn from(emotion: &'a Emotion) -> Self {
        Self(emotion.name().to_owned())
    }
}

impl<'a> From<&'a Emotion8> for Name {
    fn from(emotion: &'a Emotion8) -> Self {
        Self(emotion.name().to_owned())
    }
}

impl TryFrom<Name> for Emotion {
    type Error = String;

    fn try_from(Name(name): Name) -> Result<Self, String> {
        expression(&name)
    }
}

impl TryFrom<Name> for Emotion8 {
    type Error = String;

    fn try_from(Name(name): Name) -> Result<Self, String> {
        expression(&name)
    }
}

/// The expression of this name.
fn expression<E: Expressions<N>, const N: usize>(name: &str) -> Result<E, String> {
    let found = E::ALL.into_iter().find(|expression| expression.name() == name);
    found.ok_or_else(|| format!("there is no expression {name:?}, only {}", E::ALL.map(E::name).join(", ")))
}

impl<E: Expressions<N>, const N: usize> Serialize for Probabilities<E, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(N))?;
        for (expression, probability) in self.iter() {
            map.serialize_entry(expression.name(), &probability)?;
        }
        map.end()
    }
}

impl<'de, E: Expressions<N>, const N: usize> Deserialize<'de> for Probabilities<E, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ByName(PhantomData))
    }
}

/// Reads probabilities keyed by their expressions' names, each once.
struct ByName<E, const N: usize>(PhantomData<E>);

impl<'de, E: Expressions<N>, const N: usize> Visitor<'de> for ByName<E, N> {
    type Value = Probabilities<E, N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the probabilities of {}", E::ALL.map(E::name).join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        while let Some(name) = map.next_key::<String>()? {
            let expression: E = expression(&name).map_err(A::Error::custom)?;
            if values[expression.index()].replace(map.next_value::<f32>()?).is_some() {
                return Err(A::Error::custom(format_args!("{name} has two probabilities")));
            }
        }
        let missing = E::ALL.into_iter().find(|expression| values[expression.index()].is_none());
        if let Some(expression) = missing {
            return Err(A::Error::custom(format_args!("{} has no probability", expression.name())));
        }
        Probabilities::new(values.map(Option::unwrap_or_default)).map_err(A::Error::custom)
    }
}

/// The expression shown: its name, or "uncertain".
mod shown {
    use super::*;

    pub(super) fn serialize<E: Expressions<N>, S: Serializer, const N: usize>(
        shown: &Option<E>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(shown.map_or(UNCERTAIN, E::name))
    }

    pub(super) fn deserialize<'de, E: Expressions<N>, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<Option<E>, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == UNCERTAIN { Ok(None) } else { expression(&name).map(Some).map_err(D::Error::custom) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "E: Expressions<N>")]
struct ReadingForm<E: Expressions<N>, const N: usize> {
    probabilities: Probabilities<E, N>,
    #[serde(with = "shown")]
    emotion: Option<E>,
    /// Follows from the others.
    #[serde(skip_deserializing)]
    likeliest: &'static str,
}

impl<E: Expressions<N>, const N: usize> Serialize for Reading<E, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { probabilities, emotion } = *self;
        ReadingForm { probabilities, emotion, likeliest: self.likeliest().name() }.serialize(serializer)
    }
}

impl<'de, E: Expressions<N>, const N: usize> Deserialize<'de> for Reading<E, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ReadingForm { probabilities, emotion, .. } = ReadingForm::deserialize(deserializer)?;
        Ok(Self { probabilities, emotion })
    }
}

#[derive(Serialize, Deserialize)]
struct BoxForm {
    x: f32,
    y: f32,
    width: f32,
    height: f32,
}

impl From<&BoundingBox> for BoxForm {
    fn from(&BoundingBox { x, y, width, height }: &BoundingBox) -> Self {
        Self { x, y, width, height }
    }
}

impl TryFrom<BoxForm> for BoundingBox {
    type Error = Error;

    fn try_from(BoxForm { x, y, width, height }: BoxForm) -> Result<Self, Error> {
        let bounding_box = Self { x, y, width, height };
        bounding_box.check()?;
        Ok(bounding_box)
    }
}

#[derive(Serialize, Deserialize)]
struct DetectionForm {
    #[serde(rename = "box")]
    bounding_box: BoundingBox,
    landmarks: Landmarks,
    confidence: f32,
    roll: f32,
}

impl From<&FaceDetection> for DetectionForm {
    fn from(&FaceDetection { bounding_box, landmarks, confidence, roll }: &FaceDetection) -> Self {
        Self { bounding_box, landmarks, confidence, roll }
    }
}

impl TryFrom<DetectionForm> for FaceDetection {
    type Error = Error;

    fn try_from(form: DetectionForm) -> Result<Self, Error> {
        let DetectionForm { bounding_box, landmarks, confidence, roll } = form;
        SHARE.check("confidence", confidence)?;
        Ok(Self { bounding_box, landmarks, confidence, roll })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct QualityForm {
    size: f32,
    sharpness: f32,
    light: f32,
    contrast: f32,
    roll: f32,
    yaw: f32,
    pitch: f32,
    outside: f32,
    mouth_detail: f32,
}

impl From<&FaceQuality> for QualityForm {
    fn from(quality: &FaceQuality) -> Self {
        let FaceQuality { size, sharpness, light, contrast, roll, yaw, pitch, outside, mouth_detail } = *quality;
        Self { size, sharpness, light, contrast, roll, yaw, pitch, outside, mouth_detail }
    }
}

impl TryFrom<QualityForm> for FaceQuality {
    type Error = Error;

    fn try_from(form: QualityForm) -> Result<Self, Error> {
        let QualityForm { size, sharpness, light, contrast, roll, yaw, pitch, outside, mouth_detail } = form;
        for (name, share) in [("sharpness", sharpness), ("light", light), ("contrast", contrast), ("outside", outside)]
        {
            SHARE.check(name, share)?;
        }
        Ok(Self { size, sharpness, light, contrast, roll, yaw, pitch, outside, mouth_detail })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExpressionForm {
    probabilities: EmotionProbabilities,
    other: f32,
    other_expression: Emotion8,
    #[serde(with = "shown")]
    emotion: Option<Label>,
    /// Follows from the others.
    #[serde(skip_deserializing)]
    likeliest: &'static str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    eight: Option<Reading8>,
}

impl From<&Expression> for ExpressionForm {
    fn from(expression: &Expression) -> Self {
        let Expression { probabilities, other, other_expression, emotion, eight } = *expression;
        let likeliest = expression.likeliest().name();
        Self { probabilities, other, other_expression, emotion, likeliest, eight }
    }
}

impl TryFrom<ExpressionForm> for Expression {
    type Error = Error;

    fn try_from(form: ExpressionForm) -> Result<Self, Error> {
        let ExpressionForm { probabilities, other, other_expression, emotion, eight, .. } = form;
        SHARE.check("other", other)?;
        Ok(Self { probabilities, other, other_expression, emotion, eight })
    }
}

#[derive(Serialize, Deserialize)]
struct FaceForm {
    id: u64,
    #[serde(flatten)]
    detection: FaceDetection,
    quality: FaceQuality,
    /// Follow from the quality.
    #[serde(skip_deserializing)]
    reasons: Vec<&'static str>,
    raw: EmotionProbabilities,
    #[serde(flatten)]
    expression: Expression,
}

impl From<&FaceEmotion> for FaceForm {
    fn from(face: &FaceEmotion) -> Self {
        let FaceEmotion { id, detection, quality, raw, .. } = face.clone();
        let reasons = quality.reasons().map(Reason::name).collect();
        Self { id, detection, quality, reasons, raw, expression: face.expression() }
    }
}

impl TryFrom<FaceForm> for FaceEmotion {
    type Error = Error;

    fn try_from(form: FaceForm) -> Result<Self, Error> {
        let FaceForm { id, detection, quality, raw, expression, .. } = form;
        Ok(Self::new(id, detection, quality, raw, expression))
    }
}

/// Why an answer is what it is; only written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExplanationForm<'a, E> {
    heat: &'a [f32],
    strength: f32,
    emotion: E,
    runner_up: E,
}

impl<E: Serialize + Copy> Serialize for Explanation<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { heat, strength, emotion, runner_up } = self;
        ExplanationForm { heat, strength: *strength, emotion: *emotion, runner_up: *runner_up }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct ExplanationsForm<'a> {
    #[serde(flatten)]
    four: &'a Explanation,
    #[serde(skip_serializing_if = "Option::is_none")]
    eight: &'a Option<Explanation<Emotion8>>,
}

impl Serialize for Explanations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { four, eight } = self;
        ExplanationsForm { four, eight }.serialize(serializer)
    }
}

/// A calibration's line of text.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Line(String);

impl From<&PersonalCalibration> for Line {
    fn from(calibration: &PersonalCalibration) -> Self {
        Self(calibration.to_string())
    }
}

impl TryFrom<Line> for PersonalCalibration {
    type Error = Error;

    fn try_from(Line(text): Line) -> Result<Self, Error> {
        text.parse()
    }
}

/// A number of pixels or "auto".
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a number of pixels or \"auto\" is expected")]
enum SizeForm {
    Pixels(u32),
    Named(SizeName),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SizeName {
    Auto,
}

/// An option left out has its default. Ranges are checked where the options are used.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct OptionsForm {
    min_confidence: f32,
    uncertain_below: f32,
    other_from: f32,
    picture_size: SizeForm,
    live_size: u32,
    max_faces: usize,
    /// "" is none.
    calibration: String,
    /// 4 or 8.
    expressions: u8,
}

impl Default for OptionsForm {
    fn default() -> Self {
        Self::from(&PipelineOptions::default())
    }
}

impl From<&PipelineOptions> for OptionsForm {
    fn from(options: &PipelineOptions) -> Self {
        let PipelineOptions {
            min_confidence,
            uncertain_below,
            other_from,
            picture_size,
            live_size,
            max_faces,
            calibration,
            eight,
        } = options.clone();
        Self {
            min_confidence,
            uncertain_below,
            other_from,
            picture_size: match picture_size {
                SearchSize::Auto => SizeForm::Named(SizeName::Auto),
                SearchSize::Pixels(size) => SizeForm::Pixels(size),
            },
            live_size,
            max_faces,
            calibration: calibration.map_or_else(String::new, |calibration| calibration.to_string()),
            expressions: if eight { 8 } else { 4 },
        }
    }
}

impl TryFrom<OptionsForm> for PipelineOptions {
    type Error = Error;

    fn try_from(form: OptionsForm) -> Result<Self, Error> {
        let OptionsForm { min_confidence, uncertain_below, other_from, picture_size, live_size, max_faces, .. } = form;
        let calibration = if form.calibration.is_empty() { None } else { Some(form.calibration.parse()?) };
        let eight = match form.expressions {
            4 => false,
            8 => true,
            other => {
                let message = format!("expressions must be 4 or 8, not {other}");
                return Err(Error::new(ErrorKind::InvalidOptions, message));
            }
        };
        let picture_size = match picture_size {
            SizeForm::Named(SizeName::Auto) => SearchSize::Auto,
            SizeForm::Pixels(size) => SearchSize::Pixels(size),
        };
        Ok(Self { min_confidence, uncertain_below, other_from, picture_size, live_size, max_faces, calibration, eight })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, from_value, json, to_value};

    /// What JavaScript gets and gives: tests/wasm/boundary.test.mjs holds the module to the same file.
    fn golden() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/boundary.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn a_face_is_what_javascript_gets() {
        let [mut sure, unsure] = [0, 1].map(|index| golden()["faces"][index].clone());
        let face: FaceEmotion = from_value(sure.clone()).unwrap();
        assert_eq!((face.id, face.emotion), (1, Some(Label::Happy)));
        assert_eq!(face.detection.bounding_box, BoundingBox { x: 10.5, y: -2.25, width: 40.0, height: 50.5 });
        assert_eq!(face.detection.landmarks[4], [40.0, 36.5]);
        assert_eq!(face.probabilities.as_array(), &[0.5, 0.25, 0.125, 0.125]);
        assert_eq!(face.raw.get(Emotion::Surprise), 0.5);
        assert_eq!(face.eight.unwrap().emotion, None);
        assert_eq!(face.eight.unwrap().probabilities.get(Emotion8::Contempt), 0.0625);
        assert_eq!(to_value(&face).unwrap(), sure);

        // A face's expression by itself has the same keys.
        let mut of_face = sure.clone();
        let keys = ["probabilities", "other", "otherExpression", "emotion", "likeliest", "eight"];
        of_face.as_object_mut().unwrap().retain(|key, _| keys.contains(&key.as_str()));
        assert_eq!(to_value(face.expression()).unwrap(), of_face);
        assert_eq!(from_value::<Expression>(of_face).unwrap(), face.expression());

        let face: FaceEmotion = from_value(unsure.clone()).unwrap();
        assert_eq!((face.emotion, &face.eight), (None, &None));
        assert_eq!((face.other, face.other_expression), (0.125, Emotion8::Fearful));
        assert_eq!(to_value(&face).unwrap(), unsure);

        for (at, wrong) in [
            ("/id", json!(-1)),
            ("/box/width", json!(0)),
            ("/box/x", json!(1e300)),
            ("/box/height", Value::Null),
            ("/landmarks", json!([[0, 0]])),
            ("/confidence", json!(1.5)),
            ("/emotion", json!("joy")),
            ("/emotion", json!("angry")),
            ("/emotion", Value::Null),
            ("/probabilities/happy", json!(0.75)),
            ("/probabilities", json!({ "happy": 1 })),
            ("/probabilities", json!({ "happy": 1, "neutral": 0, "sad": 0, "surprise": 0, "angry": 0 })),
            ("/other", json!(1.5)),
            ("/otherExpression", json!("joy")),
            ("/quality/light", json!(-0.5)),
            ("/quality/yaw", Value::Null),
            ("/raw/sad", json!(-0.5)),
            ("/eight/emotion", json!("joy")),
        ] {
            let right = std::mem::replace(sure.pointer_mut(at).unwrap(), wrong.clone());
            assert!(from_value::<FaceEmotion>(sure.clone()).is_err(), "{at}: {wrong}");
            *sure.pointer_mut(at).unwrap() = right;
        }
        let twice = r#"{ "happy": 0.5, "happy": 0.5, "neutral": 0.5, "sad": 0, "surprise": 0 }"#;
        let error = serde_json::from_str::<EmotionProbabilities>(twice).unwrap_err();
        assert!(error.to_string().contains("happy has two probabilities"), "{error}");
    }

    #[test]
    fn every_expression_is_its_name() {
        for emotion in Emotion::ALL {
            assert_eq!(to_value(emotion).unwrap(), emotion.name());
            assert_eq!(from_value::<Emotion>(json!(emotion.name())).unwrap(), emotion);
        }
        for emotion in Emotion8::ALL {
            assert_eq!(to_value(emotion).unwrap(), emotion.name());
            assert_eq!(from_value::<Emotion8>(json!(emotion.name())).unwrap(), emotion);
        }
        let error = from_value::<Emotion>(json!("angry")).unwrap_err().to_string();
        assert_eq!(error, r#"there is no expression "angry", only happy, neutral, sad, surprise"#);
    }

    #[test]
    fn an_explanation_has_the_keys_of_javascript() {
        let heat = std::array::from_fn(|pixel| if pixel == 7 { -1.0 } else { 0.5 });
        let four = Explanation { heat, strength: 1.5, emotion: Emotion::Sad, runner_up: Emotion::Happy };
        let eight = Explanation { heat, strength: 0.0, emotion: Emotion8::Angry, runner_up: Emotion8::Sad };
        let mut written = to_value(Explanations { four: four.clone(), eight: Some(eight) }).unwrap();
        let heats = [written["heat"].take(), written["eight"]["heat"].take()];
        assert_eq!(heats, [json!(heat.to_vec()), json!(heat.to_vec())]);
        let eight = json!({ "heat": null, "strength": 0.0, "emotion": "angry", "runnerUp": "sad" });
        let expected = json!({ "heat": null, "strength": 1.5, "emotion": "sad", "runnerUp": "happy", "eight": eight });
        assert_eq!(written, expected);
        assert_eq!(to_value(Explanations { four, eight: None }).unwrap().get("eight"), None);
    }

    #[test]
    fn options_are_what_javascript_gives() {
        let given = golden()["options"].clone();
        let options: PipelineOptions = from_value(given.clone()).unwrap();
        assert_eq!((options.max_faces, options.picture_size, options.eight), (3, SearchSize::Pixels(480), true));
        assert_eq!(options.calibration.as_ref().unwrap().shifts(), &[-0.25, 0.5, -0.25, 0.0]);
        assert_eq!(to_value(&options).unwrap(), given);

        assert_eq!(from_value::<PipelineOptions>(json!({})).unwrap(), PipelineOptions::default());
        let default = to_value(PipelineOptions::default()).unwrap();
        assert_eq!((&default["calibration"], &default["expressions"]), (&json!(""), &json!(4)));
        assert_eq!(default["pictureSize"], json!("auto"));
        for wrong in [
            json!({ "expressions": 7 }),
            json!({ "calibration": "damaged" }),
            json!({ "maxFaces": -1 }),
            json!({ "pictureSize": "large" }),
            json!({ "unheardOf": 1 }),
            json!({ "max_faces": 1 }),
        ] {
            assert!(from_value::<PipelineOptions>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
