//! The commands of README.md and docs/cli.md, as they stand there, and the table of labels.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]
#![cfg(unix)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{folder, lines, place, records, repository};

/// The commands in a page, and a folder with the files that they name.
fn run(page: &str, name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    place("astronaut_quarter.png", folder.join("portrait.jpg"));
    place("astronaut_quarter.png", folder.join("holidays/beach.jpg"));
    place("astronaut_quarter.png", folder.join("faces/happy/a.png"));
    place("astronaut_quarter.png", folder.join("RAF-DB/basic/Image/aligned/test_0001_aligned.jpg"));
    fs::create_dir_all(folder.join("RAF-DB/basic/EmoLabel")).unwrap();
    fs::write(folder.join("RAF-DB/basic/EmoLabel/list_patition_label.txt"), "test_0001.jpg 4\n").unwrap();

    let program = Path::new(env!("CARGO_BIN_EXE_countenance")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let text = fs::read_to_string(repository(page)).unwrap();
    let commands = text.split("```sh\n").skip(1).flat_map(|block| block.split("```").next().unwrap().lines());
    let mut count = 0;
    for command in commands.filter(|line| line.contains("countenance ") && !line.contains("countenance serve")) {
        let output = Command::new("sh").args(["-c", command]).current_dir(&folder).env("PATH", &path).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        count += 1;
    }
    assert!(count >= 4, "{count} commands in {page}");
    folder
}

#[test]
fn the_readme_shows_how_to_call_it() {
    let folder = run("README.md", "docs-readme");
    let [beach] = &lines(&fs::read_to_string(folder.join("answers.jsonl")).unwrap())[..] else { panic!() };
    assert_eq!((&beach["file"], &beach["faces"][0]["emotion"]), (&"holidays/beach.jpg".into(), &"happy".into()));
    assert!(folder.join("heat.png").exists());
}

#[test]
fn the_guide_shows_how_to_call_it() {
    let folder = run("docs/cli.md", "docs-guide");
    assert_eq!(lines(&fs::read_to_string(folder.join("answers.jsonl")).unwrap()).len(), 2);
    for table in ["faces.csv", "table.csv"] {
        let table = records(&fs::read_to_string(folder.join(table)).unwrap());
        assert_eq!((table.len(), &table[1][6]), (2, &"happy".to_owned()));
    }
}
