//! The classifier, natively: its start and one face, for every precision of the weights.
//!
//! ```text
//! cargo bench --bench classify
//! ```

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing better to do")]

use countenance::weights::{Precision, Weights, emotion_model};
use countenance::{CHIP_SIDE, EmotionClassifier, FaceChip};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn classify(criterion: &mut Criterion) {
    let chip = FaceChip::from_grey(std::array::from_fn(|at| (at % CHIP_SIDE * 3 + at / CHIP_SIDE * 2) as u8));
    for precision in Precision::ALL {
        let bytes = precision.convert(&emotion_model().unwrap()).unwrap();
        let start = || Weights::parse(&bytes).and_then(|weights| EmotionClassifier::new(&weights));
        let mut classifier = start().unwrap();
        let mut group = criterion.benchmark_group(precision.name());
        group.bench_function("start", |bencher| bencher.iter(start));
        group.bench_function("face", |bencher| bencher.iter(|| classifier.answers(black_box(&chip))));
        group.finish();
    }
}

criterion_group!(benches, classify);
criterion_main!(benches);
