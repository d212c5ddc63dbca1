//! `countenance explain` and `countenance bench`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]

mod common;

use std::path::Path;

use common::{call, folder, place, repository, status, stderr, stdout};
use serde_json::{Value, json};

#[test]
fn an_explanation_points_at_the_face_and_is_drawn() {
    let folder = folder("explain");
    place("astronaut_half.png", folder.join("a.png"));
    let output = call(&folder, ["explain", "a.png", "--output", "heat.png"]);
    assert_eq!((status(&output), stderr(&output)), (0, ""));
    let explained: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!((&explained["file"], &explained["faces"][0]["emotion"]), (&json!("a.png"), &json!("happy")));
    let [explanation] = &explained["explanations"].as_array().unwrap()[..] else { panic!("{explained}") };
    assert_eq!((&explanation["emotion"], &explanation["box"]), (&json!("happy"), &explained["faces"][0]["box"]));
    assert_eq!(explanation.get("eight"), None);
    let heat: Vec<f64> = explanation["heat"].as_array().unwrap().iter().map(|heat| heat.as_f64().unwrap()).collect();
    assert_eq!((heat.len(), explanation["chip"].as_array().unwrap().len()), (48 * 48, 48 * 48));
    // She smiles: what is hottest is in the lower half.
    let hottest = (0..heat.len()).max_by(|a, b| heat[*a].total_cmp(&heat[*b])).unwrap();
    assert!(heat[hottest] == 1.0 && hottest / 48 > 24, "{hottest}");

    let drawn = image::open(folder.join("heat.png")).unwrap().to_rgb8();
    assert_eq!(drawn.dimensions(), (2 * 6 * 48, 6 * 48));
    let (x, y) = ((6 * (hottest % 48) + 3) as u32, (6 * (hottest / 48) + 3) as u32);
    let [grey, _, _] = drawn.get_pixel(x, y).0;
    let mixed = |colour: f64| (f64::from(grey) * 0.25 + colour * 0.75).round() as u8;
    assert_eq!(drawn.get_pixel(x, y).0, [grey; 3]);
    assert_eq!(drawn.get_pixel(6 * 48 + x, y).0, [mixed(255.0), mixed(138.0), mixed(31.0)]);

    let eight = call(&folder, ["explain", "a.png", "--expressions", "8"]);
    let eight: Value = serde_json::from_str(stdout(&eight)).unwrap();
    assert_eq!(eight["explanations"][0]["eight"]["emotion"], "happy");
}

#[test]
fn what_cannot_be_explained_is_said() {
    let folder = folder("explain-failures");
    place("astronaut_half.png", folder.join("a.png"));
    for (arguments, code, message) in [
        (&["explain", "missing.png"][..], 1, "missing.png: "),
        (&["explain", "a.png", "--output", "nowhere/heat.png"], 1, "nowhere/heat.png: "),
        (&["explain", "a.png", "--other-from", "2"], 2, "other from"),
        (&["explain"], 2, "<PICTURE>"),
        (&["bench", "missing.png"], 1, "No such file"),
        (&["bench", "--seconds", "-1"], 2, "--seconds"),
    ] {
        let output = call(&folder, arguments);
        assert_eq!((status(&output), stdout(&output)), (code, ""), "{arguments:?}: {output:?}");
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn each_step_is_timed_on_one_thread_and_on_all() {
    let output = call(Path::new("."), ["bench", "--seconds", "0", "--json"]);
    let measured: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(measured["faces"], 1);
    let steps = measured["steps"].as_array().unwrap();
    let names: Vec<_> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["decode", "detect", "classify a face", "whole picture"]);
    for step in steps {
        assert!(["oneThread", "allThreads", "perSecond"].iter().all(|key| step[key].as_f64().unwrap() > 0.0), "{step}");
    }
    let picture = repository("tests/fixtures/astronaut_quarter.png");
    let table = call(Path::new("."), ["bench", "--seconds", "0", picture.to_str().unwrap()]);
    assert!(stdout(&table).contains("a picture of 128 x 128 with 1 faces"), "{}", stdout(&table));
    assert_eq!(stdout(&table).lines().count(), 7);
}
