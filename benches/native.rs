//! Classifies one face so many times natively, with the shipped weights or in another precision: what native.py times.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing better to do")]

use countenance::weights::{Precision, Weights, emotion_model};
use countenance::{CHIP_SIDE, EmotionClassifier, FaceChip};
use std::hint::black_box;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let precision = arguments.next().and_then(|name| Precision::from_name(&name));
    let calls = arguments.next().and_then(|calls| calls.parse().ok());
    let (Some(precision), Some(calls)) = (precision, calls) else {
        eprintln!("which precision, and how many calls?");
        return;
    };
    let bytes = precision.convert(&emotion_model().unwrap()).unwrap();
    let mut classifier = EmotionClassifier::new(&Weights::parse(&bytes).unwrap()).unwrap();
    let chip = FaceChip::from_grey(std::array::from_fn(|at| (at % CHIP_SIDE * 3 + at / CHIP_SIDE * 2) as u8));
    for _ in 0..calls {
        let _ = black_box(classifier.answers(black_box(&chip)));
    }
}
