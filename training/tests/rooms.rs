//! Each room of the crate uses those before it and none after it (src/lib.rs).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

const ROOMS: [&str; 5] = ["data", "network", "judge", "run", "report"];

/// What follows each `crate::` in a file.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split("crate::").skip(1);
    words.map(|rest| rest.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap())
}

#[test]
fn no_room_uses_a_later_one() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = 0;
    for (place, room) in ROOMS.into_iter().enumerate() {
        for entry in fs::read_dir(src.join(room)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            files += 1;
            let text = fs::read_to_string(&path).unwrap();
            for name in named(&text).filter(|name| *name != "json") {
                let other = ROOMS.iter().position(|room| *room == name);
                let other = other.unwrap_or_else(|| panic!("{}: `crate::{name}` is not a room", path.display()));
                assert!(other <= place, "{}: {room} uses {name}, which comes later", path.display());
            }
        }
    }
    assert!(files > 25, "only {files} files");
}

#[test]
fn no_two_modules_of_a_room_use_each_other() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ROOMS {
        let modules: Vec<(String, String)> = fs::read_dir(src.join(room))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| {
                let text = fs::read_to_string(&path).unwrap();
                // Tests may use what they like.
                let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
                (path.file_stem().unwrap().to_str().unwrap().to_owned(), text)
            })
            .collect();
        let uses = |text: &str, name: &str| {
            let path = format!("crate::{room}::{name}");
            text.match_indices(&path).any(|(at, _)| !text[at + path.len()..].starts_with(char::is_alphanumeric))
        };
        // Take away whatever uses nothing that is left; a circle stays.
        let mut left: Vec<&(String, String)> = modules.iter().collect();
        while let Some(free) =
            left.iter().position(|(name, text)| !left.iter().any(|(other, _)| other != name && uses(text, other)))
        {
            left.remove(free);
        }
        let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.is_empty(), "{room} has a circle among {}", names.join(", "));
    }
}
