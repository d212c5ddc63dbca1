//! `countenance read`, as it is called from a shell.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the lint's exception for tests does not see helpers")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{call, countenance, folder, group, lines, place, records, repository, status, stderr, stdout};
use countenance::{EmotionPipeline, Picture, PipelineOptions};
use serde_json::{Value, json};

const HEADER: &str = "file,faces,more_faces,error,seconds,face,emotion,happy,neutral,sad,surprise,other,\
                      other_expression,confidence,x,y,width,height,roll,yaw,pitch,size,sharpness,light,contrast,\
                      outside,mouth_detail,reasons,raw_happy,raw_neutral,raw_sad,raw_surprise,uncertain_below,calibrated";

/// Three files: a happy face, text, and in a folder a face in a file without ending.
fn holidays(name: &str) -> std::path::PathBuf {
    let folder = folder(name);
    place("astronaut_quarter.png", folder.join("holidays/a.png"));
    fs::write(folder.join("holidays/b.txt"), "not a picture").unwrap();
    place("grace_hopper_quarter.png", folder.join("holidays/more/c"));
    folder
}

#[test]
fn a_folder_is_read_in_order_and_other_files_stop_nothing() {
    let folder = holidays("read-folder");
    let output = call(&folder, ["read", "holidays"]);
    assert_eq!(status(&output), 1, "one file is not a picture");
    assert_eq!(stderr(&output), "countenance: 1 of 3 files could not be read\n");
    let [astronaut, text, hopper] = &lines(stdout(&output))[..] else { panic!("{output:?}") };
    assert_eq!(astronaut["file"], "holidays/a.png");
    assert_eq!(astronaut["faces"][0]["emotion"], "happy");
    assert!(astronaut["faces"][0]["probabilities"]["happy"].as_f64().unwrap() > 0.8);
    assert_eq!((&text["file"], &text["error"]["code"]), (&json!("holidays/b.txt"), &json!("invalid-image")));
    assert_eq!(text.get("faces"), None);
    assert_eq!((&hopper["file"], hopper["faces"].as_array().unwrap().len()), (&json!("holidays/more/c"), 1));

    let alone = call(&folder, ["read", "holidays/a.png", "--json"]);
    assert_eq!((status(&alone), stderr(&alone)), (0, ""));
    assert_eq!(stdout(&alone), stdout(&output).split_inclusive('\n').next().unwrap());
}

#[test]
fn faces_are_those_of_the_library() {
    let path = repository("tests/fixtures/astronaut_quarter.png");
    for eight in [false, true] {
        let options = PipelineOptions { eight, uncertain_below: 0.9, ..PipelineOptions::default() };
        let mut pipeline = EmotionPipeline::new(options).unwrap();
        let picture = Picture::decode(&fs::read(&path).unwrap()).unwrap();
        let faces = serde_json::to_string(pipeline.analyze_image(&picture.frame()).unwrap()).unwrap();
        let expressions = if eight { "8" } else { "4" };
        let output = countenance(Path::new("."))
            .args(["read", "--uncertain-below", "0.9", "--expressions", expressions])
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(stdout(&output), format!("{{\"file\":{:?},\"faces\":{faces},\"moreFaces\":false}}\n", path));
    }
}

#[test]
fn a_table_has_the_columns_of_the_pages_export() {
    let folder = holidays("read-table");
    let output = call(&folder, ["read", "holidays", "--csv"]);
    assert_eq!(status(&output), 1);
    let table = stdout(&output);
    assert_eq!(table.split("\r\n").next(), Some(HEADER));
    let [header, astronaut, text, hopper] = &records(table)[..] else { panic!("{table}") };
    let cell = |row: &[String], column: &str| row[header.iter().position(|name| name == column).unwrap()].clone();
    assert_eq!(astronaut[..7], ["holidays/a.png", "1", "false", "", "", "1", "happy"]);
    assert_eq!(text[..7], ["holidays/b.txt", "", "", "invalid-image", "", "", ""]);
    assert_eq!(hopper[..6], ["holidays/more/c", "1", "false", "", "", "1"]);
    assert!(cell(astronaut, "happy").parse::<f64>().unwrap() > 0.8);
    assert_eq!(
        (cell(text, "happy"), cell(text, "uncertain_below"), cell(text, "calibrated")),
        (String::new(), "0.5".into(), "false".into())
    );

    let eight = call(&folder, ["read", "holidays/a.png", "--csv", "--expressions", "8"]);
    let expected = "raw_surprise,eight_emotion,eight_neutral,eight_happy,eight_surprise,eight_sad,eight_angry,\
                    eight_disgusted,eight_fearful,eight_contempt,uncertain_below,calibrated\r\n";
    assert!(stdout(&eight).contains(expected), "{}", stdout(&eight));
}

#[test]
fn a_picture_without_a_face_has_a_row_and_so_has_each_face_of_a_group() {
    let folder = folder("read-group");
    group(3, folder.join("group.png"));
    let output = call(&folder, ["read", "group.png", "--csv"]);
    let all = records(stdout(&output));
    let faces = all.len() - 1;
    assert!(faces == 3 && all[1..].iter().all(|row| row[1] == faces.to_string() && row[2] == "false"));
    let two = records(stdout(&call(&folder, ["read", "group.png", "--csv", "--max-faces", "2"])));
    assert_eq!(two.len(), 3);
    assert!(two[1..].iter().all(|row| row[1..3] == ["2", "true"]));
    assert_eq!(
        two[1..].iter().map(|row| &row[5..]).collect::<Vec<_>>(),
        all[1..3].iter().map(|row| &row[5..]).collect::<Vec<_>>()
    );

    // The sky has no face.
    let grey = image::GrayImage::from_pixel(64, 64, image::Luma([128]));
    grey.save(folder.join("sky.png")).unwrap();
    let output = call(&folder, ["read", "sky.png", "--csv"]);
    assert_eq!((status(&output), records(stdout(&output)).len()), (0, 2));
    assert_eq!(records(stdout(&output))[1][..6], ["sky.png", "0", "false", "", "", ""]);
    assert_eq!(
        stdout(&call(&folder, ["read", "sky.png"])),
        "{\"file\":\"sky.png\",\"faces\":[],\"moreFaces\":false}\n"
    );
}

#[test]
fn the_order_is_kept_whatever_the_number_of_threads() {
    let folder = holidays("read-threads");
    for number in 0..12 {
        place(
            ["astronaut_quarter.png", "grace_hopper_quarter.png"][number % 2],
            folder.join(format!("many/{number:02}.png")),
        );
    }
    let one = call(&folder, ["read", "many", "holidays", "many/03.png", "--jobs", "1"]);
    assert_eq!(stdout(&one).lines().count(), 16);
    for threads in ["2", "7"] {
        assert_eq!(call(&folder, ["read", "many", "holidays", "many/03.png", "-j", threads]).stdout, one.stdout);
    }
}

#[test]
fn patterns_and_hidden_files() {
    let folder = holidays("read-patterns");
    place("astronaut_quarter.png", folder.join("holidays/.hidden.png"));
    place("astronaut_quarter.png", folder.join("holidays/__MACOSX/x"));
    place("astronaut_quarter.png", folder.join("holidays/z/deep/d.png"));
    let files = |paths: &[&str]| -> Vec<Value> {
        let output = call(&folder, [&["read"], paths].concat());
        lines(stdout(&output)).into_iter().map(|line| line["file"].clone()).collect()
    };
    assert_eq!(files(&["holidays"]), ["holidays/a.png", "holidays/b.txt", "holidays/more/c", "holidays/z/deep/d.png"]);
    assert_eq!(files(&["holidays/**/*.png"]), ["holidays/a.png", "holidays/z/deep/d.png"]);
    assert_eq!(files(&["holidays/[az]*"]), ["holidays/a.png", "holidays/z/deep/d.png"]);
    let none = call(&folder, ["read", "holidays/*.gif"]);
    assert_eq!(status(&none), 1);
    assert_eq!(lines(stdout(&none))[0]["error"]["code"], "unreadable-file");
    // A file of that name comes before the pattern.
    place("astronaut_quarter.png", folder.join("holidays/[az].png"));
    assert_eq!(files(&["holidays/[az].png"]), ["holidays/[az].png"]);
}

#[test]
fn lists_on_standard_input_end_with_lines_or_null_bytes() {
    let folder = holidays("read-list");
    place("astronaut_quarter.png", folder.join("two\nlines.png"));
    for (list, files) in [
        ("holidays/a.png\nholidays/more\r\n\n", &["holidays/a.png", "holidays/more/c"][..]),
        ("holidays/more/c", &["holidays/more/c"]),
        ("two\nlines.png\0holidays/a.png\0", &["two\nlines.png", "holidays/a.png"]),
    ] {
        let mut reading =
            countenance(&folder).args(["read", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        reading.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
        let output = reading.wait_with_output().unwrap();
        assert_eq!(status(&output), 0);
        let found: Vec<_> = lines(stdout(&output)).into_iter().map(|line| line["file"].clone()).collect();
        assert_eq!(found, files);
    }
}

#[test]
fn what_cannot_be_read_is_named_and_counted() {
    let folder = folder("read-failures");
    place("astronaut_quarter.png", folder.join("good.png"));
    let whole = fs::read(folder.join("good.png")).unwrap();
    fs::write(folder.join("broken.png"), &whole[..whole.len() / 2]).unwrap();
    fs::write(folder.join("empty.png"), "").unwrap();
    let output = call(&folder, ["read", "broken.png", "empty.png", "missing.png", "good.png"]);
    assert_eq!(status(&output), 1);
    assert_eq!(stderr(&output), "countenance: 3 of 4 files could not be read\n");
    let codes: Vec<_> = lines(stdout(&output)).into_iter().map(|line| line["error"]["code"].clone()).collect();
    assert_eq!(codes, [json!("invalid-image"), json!("invalid-image"), json!("unreadable-file"), Value::Null]);
}

#[test]
fn wrong_arguments_and_nothing_to_read_do_nothing() {
    let folder = folder("read-usage");
    fs::create_dir(folder.join("empty")).unwrap();
    for (arguments, message) in [
        (&["read", "empty"][..], "there are no files to read"),
        (&["read"], "Usage"),
        (&["read", "empty", "--csv", "--json"], "cannot be used with"),
        (&["read", "empty", "--resume"], "--output"),
        (&["read", "empty", "--uncertain-below", "1.5"], "uncertain below"),
        (&["read", "empty", "--max-faces", "1000"], "1..=999"),
        (&["read", "empty", "--expressions", "7"], "[possible values: 4, 8]"),
        (&["read", "empty", "--picture-size", "large"], "a number of pixels or \"auto\""),
        (&["read", "empty", "--calibration", "damaged"], "--calibration"),
        (&["read", "empty", "--fps", "0"], "above 0"),
        (&["read", "empty", "--jobs", "0"], "--jobs"),
        (&["tell"], "unrecognized subcommand"),
    ] {
        let output = call(&folder, arguments);
        assert_eq!((status(&output), stdout(&output)), (2, ""), "{arguments:?}");
        assert!(stderr(&output).contains(message), "{arguments:?}: {}", stderr(&output));
    }
    let help = call(&folder, ["read", "--help"]);
    assert_eq!(status(&help), 0);
    assert!(stdout(&help).contains("Exit status"));
}

#[test]
fn an_output_file_is_not_overwritten_nor_read() {
    let folder = holidays("read-output");
    let first = call(&folder, ["read", ".", "--csv", "--output", "faces.csv"]);
    assert_eq!((status(&first), stdout(&first)), (1, ""));
    let table = fs::read_to_string(folder.join("faces.csv")).unwrap();
    assert_eq!(records(&table).len(), 4, "{table}");
    let again = call(&folder, ["read", ".", "--csv", "--output", "faces.csv"]);
    assert_eq!(status(&again), 2);
    assert!(stderr(&again).contains("faces.csv exists: add --resume"), "{}", stderr(&again));
    assert_eq!(fs::read_to_string(folder.join("faces.csv")).unwrap(), table);
    // Of another form, or nobody's answers.
    for (file, content, arguments) in [
        ("faces.csv", table.as_str(), &["--csv", "--expressions", "8"][..]),
        ("faces.csv", &table, &[]),
        ("diary", "dear diary", &[]),
        ("diary", "dear diary", &["--csv"]),
        ("diary", "dear diary\r\n", &["--csv"]),
    ] {
        fs::write(folder.join(file), content).unwrap();
        let output = call(&folder, [&["read", "holidays", "--resume", "--output", file], arguments].concat());
        assert_eq!(status(&output), 2, "{file} {arguments:?}");
        assert_eq!(fs::read_to_string(folder.join(file)).unwrap(), content);
    }
}

/// Cuts an output off at many places, goes on, and compares with a run that was never stopped.
fn resumes(name: &str, format: &[&str], files: &[&str]) {
    let folder = holidays(name);
    group(3, folder.join("holidays/group.png"));
    place("astronaut_quarter.png", folder.join("holidays/=1\r\n,\"2\".png"));
    let call_with =
        |arguments: &[&str]| call(&folder, [&["read"], files, format, &["--output", "out"], arguments].concat());
    assert_eq!(status(&call_with(&[])), 1);
    let whole = fs::read(folder.join("out")).unwrap();
    let ends = (0..=whole.len()).step_by(whole.len() / 12).chain([1, whole.len() - 1, whole.len()]);
    let line_ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').flat_map(|(at, _)| [at, at + 1]);
    for end in ends.chain(line_ends.step_by(3)) {
        fs::write(folder.join("out"), &whole[..end]).unwrap();
        let resumed = call_with(&["--resume"]);
        assert_eq!(status(&resumed), 1, "{resumed:?}");
        let out = fs::read(folder.join("out")).unwrap();
        assert!(out == whole, "cut off at {end}: {}", String::from_utf8_lossy(&out));
    }
}

#[test]
fn a_run_goes_on_where_it_was_stopped_even_within_a_line() {
    resumes("resume-lines", &[], &["holidays", "holidays/a.png"]);
}

#[test]
fn a_table_goes_on_where_it_was_stopped_even_within_a_picture() {
    resumes("resume-table", &["--csv"], &["holidays", "holidays/a.png"]);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_quietly() {
    let folder = folder("read-head");
    for number in 0..20 {
        place("astronaut_quarter.png", folder.join(format!("{number}.png")));
    }
    let mut reading =
        countenance(&folder).args(["read", "."]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(reading.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("{\"file\":\"./0.png\""), "{line}");
    let output = reading.wait_with_output().unwrap();
    assert_eq!((status(&output), stderr(&output)), (0, ""));
}

#[cfg(feature = "parquet")]
#[test]
fn a_parquet_file_holds_the_table() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    let folder = holidays("read-parquet");
    let output = call(&folder, ["read", "holidays", "--parquet", "faces.parquet"]);
    assert_eq!((status(&output), stdout(&output)), (1, ""));
    assert!(!folder.join("faces.parquet.part").exists());
    let table = call(&folder, ["read", "holidays", "--csv"]);
    let reader = SerializedFileReader::try_from(folder.join("faces.parquet").as_path()).unwrap();
    let mut found = vec![HEADER.split(',').map(str::to_owned).collect::<Vec<_>>()];
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        assert!(row.get_column_iter().map(|(name, _)| name).eq(&found[0]));
        found.push(
            row.get_column_iter()
                .map(|(_, field)| match field {
                    Field::Null => String::new(),
                    Field::Str(text) => text.clone(),
                    Field::Double(number) => number.to_string(),
                    Field::Long(number) => number.to_string(),
                    Field::Bool(flag) => flag.to_string(),
                    other => panic!("{other:?}"),
                })
                .collect(),
        );
    }
    assert_eq!(found, records(stdout(&table)));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn names_that_are_not_unicode_are_read_and_resumed() {
        let folder = folder("read-bytes");
        for name in [b"a\xfe.png", b"a\xff.png"] {
            place("astronaut_quarter.png", folder.join(std::ffi::OsStr::from_bytes(name)));
        }
        let output = call(&folder, ["read", ".", "--output", "out"]);
        assert_eq!(status(&output), 0, "{output:?}");
        let whole = fs::read_to_string(folder.join("out")).unwrap();
        let files: Vec<_> = lines(&whole).into_iter().map(|line| line["file"].clone()).collect();
        assert_eq!(files, ["./a\u{fffd}.png", "./a\u{fffd}.png"]);
        // The two have the same name in the answers, and the second one is not lost.
        fs::write(folder.join("out"), whole.split_inclusive('\n').next().unwrap()).unwrap();
        assert_eq!(status(&call(&folder, ["read", ".", "--output", "out", "--resume"])), 0);
        assert_eq!(fs::read_to_string(folder.join("out")).unwrap(), whole);
    }

    #[test]
    fn links_to_folders_and_pipes_hold_nothing_up() {
        let folder = folder("read-links");
        place("astronaut_quarter.png", folder.join("all/a.png"));
        symlink("a.png", folder.join("all/b.png")).unwrap();
        symlink(".", folder.join("all/loop")).unwrap();
        symlink("nowhere", folder.join("all/gone.png")).unwrap();
        assert!(Command::new("mkfifo").arg(folder.join("all/pipe")).status().unwrap().success());
        let output = call(&folder, ["read", "all"]);
        let files: Vec<_> = lines(stdout(&output)).into_iter().map(|line| line["file"].clone()).collect();
        assert_eq!((status(&output), files), (0, vec![json!("all/a.png"), json!("all/b.png")]));
    }

    #[test]
    fn stopped_by_a_signal_it_says_so_and_leaves_whole_answers() {
        let folder = folder("read-stopped");
        place("astronaut_quarter.png", folder.join("a.png"));
        let mut reading = countenance(&folder)
            .args(["read", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The list goes on, as far as the program knows.
        let mut list = reading.stdin.take().unwrap();
        list.write_all(b"a.png\n").unwrap();
        let mut answers = BufReader::new(reading.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        assert_eq!(lines(&line)[0]["faces"][0]["emotion"], "happy");
        assert!(Command::new("kill").args(["-INT", &reading.id().to_string()]).status().unwrap().success());
        let output = reading.wait_with_output().unwrap();
        assert_eq!((status(&output), stderr(&output)), (130, "countenance: stopped after 1 files\n"));
        assert_eq!(answers.bytes().count(), 0);
        drop(list);
    }

    /// A folder with a program `ffmpeg` that runs this script.
    fn stand_in(folder: &Path, script: &str) {
        let program = folder.join("bin/ffmpeg");
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A clip and its frames, in the form in which ffmpeg gives them.
    fn clip(name: &str) -> std::path::PathBuf {
        let folder = folder(name);
        fs::write(folder.join("clip.MP4"), "").unwrap();
        let picture = Picture::decode(&fs::read(repository("tests/fixtures/astronaut_quarter.png")).unwrap()).unwrap();
        let frame = picture.frame();
        let mut ppm = format!("P6\n{} {}\n255\n", frame.width(), frame.height()).into_bytes();
        ppm.extend(frame.pixels().as_chunks::<4>().0.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]));
        fs::write(folder.join("frame.ppm"), ppm).unwrap();
        folder
    }

    fn call_with_stand_in(folder: &Path, arguments: &[&str]) -> std::process::Output {
        let path = format!("{}:/usr/bin:/bin", folder.join("bin").display());
        countenance(folder).args(arguments).env("PATH", path).output().unwrap()
    }

    #[test]
    fn frames_of_a_video_are_followed() {
        let folder = clip("read-video");
        stand_in(&folder, "echo \"$@\" > arguments; cat frame.ppm frame.ppm frame.ppm");
        let output = call_with_stand_in(&folder, &["read", "clip.MP4", "--fps", "4"]);
        assert_eq!((status(&output), stderr(&output)), (0, ""));
        let arguments = fs::read_to_string(folder.join("arguments")).unwrap();
        assert!(
            arguments.contains("-protocol_whitelist file") && arguments.contains("-i file:clip.MP4"),
            "{arguments}"
        );
        assert!(arguments.contains("fps=4 ") && arguments.contains("-f image2pipe -c:v ppm -"), "{arguments}");
        let answers = lines(stdout(&output));
        let seconds: Vec<_> = answers.iter().map(|line| line["seconds"].as_f64().unwrap()).collect();
        assert_eq!(seconds, [0.0, 0.25, 0.5]);
        for line in &answers {
            assert_eq!((&line["file"], &line["faces"][0]["id"]), (&json!("clip.MP4"), &json!(1)));
            assert_eq!(line["faces"][0]["emotion"], "happy");
        }
        let table = records(stdout(&call_with_stand_in(&folder, &["read", "clip.MP4", "--csv"])));
        assert_eq!(table[3][..7], ["clip.MP4", "1", "false", "", "0.4", "1", "happy"]);
    }

    #[test]
    fn a_video_that_breaks_off_is_read_as_far_as_it_goes() {
        let folder = clip("read-broken-video");
        stand_in(&folder, "cat frame.ppm; echo 'clip.MP4: partial file' >&2; exit 1");
        let output = call_with_stand_in(&folder, &["read", "clip.MP4"]);
        assert_eq!((status(&output), stderr(&output)), (1, "countenance: 1 of 1 files could not be read\n"));
        let [first, end] = &lines(stdout(&output))[..] else { panic!("{output:?}") };
        assert_eq!(first["faces"][0]["emotion"], "happy");
        let expected = json!({ "file": "clip.MP4", "seconds": 0.2, "error": { "code": "incomplete-video", "message": "clip.MP4: partial file" } });
        assert_eq!(*end, expected);

        for (script, message) in [
            ("echo 'moov atom not found' >&2; exit 1", "moov atom not found"),
            ("exit 0", "the file holds no frames"),
            ("head -c 100 frame.ppm", "failed to fill whole buffer"),
            ("echo P5 1 1 255", "ffmpeg's output is not a series of PPM files"),
            ("echo P6 100000 1 255", "frames of 100000 x 1 are over the limit"),
        ] {
            stand_in(&folder, script);
            let output = call_with_stand_in(&folder, &["read", "clip.MP4"]);
            assert_eq!(status(&output), 1);
            let error = json!({ "code": "invalid-video", "message": message });
            assert_eq!(lines(stdout(&output)), [json!({ "file": "clip.MP4", "error": error })], "{script}");
        }
    }

    #[test]
    fn without_ffmpeg_a_video_says_what_is_missing() {
        let folder = clip("read-no-ffmpeg");
        let output = countenance(&folder).args(["read", "clip.MP4"]).env("PATH", &folder).output().unwrap();
        assert_eq!(status(&output), 1);
        let [line] = &lines(stdout(&output))[..] else { panic!("{output:?}") };
        assert_eq!(line["error"]["code"], "unsupported-environment");
        assert!(line["error"]["message"].as_str().unwrap().contains("ffmpeg, which is not installed"), "{line}");
    }

    #[test]
    fn a_video_that_was_not_finished_is_read_again() {
        let folder = clip("resume-video");
        stand_in(&folder, "cat frame.ppm frame.ppm");
        place("astronaut_quarter.png", folder.join("z.png"));
        for format in [&["--json"][..], &["--csv"]] {
            let call_with = |arguments: &[&str]| {
                call_with_stand_in(
                    &folder,
                    &[&["read", "clip.MP4", "z.png", "--output", "out"], format, arguments].concat(),
                )
            };
            assert_eq!(status(&call_with(&[])), 0);
            let whole = fs::read(folder.join("out")).unwrap();
            for end in (0..whole.len()).step_by(whole.len() / 7) {
                fs::write(folder.join("out"), &whole[..end]).unwrap();
                assert_eq!(status(&call_with(&["--resume"])), 0);
                assert!(fs::read(folder.join("out")).unwrap() == whole, "cut off at {end}");
            }
            fs::remove_file(folder.join("out")).unwrap();
        }
    }
}
