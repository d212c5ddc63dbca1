//! Personal calibration: shifts the answers towards one person's face, learned on the device.

use crate::emotion::Emotion;
use crate::error::{Error, ErrorKind};
use crate::probabilities::EmotionProbabilities;
use std::fmt;
use std::str::FromStr;

/// The fewest frames of an expression that are learned from: with fewer, one blink decides.
pub const MIN_FRAMES: usize = 10;

/// How far apart people's shifts are assumed to lie before anything is known about them: a normal prior of this precision
/// (1 / variance, standard deviation 1 in log-odds). Each expression recorded counts as one observation against it,
/// however many its frames, for frames of a few seconds are almost copies of each other.
const PRIOR_PRECISION: f64 = 1.0;

/// No shift can be learned beyond this: at the optimum a shift equals the number of expressions recorded less than
/// their summed probabilities, which lies in -3..=1, times the prior's variance.
const MAX_SHIFT: f32 = 3.0;

/// First word of the text form, with the format's version.
const FORMAT: &str = "countenance-calibration/1";

/// One person's correction of one model's answers: a shift of each expression's log-odds.
///
/// Written as one line of text (`Display`, `FromStr`) to be kept on the device:
/// `countenance-calibration/1 emotion-1 happy=-0.2 neutral=0.9 sad=-0.6 surprise=-0.1`
#[derive(Debug, Clone, PartialEq)]
pub struct PersonalCalibration {
    model_id: String,
    shifts: [f32; Emotion::COUNT],
}

impl PersonalCalibration {
    /// The calibration that changes nothing.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCalibration`] when the model's id is empty or has white space in it.
    pub fn identity(model_id: &str) -> Result<Self, Error> {
        Self::new(model_id, [0.0; Emotion::COUNT])
    }

    /// Learns from frames of one face, each with the expression it was asked to display; the probabilities are the
    /// classifier's own, before smoothing and before any calibration. One expression (the neutral one) is enough; the
    /// more are recorded, the further the shifts may go.
    ///
    /// The result is the maximum of the posterior: the log-likelihood of the recorded frames, averaged within each
    /// expression, and a normal prior around no shift. The problem is strictly convex, so there is one answer; on the
    /// recorded frames it is never less likely than the stock model.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCalibration`] when there are no frames, an expression has fewer than [`MIN_FRAMES`], or the
    /// model's id is empty or has white space in it.
    pub fn fit(model_id: &str, frames: &[(EmotionProbabilities, Emotion)]) -> Result<Self, Error> {
        let counts = Emotion::ALL.map(|emotion| frames.iter().filter(|(_, shown)| *shown == emotion).count());
        let too_few = Emotion::ALL.into_iter().find(|emotion| (1..MIN_FRAMES).contains(&counts[emotion.index()]));
        if let Some(emotion) = too_few {
            let count = counts[emotion.index()];
            return invalid(format!(
                "{count} frames of the {emotion} expression are too few: record at least {MIN_FRAMES}"
            ));
        }
        if frames.is_empty() {
            return invalid("there are no frames to calibrate with");
        }

        // Gradient descent with the step 1 / L: the curvature of a softmax's log-loss is at most 1/2, so the condition
        // number is at most 3 and the error falls by a third or more a step.
        let recorded = counts.iter().filter(|count| **count > 0).count();
        let step = 1.0 / (PRIOR_PRECISION + recorded as f64 / 2.0);
        let mut shifts = [0.0_f64; Emotion::COUNT];
        for _ in 0..100 {
            let mut gradient = shifts.map(|shift| PRIOR_PRECISION * shift);
            for (probabilities, shown) in frames {
                let weight = 1.0 / counts[shown.index()] as f64;
                for (emotion, probability) in Emotion::ALL.into_iter().zip(shifted(probabilities, &shifts)) {
                    let target = if emotion == *shown { 1.0 } else { 0.0 };
                    gradient[emotion.index()] += weight * (probability - target);
                }
            }
            for (shift, gradient) in shifts.iter_mut().zip(gradient) {
                *shift -= step * gradient;
            }
            if gradient.iter().all(|slope| slope.abs() < 1e-7) {
                break;
            }
        }
        // Rounding must not carry an extreme shift over its bound.
        Self::new(model_id, shifts.map(|shift| (shift as f32).clamp(-MAX_SHIFT, MAX_SHIFT)))
    }

    fn new(model_id: &str, shifts: [f32; Emotion::COUNT]) -> Result<Self, Error> {
        if model_id.is_empty() || model_id.contains(char::is_whitespace) {
            return invalid(format!("{model_id:?} is not a model id"));
        }
        if !shifts.iter().all(|shift| shift.abs() <= MAX_SHIFT) {
            return invalid(format!("the shifts must be between -{MAX_SHIFT} and {MAX_SHIFT}, not {shifts:?}"));
        }
        Ok(Self { model_id: model_id.to_owned(), shifts })
    }

    /// The model it was learned with; it fits no other.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The shift of each expression's log-odds in the order of [`Emotion::ALL`], each within -3..=3.
    pub const fn shifts(&self) -> &[f32; Emotion::COUNT] {
        &self.shifts
    }

    /// The corrected probabilities. With no shift they are exactly those given.
    pub fn apply(&self, probabilities: &EmotionProbabilities) -> EmotionProbabilities {
        if self.shifts == [0.0; Emotion::COUNT] {
            return *probabilities;
        }
        let corrected = shifted(probabilities, &self.shifts.map(f64::from));
        EmotionProbabilities::derived(corrected.map(|probability| probability as f32))
    }
}

/// The probabilities with their log-odds shifted, normalised anew.
fn shifted(probabilities: &EmotionProbabilities, shifts: &[f64; Emotion::COUNT]) -> [f64; Emotion::COUNT] {
    let weights = Emotion::ALL.map(|emotion| f64::from(probabilities.get(emotion)) * shifts[emotion.index()].exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

impl fmt::Display for PersonalCalibration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FORMAT} {}", self.model_id)?;
        Emotion::ALL.into_iter().zip(self.shifts).try_for_each(|(emotion, shift)| write!(f, " {emotion}={shift}"))
    }
}

impl FromStr for PersonalCalibration {
    type Err = Error;

    /// Reads the text form.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidCalibration`] when the text is of another format or version, or damaged.
    fn from_str(text: &str) -> Result<Self, Error> {
        let mut words = text.split_whitespace();
        if words.next() != Some(FORMAT) {
            return invalid(format!(
                "this is not a calibration that can be read here: it does not begin with {FORMAT}"
            ));
        }
        let model_id = words.next().unwrap_or_default();
        let mut shifts = [0.0; Emotion::COUNT];
        for emotion in Emotion::ALL {
            let word = words.next().unwrap_or_default();
            let shift = word.split_once('=').filter(|(name, _)| *name == emotion.name());
            let Some(shift) = shift.and_then(|(_, value)| value.parse().ok()) else {
                return invalid(format!("the calibration is damaged: expected {emotion}=number, found {word:?}"));
            };
            shifts[emotion.index()] = shift;
        }
        match words.next() {
            Some(word) => invalid(format!("the calibration is damaged: {word:?} follows its end")),
            None => Self::new(model_id, shifts),
        }
    }
}

fn invalid<T>(message: impl Into<String>) -> Result<T, Error> {
    Err(Error::new(ErrorKind::InvalidCalibration, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Recording = Vec<(EmotionProbabilities, Emotion)>;

    /// A person whose face shifts the model's log-odds by `bias`, in `frames` frames of each expression: a stand-in for
    /// the classifier with its typical confusions (neutral and sad are close) and frame noise. `seed` picks the noise.
    fn person(bias: [f32; 4], shown: &[Emotion], frames: u32, seed: u32) -> Recording {
        const TYPICAL: [[f32; 4]; 4] =
            [[0.82, 0.1, 0.05, 0.03], [0.1, 0.6, 0.24, 0.06], [0.08, 0.28, 0.6, 0.04], [0.05, 0.08, 0.05, 0.82]];
        let mut random = fastrand::Rng::with_seed(seed.into());
        let mut noise = || 2.0 * random.f32() - 1.0;
        let mut recording = Vec::new();
        for &emotion in shown {
            for _ in 0..frames {
                let row = TYPICAL[emotion.index()];
                let weights = Emotion::ALL.map(|other| row[other.index()] * (bias[other.index()] + noise()).exp());
                let sum: f32 = weights.iter().sum();
                recording.push((EmotionProbabilities::new(weights.map(|weight| weight / sum)).unwrap(), emotion));
            }
        }
        recording
    }

    /// Mean log-loss of the stock model (`None`) or a calibration.
    fn log_loss(calibration: Option<&PersonalCalibration>, recording: &Recording) -> f64 {
        let loss = recording.iter().map(|(probabilities, shown)| {
            let answer = calibration.map_or(*probabilities, |it| it.apply(probabilities));
            -f64::from(answer.get(*shown)).ln()
        });
        loss.sum::<f64>() / recording.len() as f64
    }

    /// Faces that the stock model misreads in one way each: a sad look at rest, a smile at rest, raised brows.
    const BIASED: [[f32; 4]; 3] = [[0.0, -0.3, 1.2, 0.0], [1.3, -0.2, 0.0, 0.0], [0.0, -0.3, -0.5, 1.4]];

    /// Log-loss on held-out frames of a person: stock, calibrated on recorded frames, and with the bias known exactly.
    fn held_out_losses(bias: [f32; 4], recorded: &[Emotion], seed: u32) -> [f64; 3] {
        let learned = PersonalCalibration::fit("m", &person(bias, recorded, 60, seed)).unwrap();
        let exact = PersonalCalibration::new("m", bias.map(|shift| -shift)).unwrap();
        let held_out = person(bias, &Emotion::ALL, 300, seed + 100);
        [None, Some(&learned), Some(&exact)].map(|calibration| log_loss(calibration, &held_out))
    }

    #[test]
    fn all_expressions_recorded_make_good_half_of_what_the_bias_costs() {
        for (seed, bias) in (1..).zip(BIASED) {
            let [stock, learned, exact] = held_out_losses(bias, &Emotion::ALL, seed);
            assert!(stock - learned > 0.5 * (stock - exact), "log-loss {stock}, {learned}, at best {exact}");
        }
    }

    #[test]
    fn the_neutral_expression_alone_improves_held_out_frames_of_all() {
        for (seed, bias) in (1..).zip(BIASED) {
            let [stock, learned, exact] = held_out_losses(bias, &[Emotion::Neutral], seed);
            assert!(stock - learned > 0.05 * (stock - exact), "log-loss {stock}, {learned}, at best {exact}");
        }
    }

    #[test]
    fn a_face_the_model_reads_well_loses_next_to_nothing() {
        for recorded in [&Emotion::ALL[..], &[Emotion::Neutral]] {
            let [stock, learned, _] = held_out_losses([0.0; 4], recorded, 7);
            assert!(learned < stock + 0.04, "log-loss {learned} from {stock}");
        }
    }

    #[test]
    fn reset_gives_the_stock_answers_to_the_last_bit() {
        let identity = PersonalCalibration::identity("m").unwrap();
        for (probabilities, _) in person(BIASED[0], &Emotion::ALL, 50, 3) {
            assert_eq!(identity.apply(&probabilities), probabilities);
        }
    }

    #[test]
    fn too_little_to_learn_from_is_refused() {
        let few = person([0.0; 4], &Emotion::ALL, MIN_FRAMES as u32 - 1, 1);
        let mut one_short = person([0.0; 4], &[Emotion::Happy], 60, 1);
        one_short.extend(person([0.0; 4], &[Emotion::Sad], 1, 1));
        for frames in [&[][..], &few, &one_short] {
            let error = PersonalCalibration::fit("m", frames).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidCalibration);
        }
        assert!(PersonalCalibration::fit("", &person([0.0; 4], &Emotion::ALL, 60, 1)).is_err());
    }

    #[test]
    fn the_javascript_documentation_states_the_fewest_frames() {
        let frames = format!("at least {MIN_FRAMES} of each expression");
        let fewer = format!("fewer than {MIN_FRAMES} frames of an expression");
        for (file, words) in
            [("www/lib/analyzer.js", &frames), ("www/lib/pipeline.js", &frames), ("src/wasm_api.rs", &fewer)]
        {
            let text = std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            assert!(text.contains(words), "{file}: {words}");
        }
    }

    #[test]
    fn damaged_texts_are_refused() {
        let good = "countenance-calibration/1 emotion-1 happy=-0.2 neutral=0.9 sad=-0.6 surprise=-0.1";
        let calibration: PersonalCalibration = good.parse().unwrap();
        assert_eq!((calibration.model_id(), calibration.shifts()), ("emotion-1", &[-0.2, 0.9, -0.6, -0.1]));
        assert_eq!(calibration.to_string(), good);
        for bad in [
            String::new(),
            "null".into(),
            good.replace("/1", "/2"),
            good.replace("emotion-1 ", ""),
            good.replace("sad=-0.6", "sad=NaN"),
            good.replace("sad=-0.6", "sad=-inf"),
            good.replace("sad=-0.6", "sad=-3.1"),
            good.replace("sad=-0.6", "sad"),
            good.replace("sad=-0.6 surprise", "surprise=0 sad"),
            good.replace(" surprise=-0.1", ""),
            format!("{good} more"),
        ] {
            let error = bad.parse::<PersonalCalibration>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidCalibration, "{bad}");
        }
    }

    fn any_probabilities() -> impl Strategy<Value = EmotionProbabilities> {
        // Certain ones too: zeros but for one.
        prop::array::uniform4(prop_oneof![Just(0.0_f32), 0.0f32..1.0, Just(1e-30)])
            .prop_filter("all zero", |weights| weights.iter().sum::<f32>() > 0.0)
            .prop_map(|weights| {
                let sum: f32 = weights.iter().sum();
                EmotionProbabilities::new(weights.map(|weight| weight / sum)).unwrap()
            })
    }

    proptest! {
        #[test]
        fn any_recording_gives_bounded_shifts_and_probabilities_that_survive_the_text(
            answers in prop::collection::vec(any_probabilities(), 10..40),
            recorded in 1usize..=4,
        ) {
            let frames: Recording = Emotion::ALL[..recorded]
                .iter()
                .flat_map(|&shown| answers.iter().map(move |&answer| (answer, shown)))
                .collect();
            let calibration = PersonalCalibration::fit("emotion-1", &frames).unwrap();
            prop_assert!(calibration.shifts().iter().sum::<f32>().abs() < 1e-4);
            prop_assert!(calibration.shifts().iter().all(|shift| (-3.0..=1.0 + 1e-5).contains(shift)));
            for answer in &answers {
                prop_assert!(EmotionProbabilities::new(*calibration.apply(answer).as_array()).is_ok());
            }
            prop_assert_eq!(calibration.to_string().parse::<PersonalCalibration>().unwrap(), calibration);
        }

        /// The promise of the prior: what was recorded gets no less likely.
        #[test]
        fn recorded_frames_are_never_less_likely_than_before(
            bias in prop::array::uniform4(-3.0f32..3.0),
            seed in 0u32..1_000,
            recorded in 1usize..=4,
        ) {
            let frames = person(bias, &Emotion::ALL[..recorded], 20, seed);
            let calibration = PersonalCalibration::fit("m", &frames).unwrap();
            prop_assert!(log_loss(Some(&calibration), &frames) <= log_loss(None, &frames) + 1e-6);
        }
    }
}
