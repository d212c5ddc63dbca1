//! The cards of the repository's models say what their files say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;

use countenance_training::card::card;

#[test]
fn the_card_agrees_with_the_figures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/emotion-1");
    let written = fs::read_to_string(folder.join("MODEL_CARD.md")).unwrap();
    assert!(written == card(&folder).unwrap(), "write it again: countenance-training card models/emotion-1");
}
