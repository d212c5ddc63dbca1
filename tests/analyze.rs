//! The batch tool, `examples/analyze.rs`, as it is called from a shell.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]

use std::env::current_exe;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

/// The example that cargo has built beside this test.
fn example() -> PathBuf {
    let tests = current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("examples/analyze")
}

fn analyze(arguments: &[PathBuf]) -> Output {
    let example = example();
    Command::new(&example).args(arguments).output().unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo test` builds it, `cargo test --test analyze` alone does not", example.display())
    })
}

fn lines(output: &Output) -> Vec<Value> {
    std::str::from_utf8(&output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_folder_is_read_in_order_and_other_files_stop_nothing() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("analyze");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("more")).unwrap();
    let fixture = |name: &str| format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::copy(fixture("astronaut_half.png"), folder.join("a.png")).unwrap();
    fs::write(folder.join("b.txt"), "no picture").unwrap();
    fs::copy(fixture("grace_hopper_half.png"), folder.join("more/c")).unwrap();

    let output = analyze(std::slice::from_ref(&folder));
    assert_eq!(output.status.code(), Some(1), "one file is not a picture");
    let [astronaut, text, hopper] = &lines(&output)[..] else { panic!("{output:?}") };
    assert!(astronaut["file"].as_str().unwrap().ends_with("a.png"));
    let face = &astronaut["faces"][0];
    assert_eq!(face["emotion"], "happy");
    assert!(face["probabilities"]["happy"].as_f64().unwrap() > 0.8);
    assert!(face["box"]["width"].as_f64().unwrap() > 20.0);
    assert_eq!(text["error"]["code"], "invalid-image");
    assert_eq!(hopper["faces"].as_array().unwrap().len(), 1);

    let alone = analyze(&[folder.join("a.png")]);
    assert!(alone.status.success());
    assert_eq!(lines(&alone), std::slice::from_ref(astronaut));
}

#[test]
fn without_files_it_says_how_it_is_used() {
    let output = analyze(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: analyze"));
}

/// The command as the README gives it, but for what builds the example, which is there already.
#[test]
fn the_readme_shows_how_to_call_it() {
    let readme = include_str!("../README.md");
    let call = readme.lines().find_map(|line| line.strip_prefix("cargo run --release --example analyze -- ")).unwrap();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("holidays")).unwrap();
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/astronaut_half.png");
    fs::copy(picture, folder.join("holidays/beach.png")).unwrap();

    let script = format!("'{}' {call}", example().display());
    let output = Command::new("sh").args(["-c", &script]).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_str(&fs::read_to_string(folder.join("answers.jsonl")).unwrap()).unwrap();
    assert_eq!(answer["file"], "holidays/beach.png");
    assert_eq!(answer["faces"][0]["emotion"], "happy");
}
