//! `cargo fuzz run detections`: see `countenance_fuzz::detections`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countenance_fuzz::detections(bytes));
