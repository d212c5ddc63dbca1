//! Smooths one face's probabilities over time, and holds the expression shown for them steady.

use crate::emotion::{Emotion, Emotion8, Expressions};
use crate::error::{Error, ErrorKind};
use crate::probabilities::Probabilities;
use crate::range::{DURATION_MS, SHARE};

/// Settings of a [`ProbabilitySmoother`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SmootherOptions {
    /// Time constant of the probabilities, 0..=60000 milliseconds: after a change they have gone 63% of the way in this
    /// time, 92% in two and a half times it. 0 does not smooth. The default of 120 takes two thirds of the noise away
    /// at 30 frames a second, and lets a clear change show within 300 ms.
    pub time_constant_ms: f64,
    /// Below this probability the answer is "uncertain", 0..=1; with 0 it never is. The default is 0.5, where the
    /// expression is as probable as all others together: with calibrated probabilities the answer is more often wrong
    /// than right below it.
    pub uncertain_below: f32,
    /// The probability from which a face is labelled "other", 0..=1. The default of 0.4 was chosen on the development
    /// part of the training data, where it turns away 1.3% of the faces that show one of the four expressions.
    pub other_from: f32,
    /// The lead in probability with which another answer is shown at once, 0..=1: over the expression shown, or over
    /// `uncertain_below` where the answer is uncertain. The default of 0.1 shows a clear change within 300 ms from 10
    /// frames a second up.
    pub switch_margin: f32,
    /// The time, 0..=60000 milliseconds, after which another answer is shown if it led without a break, by however
    /// little.
    pub persist_ms: f64,
}

impl Default for SmootherOptions {
    fn default() -> Self {
        Self { time_constant_ms: 120.0, uncertain_below: 0.5, other_from: 0.4, switch_margin: 0.1, persist_ms: 500.0 }
    }
}

impl SmootherOptions {
    fn check(&self) -> Result<(), Error> {
        SHARE.check("uncertain below", self.uncertain_below)?;
        SHARE.check("other from", self.other_from)?;
        SHARE.check("switch margin", self.switch_margin)?;
        DURATION_MS.check("time constant", self.time_constant_ms)?;
        DURATION_MS.check("persistence", self.persist_ms)
    }

    /// The least probability with which this expression is shown.
    fn least<E: Expressions<N>, const N: usize>(&self, expression: E) -> f32 {
        if expression.is_other() { self.other_from } else { self.uncertain_below }
    }
}

/// The expression to show for the probabilities of a single picture: "other" when it reaches
/// [`other_from`](SmootherOptions::other_from), else the most probable expression, or none ("uncertain") when that is
/// below [`uncertain_below`](SmootherOptions::uncertain_below).
pub fn shown_emotion<E: Expressions<N>, const N: usize>(
    probabilities: &Probabilities<E, N>,
    options: &SmootherOptions,
) -> Option<E> {
    let others = probabilities.iter().filter(|(expression, _)| expression.is_other());
    let named = probabilities.iter().filter(|(expression, _)| !expression.is_other());
    let top = |best: Option<(E, f32)>, next: (E, f32)| Some(best.filter(|best| best.1 >= next.1).unwrap_or(next));
    let reaches = |(expression, probability): &(E, f32)| *probability >= options.least(*expression);
    others.filter(reaches).fold(None, top).or(named.fold(None, top).filter(reaches)).map(|(expression, _)| expression)
}

/// What is reported about a face: by default over the four expressions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading<E = Emotion, const N: usize = { Emotion::COUNT }> {
    /// How probable each expression is; in live video smoothed over time.
    pub probabilities: Probabilities<E, N>,
    /// The expression to show, in live video held steady; `None` is "uncertain".
    pub emotion: Option<E>,
}

/// What is reported about a face over the eight expressions.
pub type Reading8 = Reading<Emotion8, { Emotion8::COUNT }>;

impl<E: Expressions<N>, const N: usize> Reading<E, N> {
    /// The expression shown; where there is none, the most probable one.
    pub fn likeliest(&self) -> E {
        self.emotion.unwrap_or_else(|| self.probabilities.top().0)
    }

    /// The reading of the probabilities of a single picture.
    pub fn of(probabilities: Probabilities<E, N>, options: &SmootherOptions) -> Self {
        Self { emotion: shown_emotion(&probabilities, options), probabilities }
    }
}

/// Smooths the probabilities of one face over time (by default those of the four expressions), and holds the expression
/// shown until another one clearly leads.
///
/// The probabilities pass through a first-order low-pass filter in continuous time: the exact answer for an input that
/// runs straight from sample to sample. The result therefore depends on time and not on the number of frames.
///
/// # Which expression is shown
///
/// The expression shown is never less probable than [`uncertain_below`](SmootherOptions::uncertain_below): in the frame
/// in which it falls below, the answer becomes uncertain, or another expression if one leads clearly. The label is held
/// in two cases, both inside [`switch_margin`](SmootherOptions::switch_margin) and for at most
/// [`persist_ms`](SmootherOptions::persist_ms):
///
/// - The answer stays uncertain while the top expression is above the threshold by less than the margin.
/// - The expression shown stays while another one leads it by less than the margin. Both must reach the threshold, so
///   from a threshold of 0.5 up this does not happen: the expression shown then is always the top one.
///
/// A change from one expression to another therefore passes through "uncertain" for as long as neither reaches the
/// threshold, which lasts less than 100 ms in a clear change.
#[derive(Debug, Clone)]
pub struct ProbabilitySmoother<E = Emotion, const N: usize = { Emotion::COUNT }> {
    options: SmootherOptions,
    state: Option<State<E, N>>,
}

#[derive(Debug, Clone, Copy)]
struct State<E, const N: usize> {
    now_ms: f64,
    sample: Probabilities<E, N>,
    smoothed: Probabilities<E, N>,
    shown: Option<E>,
    leader: Option<E>,
    leads_since_ms: f64,
}

impl<E: Expressions<N>, const N: usize> ProbabilitySmoother<E, N> {
    /// A smoother without any history.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] when an option is outside its range.
    pub fn new(options: SmootherOptions) -> Result<Self, Error> {
        options.check()?;
        Ok(Self { options, state: None })
    }

    /// Changes the options and keeps the history.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOptions`] when an option is outside its range; the old ones then stay in force.
    pub fn set_options(&mut self, options: SmootherOptions) -> Result<(), Error> {
        options.check()?;
        self.options = options;
        Ok(())
    }

    /// Takes in the probabilities of the frame of this time. The first ones are returned as they are.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidTimestamp`] when the time is not finite or before the last one; the smoother is then
    /// unchanged.
    pub fn update(&mut self, sample: &Probabilities<E, N>, timestamp_ms: f64) -> Result<Reading<E, N>, Error> {
        if !timestamp_ms.is_finite() || self.state.is_some_and(|state| timestamp_ms < state.now_ms) {
            return Err(Error::new(
                ErrorKind::InvalidTimestamp,
                format!("a frame's time must be finite and not before the last frame's, not {timestamp_ms} ms"),
            ));
        }
        let state = match self.state {
            Some(state) => self.advance(state, sample, timestamp_ms)?,
            None => {
                let shown = shown_emotion(sample, &self.options);
                State {
                    now_ms: timestamp_ms,
                    sample: *sample,
                    smoothed: *sample,
                    shown,
                    leader: shown,
                    leads_since_ms: timestamp_ms,
                }
            }
        };
        self.state = Some(state);
        Ok(Reading { probabilities: state.smoothed, emotion: state.shown })
    }

    fn advance(
        &self,
        last: State<E, N>,
        sample: &Probabilities<E, N>,
        timestamp_ms: f64,
    ) -> Result<State<E, N>, Error> {
        let SmootherOptions { time_constant_ms, switch_margin, persist_ms, .. } = self.options;
        let [keep, old, new] = step_weights(timestamp_ms - last.now_ms, time_constant_ms);
        let smoothed = Probabilities::new(E::ALL.map(|emotion| {
            keep * last.smoothed.get(emotion) + old * last.sample.get(emotion) + new * sample.get(emotion)
        }))?;

        // By how far a contender is above its threshold; "uncertain" stands at it.
        let score =
            |contender: Option<E>| contender.map_or(0.0, |emotion| smoothed.get(emotion) - self.options.least(emotion));
        let held = last.shown.filter(|&emotion| smoothed.get(emotion) >= self.options.least(emotion));
        let leader = shown_emotion(&smoothed, &self.options);
        let leads_since_ms = if leader == last.leader { last.leads_since_ms } else { timestamp_ms };
        let takes_over = score(leader) - score(held) >= switch_margin || timestamp_ms - leads_since_ms >= persist_ms;
        let shown = if takes_over { leader } else { held };
        Ok(State { now_ms: timestamp_ms, sample: *sample, smoothed, shown, leader, leads_since_ms })
    }
}

/// The weights of the last smoothed value, the last sample and the new sample after a step in time; their sum is 1.
///
/// The filter `y' = (x - y) / tau` solved for an `x` that runs straight from the last sample to the new one.
fn step_weights(step_ms: f64, time_constant_ms: f64) -> [f32; 3] {
    if time_constant_ms <= 0.0 {
        return [0.0, 0.0, 1.0];
    }
    let steps = step_ms / time_constant_ms;
    if steps <= 0.0 {
        return [1.0, 0.0, 0.0];
    }
    let keep = (-steps).exp();
    // The average of exp(-t) over the step; rounding must not push a weight below 0.
    let mean = (-(-steps).exp_m1() / steps).max(keep).min(1.0);
    [keep as f32, (mean - keep) as f32, (1.0 - mean) as f32]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emotion::Label;
    use crate::probabilities::{EmotionProbabilities, LabelProbabilities};
    use proptest::prelude::*;

    const HAPPY: [f32; 4] = [0.9, 0.06, 0.02, 0.02];
    const NEUTRAL: [f32; 4] = [0.05, 0.85, 0.08, 0.02];

    fn smoother() -> ProbabilitySmoother {
        ProbabilitySmoother::new(SmootherOptions::default()).unwrap()
    }

    fn probabilities(values: [f32; 4]) -> EmotionProbabilities {
        EmotionProbabilities::new(values).unwrap()
    }

    fn mix(a: [f32; 4], b: [f32; 4], share: f64) -> EmotionProbabilities {
        probabilities([0, 1, 2, 3].map(|index| a[index] + share as f32 * (b[index] - a[index])))
    }

    /// The softmax of log-probabilities with noise that repeats from run to run.
    fn noisy(mean: [f32; 4], frame: u32, noise: f32) -> EmotionProbabilities {
        let mut random = fastrand::Rng::with_seed(frame.into());
        let mut uniform = || random.f32() - 0.5;
        let weights = mean.map(|value| {
            // The sum of three uniform numbers: near enough to a normal one of standard deviation 0.5.
            (value.ln() + 2.0 * noise * (uniform() + uniform() + uniform())).exp()
        });
        let sum: f32 = weights.iter().sum();
        probabilities(weights.map(|weight| weight / sum))
    }

    #[test]
    fn the_first_answer_is_shown_as_it_is() {
        let answer = smoother().update(&probabilities(HAPPY), 0.0).unwrap();
        assert_eq!(answer, Reading { probabilities: probabilities(HAPPY), emotion: Some(Emotion::Happy) });
        let unsure = probabilities([0.4, 0.3, 0.2, 0.1]);
        assert_eq!(smoother().update(&unsure, 0.0).unwrap().emotion, None);
    }

    #[test]
    fn a_clear_change_shows_within_300_ms_from_10_frames_a_second_up() {
        let changed = [[0.7, 0.2, 0.05, 0.05], HAPPY, [0.02, 0.1, 0.08, 0.8], [0.05, 0.2, 0.7, 0.05]];
        for frames_per_second in [10.0, 15.0, 24.0, 30.0, 60.0, 144.0] {
            for after in changed {
                let mut smoother = smoother();
                let step = 1_000.0 / frames_per_second;
                // The change comes right after a frame: the worst moment.
                let change_ms = 20.0 * step;
                let wanted = probabilities(after).top().0;
                let shown_ms = (0..100).map(|frame| f64::from(frame) * step).find(|&time| {
                    let sample = probabilities(if time > change_ms { after } else { NEUTRAL });
                    smoother.update(&sample, time).unwrap().emotion == Some(wanted)
                });
                let late = shown_ms.unwrap() - change_ms;
                assert!(late <= 300.0, "{frames_per_second} frames a second, {after:?}: {late} ms");
            }
        }
    }

    #[test]
    fn a_clear_change_is_uncertain_for_less_than_100_ms() {
        for frames_per_second in [8.0, 15.0, 30.0, 60.0, 144.0] {
            let mut smoother = smoother();
            let step = 1_000.0 / frames_per_second;
            let uncertain = (0..300).filter(|&frame| {
                let sample = probabilities(if frame < 30 { NEUTRAL } else { HAPPY });
                smoother.update(&sample, f64::from(frame) * step).unwrap().emotion.is_none()
            });
            let lasted = uncertain.count() as f64 * step;
            assert!(lasted < 100.0, "{lasted} ms at {frames_per_second} frames a second");
        }
    }

    #[test]
    fn an_expression_that_falls_below_the_threshold_is_no_longer_shown() {
        let mut smoother = smoother();
        smoother.update(&probabilities(NEUTRAL), 0.0).unwrap();
        let unsure = probabilities([0.3, 0.4, 0.2, 0.1]);
        for time in (10..1_000).step_by(10) {
            let Reading { probabilities, emotion } = smoother.update(&unsure, f64::from(time)).unwrap();
            let is_neutral = probabilities.get(Emotion::Neutral) >= 0.5;
            assert_eq!(emotion, is_neutral.then_some(Emotion::Neutral), "{probabilities:?} at {time} ms");
        }
    }

    #[test]
    fn an_uncertain_answer_gives_way_to_a_clear_lead_at_once_and_to_a_slight_one_in_time() {
        let after = |lead: f32, time: f64| {
            let options = SmootherOptions { time_constant_ms: 0.0, ..SmootherOptions::default() };
            let mut smoother = ProbabilitySmoother::new(options).unwrap();
            smoother.update(&probabilities([0.4, 0.3, 0.2, 0.1]), 0.0).unwrap();
            let happy = 0.5 + lead;
            let sample = probabilities([happy, 1.0 - happy, 0.0, 0.0]);
            smoother.update(&sample, 10.0).unwrap();
            smoother.update(&sample, 10.0 + time).unwrap().emotion
        };
        assert_eq!(after(0.11, 0.0), Some(Emotion::Happy));
        assert_eq!(after(0.09, 0.0), None);
        assert_eq!(after(0.09, 499.0), None);
        assert_eq!(after(0.09, 500.0), Some(Emotion::Happy));
    }

    /// How often what is shown changes in a minute, smoothed and frame by frame.
    fn changes(mean: [f32; 4], noise: f32) -> (usize, usize) {
        let mut smoother = smoother();
        let (mut smoothed, mut raw) = (Vec::new(), Vec::new());
        for frame in 0..1_800 {
            let sample = noisy(mean, frame, noise);
            smoothed.push(smoother.update(&sample, f64::from(frame) * 1_000.0 / 30.0).unwrap().emotion);
            raw.push(shown_emotion(&sample, &SmootherOptions::default()));
        }
        let count = |shown: &[Option<Emotion>]| shown.windows(2).filter(|pair| pair[0] != pair[1]).count();
        (count(&smoothed), count(&raw))
    }

    #[test]
    fn labels_do_not_flicker() {
        let (smoothed, raw) = changes([0.7, 0.2, 0.05, 0.05], 0.5);
        assert!(smoothed == 0 && raw > 50, "a clear face: {smoothed} changes of {raw}");
        // The worst case sits on the very border of two answers: each is shown for one and a half seconds on average.
        for mean in [[0.46, 0.46, 0.04, 0.04], [0.5, 0.4, 0.05, 0.05]] {
            let (smoothed, raw) = changes(mean, 0.5);
            assert!(smoothed <= 40 && raw > 500, "a face on the border: {smoothed} changes of {raw}");
        }
    }

    #[test]
    fn a_single_odd_frame_changes_nothing_that_is_shown() {
        let mut smoother = smoother();
        for frame in 0..120 {
            let sample = probabilities(if frame % 30 == 29 { HAPPY } else { NEUTRAL });
            let answer = smoother.update(&sample, f64::from(frame) * 33.3).unwrap();
            assert_eq!(answer.emotion, Some(Emotion::Neutral), "frame {frame}");
        }
    }

    #[test]
    fn a_small_lead_that_lasts_is_shown_and_one_that_does_not_is_not() {
        let mut smoother = smoother();
        smoother.set_options(SmootherOptions { uncertain_below: 0.25, ..SmootherOptions::default() }).unwrap();
        smoother.update(&probabilities([0.52, 0.42, 0.03, 0.03]), 0.0).unwrap();
        let slight = probabilities([0.43, 0.51, 0.03, 0.03]);
        let shown_at = |time: f64, smoother: &mut ProbabilitySmoother| smoother.update(&slight, time).unwrap().emotion;
        let shown: Vec<_> =
            (1..60).map(|frame| (frame * 20, shown_at(f64::from(frame) * 20.0, &mut smoother))).collect();
        assert!(shown.iter().all(|&(time, emotion)| time > 500 || emotion == Some(Emotion::Happy)), "{shown:?}");
        assert_eq!(shown.last().unwrap().1, Some(Emotion::Neutral));
    }

    #[test]
    fn the_threshold_of_uncertainty_is_the_users() {
        let options = SmootherOptions { uncertain_below: 0.0, ..SmootherOptions::default() };
        let mut smoother = ProbabilitySmoother::new(options).unwrap();
        let sample = probabilities([0.3, 0.25, 0.25, 0.2]);
        assert_eq!(smoother.update(&sample, 0.0).unwrap().emotion, Some(Emotion::Happy));
        smoother.set_options(SmootherOptions { uncertain_below: 0.8, ..options }).unwrap();
        assert_eq!(smoother.update(&sample, 33.0).unwrap().emotion, None, "at once when the lead is large");
    }

    #[test]
    fn bad_times_are_refused_and_change_nothing() {
        let mut smoother = smoother();
        let before = smoother.update(&probabilities(HAPPY), 100.0).unwrap();
        for time in [f64::NAN, f64::INFINITY, 99.0] {
            let error = smoother.update(&probabilities(NEUTRAL), time).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidTimestamp, "{time}");
        }
        assert_eq!(smoother.update(&probabilities(NEUTRAL), 100.0).unwrap(), before, "no time, no change");
    }

    #[test]
    fn options_outside_their_range_are_refused() {
        let good = SmootherOptions::default();
        for bad in [
            SmootherOptions { time_constant_ms: -1.0, ..good },
            SmootherOptions { time_constant_ms: f64::NAN, ..good },
            SmootherOptions { uncertain_below: 1.5, ..good },
            SmootherOptions { switch_margin: f32::NAN, ..good },
            SmootherOptions { persist_ms: f64::INFINITY, ..good },
        ] {
            assert_eq!(<ProbabilitySmoother>::new(bad).unwrap_err().kind(), ErrorKind::InvalidOptions, "{bad:?}");
            assert!(smoother().set_options(bad).is_err());
        }
    }

    #[test]
    fn other_is_shown_from_its_own_threshold_and_counts_against_the_four() {
        let shown = |values: [f32; 5], options: SmootherOptions| {
            shown_emotion(&LabelProbabilities::new(values).unwrap(), &options)
        };
        let options = SmootherOptions::default();
        assert_eq!(shown([0.6, 0.0, 0.0, 0.0, 0.4], options), Some(Label::Other));
        assert_eq!(shown([0.61, 0.0, 0.0, 0.0, 0.39], options), Some(Label::Happy));
        assert_eq!(shown([0.45, 0.2, 0.0, 0.0, 0.35], options), None);
        let never = SmootherOptions { other_from: 1.0, ..options };
        assert_eq!(shown([0.1, 0.0, 0.0, 0.0, 0.9], never), None);
        assert_eq!(
            shown([0.1, 0.0, 0.0, 0.0, 0.9], SmootherOptions { uncertain_below: 0.0, ..never }),
            Some(Label::Happy)
        );
    }

    #[test]
    fn other_takes_over_and_gives_way_like_an_expression() {
        let options = SmootherOptions { time_constant_ms: 0.0, ..SmootherOptions::default() };
        let mut smoother: ProbabilitySmoother<Label, { Label::COUNT }> = ProbabilitySmoother::new(options).unwrap();
        let mut shown =
            |values: [f32; 5], time| smoother.update(&LabelProbabilities::new(values).unwrap(), time).unwrap().emotion;
        assert_eq!(shown([0.9, 0.0, 0.0, 0.0, 0.1], 0.0), Some(Label::Happy));
        // Above its threshold, but Happy is above its own by more: it is shown once it has led for a while.
        assert_eq!(shown([0.55, 0.0, 0.0, 0.0, 0.45], 10.0), Some(Label::Happy));
        assert_eq!(shown([0.55, 0.0, 0.0, 0.0, 0.45], 520.0), Some(Label::Other));
        assert_eq!(shown([0.1, 0.0, 0.0, 0.0, 0.9], 530.0), Some(Label::Other));
        assert_eq!(shown([0.9, 0.0, 0.0, 0.0, 0.1], 540.0), Some(Label::Happy));
        assert_eq!(shown([0.1, 0.0, 0.0, 0.0, 0.9], 550.0), Some(Label::Other));
    }

    #[test]
    fn without_a_time_constant_every_sample_passes() {
        let options = SmootherOptions { time_constant_ms: 0.0, ..SmootherOptions::default() };
        let mut smoother = ProbabilitySmoother::new(options).unwrap();
        for (time, values) in [(0.0, HAPPY), (33.0, NEUTRAL), (33.0, HAPPY)] {
            assert_eq!(smoother.update(&probabilities(values), time).unwrap().probabilities, probabilities(values));
        }
    }

    proptest! {
        /// A signal of straight pieces, sampled at two rates that both hit its corners.
        #[test]
        fn the_answer_depends_on_time_and_not_on_the_frame_rate(
            corners in prop::collection::vec(0.0f64..1.0, 2..12),
            finer in 2u32..8,
            time_constant_ms in 20.0f64..400.0,
        ) {
            let options = SmootherOptions { time_constant_ms, ..SmootherOptions::default() };
            let run = |frames_between: u32| {
                let mut smoother = ProbabilitySmoother::new(options).unwrap();
                let mut answers = Vec::new();
                for (piece, pair) in corners.windows(2).enumerate() {
                    for frame in 0..frames_between {
                        let along = f64::from(frame) / f64::from(frames_between);
                        let sample = mix(NEUTRAL, HAPPY, pair[0] + along * (pair[1] - pair[0]));
                        let answer = smoother.update(&sample, (piece as f64 + along) * 100.0).unwrap();
                        if frame == 0 {
                            answers.push(answer.probabilities.get(Emotion::Happy));
                        }
                    }
                }
                answers
            };
            for (slow, fast) in run(1).into_iter().zip(run(finer)) {
                prop_assert!((slow - fast).abs() < 1e-5, "{} at 10 frames a second, {} at {}", slow, fast, 10 * finer);
            }
        }

        #[test]
        fn the_expression_shown_reaches_the_threshold_and_leads_within_the_margin(
            frames in prop::collection::vec((prop::array::uniform4(0.01f32..1.0), 0.0f64..400.0), 1..80),
            thresholds in prop::array::uniform2(prop_oneof![Just(0.0f32), Just(0.5), 0.0f32..1.0]),
            switch_margin in prop_oneof![Just(0.1f32), 0.0f32..0.25],
            time_constant_ms in prop_oneof![Just(120.0), 0.0f64..400.0],
        ) {
            let options = |uncertain_below| {
                SmootherOptions { uncertain_below, switch_margin, time_constant_ms, ..SmootherOptions::default() }
            };
            let mut smoother = <ProbabilitySmoother>::new(options(thresholds[0])).unwrap();
            let half = frames.len() / 2;
            let mut now_ms = 0.0;
            for (index, (weights, step_ms)) in frames.into_iter().enumerate() {
                // Halfway another threshold takes over, and holds from the next frame on.
                let uncertain_below = thresholds[usize::from(index >= half)];
                smoother.set_options(options(uncertain_below)).unwrap();
                now_ms += step_ms;
                let sum: f32 = weights.iter().sum();
                let sample = probabilities(weights.map(|weight| weight / sum));
                let Reading { probabilities, emotion } = smoother.update(&sample, now_ms).unwrap();
                let (top, highest) = probabilities.top();
                match emotion {
                    Some(shown) => {
                        let probability = probabilities.get(shown);
                        prop_assert!(probability >= uncertain_below, "{shown} at {probability} below {uncertain_below}");
                        prop_assert!(highest - probability < switch_margin.max(f32::MIN_POSITIVE));
                        if uncertain_below > 0.5 {
                            prop_assert_eq!(shown, top);
                        }
                    }
                    None => prop_assert!(uncertain_below > 0.0 && highest < uncertain_below + switch_margin.max(1e-6)),
                }
            }
        }

        #[test]
        fn weights_are_a_weighted_mean(step_ms in 0.0f64..100_000.0, time_constant_ms in 0.0f64..2_000.0) {
            let weights = step_weights(step_ms, time_constant_ms);
            prop_assert!(weights.iter().all(|weight| (0.0..=1.0).contains(weight)), "{weights:?}");
            prop_assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{weights:?}");
        }
    }
}
