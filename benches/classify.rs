//! The classifier, natively: start, the whole of a face, and each stage, for every precision of the weights.
//!
//! ```text
//! cargo bench --bench classify
//! ```

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has nothing better to do")]

use countenance::express::EmotionEngine;
use countenance::weights::{Precision, Weights, emotion_model};
use countenance::{CHIP_SIDE, FaceChip};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

const STAGES: [&str; 6] = ["conv1", "conv2", "conv3", "conv4", "conv5", "dense"];

fn classify(criterion: &mut Criterion) {
    let chip = FaceChip::from_grey(std::array::from_fn(|at| (at % CHIP_SIDE * 3 + at / CHIP_SIDE * 2) as u8));
    for precision in Precision::ALL {
        let bytes = precision.convert(&emotion_model().unwrap()).unwrap();
        let start = || Weights::parse(&bytes).and_then(|weights| EmotionEngine::new(&weights));
        let mut engine = start().unwrap();
        let mut group = criterion.benchmark_group(precision.name());
        group.bench_function("start", |bencher| bencher.iter(start));
        group.bench_function("face", |bencher| bencher.iter(|| engine.logits(black_box(&chip))));
        for (stage, name) in STAGES.into_iter().enumerate() {
            group.bench_function(name, |bencher| bencher.iter(|| engine.run_stage(black_box(stage))));
        }
        group.finish();
    }
}

criterion_group!(benches, classify);
criterion_main!(benches);
