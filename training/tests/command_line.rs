//! The commands on a tiny synthetic data set: train, train again, label, teach, fine-tune, export, reproduce, ablate.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use countenance::weights::Weights;
use countenance_training::json;
use countenance_training::judge::change::Changes;
use countenance_training::network::store::Source;
use countenance_training::run::ablate::Ablations;
use countenance_training::run::record::Training;
use image::{GrayImage, Luma};
use safetensors::SafeTensors;

const RECIPE: &str = r#"
description = "tiny"
batch = 8
phases = [{ epochs = 2, side = 32 }]
learning_rate = 2e-3
schedule = "constant"
warmup_epochs = 0.0
weight_decay = 0.01
average = 0.5
noise = 0.1
dropout = 0.1
batch_norm_momentum = 0.3
development = 0.3

[target]
votes = 0.0
smoothing = 0.02
eight_weight = 0.5
eight_votes = 0.0
not_a_face = 11

[augmentation]
flip = 0.5
rotation = 5.0
zoom = [0.9, 1.1]
stretch = false
shift = 0.02
shear = 0.0
brightness = [0.8, 1.2]
contrast = [1.0, 1.0]
gamma = [1.0, 1.0]
blur = 0.0
blur_sigma = [0.0, 0.0]
noise = 0.0
noise_sigma = [0.0, 0.0]
erase = 0.0
erase_side = [0.0, 0.0]
"#;

/// Stripes across and stripes down, between which a few steps can tell.
fn draw(folder: &Path, width: u32) {
    for class in ["happy", "sad"] {
        fs::create_dir_all(folder.join(class)).unwrap();
        for copy in 0..16u32 {
            let picture = GrayImage::from_fn(48, 48, |x, y| {
                let place = if class == "happy" { x } else { y };
                Luma([if (place / width).is_multiple_of(2) { 180 } else { 60 } + (x * (copy + 3) * 7 + y) as u8 % 40])
            });
            picture.save(folder.join(class).join(format!("{copy}.png"))).unwrap();
        }
    }
}

struct Workshop(PathBuf);

impl Workshop {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn run(&self, arguments: &str) -> Result<String, String> {
        let output = Command::new(env!("CARGO_BIN_EXE_countenance-training"))
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

#[test]
fn from_a_folder_of_faces_to_fine_tuned_weights() {
    let shop = Workshop(Path::new(env!("CARGO_TARGET_TMPDIR")).join("command_line"));
    let _ = fs::remove_dir_all(&shop.0);
    draw(&shop.path("faces/train"), 4);
    draw(&shop.path("own"), 6);
    fs::write(shop.path("tiny.toml"), RECIPE).unwrap();
    fs::write(shop.path("student.toml"), RECIPE.replace("not_a_face", "teacher = 0.5\nnot_a_face")).unwrap();

    // The same command gives the same weights again, and one with another seed does not.
    let train = "train --recipe tiny.toml --data faces";
    shop.run(&format!("{train} --seed 5 --out first")).unwrap();
    shop.run(&format!("{train} --seed 5 --stop-after 1 --out again")).unwrap();
    shop.run(&format!("{train} --seed 5 --out again")).unwrap();
    shop.run(&format!("{train} --seed 6 --out other")).unwrap();
    let weights = |run: &str| fs::read(shop.path(run).join("model.safetensors")).unwrap();
    assert!(weights("first") == weights("again") && weights("first") != weights("other"));
    let compare = "compare --recipe tiny.toml --data faces --first first --again";
    assert!(shop.run(&format!("{compare} again")).unwrap().contains("weight: 0.00e0"));
    assert!(shop.run(&format!("{compare} other --tolerance 0")).unwrap_err().contains("they differ by"));

    // Two networks teach a third.
    let label =
        "label --recipe student.toml --data faces --views 3 --from first --from other --out teacher.safetensors";
    assert!(shop.run(label).unwrap().contains("all together, 3 views: accuracy"));
    let teach = "train --recipe student.toml --data faces --out student";
    assert!(shop.run(teach).unwrap_err().contains("give both or neither"));
    shop.run(&format!("{teach} --teacher teacher.safetensors")).unwrap();
    let student: Training = json::read(&shop.path("student/training.json")).unwrap();
    assert_eq!(student.run.teacher.as_ref().unwrap().models.len(), 2);

    // What another tool needs to teach: it finds the pictures and targets in a file, and gives answers by their keys.
    shop.run("lesson --recipe tiny.toml --data faces --out lesson.safetensors").unwrap();
    let bytes = fs::read(shop.path("lesson.safetensors")).unwrap();
    let lesson = SafeTensors::deserialize(&bytes).unwrap();
    let [keys, pictures, labels, four, eight] = ["keys", "pictures", "labels", "four", "eight"]
        .map(|tensor| lesson.tensor(&format!("training.{tensor}")).unwrap());
    let count = student.pictures;
    assert_eq!((pictures.shape(), pictures.data().len()), ([count, 48, 48].as_slice(), count * 48 * 48));
    assert_eq!(lesson.tensor("development.pictures").unwrap().shape()[0], student.development_pictures);
    let targets: &[[u8; 4]] = four.data().as_chunks().0;
    for (label, target) in labels.data().iter().zip(targets.as_chunks::<4>().0) {
        let expected = if *label == 1 { [0.985, 0.005, 0.005, 0.005] } else { [0.005, 0.005, 0.985, 0.005] };
        let target = target.map(f32::from_le_bytes);
        assert!(target.iter().zip(expected).all(|(value, expected)| (value - expected).abs() < 1e-6), "{target:?}");
    }
    let provenance = r#"{"models": ["ab"], "origin": "another kind", "pictures": 32, "views": 2, "seed": 1}"#;
    let metadata = HashMap::from([("provenance".to_owned(), provenance.to_owned())]);
    let answers = [("keys", keys), ("four", four), ("eight", eight)];
    safetensors::serialize_to_file(answers, Some(metadata), &shop.path("other-teacher.safetensors")).unwrap();
    shop.run("train --recipe student.toml --data faces --out taught --teacher other-teacher.safetensors").unwrap();
    let taught: Training = json::read(&shop.path("taught/training.json")).unwrap();
    assert_eq!(taught.run.teacher.unwrap().origin.as_deref(), Some("another kind"));

    // Further pictures are all trained on.
    shop.run("train --recipe tiny.toml --data faces --more own --out more").unwrap();
    let more: Training = json::read(&shop.path("more/training.json")).unwrap();
    assert_eq!((more.pictures, more.further_pictures), (count + 32, 32));
    assert_eq!(more.development_pictures, student.development_pictures);
    assert!(more.command.contains("--more own"), "{}", more.command);

    // The user's own folder, without splits; `--guard` measures what was learned before.
    shop.run("train --recipe student.toml --from first --data own --guard faces/train --out tuned").unwrap();
    let tuned: Training = json::read(&shop.path("tuned/training.json")).unwrap();
    assert!(
        tuned.run.from.is_some() && tuned.command.contains("--from first --guard faces/train"),
        "{}",
        tuned.command
    );
    let changes: Changes = json::read(&shop.path("tuned/change.json")).unwrap();
    assert_eq!(changes.guard.unwrap().pictures, 32);
    let held_back = changes.held_back.unwrap();
    assert_eq!(held_back.pictures, tuned.development_pictures);
    assert_ne!(held_back.after, held_back.before);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    let export = "export --run tuned --id mine-1 --hardware test --out tuned/model --fixtures";
    shop.run(&format!("{export} {}", fixtures.display())).unwrap();
    let container = fs::read(shop.path("tuned/model/weights.cnw")).unwrap();
    assert_eq!(Weights::parse(&container).unwrap().id(), "mine-1");

    // The heads are mixed: the first head changes, the rest stays, and the record says what was done.
    let interpolate = "interpolate --recipe tiny.toml --data faces --from first --share";
    assert!(shop.run(&format!("{interpolate} 1.5 --out mixed")).unwrap_err().contains("from 0 to 1"));
    assert!(shop.run(&format!("{interpolate} 0.25 --out mixed")).unwrap().contains("| 0.2 | "));
    let mixed: Training = json::read(&shop.path("mixed/training.json")).unwrap();
    let done = mixed.interpolation.unwrap();
    assert!((done.share, done.choices.len()) == (0.25, 11) && done.command.contains("--from first --share 0.25"));
    let [before, after] = ["first", "mixed"].map(|run| Source::read(&shop.path(run)).unwrap());
    assert_eq!((done.from, mixed.run.history.len()), (before.sha256, 2));
    let changed = before.tensors.iter().zip(&after.tensors).filter(|(before, after)| before != after);
    assert_eq!(changed.map(|(tensor, _)| tensor.name.as_str()).collect::<Vec<_>>(), ["dense3.bias", "dense3.weight"]);
    let again = "interpolate --recipe tiny.toml --data faces --from mixed --share 0.25 --out twice";
    assert!(shop.run(again).unwrap_err().contains("already mixed"));

    // Finished runs of an ablation are not repeated, and a choice with a teacher needs one.
    let plan = "base = \"tiny.toml\"\nphases = [{ epochs = 1, side = 32 }]\nseeds = [1, 2]\n\
                [[choices]]\nname = \"taught\"\nchanges = { target = { teacher = 0.5 } }\n";
    fs::write(shop.path("plan.toml"), plan).unwrap();
    let ablate = "ablate --plan plan.toml --data faces --out ablations";
    assert!(shop.run(ablate).unwrap_err().contains("taught: a recipe with target.teacher above 0"));
    shop.run(&format!("{ablate} --teacher teacher.safetensors")).unwrap();
    let ablations: Ablations = json::read(&shop.path("ablations/ablations.json")).unwrap();
    let rows: Vec<_> = ablations.rows.iter().map(|row| (row.name.as_str(), row.runs.len())).collect();
    assert_eq!(rows, [("unchanged", 2), ("taught", 2)]);
    let again = shop.run(&format!("{ablate} --teacher teacher.safetensors")).unwrap();
    assert!(!again.contains("pictures to train on") && again.contains("| taught | 2 |"), "{again}");
}

const CHAIN: &str = r#"
[[steps]]
makes = "one"
by.train = { recipe = "tiny.toml", seed = 1 }
[[steps]]
makes = "two"
by.train = { recipe = "tiny.toml", seed = 2 }
[[steps]]
makes = "teacher.safetensors"
by.label = { recipe = "student.toml", from = ["one", "two"], views = 3 }
[[steps]]
makes = "student"
by.train = { recipe = "student.toml", seed = 1, from = "two", teacher = "teacher.safetensors" }
[[steps]]
makes = "lesson.safetensors"
by.lesson = { recipe = "tiny.toml" }
[[steps]]
makes = "more"
and = ["unused"]
by.program = ["cp", "-r", "{faces}", "{more}"]
[[steps]]
makes = "longer"
by.train = { recipe = "tiny.toml", seed = 1, from = "student", more = "more" }
[[steps]]
makes = "mixed"
by.interpolate = { recipe = "tiny.toml", from = "longer", share = 0.2 }
"#;

#[test]
fn a_chain_is_worked_through_from_the_data_alone() {
    let shop = Workshop(Path::new(env!("CARGO_TARGET_TMPDIR")).join("reproduce"));
    let _ = fs::remove_dir_all(&shop.0);
    draw(&shop.path("faces/train"), 4);
    draw(&shop.path("own"), 6);
    fs::write(shop.path("tiny.toml"), RECIPE).unwrap();
    fs::write(shop.path("student.toml"), RECIPE.replace("not_a_face", "teacher = 0.5\nnot_a_face")).unwrap();
    fs::write(shop.path("chain.toml"), CHAIN).unwrap();
    let reproduce = "reproduce --chain chain.toml --data faces";
    assert!(shop.run(reproduce).unwrap_err().contains("--faces must name"));
    assert!(shop.run(&format!("{reproduce} --until elsewhere")).unwrap_err().contains("no step makes elsewhere"));

    // The first steps need the data alone, and are not repeated.
    let first = shop.run(&format!("{reproduce} --until student")).unwrap();
    assert!(first.contains("making one\n") && !first.contains("making lesson"), "{first}");
    let student = Source::read(&shop.path("runs/student")).unwrap();
    let record: Training = json::read(&shop.path("runs/student/training.json")).unwrap();
    assert_eq!(record.run.from.unwrap(), Source::read(&shop.path("runs/two")).unwrap().sha256);
    assert_eq!(record.run.teacher.unwrap().models.len(), 2);

    // What a program made is trained on, and the end is held beside the first weights.
    let whole = format!("{reproduce} --faces own --first");
    let done = shop.run(&format!("{whole} runs/mixed")).unwrap();
    assert!(done.contains("student already exists\n") && done.contains("making mixed\n"), "{done}");
    assert!(done.contains("largest difference of a weight: 0.00e0"), "{done}");
    let record: Training = json::read(&shop.path("runs/mixed/training.json")).unwrap();
    assert_eq!((record.further_pictures, record.run.from.unwrap()), (32, student.sha256));
    assert_eq!(record.interpolation.unwrap().share, 0.2);
    let other = shop.run(&format!("{whole} runs/one --tolerance 0"));
    assert!(other.unwrap_err().contains("they differ by"));

    // A run without its weights is not finished.
    fs::remove_file(shop.path("runs/student/model.safetensors")).unwrap();
    let again = shop.run(&format!("{reproduce} --until student")).unwrap();
    assert!(again.contains("two already exists\nteacher.safetensors already exists\nmaking student\n"), "{again}");
    assert_eq!(Source::read(&shop.path("runs/student")).unwrap().tensors, student.tensors);

    // A program that fails stops the chain.
    fs::write(
        shop.path("chain.toml"),
        CHAIN
            .replace("\"cp\"", "\"false\"")
            .replace("makes = \"more\"", "makes = \"never\"")
            .replace("{more}", "{never}")
            .replace("more = \"more\"", "more = \"never\""),
    )
    .unwrap();
    let failed = shop.run(&format!("{whole} runs/one")).unwrap_err();
    assert!(failed.contains("cannot make never") && failed.contains("false failed"), "{failed}");
}
