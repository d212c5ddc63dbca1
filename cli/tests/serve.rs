//! `countenance serve` as its clients see it: each test starts the program and speaks HTTP to it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "the lint's exception for tests does not see helpers")]
#![cfg(unix)]

mod server;

use std::io::{Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countenance::{Emotion, Emotion8, EmotionPipeline, Label, Picture, PipelineOptions, Reason};
use serde_json::{Value, json};

use server::{Answer, Server, fixture, form, request};

const ANALYZE: &str = "/v1/analyze";

/// What the library says of the fixture, as JSON.
fn expected(name: &str, options: PipelineOptions) -> Value {
    let picture = Picture::decode(&fixture(name)).unwrap();
    let mut pipeline = EmotionPipeline::new(options).unwrap();
    json!(pipeline.analyze_image(&picture.frame()).unwrap())
}

/// Text of a number of 32 bits is read as the nearest of 64.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().map(|a| a as f32) == b.as_f64().map(|b| b as f32),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn assert_same(a: &Value, b: &Value) {
    assert!(same(a, b), "{a}\n{b}");
}

fn astronaut_json() -> Value {
    json!({ "image": STANDARD.encode(fixture("astronaut.png")) })
}

#[test]
fn a_picture_is_answered_as_the_library_answers_however_it_is_sent() {
    let server = Server::start(&[]);
    let bytes = fixture("astronaut.png");
    let faces = expected("astronaut.png", PipelineOptions::default());
    assert_eq!(faces[0]["emotion"], "happy");

    let encoded = astronaut_json().to_string();
    let url = json!({ "image": format!("data:image/png;base64,{}", STANDARD.encode(&bytes)) }).to_string();
    let (kind, body) = form(&[("image", &bytes)]);
    let ways: [(&str, &[u8]); 6] = [
        (&kind, &body),
        ("image/png", &bytes),
        ("image/jpeg", &bytes), // the bytes count
        ("application/octet-stream", &bytes),
        ("application/json", encoded.as_bytes()),
        ("Application/JSON; charset=utf-8", url.as_bytes()),
    ];
    for (kind, body) in ways {
        let answer = server.post(ANALYZE, kind, body).ok();
        assert_same(&answer["faces"], &faces);
        assert_eq!((&answer["width"], &answer["height"]), (&json!(512), &json!(512)), "{kind}");
        assert!(answer["model"].as_str().unwrap().starts_with("emotion-"), "{kind}");
        assert!(answer["milliseconds"].as_f64().unwrap() > 0.0, "{kind}");
    }
}

#[test]
fn options_have_the_names_of_the_library_in_query_form_and_json() {
    let server = Server::start(&[]);
    let bytes = fixture("astronaut.png");
    let options = PipelineOptions { eight: true, uncertain_below: 1.0, max_faces: 1, ..PipelineOptions::default() };
    let faces = expected("astronaut.png", options);
    assert_eq!(faces[0]["emotion"], "uncertain");

    let query = format!("{ANALYZE}?uncertainBelow=1&expressions=8&maxFaces=1&pictureSize=auto&calibration=");
    assert_same(&server.post(&query, "image/png", &bytes).ok()["faces"], &faces);

    let (kind, body) = form(&[("uncertainBelow", b"1"), ("image", &bytes), ("expressions", b"8"), ("maxFaces", b"1")]);
    assert_same(&server.post(ANALYZE, &kind, &body).ok()["faces"], &faces);

    let mut fields = astronaut_json();
    for (name, value) in [("uncertainBelow", json!(1)), ("expressions", json!(8)), ("maxFaces", json!(1))] {
        fields[name] = value;
    }
    assert_same(&server.post(ANALYZE, "application/json", fields.to_string().as_bytes()).ok()["faces"], &faces);

    for (query, code, words) in [
        ("minConfidence=2", "invalid-options", "between 0 and 1"),
        ("minConfidence=high", "invalid-options", "f32"),
        ("expressions=5", "invalid-options", "4 or 8"),
        ("min_confidence=0.5", "invalid-options", "unknown field"),
        ("maxFaces=1&maxFaces=2", "invalid-request", "twice"),
        ("calibration=damaged", "invalid-calibration", "calibration"),
    ] {
        server.post(&format!("{ANALYZE}?{query}"), "image/png", &bytes).refused(422, code, words);
    }
}

#[test]
fn of_several_pictures_a_broken_one_has_its_own_error() {
    let server = Server::start(&[]);
    let (good, small) = (fixture("astronaut.png"), fixture("astronaut_half.png"));
    let (kind, body) = form(&[("image", &good), ("image", b"hello"), ("image", &small)]);
    let pictures = server.post(ANALYZE, &kind, &body).ok()["pictures"].take();
    assert_eq!(pictures.as_array().unwrap().len(), 3);
    assert_same(&pictures[0]["faces"], &expected("astronaut.png", PipelineOptions::default()));
    assert_eq!(pictures[1]["error"]["code"], "invalid-image");
    assert_same(&pictures[2]["faces"], &expected("astronaut_half.png", PipelineOptions::default()));
    assert_eq!(pictures[2]["width"], 256);

    let list = json!({ "images": ["####", STANDARD.encode(&small)] }).to_string();
    let pictures = server.post(ANALYZE, "application/json", list.as_bytes()).ok()["pictures"].take();
    assert_eq!(pictures[0]["error"]["code"], "invalid-image");
    assert_eq!(pictures[1]["faces"][0]["emotion"], "happy");

    let (kind, body) = form(&[("images", &small)]);
    assert_eq!(server.post(ANALYZE, &kind, &body).ok()["pictures"][0]["faces"][0]["emotion"], "happy");

    // What is wrong with the options is wrong with the whole request.
    server.post("/v1/analyze?maxFaces=0", "application/json", list.as_bytes()).refused(422, "invalid-options", "1000");
}

#[test]
fn what_is_not_a_picture_is_named() {
    let server = Server::start(&[]);
    let (form_kind, empty_form) = form(&[("maxFaces", b"3")]);
    let (_, half_form) = form(&[("image", &fixture("astronaut.png"))]);
    let (cut, cut_picture) = (&half_form[..half_form.len() / 2], &fixture("astronaut.png")[..5000]);
    let multipart = "multipart/form-data";
    let json_kind = "application/json";
    let cases: [(&str, &[u8], u16, &str, &str); 20] = [
        ("", b"", 422, "invalid-frame", "no picture"),
        ("image/png", b"", 422, "invalid-frame", "no picture"),
        ("application/x-www-form-urlencoded", b"", 422, "invalid-frame", "no picture"),
        (&form_kind, &empty_form, 422, "invalid-frame", "no picture"),
        (json_kind, b"{}", 422, "invalid-frame", "no picture"),
        (json_kind, b"{\"images\": []}", 422, "invalid-frame", "no picture"),
        (multipart, b"x", 400, "invalid-request", "boundary"),
        (&form_kind, b"not a form", 400, "invalid-request", "form"),
        (&form_kind, cut, 400, "invalid-request", "form"),
        (json_kind, b"", 400, "invalid-request", "EOF"),
        (json_kind, b"{\"image\": ", 400, "invalid-request", "EOF"),
        (json_kind, b"[]", 422, "invalid-request", "object"),
        (json_kind, b"{\"image\": 5}", 422, "invalid-request", "base64"),
        (json_kind, b"{\"images\": \"aaaa\"}", 422, "invalid-request", "list"),
        (json_kind, b"{\"image\": \"####\"}", 422, "invalid-image", "base64"),
        (json_kind, b"{\"image\": \"aGVsbG8=\"}", 422, "invalid-image", "JPEG"),
        ("image/png", b"hello", 422, "invalid-image", "JPEG"),
        ("image/png", cut_picture, 422, "invalid-image", "cannot be read"),
        ("text/plain", b"hello", 415, "unsupported-media-type", "text/plain"),
        ("application/x-www-form-urlencoded", b"image=x", 415, "unsupported-media-type", "multipart"),
    ];
    for (kind, body, status, code, words) in cases {
        server.post(ANALYZE, kind, body).refused(status, code, words);
    }
    let zipped = server.send(&request("POST", ANALYZE, "Content-Type: image/png\r\nContent-Encoding: gzip\r\n", b"x"));
    zipped.refused(415, "unsupported-media-type", "Content-Encoding");
    server.get("/nowhere").refused(404, "not-found", "openapi.json");
    let wrong = server.get(ANALYZE);
    assert_eq!(wrong.header("allow"), Some("POST"));
    wrong.refused(405, "method-not-allowed", "method");
}

#[test]
fn what_is_too_large_is_refused_and_the_client_hears_so() {
    let server = Server::start(&["--max-bytes", "300000", "--max-pixels", "262143", "--max-pictures", "2"]);
    let large = vec![0; 3_000_000];
    server.post(ANALYZE, "image/png", &large).refused(413, "request-too-large", "300000 bytes");
    let chunked = [b"2dc6c0\r\n".as_slice(), &large, b"\r\n0\r\n\r\n"].concat();
    let head = format!("POST {ANALYZE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    server.send(&[head.as_bytes(), &chunked].concat()).refused(413, "request-too-large", "300000 bytes");

    let jpeg = fixture("astronaut_half.png");
    assert_eq!(server.post(ANALYZE, "image/png", &jpeg).ok()["faces"][0]["emotion"], "happy");
    let (kind, body) = form(&[("image", &jpeg[..9]), ("image", b"2"), ("image", b"3")]);
    server.post(ANALYZE, &kind, &body).refused(413, "request-too-large", "3 pictures");

    // 512 x 512 pixels are one more than it reads.
    let server = Server::start(&["--max-pixels", "262143"]);
    server.post(ANALYZE, "image/png", &fixture("astronaut.png")).refused(413, "image-too-large", "262143");
}

#[test]
fn a_face_is_explained() {
    let server = Server::start(&[]);
    let bytes = fixture("astronaut.png");
    let face = &expected("astronaut.png", PipelineOptions::default())[0];
    let found = server.post("/v1/explain?expressions=8", "image/png", &bytes).ok();
    let explanations = found["explanations"].as_array().unwrap();
    assert_eq!(explanations.len(), 1);
    let why = &explanations[0];
    assert_same(&why["box"], &face["box"]);
    assert_same(&why["roll"], &face["roll"]);
    assert_eq!((&why["emotion"], &why["eight"]["emotion"]), (&json!("happy"), &json!("happy")));
    assert_eq!((why["chip"].as_array().unwrap().len(), why["heat"].as_array().unwrap().len()), (2304, 2304));

    let mut asked = astronaut_json();
    (asked["box"], asked["roll"], asked["expressions"]) = (face["box"].clone(), face["roll"].clone(), json!(8));
    let answer = server.post("/v1/explain", "application/json", asked.to_string().as_bytes()).ok();
    assert_same(&answer["explanations"], &found["explanations"]);

    let place = face["box"].to_string();
    let (kind, body) =
        form(&[("image", &bytes), ("box", place.as_bytes()), ("roll", face["roll"].to_string().as_bytes())]);
    let answer = server.post("/v1/explain", &kind, &body).ok();
    assert_same(&answer["explanations"][0]["heat"], &why["heat"]);
    assert!(answer["explanations"][0].get("eight").is_none());

    for (query, words) in [
        ("roll=5", "box"),
        ("box=5", "box"),
        ("box={\"x\":1,\"y\":1,\"width\":0,\"height\":5}", "sides above 0"),
        ("box={\"x\":900,\"y\":1,\"width\":5,\"height\":5}", "outside"),
    ] {
        let path = format!("/v1/explain?{}", query.replace('"', "%22").replace('{', "%7B").replace('}', "%7D"));
        server.post(&path, "image/png", &bytes).refused(422, "invalid-box", words);
    }
    server.post("/v1/analyze?roll=5", "image/png", &bytes).refused(422, "invalid-options", "roll");
}

#[test]
fn only_who_knows_a_key_may_ask() {
    let file = std::env::temp_dir().join(format!("countenance-keys-{}", std::process::id()));
    std::fs::write(&file, "from-file\n\nanother\n").unwrap();
    let server = Server::start(&["--api-key", "one", "--api-key-file", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    let bytes = fixture("astronaut_half.png");
    let with = |key: &str| server.send(&request("POST", ANALYZE, &format!("Authorization: Bearer {key}\r\n"), &bytes));
    for key in ["one", "from-file", "another"] {
        assert_eq!(with(key).ok()["faces"][0]["emotion"], "happy", "{key}");
    }
    for wrong in [with("two"), with("on"), server.post(ANALYZE, "image/png", &bytes), server.get("/metrics")] {
        assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
        wrong.refused(401, "unauthorized", "Bearer");
    }
    assert_eq!(server.get("/health").ok()["status"], "alive");
    let api = server.get("/openapi.json").ok();
    assert_eq!(api["paths"]["/v1/analyze"]["post"]["security"], json!([{ "key": [] }]));
}

#[test]
fn a_request_too_many_is_shed_and_the_next_ones_are_answered() {
    let server = Server::start(&["--workers", "1", "--queue", "1"]);
    let bytes = fixture("astronaut_half.png");
    let asked = request("POST", ANALYZE, "Content-Type: image/png\r\n", &bytes);
    // Two that are still being sent take all the room there is.
    let mut slow: Vec<_> = (0..2).map(|_| server.begin(&asked[..200])).collect();
    server.until(|| server.metric("countenance_requests_open") == 2.0);
    let shed = server.post(ANALYZE, "image/png", &bytes);
    assert_eq!(shed.header("retry-after"), Some("1"));
    shed.refused(503, "overloaded", "try again");
    assert_eq!(server.get("/ready").ok()["status"], "ready");

    for connection in &mut slow {
        connection.write_all(&asked[200..]).unwrap();
        assert_eq!(Answer::read(connection).ok()["faces"][0]["emotion"], "happy");
    }
    assert_eq!(server.post(ANALYZE, "image/png", &bytes).ok()["faces"][0]["emotion"], "happy");
    assert!(server.metric("countenance_requests_shed_total") >= 1.0);
}

#[test]
fn a_client_that_goes_away_in_mid_request_leaves_the_room_to_the_others() {
    let server = Server::start(&["--workers", "1", "--queue", "0"]);
    let bytes = fixture("astronaut_half.png");
    let asked = request("POST", ANALYZE, "Content-Type: image/png\r\n", &bytes);
    for sent in [200, asked.len() - 1, asked.len()] {
        let connection = server.begin(&asked[..sent]);
        if sent < asked.len() {
            server.until(|| server.metric("countenance_requests_open") == 1.0);
        }
        drop(connection);
        server.until(|| server.metric("countenance_requests_open") == 0.0);
    }
    let answer = server.post(ANALYZE, "image/png", &bytes).ok();
    assert_same(&answer["faces"], &expected("astronaut_half.png", PipelineOptions::default()));
    assert_eq!(server.metric("countenance_pictures_in_work"), 0.0);
}

#[test]
fn a_request_that_does_not_arrive_is_given_up() {
    let server = Server::start(&["--timeout", "1"]);
    let started = Instant::now();
    let mut connection = server.begin(&request("POST", ANALYZE, "", &[0; 1000])[..500]);
    Answer::read(&mut connection).refused(408, "timed-out", "did not arrive");
    assert!(started.elapsed() >= Duration::from_secs(1));
    // Neither does one whose head never ends.
    let mut connection = server.begin(b"GET /health HTTP/1.1\r\nHost:");
    let mut rest = vec![];
    connection.read_to_end(&mut rest).unwrap();
}

#[test]
fn a_stopped_server_finishes_what_it_has_begun() {
    for (signal, status) in [("TERM", 0), ("INT", 0)] {
        let mut server = Server::start(&[]);
        let bytes = fixture("astronaut_half.png");
        let asked = request("POST", ANALYZE, "Content-Type: image/png\r\n", &bytes);
        let mut begun = server.begin(&asked[..200]);
        let idle = server.begin(b"");
        server.until(|| server.metric("countenance_requests_open") == 1.0);
        server.signal(signal);
        server.until(|| server.get("/ready").status == 503);
        server.get("/ready").refused(503, "stopping", "stopping");
        server.post(ANALYZE, "image/png", &bytes).refused(503, "stopping", "stopping");
        assert_eq!(server.get("/health").ok()["status"], "alive");

        begun.write_all(&asked[200..]).unwrap();
        assert_eq!(Answer::read(&mut begun).ok()["faces"][0]["emotion"], "happy", "{signal}");
        assert_eq!(server.wait(), Some(status), "{signal}");
        drop(idle);
    }
}

#[test]
fn a_server_told_twice_stops_at_once() {
    let mut server = Server::start(&[]);
    let begun = server.begin(&request("POST", ANALYZE, "", &[0; 1000])[..500]);
    server.until(|| server.metric("countenance_requests_open") == 1.0);
    server.signal("INT");
    server.until(|| server.get("/ready").status == 503);
    server.signal("INT");
    assert_eq!(server.wait(), Some(130));
    drop(begun);
}

#[test]
fn metrics_count_what_was_asked() {
    let server = Server::start(&[]);
    let bytes = fixture("astronaut_half.png");
    server.post(ANALYZE, "image/png", &bytes).ok();
    let (kind, body) = form(&[("image", &bytes), ("image", b"hello")]);
    server.post(ANALYZE, &kind, &body).ok();
    server.post(ANALYZE, "image/png", b"").refused(422, "invalid-frame", "picture");
    server.get("/nowhere/else");
    let text = server.get("/metrics").text();
    for line in [
        "countenance_requests_total{route=\"/v1/analyze\",status=\"200\"} 2",
        "countenance_requests_total{route=\"/v1/analyze\",status=\"422\"} 1",
        "countenance_requests_total{route=\"other\",status=\"404\"} 1",
        "countenance_request_seconds_count{route=\"/v1/analyze\"} 3",
        "countenance_request_seconds_bucket{route=\"/v1/analyze\",le=\"+Inf\"} 3",
        "# TYPE countenance_request_seconds histogram",
        "countenance_pictures_total 2",
        "countenance_faces_total 2",
        "countenance_pictures_in_work 0",
        "countenance_requests_open 0",
        "countenance_requests_shed_total 0",
    ] {
        assert!(text.lines().any(|each| each == line), "{line}\n{text}");
    }
}

#[test]
fn nothing_of_a_request_but_method_path_status_and_time_is_logged() {
    let mut server = Server::start(&[]);
    server.post("/v1/analyze?calibration=secret", "image/png", b"secret").refused(422, "invalid-calibration", "");
    server.signal("TERM");
    server.wait();
    let log = server.log();
    let words: Vec<_> = log.lines().last().unwrap().split_whitespace().collect();
    assert_eq!((words[..3].join(" "), words[4]), ("POST /v1/analyze 422".to_owned(), "ms"), "{log}");
    assert!(log.lines().all(|line| line.split_whitespace().count() == 5), "{log}");
}

#[test]
fn only_named_origins_are_let_in() {
    let ask = |server: &Server| server.send(&request("GET", "/health", "Origin: https://a.example\r\n", b""));
    assert_eq!(ask(&Server::start(&[])).header("access-control-allow-origin"), None);
    assert_eq!(
        ask(&Server::start(&["--cors-origin", "https://b.example"])).header("access-control-allow-origin"),
        None
    );
    let server = Server::start(&["--cors-origin", "https://b.example", "--cors-origin", "https://a.example"]);
    assert_eq!(ask(&server).header("access-control-allow-origin"), Some("https://a.example"));
}

#[test]
fn arguments_that_cannot_be_are_refused() {
    let cases: [(&[&str], &str); 4] = [
        (&["--cors-origin", "a.example/path"], "not an origin"),
        (&["--api-key", "two words"], "spaces"),
        (&["--api-key-file", "/nowhere"], "/nowhere"),
        (&["--max-bytes", "0"], "--max-bytes"),
    ];
    for (arguments, words) in cases {
        let (status, error) = Server::refuses(arguments);
        assert_eq!(status, Some(2), "{arguments:?} {error}");
        assert!(error.contains(words), "{error}");
    }
    let server = Server::start(&[]);
    let (status, error) = Server::refuses(&["--port", &server.port.to_string()]);
    assert_eq!(status, Some(1));
    assert!(error.contains("cannot listen"), "{error}");
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let server = Server::start(&[]);
    let page = server.get("/");
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let html = page.text();
    for part in ["page.css", "page.js", "icon.svg"] {
        assert!(html.contains(part), "{part}");
        let text = server.get(&format!("/{part}")).text();
        assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("://"), "{part}");
    }
    assert!(!html.contains("://"), "{html}");
}

/// Runs the guide's commands, curl's against the server started last, in a folder with the files that they name.
#[test]
fn the_guide_shows_how_to_ask() {
    let folder = std::env::temp_dir().join(format!("countenance-rest-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files: [(&str, &[u8]); 3] =
        [("face.jpg", &fixture("astronaut.png")), ("notes.txt", b"not a picture"), ("keys.txt", b"one\ntwo\n")];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/rest.md")).unwrap();
    let commands = guide.split("```sh\n").skip(1).flat_map(|block| block.split("```").next().unwrap().lines());
    let (mut server, mut asked) = (None, 0);
    for command in commands {
        if let Some(arguments) = command.strip_prefix("countenance serve") {
            let arguments: Vec<_> = arguments.split_whitespace().collect();
            server = Some(Server::start_in(&folder, &arguments));
            continue;
        }
        let server: &Server = server.as_ref().unwrap();
        let command = command.replace("http://127.0.0.1:8000", &server.address);
        let output = Command::new("sh").args(["-c", &command]).current_dir(&folder).output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).expect(&command);
        let first = if command.contains("notes.txt") { &answer["pictures"][0] } else { &answer };
        let found = if command.contains("explain") { &first["explanations"] } else { &first["faces"] };
        assert_eq!(found[0]["emotion"], "happy", "{command}: {answer}");
        asked += 1;
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(asked, 7);
}

/// Collects where a value is not what its schema says, by the part of JSON Schema that stands in schemas.json. A property
/// that is described and not there is a fault as well.
fn check(api: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(target) = schema["$ref"].as_str() {
        return check(api, api.pointer(&target[1..]).unwrap(), value, at, faults);
    }
    let mut fault = |message: String| faults.push(format!("{at}: {message}"));
    match value {
        Value::Object(fields) => {
            let known = schema["properties"].as_object().unwrap();
            for name in schema["required"].as_array().into_iter().flatten() {
                if !fields.contains_key(name.as_str().unwrap()) {
                    fault(format!("{name} is missing"));
                }
            }
            for name in known.keys().filter(|name| !fields.contains_key(*name)) {
                fault(format!("{name} is described and not there"));
            }
            for (name, value) in fields {
                match known.get(name) {
                    Some(schema) => check(api, schema, value, &format!("{at}/{name}"), faults),
                    None => faults.push(format!("{at}/{name}: is not described")),
                }
            }
        }
        Value::Array(values) => {
            let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
            let count = values.len() as u64;
            if least.is_some_and(|least| count < least) || most.is_some_and(|most| count > most) {
                fault(format!("{count} items"));
            }
            for value in values {
                check(api, &schema["items"], value, &format!("{at}/*"), faults);
            }
        }
        Value::String(text) => {
            if schema["type"] != "string" || schema["enum"].as_array().is_some_and(|all| !all.contains(&json!(text))) {
                fault(format!("{text:?}"));
            }
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            let is_low = schema["minimum"].as_f64().is_some_and(|least| number < least);
            let is_high = schema["maximum"].as_f64().is_some_and(|most| number > most);
            if !["number", "integer"].contains(&schema["type"].as_str().unwrap_or_default()) || is_low || is_high {
                fault(format!("{number}"));
            }
        }
        other => fault(format!("{other}")),
    }
}

#[test]
fn the_description_lists_every_route_and_what_the_library_reads_and_writes() {
    let server = Server::start(&[]);
    let api = server.get("/openapi.json").ok();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    let paths: Vec<_> = api["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(paths, ["/", "/health", "/metrics", "/openapi.json", "/ready", ANALYZE, "/v1/explain"]);
    for path in &paths[..5] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    let schemas = &api["components"]["schemas"];
    let texts = |pointer: &str| schemas.pointer(pointer).unwrap().clone();
    let mut shown = Label::ALL.map(Label::name).to_vec();
    shown.push("uncertain");
    assert_eq!(texts("/Face/properties/emotion/enum"), json!(shown));
    let mut eight = Emotion8::ALL.map(Emotion8::name).to_vec();
    assert_eq!(texts("/Emotion/enum"), json!(Emotion::ALL.map(Emotion::name)));
    assert_eq!(texts("/Emotion8/enum"), json!(eight));
    eight.push("uncertain");
    assert_eq!(texts("/Eight/properties/emotion/enum"), json!(eight));
    assert_eq!(texts("/Face/properties/reasons/items/enum"), json!(Reason::ALL.map(Reason::name)));

    let bytes = fixture("astronaut.png");
    for (path, name) in [(ANALYZE, "FacesOfPicture"), ("/v1/explain", "ExplanationsOfPicture")] {
        let answer = server.post(&format!("{path}?expressions=8"), "image/png", &bytes).ok();
        let mut faults = vec![];
        check(&api, &schemas[name], &answer, name, &mut faults);
        assert_eq!(faults, Vec::<String>::new());
    }

    let defaults = json!(PipelineOptions::default());
    let options = schemas["Options"]["properties"].as_object().unwrap();
    assert!(options.keys().eq(defaults.as_object().unwrap().keys()));
    for (name, option) in options {
        assert!(same(&option["default"], &defaults[name]), "{name}");
        let range = if name == "pictureSize" { &option["anyOf"][0] } else { option };
        for (end, beyond) in [("minimum", -1.0), ("maximum", 1.0)] {
            let Some(value) = range[end].as_f64() else { continue };
            for (value, status) in [(value, 200), (value + beyond, 422)] {
                let answer = server.post(&format!("{ANALYZE}?{name}={value}"), "image/png", &bytes);
                assert_eq!(answer.status, status, "{name}={value}");
            }
        }
    }
    let parameters = api["paths"][ANALYZE]["post"]["parameters"].as_array().unwrap();
    assert!(parameters.iter().map(|each| each["name"].as_str().unwrap()).eq(options.keys().map(String::as_str)));
}
