//! Training on a tiny synthetic set: it learns, repeats itself, survives an interruption, and what it exports answers
//! as it did.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use burn::tensor::Device;
use countenance::weights::{Precision, Weights};
use countenance::{CHIP_SIDE, Emotion, Emotion8, EmotionClassifier, FaceChip};
use countenance_training::data::augment::Augmentation;
use countenance_training::data::dataset::Sample;
use countenance_training::judge::evaluate::{Options, evaluate};
use countenance_training::judge::metrics::softmax;
use countenance_training::network::architecture::Architecture;
use countenance_training::network::model::{JointNet, logits};
use countenance_training::network::store::{self, Source};
use countenance_training::run::calibration::Calibration;
use countenance_training::run::recipe::{Phase, Recipe, Schedule, Target};
use countenance_training::run::teacher::{Provenance, SoftAnswer, Teacher};
use countenance_training::run::train::{Run, State, train};

/// Burn's random numbers are one stream a process, so runs must not overlap.
static RANDOM: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    RANDOM.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn recipe(epochs: usize, side: usize) -> Recipe {
    Recipe {
        description: "tiny".to_owned(),
        architecture: Architecture::default(),
        batch: 8,
        phases: vec![Phase { epochs, side }],
        learning_rate: 2e-3,
        schedule: Schedule::Constant,
        warmup_epochs: 0.0,
        weight_decay: 0.01,
        average: 0.5,
        beginning: 0.0,
        noise: 0.1,
        dropout: 0.1,
        batch_norm_momentum: 0.3,
        development: 0.0,
        mixup: 0.0,
        target: Target {
            votes: 0.0,
            smoothing: 0.02,
            eight_weight: 0.5,
            eight_votes: 0.0,
            teacher: 0.0,
            not_a_face: 11.0,
        },
        augmentation: Augmentation { flip: 0.5, brightness: [0.8, 1.2], ..Augmentation::NONE },
    }
}

/// Stripes across, stripes down, a bright middle, a bright rim, and a plain grey of a fifth class.
fn samples(copies: usize) -> Vec<Sample> {
    let classes = [Emotion8::Happy, Emotion8::Neutral, Emotion8::Sad, Emotion8::Surprise, Emotion8::Angry];
    let middle = |v: usize| (12..36).contains(&v);
    let bright = |class: Emotion8, x: usize, y: usize| match class {
        Emotion8::Happy => (x / 4).is_multiple_of(2),
        Emotion8::Neutral => (y / 4).is_multiple_of(2),
        Emotion8::Sad => middle(x) && middle(y),
        Emotion8::Surprise => !(middle(x) && middle(y)),
        _ => false,
    };
    let sample = |copy: usize, class: Emotion8| Sample {
        source: format!("{}/{copy}", class.name()),
        row: None,
        class,
        votes: None,
        chip: FaceChip::from_grey(std::array::from_fn(|index| {
            let light = if bright(class, index % CHIP_SIDE, index / CHIP_SIDE) { 190 } else { 60 };
            light + ((index * (copy + 3) * 7) % 40) as u8
        })),
    };
    (0..copies).flat_map(|copy| classes.map(|class| sample(copy, class))).collect()
}

fn run(name: &str, recipe: Recipe, stop_after: Option<usize>, keep: bool) -> (JointNet, State) {
    let folder = if keep { folder(name) } else { fresh(name) };
    let run = Run { recipe, seed: 3, folder, stop_after, from: None, teacher: None };
    train(&run, &samples(8), &samples(1), &Device::flex()).unwrap()
}

fn fresh(name: &str) -> PathBuf {
    let folder = folder(name);
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("end_to_end").join(name)
}

#[test]
fn a_run_that_was_interrupted_ends_as_one_that_was_not() {
    let _alone = alone();
    let (whole, state) = run("whole", recipe(3, 32), None, false);
    run("interrupted", recipe(3, 32), Some(1), false);
    let (resumed, resumed_state) = run("interrupted", recipe(3, 32), None, true);
    assert_eq!(whole.tensors(), resumed.tensors());
    let figures = |state: &State| -> Vec<_> {
        state.history.iter().map(|epoch| (epoch.epoch, epoch.objective, epoch.development_loss)).collect()
    };
    assert_eq!(figures(&state), figures(&resumed_state));
    assert_eq!(resumed_state.steps, 15);
}

#[test]
fn a_run_is_not_continued_with_another_recipe_or_from_a_damaged_checkpoint() {
    let _alone = alone();
    run("other", recipe(2, 32), Some(1), false);
    let folder = folder("other");
    let other =
        Run { recipe: recipe(5, 32), seed: 3, folder: folder.clone(), stop_after: None, from: None, teacher: None };
    let resume = |run: &Run| train(run, &samples(8), &samples(1), &Device::flex()).err().map(|e| format!("{e:#}"));
    assert!(resume(&other).unwrap().contains("another recipe, seed"));
    fs::write(folder.join("checkpoint/state.json"), "{").unwrap();
    assert!(resume(&Run { recipe: recipe(2, 32), ..other }).unwrap().contains("damaged"));
}

#[test]
fn a_student_begins_with_the_given_weights_and_learns_from_its_teacher() {
    let _alone = alone();
    let device = Device::flex();
    let (first, _) = run("first", recipe(1, 32), None, false);
    let source = Source { sha256: "of the first".to_owned(), tensors: first.tensors() };

    // Without any learning the student is what it began with.
    let still = Run {
        recipe: Recipe { learning_rate: 0.0, average: 0.0, batch_norm_momentum: 0.0, ..recipe(1, 32) },
        seed: 3,
        folder: fresh("still"),
        stop_after: None,
        from: Some(source.clone()),
        teacher: None,
    };
    let (unchanged, state) = train(&still, &samples(8), &samples(1), &device).unwrap();
    assert_eq!(state.from.as_deref(), Some("of the first"));
    assert_eq!(unchanged.tensors(), first.tensors());

    // A teacher that calls every picture sad makes a student, who hears nothing else, think of it more often.
    let sad = SoftAnswer { four: [0.0, 0.0, 1.0, 0.0], eight: [0.125; Emotion8::COUNT] };
    let provenance = Provenance { models: Vec::new(), origin: None, pictures: 40, views: 1, seed: 0 };
    let teacher = Teacher::new(provenance, &samples(8), vec![sad; 40]);
    let target = Target { teacher: 1.0, ..recipe(1, 32).target };
    let taught =
        Run { recipe: Recipe { target, ..recipe(2, 32) }, teacher: Some(teacher), folder: fresh("taught"), ..still };
    let (student, _) = train(&taught, &samples(8), &samples(1), &device).unwrap();
    let sad_share = |net: &JointNet| -> f32 {
        let all = logits(net, &samples(2), 32, &device);
        all.iter().map(|(four, _)| softmax(*four, 1.0)[Emotion::Sad.index()]).sum::<f32>() / all.len() as f32
    };
    assert!(sad_share(&student) > sad_share(&first) + 0.1, "{} {}", sad_share(&student), sad_share(&first));

    // Half of the beginning in the result: every weight is half way.
    let half =
        Run { recipe: Recipe { beginning: 0.5, ..taught.recipe.clone() }, folder: fresh("half"), ..taught.clone() };
    let (half, _) = train(&half, &samples(8), &samples(1), &device).unwrap();
    for ((half, first), student) in half.tensors().iter().zip(first.tensors()).zip(student.tensors()) {
        for ((half, first), student) in half.values.iter().zip(first.values).zip(student.values) {
            assert!((half - (first + student) / 2.0).abs() <= 1e-6 * (1.0 + half.abs()), "{half} {first} {student}");
        }
    }

    let untaught = Run { teacher: None, folder: fresh("untaught"), ..taught.clone() };
    let refused = |run: &Run, copies| train(run, &samples(copies), &[], &device).err().map(|e| format!("{e:#}"));
    assert!(refused(&untaught, 8).unwrap().contains("belong together"));
    assert!(refused(&taught, 9).unwrap().contains("was not asked"));
    assert!(refused(&Run { from: None, ..taught }, 8).unwrap().contains("another recipe, seed, teacher or beginning"));
}

#[test]
fn what_was_trained_is_exported_and_evaluated() {
    let _alone = alone();
    let (net, state) = run("export", recipe(12, 48), None, false);
    let last = state.history.last().unwrap();
    assert!(last.training_loss < state.history[0].training_loss, "{:?}", state.history);

    let device = Device::flex();
    let calibration = Calibration::fit(&net, &samples(2), &device);
    let mut metadata = calibration.metadata();
    metadata.insert("classes".to_owned(), Emotion::ALL.map(Emotion::name).join(","));
    let path = folder("export").join("model.safetensors");
    store::write_safetensors(&net, metadata.clone(), &path).unwrap();

    let bytes = store::read(&path).unwrap();
    let tested = samples(3);
    let (report, answers) = evaluate(&Weights::parse(&bytes).unwrap(), &tested, &Options::default()).unwrap();
    assert_eq!((report.all.count, report.left_out, answers.len()), (12, 3, 12));
    assert!(report.all.accuracy > 0.6, "{}", report.text());

    let small = store::convert(&fs::read(&path).unwrap(), Some("tiny-1"), Precision::Int8).unwrap();
    let small = Weights::parse(&small).unwrap();
    let (of_small, _) = evaluate(&small, &tested, &Options::default()).unwrap();
    assert_eq!(of_small.model, "tiny-1");
    assert!((of_small.all.loss - report.all.loss).abs() < 0.05);

    // The second head ships where it was trained, which its temperature shows.
    assert_eq!(small.f32("eight.weight", &[8, 512]).unwrap().len(), 8 * 512);
    assert!(EmotionClassifier::new(&small).unwrap().has_eight());
    metadata.remove(store::SECOND_TEMPERATURE);
    store::write_safetensors(&net, metadata, &path).unwrap();
    let four_only = store::read(&path).unwrap();
    let four_only = Weights::parse(&four_only).unwrap();
    assert!(!four_only.contains("eight.weight"));
    assert!(!EmotionClassifier::new(&four_only).unwrap().has_eight());
}
