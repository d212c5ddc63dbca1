//! Files of many colour spaces, held to what a browser shows of them.
#![allow(clippy::unwrap_used, reason = "the lint's exception for tests does not see helpers")]

use std::path::Path;

use countenance::Picture;
use serde_json::Value;

/// What two converters may differ by: each rounds in its own places.
const TOLERANCE: u64 = 2;
const PATCHES: u32 = 16;

#[test]
fn every_colour_is_what_a_browser_shows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/colours");
    let shown: Value = serde_json::from_slice(&std::fs::read(folder.join("browser.json")).unwrap()).unwrap();
    let shown = shown.as_object().unwrap();
    assert!(shown.len() > 40);
    for (name, patches) in shown {
        let picture = Picture::decode(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        let frame = picture.frame();
        assert_eq!((frame.width(), frame.height()), (8 * PATCHES, 8), "{name}");
        for (patch, expected) in patches.as_array().unwrap().iter().enumerate() {
            let centre = 4 * (4 * frame.width() as usize + 8 * patch + 4);
            for (channel, expected) in expected.as_array().unwrap().iter().enumerate() {
                let found = u64::from(frame.pixels()[centre + channel]);
                let expected = expected.as_u64().unwrap();
                assert!(
                    found.abs_diff(expected) <= TOLERANCE,
                    "{name}, patch {patch}, channel {channel}: {found}, not {expected}"
                );
            }
        }
    }
}
